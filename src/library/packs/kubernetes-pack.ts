/**
 * Why: charts, probes and rolling updates are worth their work only where the product runs in Kubernetes.
 * What exactly: yes or no. Known from the variable `KUBERNETES_SERVICE_HOST`, of which only the presence counts, and
 * from the presence of the service account's directory; no file in it is opened.
 * Traced back: no. Names of clusters, namespaces, nodes and pods, and addresses, are not even looked at.
 */
import { isInKubernetes } from './container-runtime.ts'
import { createPack, item, type PackOptions } from './fact-pack.ts'
import { type PackHost, systemPackHost } from './pack-host.ts'

/** What {@link kubernetesPack} takes. */
export interface KubernetesPackOptions<P extends string> extends PackOptions<P> {
  /** The catalog's prefix, with which the pack's names begin that are not OpenTelemetry's. */
  readonly prefix: P
  /** What the pack reads of the system. Default: this one. For tests. */
  readonly host?: Pick<PackHost, 'exists' | 'environment'>
}

/** Whether the product runs in Kubernetes. */
export function kubernetesPack<const P extends string>(options: KubernetesPackOptions<P>) {
  const { host = systemPackHost } = options
  return createPack('kubernetes', options, {
    '.kubernetes': item(
      {
        kind: 'attribute',
        type: 'boolean',
        why: 'Shows how much the product has to be made for Kubernetes.',
        example: false,
      },
      () => isInKubernetes(host),
    ),
  })
}

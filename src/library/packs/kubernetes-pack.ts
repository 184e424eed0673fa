import { ownOf } from '../../platform/index.ts'
/**
 * Purpose: to decide on work that only helps in Kubernetes, such as charts, probes and rolling updates.
 * Data: one boolean, derived from the presence of the variable `KUBERNETES_SERVICE_HOST` and of the directory of the service account. The
 * pack opens no file in the directory.
 * Identifiability: none. The pack reads no addresses and no names of clusters, namespaces, nodes or pods.
 */
import { isInKubernetes } from './container-runtime.ts'
import { createPack, item, type PackOptions } from './fact-pack.ts'
import { type PackHost, systemPackHost } from './pack-host.ts'

/** Options of {@link kubernetesPack}. */
export interface KubernetesPackOptions<P extends string> extends PackOptions<P> {
  /** The catalog's prefix, for the names that OpenTelemetry's semantic conventions do not define. */
  readonly prefix: P
  /** Access to the system. Default: the system of this process. For tests. */
  readonly host?: Pick<PackHost, 'exists' | 'environment'>
}

/** Returns a pack with the fact that the product runs in Kubernetes. */
export function kubernetesPack<const P extends string>(options: KubernetesPackOptions<P>) {
  const { host = systemPackHost } = ownOf(options)
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

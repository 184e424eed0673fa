import { ownOf } from '../../platform/index.ts'
/**
 * Purpose: to learn how many installations have the limits of a container, such as temporary files and limited memory.
 * Data: whether the process runs in a container, and the runtime (one of a list). These are derived from the files `/.dockerenv` and
 * `/run/.containerenv`, the variables `container` and `KUBERNETES_SERVICE_HOST`, the directory of the Kubernetes service account, and the
 * format of `/proc/self/cgroup` and `/proc/self/mountinfo`.
 * Identifiability: none. The files contain ids and paths of the container; they are compared with fixed patterns, and only the name of the
 * runtime is kept. Ids, names, images and labels are never reported.
 */
import { CONTAINER_RUNTIMES, containerRuntime } from './container-runtime.ts'
import { createPack, item, type PackOptions } from './fact-pack.ts'
import { type PackHost, systemPackHost } from './pack-host.ts'

/** Options of {@link containerPack}. */
export interface ContainerPackOptions<P extends string> extends PackOptions<P> {
  /** The catalog's prefix, for the names that OpenTelemetry's semantic conventions do not define. */
  readonly prefix: P
  /** Access to the system. Default: the system of this process. For tests. */
  readonly host?: Pick<PackHost, 'readFile' | 'exists' | 'environment' | 'platform'>
}

/** Returns a pack of facts about the container and its runtime. */
export function containerPack<const P extends string>(options: ContainerPackOptions<P>) {
  const { host = systemPackHost } = ownOf(options)
  return createPack('container', options, {
    '.container': item(
      {
        kind: 'attribute',
        type: 'boolean',
        why: 'Shows how much the product has to be made for containers, where files and memory behave differently.',
        example: true,
      },
      async () => {
        const runtime = await containerRuntime(host)
        return runtime === undefined ? undefined : runtime !== 'none'
      },
    ),
    'container.runtime.name': item(
      {
        kind: 'attribute',
        type: 'enum',
        values: CONTAINER_RUNTIMES,
        why: 'Shows which container runtimes images have to be tested with.',
        example: 'docker',
      },
      async () => {
        const runtime = await containerRuntime(host)
        return runtime === 'none' ? undefined : runtime
      },
    ),
  })
}

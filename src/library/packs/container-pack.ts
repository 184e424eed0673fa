/**
 * Why: what is easy on a machine of one's own (files that stay, memory without a limit) does not hold in a container.
 * What exactly: whether the process runs in a container, and which of a list of runtimes runs it. Known from the marks
 * `/.dockerenv` and `/run/.containerenv`, the variables `container` and `KUBERNETES_SERVICE_HOST`, the service account's
 * directory, and the form of the process's own `cgroup` and `mountinfo` in `/proc/self`.
 * Traced back: no. The files hold ids and paths of the container; they are compared with fixed patterns, and only the
 * runtime's word is kept. Ids, names, images and labels are never reported.
 */
import { CONTAINER_RUNTIMES, containerRuntime } from './container-runtime.ts'
import { createPack, item, type PackOptions } from './fact-pack.ts'
import { type PackHost, systemPackHost } from './pack-host.ts'

/** What {@link containerPack} takes. */
export interface ContainerPackOptions<P extends string> extends PackOptions<P> {
  /** The catalog's prefix, with which the pack's names begin that are not OpenTelemetry's. */
  readonly prefix: P
  /** What the pack reads of the system. Default: this one. For tests. */
  readonly host?: Pick<PackHost, 'readFile' | 'exists' | 'environment' | 'platform'>
}

/** Whether the product runs in a container, and by what. */
export function containerPack<const P extends string>(options: ContainerPackOptions<P>) {
  const { host = systemPackHost } = options
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

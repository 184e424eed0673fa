import type { PackHost } from './pack-host.ts'
import { readText } from './read-text.ts'

/** What the search for a container needs. */
export type ContainerHost = Pick<PackHost, 'readFile' | 'exists' | 'environment' | 'platform'>

export const CONTAINER_RUNTIMES = [
  ...(['docker', 'podman', 'containerd', 'cri-o', 'lxc', 'systemd-nspawn', 'other'] as const),
] as const

export type ContainerRuntime = (typeof CONTAINER_RUNTIMES)[number]

/** A container of many volumes has a long table of mounts. */
const LONGEST_MOUNT_TABLE = 1_024 * 1_024

const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount'

/** Whether the process runs in a pod: every pod is given the address of the cluster's API, and mostly a service account. */
export async function isInKubernetes(host: Pick<PackHost, 'exists' | 'environment'>): Promise<boolean> {
  return Boolean(host.environment()['KUBERNETES_SERVICE_HOST']) || host.exists(SERVICE_ACCOUNT)
}

/** How the runtimes name the control group of a container. The ids in them are not kept. */
const CGROUPS: ReadonlyArray<readonly [RegExp, ContainerRuntime]> = [
  [/crio-[0-9a-f]{64}/, 'cri-o'],
  [/libpod-[0-9a-f]{64}/, 'podman'],
  [/cri-containerd[-:][0-9a-f]{64}/, 'containerd'],
  [/\/docker[-/][0-9a-f]{64}/, 'docker'],
  [/\/lxc(?:\.payload\.|\/)/, 'lxc'],
  [/\/kubepods/, 'other'],
]

/** Where the runtimes keep the layers that make up a container's root. */
const ROOTS: ReadonlyArray<readonly [RegExp, ContainerRuntime]> = [
  [/\/io\.containerd\.snapshotter\./, 'containerd'],
  [/\/containers\/storage\/overlay/, 'podman'],
  [/\/var\/lib\/docker\//, 'docker'],
]

/** What runs the container that the process is in; `none` where it is in none, `undefined` where that cannot be told. */
export async function containerRuntime(host: ContainerHost): Promise<ContainerRuntime | 'none' | undefined> {
  const platform = host.platform()
  if (platform === 'darwin') return 'none'
  if (platform !== 'linux') return undefined
  const [pod, podmanMark, dockerMark, cgroup, mounts] = await Promise.all([
    isInKubernetes(host),
    host.exists('/run/.containerenv'),
    host.exists('/.dockerenv'),
    readText(host, '/proc/self/cgroup'),
    readText(host, '/proc/self/mountinfo', LONGEST_MOUNT_TABLE),
  ])
  // CRI-O leaves Podman's mark, and uses its storage.
  const podmanOrCrio = pod ? 'cri-o' : 'podman'
  if (podmanMark) return podmanOrCrio
  if (dockerMark) return 'docker'
  const byCgroup = firstMatch(CGROUPS, cgroup)
  if (byCgroup !== undefined && byCgroup !== 'other') return byCgroup
  const byRoot = firstMatch(ROOTS, rootOverlay(mounts))
  if (byRoot !== undefined) return byRoot === 'podman' ? podmanOrCrio : byRoot
  const byVariable = declaredRuntime(host.environment()['container'])
  if (byVariable !== undefined) return byVariable
  if (byCgroup !== undefined || pod) return 'other'
  return cgroup === undefined && mounts === undefined ? undefined : 'none'
}

/** The line of the root's mount, where it is put together from layers: everywhere else are other containers' mounts. */
function rootOverlay(mounts: string | undefined): string | undefined {
  return mounts?.split('\n').findLast((line) => line.split(' ')[4] === '/' && line.includes(' - overlay '))
}

/** Container managers say their name in the variable `container`: https://systemd.io/CONTAINER_INTERFACE. */
function declaredRuntime(word: string | undefined): ContainerRuntime | undefined {
  // Flatpak says so as well, for the sandbox of a desktop application.
  if (!word || word === 'flatpak') return undefined
  return CONTAINER_RUNTIMES.find((runtime) => runtime === word) ?? 'other'
}

const firstMatch = (table: typeof CGROUPS, text: string | undefined) =>
  text === undefined ? undefined : table.find(([pattern]) => pattern.test(text))?.[1]

import type { PackHost } from './pack-host.ts'
import { readText } from './read-text.ts'

/** Access to the system for the detection of a container. */
export type ContainerHost = Pick<PackHost, 'readFile' | 'exists' | 'environment' | 'platform'>

export const CONTAINER_RUNTIMES = [
  ...(['docker', 'podman', 'containerd', 'cri-o', 'lxc', 'systemd-nspawn', 'other'] as const),
] as const

export type ContainerRuntime = (typeof CONTAINER_RUNTIMES)[number]

/** Largest mount table that is read, in bytes. A container with many volumes has a long one. */
const MAX_MOUNT_TABLE_BYTES = 1_024 * 1_024

const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount'

/** Resolves to `true` in a Kubernetes pod: each pod gets the address of the cluster's API, and most pods get a service account. */
export async function isInKubernetes(host: Pick<PackHost, 'exists' | 'environment'>): Promise<boolean> {
  return Boolean(host.environment()['KUBERNETES_SERVICE_HOST']) || host.exists(SERVICE_ACCOUNT)
}

/** Patterns of each runtime's control group names. The container ids in the names are not kept. */
const CGROUPS: ReadonlyArray<readonly [RegExp, ContainerRuntime]> = [
  [/crio-[0-9a-f]{64}/, 'cri-o'],
  [/libpod-[0-9a-f]{64}/, 'podman'],
  [/cri-containerd[-:][0-9a-f]{64}/, 'containerd'],
  [/\/docker[-/][0-9a-f]{64}/, 'docker'],
  [/\/lxc(?:\.payload\.|\/)/, 'lxc'],
  [/\/kubepods/, 'other'],
]

/** Patterns of the directories in which each runtime keeps the image layers of a container. */
const ROOTS: ReadonlyArray<readonly [RegExp, ContainerRuntime]> = [
  [/\/io\.containerd\.snapshotter\./, 'containerd'],
  [/\/containers\/storage\/overlay/, 'podman'],
  [/\/var\/lib\/docker\//, 'docker'],
]

/** Resolves to the runtime of the container around the process: `none` outside of a container, `undefined` when unknown. */
export async function containerRuntime(host: ContainerHost): Promise<ContainerRuntime | 'none' | undefined> {
  const platform = host.platform()
  if (platform === 'darwin') return 'none'
  if (platform !== 'linux') return undefined
  const [pod, podmanMark, dockerMark, cgroup, mounts] = await Promise.all([
    isInKubernetes(host),
    host.exists('/run/.containerenv'),
    host.exists('/.dockerenv'),
    readText(host, '/proc/self/cgroup'),
    readText(host, '/proc/self/mountinfo', MAX_MOUNT_TABLE_BYTES),
  ])
  // CRI-O creates Podman's `/run/.containerenv` as well, and uses the same storage.
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

/** Returns the mount of `/` if it is an overlay. Other overlay mounts may belong to other containers. */
function rootOverlay(mounts: string | undefined): string | undefined {
  return mounts?.split('\n').findLast((line) => line.split(' ')[4] === '/' && line.includes(' - overlay '))
}

/** Returns the runtime that the variable `container` names: https://systemd.io/CONTAINER_INTERFACE. */
function declaredRuntime(word: string | undefined): ContainerRuntime | undefined {
  // Flatpak sets the variable as well, for the sandbox of a desktop application.
  if (!word || word === 'flatpak') return undefined
  return CONTAINER_RUNTIMES.find((runtime) => runtime === word) ?? 'other'
}

const firstMatch = (table: typeof CGROUPS, text: string | undefined) =>
  text === undefined ? undefined : table.find(([pattern]) => pattern.test(text))?.[1]

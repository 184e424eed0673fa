/** Reported part of an os-release file. */
export interface Distribution {
  readonly name: DistributionName | 'other'
  /** One to three numbers, separated by dots; absent when the system has no version, or a version that is not numeric. */
  readonly version?: string
}

/** Names of the systems that are reported by name, by the `ID` in their os-release file. */
const NAMES = {
  debian: 'Debian GNU/Linux',
  ubuntu: 'Ubuntu',
  alpine: 'Alpine Linux',
  rhel: 'Red Hat Enterprise Linux',
  centos: 'CentOS Linux',
  rocky: 'Rocky Linux',
  almalinux: 'AlmaLinux',
  ol: 'Oracle Linux',
  fedora: 'Fedora Linux',
  amzn: 'Amazon Linux',
  azurelinux: 'Azure Linux',
  mariner: 'CBL-Mariner',
  cos: 'Container-Optimized OS',
  flatcar: 'Flatcar Container Linux',
  bottlerocket: 'Bottlerocket',
  photon: 'VMware Photon OS',
  wolfi: 'Wolfi',
  sles: 'SUSE Linux Enterprise Server',
  'opensuse-leap': 'openSUSE Leap',
  'opensuse-tumbleweed': 'openSUSE Tumbleweed',
  arch: 'Arch Linux',
  manjaro: 'Manjaro Linux',
  nixos: 'NixOS',
  gentoo: 'Gentoo',
  void: 'Void Linux',
  raspbian: 'Raspbian GNU/Linux',
  devuan: 'Devuan GNU/Linux',
  linuxmint: 'Linux Mint',
  pop: 'Pop!_OS',
  kali: 'Kali GNU/Linux',
  openwrt: 'OpenWrt',
} as const

export type DistributionName = (typeof NAMES)[keyof typeof NAMES]

export const DISTRIBUTION_NAMES = Object.values(NAMES)

/**
 * Parses an os-release file (https://www.freedesktop.org/software/systemd/man/latest/os-release.html). Reads only `ID` and `VERSION_ID`:
 * the other fields, such as `PRETTY_NAME`, may contain any text that the author of the image chose.
 */
export function readDistribution(text: string): Distribution | undefined {
  const id = field(text, 'ID')
  if (id === undefined) return undefined
  if (!Object.hasOwn(NAMES, id)) return { name: 'other' }
  const version = field(text, 'VERSION_ID')
  return { name: NAMES[id as keyof typeof NAMES], ...(version !== undefined && { version }) }
}

/** Returns the value of a field; `undefined` when it is absent or contains a character that ids and versions do not have. */
function field(text: string, name: 'ID' | 'VERSION_ID'): string | undefined {
  return new RegExp(`^${name}=(["']?)([a-z0-9._-]{1,32})\\1\\s*$`, 'm').exec(text)?.[2]
}

/** What an os-release file says, as far as it can be reported. */
export interface Distribution {
  readonly name: DistributionName | 'other'
  /** One to three numbers; absent for systems that have no versions, and for versions that are not numbers. */
  readonly version?: string
}

/** Systems that are reported by name, by the `ID` of their os-release file. */
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
 * Reads an os-release file (https://www.freedesktop.org/software/systemd/man/latest/os-release.html). Only two of its fields:
 * the others, the pretty name among them, can be given any text by whoever makes the image.
 */
export function readDistribution(text: string): Distribution | undefined {
  const id = field(text, 'ID')
  if (id === undefined) return undefined
  if (!Object.hasOwn(NAMES, id)) return { name: 'other' }
  const version = field(text, 'VERSION_ID')
  return { name: NAMES[id as keyof typeof NAMES], ...(version !== undefined && { version }) }
}

/** A field of which every character is one that ids and versions are made of. */
function field(text: string, name: 'ID' | 'VERSION_ID'): string | undefined {
  return new RegExp(`^${name}=(["']?)([a-z0-9._-]{1,32})\\1\\s*$`, 'm').exec(text)?.[2]
}

import { ownOf } from '../../platform/index.ts'
/**
 * Purpose: to build and test the product for the systems that are used.
 * Data: type and name of the system from fixed lists, the numbers of its version and of its kernel, the processor architecture, and the
 * width of addresses in bits. The pack reads the runtime and one of `/etc/os-release` and `/usr/lib/os-release`; on macOS it reads
 * `SystemVersion.plist`.
 * Identifiability: many machines share most combinations. A rare system on a rare processor may be unique, but does not name its owner. A
 * value that is not in a list is reported as `other` or is absent: the name of a private system, or a text that somebody compiled into a
 * kernel, is never reported.
 */
import { DISTRIBUTION_NAMES, readDistribution } from './distributions.ts'
import { createPack, item, type PackOptions } from './fact-pack.ts'
import { kernelVersion, NUMERIC_VERSION, numericVersion } from './numeric-version.ts'
import { type PackHost, systemPackHost } from './pack-host.ts'
import { ARCHITECTURES, architectureOf, bitsOf, OS_TYPES, osTypeOf } from './platforms.ts'
import { readText } from './read-text.ts'

/** Options of {@link operatingSystemPack}. */
export interface OperatingSystemPackOptions<P extends string> extends PackOptions<P> {
  /** Access to the system. Default: the system of this process. For tests. */
  readonly host?: Pick<PackHost, 'readFile' | 'platform' | 'arch' | 'machine' | 'release' | 'version'>
}

const OS_RELEASE = ['/etc/os-release', '/usr/lib/os-release'] as const
const MACOS_VERSION = '/System/Library/CoreServices/SystemVersion.plist'

/** Names of systems other than Linux, by `process.platform`. */
const OTHER_SYSTEMS = {
  darwin: 'macOS',
  win32: 'Windows',
  android: 'Android',
  freebsd: 'FreeBSD',
  openbsd: 'OpenBSD',
  netbsd: 'NetBSD',
} as const

const OS_NAMES = [
  ...DISTRIBUTION_NAMES,
  ...Object.values(OTHER_SYSTEMS),
  'Windows Server' as const,
  'other' as const,
] as const

/** Pattern of the names that Windows reports for itself: product and edition. */
const WINDOWS =
  'Windows (?:7|8|8\\.1|10|11|Server (?:2012|2012 R2|2016|2019|2022|2025))(?: (?:Home|Pro|Pro for Workstations|' +
  'Education|Enterprise|Enterprise LTSC(?: 20\\d{2})?|IoT Enterprise|Standard|Datacenter|Essentials))?'

/** Returns a pack of facts about the system: type, name, version, description and processor; with a prefix also kernel and bits. */
export function operatingSystemPack<const P extends string = never>(options: OperatingSystemPackOptions<P>) {
  const { host = systemPackHost } = ownOf(options)
  return createPack('operating-system', options, {
    'os.type': item(
      {
        kind: 'attribute',
        type: 'enum',
        values: OS_TYPES,
        why: 'Shows which families of operating systems the product has to run on.',
        example: 'linux',
      },
      () => osTypeOf(host.platform()),
    ),
    'os.name': item(
      {
        kind: 'attribute',
        type: 'enum',
        values: OS_NAMES,
        why: 'Shows which systems and distributions packages have to be made and tested for.',
        example: 'Debian GNU/Linux',
      },
      async () => (await systemOf(host))?.name,
    ),
    'os.version': item(
      {
        kind: 'attribute',
        type: 'string',
        pattern: NUMERIC_VERSION,
        why: 'Shows when an old version of an operating system is used by so few that its support can end.',
        example: '12',
      },
      async () => (await systemOf(host))?.version,
    ),
    'os.description': item(
      {
        kind: 'attribute',
        type: 'string',
        pattern: `(?:${OS_NAMES.filter((name) => name !== 'other').join('|')})(?: ${NUMERIC_VERSION})?|${WINDOWS}`,
        why: 'Names the system as people do, put together from known names and numbers, for readable evaluations.',
        example: 'Debian GNU/Linux 12',
      },
      () => descriptionOf(host),
    ),
    'host.arch': item(
      {
        kind: 'attribute',
        type: 'enum',
        values: ARCHITECTURES,
        why: 'Shows for which kinds of processors the product has to be built.',
        example: 'amd64',
      },
      () => architectureOf(host.machine()) ?? architectureOf(host.arch()) ?? 'other',
    ),
    '.os.kernel': item(
      {
        kind: 'attribute',
        type: 'string',
        pattern: NUMERIC_VERSION,
        why: 'Shows which features of the kernel the product may rely on. Only its numbers, not who built it.',
        example: '6.1.0',
      },
      () => kernelVersion(host.release()),
    ),
    '.os.bits': item(
      {
        kind: 'attribute',
        type: 'enum',
        values: ['32', '64'],
        why: 'Shows whether 32-bit builds of the product are still needed.',
        example: '64',
      },
      () => bitsOf(host.arch()),
    ),
  })
}

type SystemHost = NonNullable<OperatingSystemPackOptions<string>['host']>

interface System {
  readonly name: (typeof OS_NAMES)[number]
  readonly version: string | undefined
}

async function systemOf(host: SystemHost): Promise<System | undefined> {
  const platform = host.platform()
  switch (platform) {
    case 'linux':
      return linuxOf(host)
    case 'darwin':
      return { name: 'macOS', version: macosVersion(await readText(host, MACOS_VERSION)) }
    case 'win32':
      return {
        name: host.version().startsWith('Windows Server') ? 'Windows Server' : 'Windows',
        version: kernelVersion(host.release()),
      }
    case 'freebsd':
    case 'openbsd':
    case 'netbsd':
      return { name: OTHER_SYSTEMS[platform], version: kernelVersion(host.release()) }
    case 'android':
      return { name: 'Android', version: undefined }
    default:
      return { name: 'other', version: undefined }
  }
}

async function linuxOf(host: SystemHost): Promise<System | undefined> {
  for (const file of OS_RELEASE) {
    const found = readDistribution((await readText(host, file)) ?? '')
    if (found) return { name: found.name, version: numericVersion(found.version) }
  }
  return undefined
}

async function descriptionOf(host: SystemHost): Promise<string | undefined> {
  const system = await systemOf(host)
  if (system === undefined || system.name === 'other') return undefined
  if (host.platform() === 'win32') {
    return new RegExp(`^${WINDOWS}$`).test(host.version()) ? host.version() : undefined
  }
  return system.version === undefined ? system.name : `${system.name} ${system.version}`
}

const macosVersion = (plist: string | undefined) =>
  numericVersion(/<key>ProductVersion<\/key>\s*<string>([\d.]{1,12})<\/string>/.exec(plist ?? '')?.[1])

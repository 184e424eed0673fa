/**
 * Purpose: to maintain the installation methods that are used, and to tell the needs of new installations from those of old ones.
 * Data: the installation method, as one word of a list, and the month (optionally the day) of the installation. The product gives the
 * method, or a file that its packager adds. Otherwise the method is derived from environment variables (`SNAP_NAME`, `FLATPAK_ID`,
 * `APPIMAGE`), from signs of a container, from the presence of `.git` or of dpkg's list of the files of the package, and from the names of
 * directories in the product's own path. The path itself is never reported.
 * Identifiability: many installations share a month. The month is in UTC and in digits, so that it reveals neither time zone nor language.
 */
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { answerOfHost, Date, ownOf, URL } from '../../platform/index.ts'
import type { FactFunction } from '../facts/index.ts'
import { containerRuntime } from './container-runtime.ts'
import { createPack, item, type PackOptions } from './fact-pack.ts'
import { type PackHost, systemPackHost } from './pack-host.ts'
import { readText } from './read-text.ts'

/** Installation methods. `docker`: any container image. `unknown`: the method could not be determined. */
export const INSTALL_METHODS = [
  ...(['npm', 'docker', 'deb', 'rpm', 'apk', 'homebrew', 'chocolatey', 'winget', 'snap', 'flatpak'] as const),
  ...(['appimage', 'helm', 'archive', 'binary', 'source', 'other', 'unknown'] as const),
] as const

/** Way to install a product: one of {@link INSTALL_METHODS}. */
export type InstallMethod = (typeof INSTALL_METHODS)[number]

/** Options of {@link installPack}. */
export interface InstallPackOptions<P extends string> extends PackOptions<P> {
  /** The catalog's prefix, for the names that OpenTelemetry's semantic conventions do not define. */
  readonly prefix: P
  /** Installation method, if the product knows it. Then the pack reads nothing from the system. */
  readonly method?: InstallMethod | FactFunction<InstallMethod>
  /** File that the packager installs with the product, with one of {@link INSTALL_METHODS} as its content. */
  readonly marker?: string | URL
  /** Directory of the product: `new URL('.', import.meta.url)`. Never reported. */
  readonly root?: string | URL
  /** Name of the product's Debian package. */
  readonly debianPackage?: string
  /** Time of the installation, as a `Date` or in milliseconds since 1970. Default: the date is absent from the report. */
  readonly installedAt?: Date | number | FactFunction<Date | number>
  /** Precision of the reported date. Default: `month`. */
  readonly precision?: 'day' | 'month'
  /** Access to the system. Default: the system of this process. For tests. */
  readonly host?: Pick<
    PackHost,
    'readFile' | 'exists' | 'environment' | 'platform' | 'singleExecutable' | 'now'
  >
}

/** Returns a pack of facts about the installation: its method and its date. */
export function installPack<const P extends string>(options: InstallPackOptions<P>) {
  const { precision = 'month', installedAt, host = systemPackHost, ...hints } = ownOf(options)
  return createPack('install', options, {
    '.install.method': item(
      {
        kind: 'attribute',
        type: 'enum',
        values: INSTALL_METHODS,
        why: 'Shows which ways to install the product are used, and so which must be kept working.',
        example: 'deb',
      },
      async () =>
        (await saidMethod(ownOf(hints), host)) ?? (await foundMethod(ownOf(hints), host)) ?? 'unknown',
    ),
    '.install.date': item(
      {
        kind: 'attribute',
        type: 'string',
        pattern: precision === 'day' ? `${MONTH}-(?:0[1-9]|[12]\\d|3[01])` : MONTH,
        why: 'Shows how long installations are kept, and what new ones do differently. A calendar date in UTC.',
        example: precision === 'day' ? '2026-04-23' : '2026-04',
      },
      async () =>
        dateOf(
          typeof installedAt === 'function' ? await answerOfHost(installedAt) : installedAt,
          precision,
          host.now(),
        ),
    ),
  })
}

type UsedHost = NonNullable<InstallPackOptions<string>['host']>
type InstallHints = Pick<InstallPackOptions<string>, 'method' | 'marker' | 'root' | 'debianPackage'>

async function saidMethod(
  { method, marker }: InstallHints,
  host: UsedHost,
): Promise<InstallMethod | undefined> {
  const said = typeof method === 'function' ? await answerOfHost(method) : method
  if (said !== undefined) return methodOf(said)
  const text = marker === undefined ? undefined : await readText(host, marker, 256)
  return text === undefined ? undefined : methodOf(text.trim())
}

const methodOf = (word: string) => INSTALL_METHODS.find((method) => method === word) ?? 'other'

/** Tries the most reliable signs first: npm may have been used to build the contents of a container or a package. */
async function foundMethod(
  { root, debianPackage }: InstallHints,
  host: UsedHost,
): Promise<InstallMethod | undefined> {
  const environment = host.environment()
  if (environment['SNAP_NAME'] && environment['SNAP']) return 'snap'
  if (environment['FLATPAK_ID']) return 'flatpak'
  if (environment['APPIMAGE']) return 'appimage'
  const directory = root instanceof URL ? fileURLToPath(root) : root
  if (directory !== undefined && (await host.exists(path.join(directory, '.git')))) return 'source'
  const runtime = await containerRuntime(host)
  if (runtime !== undefined && runtime !== 'none') return 'docker'
  if (debianPackage !== undefined && (await host.exists(`/var/lib/dpkg/info/${debianPackage}.list`)))
    return 'deb'
  const words = directory?.split(/[\\/]/) ?? []
  if (words.includes('Cellar')) return 'homebrew'
  if (words.includes('node_modules')) return 'npm'
  return host.singleExecutable() ? 'binary' : undefined
}

const MONTH = '20\\d{2}-(?:0[1-9]|1[0-2])'
const DAY = 86_400_000

/** Returns a day or month in UTC; `undefined` when the value cannot be the time of an installation. */
function dateOf(value: unknown, precision: 'day' | 'month', now: number): string | undefined {
  const at = value instanceof Date ? value.getTime() : value
  if (typeof at !== 'number' || !(at >= Date.UTC(2000) && at <= now + DAY && at < Date.UTC(2100)))
    return undefined
  return new Date(at).toISOString().slice(0, precision === 'day' ? 10 : 7)
}

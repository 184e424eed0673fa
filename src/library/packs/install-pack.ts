/**
 * Why: each way to install a product has to be kept working, and young installations have other needs than old ones.
 * What exactly: how the product was installed, as one word of a list, and the month (or, if the product wants it, the
 * day) since when it is installed. The way is said by the product or by a file that its packager puts beside it; else it
 * is known from variables (`SNAP_NAME`, `FLATPAK_ID`, `APPIMAGE`), from the marks of a container, from the presence of
 * `.git` or of Debian's list of the package's files, and from the words in the product's own path. The path itself is
 * never reported.
 * Traced back: a month is shared by many. It is written in UTC and in digits, so that it tells neither zone nor
 * language.
 */
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { answerOfHost, Date, URL } from '../../platform/index.ts'
import type { FactFunction } from '../facts/index.ts'
import { containerRuntime } from './container-runtime.ts'
import { createPack, item, type PackOptions } from './fact-pack.ts'
import { type PackHost, systemPackHost } from './pack-host.ts'
import { readText } from './read-text.ts'

/** The ways to install a product. `docker` is any container image, `unknown` a way that cannot be told. */
export const INSTALL_METHODS = [
  ...(['npm', 'docker', 'deb', 'rpm', 'apk', 'homebrew', 'chocolatey', 'winget', 'snap', 'flatpak'] as const),
  ...(['appimage', 'helm', 'archive', 'binary', 'source', 'other', 'unknown'] as const),
] as const

export type InstallMethod = (typeof INSTALL_METHODS)[number]

/** What {@link installPack} takes. */
export interface InstallPackOptions<P extends string> extends PackOptions<P> {
  /** The catalog's prefix, with which the pack's names begin that are not OpenTelemetry's. */
  readonly prefix: P
  /** The way, where the product knows it. Nothing else is looked at then. */
  readonly method?: InstallMethod | FactFunction<InstallMethod>
  /** A file that the packager puts beside the product, holding one of the words. */
  readonly marker?: string | URL
  /** The product's own directory: `new URL('.', import.meta.url)`. Never reported. */
  readonly root?: string | URL
  /** The name of the product's Debian package. */
  readonly debianPackage?: string
  /** When the product was installed, in milliseconds since 1970. Without it the date is absent. */
  readonly installedAt?: Date | number | FactFunction<Date | number>
  /** How much of the date is reported. Default: `month`. */
  readonly precision?: 'day' | 'month'
  /** What the pack reads of the system. Default: this one. For tests. */
  readonly host?: Pick<
    PackHost,
    'readFile' | 'exists' | 'environment' | 'platform' | 'singleExecutable' | 'now'
  >
}

/** How and when the product was installed. */
export function installPack<const P extends string>(options: InstallPackOptions<P>) {
  const { precision = 'month', installedAt, host = systemPackHost } = options
  return createPack('install', options, {
    '.install.method': item(
      {
        kind: 'attribute',
        type: 'enum',
        values: INSTALL_METHODS,
        why: 'Shows which ways to install the product are used, and so which must be kept working.',
        example: 'deb',
      },
      async () => (await saidMethod(options, host)) ?? (await foundMethod(options, host)) ?? 'unknown',
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
type Places = Pick<InstallPackOptions<string>, 'method' | 'marker' | 'root' | 'debianPackage'>

async function saidMethod({ method, marker }: Places, host: UsedHost): Promise<InstallMethod | undefined> {
  const said = typeof method === 'function' ? await answerOfHost(method) : method
  if (said !== undefined) return methodOf(said)
  const text = marker === undefined ? undefined : await readText(host, marker, 256)
  return text === undefined ? undefined : methodOf(text.trim())
}

const methodOf = (word: string) => INSTALL_METHODS.find((method) => method === word) ?? 'other'

/** Surest first: what a container or a package holds may itself have been made by npm. */
async function foundMethod(
  { root, debianPackage }: Places,
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

/** A day or month in UTC; `undefined` for what cannot be the time of an installation. */
function dateOf(value: unknown, precision: 'day' | 'month', now: number): string | undefined {
  const at = value instanceof Date ? value.getTime() : value
  if (typeof at !== 'number' || !(at >= Date.UTC(2000) && at <= now + DAY && at < Date.UTC(2100)))
    return undefined
  return new Date(at).toISOString().slice(0, precision === 'day' ? 10 : 7)
}

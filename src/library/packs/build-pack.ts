/**
 * Purpose: to tell reports of unreleased or modified builds from reports of released versions.
 * Data: the commit, the branch (one of a list that the product declares), whether the build was modified or is a debug build, the kind
 * of package, and the edition (one of a list that the product declares). The product records these values when it is built; the pack
 * reads no repository on the operator's machine.
 * Identifiability: all installations of the same build report the same values. A private build is unique, but its hash means nothing to
 * others. The name of a private branch is reported as `other`.
 */
import { answerOfHost, ownOf, URL } from '../../platform/index.ts'
import type { FactFunction } from '../facts/index.ts'
import { createPack, item, type PackOptions } from './fact-pack.ts'
import { type PackHost, systemPackHost } from './pack-host.ts'
import { readText } from './read-text.ts'
import { listWithOther, oneOf } from './words.ts'

/** Kinds of packages that a product may be built into. */
export const PACKAGE_KINDS = [
  ...(['npm', 'docker', 'deb', 'rpm', 'apk', 'homebrew', 'snap', 'flatpak', 'appimage', 'helm'] as const),
  ...(['archive', 'binary', 'embedded', 'source', 'other'] as const),
] as const

/** Kind of a package: one of {@link PACKAGE_KINDS}. */
export type PackageKind = (typeof PACKAGE_KINDS)[number]

/** Information about the build of a product. A value that is left out is absent from the report. */
export interface BuildInfo {
  /** Full hash of the commit, as `git rev-parse HEAD` prints it: 40 hexadecimal digits. An abbreviated hash is not reported. */
  readonly commit?: string
  readonly branch?: string
  /** `true` when files were modified after the commit. */
  readonly dirty?: boolean
  readonly debug?: boolean
  readonly package?: string
  readonly edition?: string
}

/** Options of {@link buildPack}. */
export interface BuildPackOptions<
  P extends string,
  B extends readonly string[] = readonly ['main'],
  E extends readonly string[] = readonly ['community', 'enterprise'],
> extends PackOptions<P> {
  /** The catalog's prefix, for the names that OpenTelemetry's semantic conventions do not define. */
  readonly prefix: P
  /** The build information, a function that returns it, or the URL of a JSON file: `new URL('./build.json', import.meta.url)`. */
  readonly build: BuildInfo | URL | FactFunction<BuildInfo>
  /** Branches that are reported by name; every other branch is reported as `other`. Default: `main`. */
  readonly branches?: B
  /** Editions that are reported by name; every other edition is reported as `other`. Default: `community` and `enterprise`. */
  readonly editions?: E
  /** Access to the system. Default: the system of this process. For tests. */
  readonly host?: Pick<PackHost, 'readFile'>
}

/** Returns a pack of facts about the build: commit, branch, local changes, debug build, kind of package, edition. */
export function buildPack<
  const P extends string,
  const B extends readonly string[] = readonly ['main'],
  const E extends readonly string[] = readonly ['community', 'enterprise'],
>(options: BuildPackOptions<P, B, E>) {
  const { build, branches: ours, editions: sold, host = systemPackHost } = ownOf(options)
  const branches = listWithOther(ours ?? (['main'] as unknown as B))
  const editions = listWithOther(sold ?? (['community', 'enterprise'] as unknown as E))

  async function info(): Promise<Readonly<Record<keyof BuildInfo, unknown>> | undefined> {
    const found = build instanceof URL ? parsed(await readText(host, build)) : build
    const value: unknown = typeof found === 'function' ? await answerOfHost(found as () => unknown) : found
    return typeof value === 'object' && value !== null
      ? ownOf(value as Record<keyof BuildInfo, unknown>)
      : undefined
  }

  return createPack('build', options, {
    'vcs.ref.head.revision': item(
      {
        kind: 'attribute',
        type: 'string',
        // Full hashes only: an abbreviated one looks like the id of a container, which is a default host name.
        pattern: '[0-9a-f]{40}',
        why: 'Shows from which commit the product was built, so that a defect can be looked for in that very code.',
        example: '9d59409acf479dfa0df1aa568182e43e43df8bbe',
      },
      async () => {
        const commit = (await info())?.commit
        return typeof commit === 'string' && /^[0-9a-f]{40}$/.test(commit) ? commit : undefined
      },
    ),
    '.build.branch': item(
      {
        kind: 'attribute',
        type: 'enum',
        values: branches,
        why: 'Tells releases from builds of code that is still being worked on. Private branches are not named.',
        example: branches[0] as string,
      },
      async () => oneOf(branches, (await info())?.branch),
    ),
    '.build.dirty': item(
      {
        kind: 'attribute',
        type: 'boolean',
        why: 'Tells builds with local changes apart, whose defects may not be in the published code.',
        example: false,
      },
      async () => booleanOf((await info())?.dirty),
    ),
    '.build.debug': item(
      {
        kind: 'attribute',
        type: 'boolean',
        why: 'Tells builds for debugging apart, which are slower and used differently.',
        example: false,
      },
      async () => booleanOf((await info())?.debug),
    ),
    '.build.package': item(
      {
        kind: 'attribute',
        type: 'enum',
        values: PACKAGE_KINDS,
        why: 'Shows which kinds of packages are used, and so which must be kept and tested.',
        example: 'deb',
      },
      async () => oneOf(PACKAGE_KINDS, (await info())?.package),
    ),
    '.build.edition': item(
      {
        kind: 'attribute',
        type: 'enum',
        values: editions,
        why: 'Shows which edition of the product is used, and so where work should go.',
        example: editions[0] as string,
      },
      async () => oneOf(editions, (await info())?.edition),
    ),
  })
}

const booleanOf = (value: unknown) => (typeof value === 'boolean' ? value : undefined)

function parsed(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text)
  } catch {
    return undefined
  }
}

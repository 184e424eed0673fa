/**
 * Why: a report of a build that never was released, or was changed, explains what no released version does.
 * What exactly: the commit, the branch where it is one of a list that the product declares, whether the build was
 * changed or is one for debugging, the kind of package, and the edition where it is one of the product's. All of it is
 * said by the product, which writes it down when it is built. No repository is looked at on the operator's machine.
 * Traced back: everybody who runs the same build reports the same. Only who builds it alone stands alone, with a hash
 * that says nothing to others; the name of a private branch is reported as `other`, never as it is.
 */
import { answerOfHost, URL } from '../../platform/index.ts'
import type { FactFunction } from '../facts/index.ts'
import { createPack, item, type PackOptions } from './fact-pack.ts'
import { type PackHost, systemPackHost } from './pack-host.ts'
import { readText } from './read-text.ts'
import { listWithOther, oneOf } from './words.ts'

/** The kinds of packages that a product may be built into. */
export const PACKAGE_KINDS = [
  ...(['npm', 'docker', 'deb', 'rpm', 'apk', 'homebrew', 'snap', 'flatpak', 'appimage', 'helm'] as const),
  ...(['archive', 'binary', 'embedded', 'source', 'other'] as const),
] as const

export type PackageKind = (typeof PACKAGE_KINDS)[number]

/** What a product knows of its own build. What is left out is absent from the report. */
export interface BuildInfo {
  /** The whole hash of the commit, as `git rev-parse HEAD` prints it: 40 digits. A shortened one is not reported. */
  readonly commit?: string
  readonly branch?: string
  /** Whether files were changed since the commit. */
  readonly dirty?: boolean
  readonly debug?: boolean
  readonly package?: string
  readonly edition?: string
}

/** What {@link buildPack} takes. */
export interface BuildPackOptions<
  P extends string,
  B extends readonly string[] = readonly ['main'],
  E extends readonly string[] = readonly ['community', 'enterprise'],
> extends PackOptions<P> {
  /** The catalog's prefix, with which the pack's names begin that are not OpenTelemetry's. */
  readonly prefix: P
  /** The build, a function that gives it, or a JSON file that holds it: `new URL('./build.json', import.meta.url)`. */
  readonly build: BuildInfo | URL | FactFunction<BuildInfo>
  /** The branches that are reported by name; every other one is `other`. Default: `main`. */
  readonly branches?: B
  /** The editions that are reported by name; every other one is `other`. Default: `community` and `enterprise`. */
  readonly editions?: E
  /** What the pack reads of the system. Default: this one. For tests. */
  readonly host?: Pick<PackHost, 'readFile'>
}

/** How the product was built: commit, branch, changed or not, for debugging or not, kind of package, edition. */
export function buildPack<
  const P extends string,
  const B extends readonly string[] = readonly ['main'],
  const E extends readonly string[] = readonly ['community', 'enterprise'],
>(options: BuildPackOptions<P, B, E>) {
  const { build, host = systemPackHost } = options
  const branches = listWithOther(options.branches ?? (['main'] as unknown as B))
  const editions = listWithOther(options.editions ?? (['community', 'enterprise'] as unknown as E))

  async function info(): Promise<Readonly<Record<keyof BuildInfo, unknown>> | undefined> {
    const found = build instanceof URL ? parsed(await readText(host, build)) : build
    const value: unknown = typeof found === 'function' ? await answerOfHost(found as () => unknown) : found
    return typeof value === 'object' && value !== null
      ? (value as Record<keyof BuildInfo, unknown>)
      : undefined
  }

  return createPack('build', options, {
    'vcs.ref.head.revision': item(
      {
        kind: 'attribute',
        type: 'string',
        // Whole hashes only: a shortened one looks like the name of a container.
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

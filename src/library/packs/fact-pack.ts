import type { AttributeFact, Fact, FactCommon, Facts, GaugeFact } from '../../catalog/index.ts'
import { ownOf } from '../../platform/index.ts'
import type { FactFunction, SourcedOf } from '../facts/index.ts'

/**
 * Facts that many products have in common, with the functions that determine their values. A maintainer adopts each pack separately: its
 * facts in the catalog, its sources in the telemetry. A pack reads nothing until a report is collected.
 */
export interface FactPack<F extends Facts = Facts> {
  readonly name: string
  /** Facts of the pack, to be spread into the facts of a catalog. */
  readonly facts: F
  /** For each fact the function that is called for a report. It returns `undefined` when the value is unknown: the fact is then absent. */
  readonly sources: { readonly [N in keyof F]: FactFunction<SourcedOf<F[N]>> }
}

/** Options that the maintainer sets for all facts of a pack, such as `since`, `level` and `expires`. */
export type PackCommon = Omit<FactCommon, 'why'>

/** Options that all packs have in common. */
export interface PackOptions<P extends string> extends PackCommon {
  /** The catalog's prefix. Without a prefix, the pack has only the facts whose names OpenTelemetry's semantic conventions define. */
  readonly prefix?: P
}

type Undated<A> = A extends unknown ? Omit<A, keyof PackCommon> : never

/** Declaration of a fact in a pack, without the options that the maintainer sets. */
export type PackFact = Undated<AttributeFact | GaugeFact>

/** A fact with the function that determines its value. */
export interface Item<A extends PackFact> {
  readonly fact: A
  readonly source: FactFunction<SourcedOf<A>>
}

/** Pairs a fact with its source, so that the compiler checks the type of the source against the values of the fact. */
export const item = <const A extends PackFact>(fact: A, source: FactFunction<SourcedOf<A>>): Item<A> => ({
  fact,
  source,
})

type Items = Readonly<Record<string, { readonly fact: PackFact; readonly source: () => unknown }>>

/** Full name of a fact: a name that begins with a dot gets the prefix. Without a prefix (`never`) the pack has no such fact. */
export type PackFactName<P extends string, N extends string> = N extends `.${string}` ? `${P}${N}` : N

/** Facts of a pack by their full names. `D`: the declarations in the pack, by names that may begin with a dot. */
export type PackFacts<P extends string, D extends Readonly<Record<string, object>>> = {
  readonly [N in keyof D & string as PackFactName<P, N>]: Extract<D[N] & PackCommon, Fact>
}

/** Creates a pack of items by name. A name that begins with a dot gets the prefix; without a prefix its item is left out. */
export function createPack<P extends string, const I extends Items>(
  name: string,
  options: PackOptions<P>,
  items: I,
): FactPack<PackFacts<P, { readonly [N in keyof I]: I[N]['fact'] }>> {
  const { prefix, ...rest } = ownOf(options)
  const common = commonOf(ownOf(rest))
  const named = Object.entries(items).flatMap(([short, { fact, source }]) => {
    if (!short.startsWith('.')) return [{ full: short, fact, source }]
    return prefix === undefined ? [] : [{ full: `${prefix}${short}`, fact, source }]
  })
  return {
    name,
    facts: Object.fromEntries(named.map(({ full, fact }) => [full, { ...fact, ...common }])),
    sources: Object.fromEntries(named.map(({ full, source }) => [full, source])),
  } as unknown as FactPack<PackFacts<P, { readonly [N in keyof I]: I[N]['fact'] }>>
}

/** Copies the options that are set: the catalog would refuse a level that is `undefined`. */
function commonOf({ since, level, expires, owner, review }: PackCommon): PackCommon {
  return {
    since,
    ...(level !== undefined && { level }),
    ...(expires !== undefined && { expires }),
    ...(owner !== undefined && { owner }),
    ...(review !== undefined && { review }),
  }
}

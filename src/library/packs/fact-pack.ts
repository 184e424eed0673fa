import type { AttributeFact, Fact, FactCommon, Facts, GaugeFact } from '../../catalog/index.ts'
import type { FactFunction, SourcedOf } from '../facts/index.ts'

/**
 * Facts that many products report alike, with the functions that find their values. Nothing is read before a report asks, and
 * a maintainer takes each pack by itself: its facts into the catalog, its sources into the telemetry.
 */
export interface FactPack<F extends Facts = Facts> {
  readonly name: string
  /** To be spread into the facts of a catalog. */
  readonly facts: F
  /** For each fact the function that a report asks. What it cannot find out is `undefined`, and so absent. */
  readonly sources: { readonly [N in keyof F]: FactFunction<SourcedOf<F[N]>> }
}

/** What the maintainer decides for all facts of a pack: since when, from which level on, until when. */
export type PackCommon = Omit<FactCommon, 'why'>

/** What every pack takes. `prefix` is the catalog's, for the names that are not OpenTelemetry's. */
export interface PackOptions<P extends string> extends PackCommon {
  /** The catalog's prefix. Without it, the pack has only the facts that have a name of OpenTelemetry's. */
  readonly prefix?: P
}

type Undated<A> = A extends unknown ? Omit<A, keyof PackCommon> : never

/** A fact as a pack knows it: everything but what the maintainer decides. */
export type PackFact = Undated<AttributeFact | GaugeFact>

/** A fact and where its value comes from. */
export interface Item<A extends PackFact> {
  readonly fact: A
  readonly source: FactFunction<SourcedOf<A>>
}

/** Pairs a fact with its source, so that the compiler holds the source to the fact's values. */
export const item = <const A extends PackFact>(fact: A, source: FactFunction<SourcedOf<A>>): Item<A> => ({
  fact,
  source,
})

type Items = Readonly<Record<string, { readonly fact: PackFact; readonly source: () => unknown }>>

/** A name that begins with a dot gets the product's prefix. Without a prefix (`never`) there is no such fact. */
export type PackFactName<P extends string, N extends string> = N extends `.${string}` ? `${P}${N}` : N

/** The facts of a pack by their full names. `D` are the facts as the pack knows them, by names that may begin with a dot. */
export type PackFacts<P extends string, D extends Readonly<Record<string, object>>> = {
  readonly [N in keyof D & string as PackFactName<P, N>]: Extract<D[N] & PackCommon, Fact>
}

/** Makes a pack of items by name. A name that begins with a dot gets the prefix, and is left out where there is none. */
export function createPack<P extends string, const I extends Items>(
  name: string,
  options: PackOptions<P>,
  items: I,
): FactPack<PackFacts<P, { readonly [N in keyof I]: I[N]['fact'] }>> {
  const { prefix, ...rest } = options
  const common = commonOf(rest)
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

/** Only what is said: a level that is `undefined` would be a wrong level. */
function commonOf({ since, level, expires, owner, review }: PackCommon): PackCommon {
  return {
    since,
    ...(level !== undefined && { level }),
    ...(expires !== undefined && { expires }),
    ...(owner !== undefined && { owner }),
    ...(review !== undefined && { review }),
  }
}

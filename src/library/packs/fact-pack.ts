import type { AttributeFact, Fact, FactCommon, Facts, GaugeFact } from '../../catalog/index.ts'
import type { SourcedOf } from '../facts/index.ts'

/** What a source gives: a value, or nothing where there is none that fits. */
export type Answer<V> = V | undefined | Promise<V | undefined>

/**
 * Facts that many products report alike, with the functions that find their values. Nothing is read before a report asks, and
 * a maintainer takes each pack by itself: its facts into the catalog, its sources into the telemetry.
 */
export interface FactPack<F extends Facts = Facts> {
  readonly name: string
  /** To be spread into the facts of a catalog. */
  readonly facts: F
  /** For each fact the function that a report asks. What it cannot find out is `undefined`, and so absent. */
  readonly sources: { readonly [N in keyof F]: () => Answer<SourcedOf<F[N]>> }
}

/** What the maintainer decides for all facts of a pack: since when, from which level on, until when. */
export type PackCommon = Omit<FactCommon, 'why'>

/** What every pack takes. `prefix` is the catalog's, for the names that are not OpenTelemetry's. */
export interface PackOptions<P extends string> extends PackCommon {
  readonly prefix?: P
}

type Undated<A> = A extends unknown ? Omit<A, keyof PackCommon> : never

/** A fact as a pack knows it: everything but what the maintainer decides. */
export type PackFact = Undated<AttributeFact | GaugeFact>

/** A fact and where its value comes from. */
export interface Item<A extends PackFact> {
  readonly fact: A
  readonly source: () => Answer<SourcedOf<A>>
}

/** Pairs a fact with its source, so that the compiler holds the source to the fact's values. */
export const item = <const A extends PackFact>(fact: A, source: () => Answer<SourcedOf<A>>): Item<A> => ({
  fact,
  source,
})

type Items = Readonly<Record<string, { readonly fact: PackFact; readonly source: () => unknown }>>

/** A name that begins with a dot gets the product's prefix. Without a prefix (`never`) there is no such fact. */
type FullName<P extends string, N extends string> = N extends `.${string}` ? `${P}${N}` : N

/** The facts of a pack by their full names. */
export type FactsOf<P extends string, I extends Items> = {
  readonly [N in keyof I & string as FullName<P, N>]: Extract<I[N]['fact'] & PackCommon, Fact>
}

/** Makes a pack of items by name. A name that begins with a dot gets the prefix, and is left out where there is none. */
export function createPack<P extends string, const I extends Items>(
  name: string,
  options: PackOptions<P>,
  items: I,
): FactPack<FactsOf<P, I>> {
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
  } as unknown as FactPack<FactsOf<P, I>>
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

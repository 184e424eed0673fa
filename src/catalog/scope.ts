import { alternativesOf } from './dimensions.ts'
import type { Dimensions, Fact, Facts, NumberFact } from './types.ts'
import { DEFAULT_LIMITS } from './values.ts'

/** Options of a fact that determine its possible values and its level of consent. Not its reason, example or owner. */
export type Scope = Readonly<Record<string, unknown>>

/** Scopes of facts by name, as plain data. A stored choice keeps them: they are what the person has consented to. */
export type Scopes = Readonly<Record<string, Scope>>

export const scopesOf = (facts: Facts): Scopes =>
  Object.fromEntries(Object.entries<Fact>(facts).map(([name, fact]) => [name, scopeOf(fact)]))

/** Returns the names of the facts that were added, or widened, after consent to these scopes. */
export const widenedFacts = (agreed: Scopes, facts: Facts, levels: readonly string[]): string[] =>
  Object.entries<Fact>(facts).flatMap(([name, fact]) =>
    Object.hasOwn(agreed, name) && covers(agreed[name], scopeOf(fact), levels) ? [] : [name],
  )

/** Options that a fact cannot change without becoming another fact. */
const MEANING = ['kind', 'type', 'unit', 'pattern', 'temporality'] as const
const MEMBERS = [
  ...MEANING,
  'by',
  'values',
  'keys',
  'maxLength',
  'maxEntries',
  'maxItems',
  'round',
  'min',
  'max',
  'randomize',
  'combine',
  'level',
]

function scopeOf(fact: Fact): Scope {
  const scope: Record<string, unknown> = Object.create(null)
  for (const key of MEMBERS) {
    const value: unknown = Reflect.get(fact, key)
    if (value !== undefined) scope[key] = value
  }
  return scope
}

/** Returns `true` when a fact reports no more than before. Returns `false` in doubt, such as after a change of the pattern. */
function covers(was: unknown, is: Scope, levels: readonly string[]): boolean {
  try {
    return saysNoMore(was as Loose, is as Loose, levels)
  } catch {
    // The stored scope is malformed.
    return false
  }
}

/** Options of a fact for the comparison. A stored scope may have any form: the comparison throws when it does not fit. */
interface Loose extends Readonly<Record<string, unknown>> {
  readonly by?: Dimensions | readonly Dimensions[]
  readonly values?: readonly string[]
  readonly keys?: 'uuid' | readonly string[]
  readonly min?: number
  readonly max?: number
  readonly level?: string
  readonly randomize?: { readonly epsilon: number }
}

function saysNoMore(was: Loose, is: Loose, levels: readonly string[]): boolean {
  const same = (key: string) => JSON.stringify(was[key]) === JSON.stringify(is[key])
  const limit = (of: Loose, key: keyof typeof DEFAULT_LIMITS) => Number(of[key] ?? DEFAULT_LIMITS[key])
  const { NEGATIVE_INFINITY: least, POSITIVE_INFINITY: most } = Number
  return (
    MEANING.every((key) => same(key) || (key === 'temporality' && isDelta(was) && isDelta(is))) &&
    (is.values ?? []).every((value) => was.values?.includes(value)) &&
    (same('keys') || (Array.isArray(is.keys) && Array.isArray(was.keys) && isWithin(is.keys, was.keys))) &&
    (Object.keys(DEFAULT_LIMITS) as Array<keyof typeof DEFAULT_LIMITS>).every(
      (key) => limit(is, key) <= limit(was, key),
    ) &&
    (is.min ?? least) >= (was.min ?? least) &&
    (is.max ?? most) <= (was.max ?? most) &&
    (same('round') ||
      was['round'] === undefined ||
      (was['round'] === 'major.minor' && is['round'] === 'major')) &&
    (was.randomize === undefined || (is.randomize?.epsilon ?? most) <= was.randomize.epsilon) &&
    // A sum says something about all processes, and each other value is that of one.
    (same('combine') || is['combine'] !== 'sum') &&
    rankOf(is, levels) >= rankOf(was, levels) &&
    combinesNoMore(was, is)
  )
}

const isWithin = (some: readonly string[], all: readonly string[]) => some.every((one) => all.includes(one))

const isDelta = ({ temporality }: Loose) => temporality === undefined || temporality === 'delta'

/** Returns the rank of a level, from 0. A removed level ranks above all others. */
function rankOf({ level }: Loose, levels: readonly string[]): number {
  if (level === undefined) return 0
  const rank = levels.indexOf(level)
  return rank < 0 ? levels.length : rank
}

/** Returns `true` when a fact distinguishes no more cases than before: no new dimension, and no new value of a dimension. */
function combinesNoMore(was: Loose, is: Loose): boolean {
  const before = alternativesOf(was as Pick<NumberFact, 'by'>)
  return alternativesOf(is as Pick<NumberFact, 'by'>).every((block) =>
    before.some((one) =>
      Object.entries(block).every(
        ([key, values]) => Object.hasOwn(one, key) && values.every((value) => one[key]?.includes(value)),
      ),
    ),
  )
}

import { alternativesOf } from './dimensions.ts'
import type { Dimensions, Fact, Facts, NumberFact } from './types.ts'
import { DEFAULT_LIMITS } from './values.ts'

/** What of a fact's definition decides about what it can say, and to whom. Not its reason, example or owner. */
export type Scope = Readonly<Record<string, unknown>>

/** The scopes of facts by name: what somebody agrees to who agrees to these facts. Plain data. */
export type Scopes = Readonly<Record<string, Scope>>

export const scopesOf = (facts: Facts): Scopes =>
  Object.fromEntries(Object.entries<Fact>(facts).map(([name, fact]) => [name, scopeOf(fact)]))

/** The names of the facts that are new, or can say more than they could when these scopes were agreed to. */
export const beyond = (agreed: Scopes, facts: Facts, levels: readonly string[]): string[] =>
  Object.entries<Fact>(facts).flatMap(([name, fact]) =>
    Object.hasOwn(agreed, name) && covers(agreed[name], scopeOf(fact), levels) ? [] : [name],
  )

/** The members of a definition that stay as they are, or make another fact of it. */
const MEANING = ['kind', 'type', 'unit', 'pattern', 'temporality'] as const
const MEMBERS = [
  ...MEANING,
  'by',
  'values',
  'maxLength',
  'maxEntries',
  'maxItems',
  'round',
  'min',
  'max',
  'randomize',
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

/** Whether a fact says no more than it did. Where that cannot be told, such as of another pattern, it says more. */
function covers(was: unknown, is: Scope, levels: readonly string[]): boolean {
  try {
    return saysNoMore(was as Loose, is as Loose, levels)
  } catch {
    // What was stored is not what this library stores.
    return false
  }
}

/** The members as they are compared; what was stored may have any form, and what does not fit throws. */
interface Loose extends Readonly<Record<string, unknown>> {
  readonly by?: Dimensions | readonly Dimensions[]
  readonly values?: readonly string[]
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
    (Object.keys(DEFAULT_LIMITS) as Array<keyof typeof DEFAULT_LIMITS>).every(
      (key) => limit(is, key) <= limit(was, key),
    ) &&
    (is.min ?? least) >= (was.min ?? least) &&
    (is.max ?? most) <= (was.max ?? most) &&
    (same('round') ||
      was['round'] === undefined ||
      (was['round'] === 'major.minor' && is['round'] === 'major')) &&
    (was.randomize === undefined || (is.randomize?.epsilon ?? most) <= was.randomize.epsilon) &&
    placeOf(is, levels) >= placeOf(was, levels) &&
    combinesNoMore(was, is)
  )
}

const isDelta = ({ temporality }: Loose) => temporality === undefined || temporality === 'delta'

/** A level that is gone stands above all others. */
function placeOf({ level }: Loose, levels: readonly string[]): number {
  if (level === undefined) return 0
  const place = levels.indexOf(level)
  return place < 0 ? levels.length : place
}

/** Fewer dimensions, or values of one, tell fewer cases apart. */
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

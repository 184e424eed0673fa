import type { AttributeFact, CountFact, GaugeFact, Rounding, SingleFact } from './types.ts'

/** What an attribute's value is on the wire. `null` is an empty value: it is there, and unknown. */
export type AttributeValue = string | boolean | null | readonly string[]

/** What an attribute fact takes at most where it says nothing of it. */
export const DEFAULT_LIMITS = { maxLength: 64, maxEntries: 16, maxItems: 16 } as const

/** Why a value was not taken: counted under this word in the report's own `usage.dropped` gauge. */
export type DropReason =
  | 'undeclared'
  | 'wrong_instrument'
  | 'invalid_value'
  | 'invalid_attribute'
  | 'failed'
  | 'timeout'

/** All of them. The gateway takes no others. */
export const DROP_REASONS: readonly DropReason[] = [
  'undeclared',
  'wrong_instrument',
  'invalid_value',
  'invalid_attribute',
  'failed',
  'timeout',
]

/** A version, as RE2 and JavaScript read it: it begins with a digit, so that a host name is not a version. */
export const VERSION = '^v?[0-9][0-9A-Za-z]*(?:[.+_-][0-9A-Za-z]+)*$'

/** The longest version, in characters. */
export const LONGEST_VERSION = 64

/** Why a fact refuses a value; `undefined` where it takes it. A value passes whole or not at all: nothing is cut to fit. */
export function attributeProblem(fact: SingleFact, value: unknown): DropReason | undefined {
  switch (fact.type) {
    case 'boolean':
      return typeof value === 'boolean' ? undefined : 'invalid_value'
    case 'enum':
      return typeof value === 'string' && fact.values.includes(value) ? undefined : 'invalid_value'
    case 'version':
      return typeof value === 'string' && value.length <= LONGEST_VERSION && IS_VERSION.test(value)
        ? undefined
        : 'invalid_value'
    case 'string':
      return typeof value === 'string' &&
        value.length <= (fact.maxLength ?? DEFAULT_LIMITS.maxLength) &&
        // Half a character would arrive as another one.
        value.isWellFormed() &&
        wholly(fact.pattern).test(value)
        ? undefined
        : 'invalid_value'
  }
}

/** Whether a value is the one that stands for none. */
export const isUnknown = ({ whenUnknown }: AttributeFact, value: unknown): boolean =>
  (whenUnknown === 'Unknown' && value === 'Unknown') || (whenUnknown === null && value === null)

/** A value as it is reported: as much of it as the fact declares. */
export function reportedAttribute(fact: SingleFact, value: string | boolean): string | boolean {
  if (fact.type !== 'version' || fact.round === undefined || typeof value !== 'string') return value
  const parts = fact.round === 'major' ? /^v?\d+/ : /^v?\d+(?:\.\d+)?/
  return parts.exec(value)?.[0] ?? value
}

/** A number as it is reported: within its bounds, and as coarse as the fact declares. Doing it twice changes nothing. */
export function reportedNumber({ min, max, round }: GaugeFact | CountFact, value: number): number {
  const bounded = Math.max(Math.min(value, max ?? value), min ?? -Infinity)
  return rounded(bounded, round)
}

function rounded(value: number, rounding: Rounding | undefined): number {
  if (rounding === undefined) return value
  if (rounding === 'log2') return lowerPowerOfTwo(value)
  if ('steps' in rounding) return rounding.steps.findLast((step) => step <= value) ?? 0
  const share = rounding.percent / 100
  // Rounded once more, because a share such as 0.05 has no exact floating-point number.
  return Number((Math.round(value / share) * share).toFixed(4))
}

function lowerPowerOfTwo(value: number): number {
  if (value === 0) return value
  const size = Math.abs(value)
  const exponent = Math.floor(Math.log2(size))
  // The logarithm of a number just below a power of two is rounded up to it.
  return Math.sign(value) * 2 ** (2 ** exponent > size ? exponent - 1 : exponent)
}

const IS_VERSION = new RegExp(VERSION)

const wholly = (pattern: string) => new RegExp(`^(?:${pattern})$`, 'u')

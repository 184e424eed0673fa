import type { AttributeFact, CountFact, GaugeFact, Rounding, SingleFact } from './types.ts'

/** Value of a resource attribute on the wire. `null` is an empty OTLP value: the attribute is present, and its value is unknown. */
export type AttributeValue = string | boolean | null | readonly string[]

/** Default limits of attribute facts. */
export const DEFAULT_LIMITS = { maxLength: 64, maxEntries: 16, maxItems: 16 } as const

/** Reason why a value was refused: an attribute value of the report's `usage.dropped` gauge. */
export type DropReason =
  | 'undeclared'
  | 'wrong_instrument'
  | 'invalid_value'
  | 'invalid_attribute'
  | 'too_many_sources'
  | 'failed'
  | 'timeout'

/** All reasons. The gateway accepts no others. */
export const DROP_REASONS: readonly DropReason[] = [
  'undeclared',
  'wrong_instrument',
  'invalid_value',
  'invalid_attribute',
  'too_many_sources',
  'failed',
  'timeout',
]

/** Regular expression of a version, for RE2 and JavaScript. The first digit keeps host names out. */
export const VERSION = '^v?[0-9][0-9A-Za-z]*(?:[.+_-][0-9A-Za-z]+)*$'

/** Longest version, in characters. */
export const MAX_VERSION_LENGTH = 64

/** Returns the reason why a fact refuses a value; `undefined` when the value is accepted. A value that is too long is refused, not cut. */
export function attributeProblem(fact: SingleFact, value: unknown): DropReason | undefined {
  switch (fact.type) {
    case 'boolean':
      return typeof value === 'boolean' ? undefined : 'invalid_value'
    case 'enum':
      return typeof value === 'string' && fact.values.includes(value) ? undefined : 'invalid_value'
    case 'version':
      return typeof value === 'string' && value.length <= MAX_VERSION_LENGTH && IS_VERSION.test(value)
        ? undefined
        : 'invalid_value'
    case 'string':
      return typeof value === 'string' &&
        value.length <= (fact.maxLength ?? DEFAULT_LIMITS.maxLength) &&
        // The encoding to UTF-8 would replace a lone surrogate.
        value.isWellFormed() &&
        wholly(fact.pattern).test(value)
        ? undefined
        : 'invalid_value'
  }
}

/** Returns `true` when a value is the placeholder that the fact declares for unknown values. */
export const isUnknown = ({ whenUnknown }: AttributeFact, value: unknown): boolean =>
  (whenUnknown === 'Unknown' && value === 'Unknown') || (whenUnknown === null && value === null)

/** Returns a value as it is reported: a version is shortened to the parts that the fact declares. */
export function reportedAttribute(fact: SingleFact, value: string | boolean): string | boolean {
  if (fact.type !== 'version' || fact.round === undefined || typeof value !== 'string') return value
  const parts = fact.round === 'major' ? /^v?\d+/ : /^v?\d+(?:\.\d+)?/
  return parts.exec(value)?.[0] ?? value
}

/** Returns a number as it is reported: limited to `min` and `max`, and rounded as the fact declares. Idempotent. */
export function reportedNumber({ min, max, round }: GaugeFact | CountFact, value: number): number {
  const bounded = Math.max(Math.min(value, max ?? value), min ?? -Infinity)
  return rounded(bounded, round)
}

function rounded(value: number, rounding: Rounding | undefined): number {
  if (rounding === undefined) return value
  if (rounding === 'log2') return lowerPowerOfTwo(value)
  if ('steps' in rounding) return rounding.steps.findLast((step) => step <= value) ?? 0
  const share = rounding.percent / 100
  // Rounded to four digits: a share such as 0.05 has no exact floating-point representation.
  return Number((Math.round(value / share) * share).toFixed(4))
}

function lowerPowerOfTwo(value: number): number {
  if (value === 0) return value
  const size = Math.abs(value)
  const exponent = Math.floor(Math.log2(size))
  // `Math.log2` of a number just below a power of two is rounded up.
  return Math.sign(value) * 2 ** (2 ** exponent > size ? exponent - 1 : exponent)
}

const IS_VERSION = new RegExp(VERSION)

const wholly = (pattern: string) => new RegExp(`^(?:${pattern})$`, 'u')

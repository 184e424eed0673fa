import type { AttributeFact, Rounding } from './types.ts'

/** What an attribute fact's value is on the wire. */
export type AttributeValue = string | boolean

/** Why a value was not taken: counted under this word in the report's own `usage.dropped` gauge. */
export type DropReason =
  | 'undeclared'
  | 'wrong_instrument'
  | 'invalid_value'
  | 'invalid_attribute'
  | 'failed'
  | 'timeout'

/** Why a fact refuses a value; `undefined` where it takes it. A value passes whole or not at all: nothing is cut to fit. */
export function attributeProblem(fact: AttributeFact, value: unknown): DropReason | undefined {
  switch (fact.type) {
    case 'boolean':
      return typeof value === 'boolean' ? undefined : 'invalid_value'
    case 'enum':
      return typeof value === 'string' && fact.values.includes(value) ? undefined : 'invalid_value'
    case 'version':
      return typeof value === 'string' && VERSION.test(value) ? undefined : 'invalid_value'
    case 'string':
      return typeof value === 'string' &&
        value.length <= (fact.maxLength ?? 64) &&
        wholly(fact.pattern).test(value)
        ? undefined
        : 'invalid_value'
  }
}

/** A number as it is reported: finite, and as coarse as the fact declares. */
export function rounded(value: number, rounding: Rounding | undefined): number {
  if (rounding !== 'log2' || value === 0) return value
  const size = Math.abs(value)
  const exponent = Math.floor(Math.log2(size))
  // The logarithm of a number just below a power of two is rounded up to it.
  return Math.sign(value) * 2 ** (2 ** exponent > size ? exponent - 1 : exponent)
}

/** Begins with a digit, so that a host name is not a version. */
const VERSION = /^(?=.{1,64}$)v?\d[0-9A-Za-z]*(?:[.+_-][0-9A-Za-z]+)*$/

const wholly = (pattern: string) => new RegExp(`^(?:${pattern})$`, 'u')

/** Chance that can be repeated: the same seed gives the same throws. */
export interface Dice {
  /** Whether something happens that happens with this probability. */
  chance(probability: number): boolean
  /** A whole number from the first to the second, both included. */
  whole(from: number, to: number): number
  oneOf<T>(choices: readonly T[]): T
  /** A random UUID of a version (RFC 9562); of version 7 with its time, in milliseconds since 1970. */
  uuid(version: 4 | 7 | 8, time?: number): string
}

export function createDice(seed: number): Dice {
  let state = seed >>> 0
  /** SplitMix32: from 0 to 1. */
  const next = () => {
    state = (state + 0x9e3779b9) >>> 0
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad)
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97)
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32
  }
  const hex = (digits: number) =>
    Math.floor(next() * 16 ** digits)
      .toString(16)
      .padStart(digits, '0')
  const whole = (from: number, to: number) => from + Math.floor(next() * (to - from + 1))

  return {
    chance: (probability) => next() < probability,
    whole,
    oneOf: (choices) => choices[whole(0, choices.length - 1)] as (typeof choices)[number],
    uuid(version, time) {
      const start =
        time === undefined ? hex(8) + hex(4) : Math.max(0, time).toString(16).padStart(12, '0').slice(-12)
      return `${start.slice(0, 8)}-${start.slice(8)}-${version}${hex(3)}-a${hex(3)}-${hex(6)}${hex(6)}`
    },
  }
}

/** Chance that can be had again: the same name with the same seed takes the same choices. */
export interface Random {
  /** A whole number from 0 up to `below`, `below` excepted. */
  below(below: number): number
  /** Both included. */
  between(least: number, most: number): number
  one<T>(of: readonly T[]): T
  /** Whether something of this probability happens. */
  chance(probability: number): boolean
}

/** Mulberry32: short, and even enough to choose what happens. */
export function createRandom(name: string, seed: number): Random {
  let state = seed
  for (const character of name) state = Math.imul(state ^ character.charCodeAt(0), 0x9e3779b1)
  const next = () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (limit: number) => Math.floor(next() * limit)
  return {
    below,
    between: (least, most) => least + below(most - least + 1),
    one: (of) => of[below(of.length)] as (typeof of)[number],
    chance: (probability) => next() < probability,
  }
}

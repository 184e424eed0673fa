/**
 * Check that a pattern can be matched quickly. JavaScript backtracks: a pattern such as `([a-z0-9]+-?)+` can match a text in
 * exponentially many ways, and a text that does not match makes it try them all. So each text may match in one way, or in few. For an
 * unambiguous expression (R. Book, S. Even, S. Greibach and G. Ott, "Ambiguity in Graphs and Expressions", 1971) no more ways are tried
 * at once than the pattern has characters.
 */
import { type CharacterSet, type PatternNode, parsePattern } from './pattern-syntax.ts'

/** Largest number of characters of a pattern after its repetitions are expanded, and largest number of pairs that are compared. */
const MAX_EXPANDED_LENGTH = 1_000
const MAX_COMPARED_PAIRS = 100_000

/** Largest number of ways in which a text may match. More than one, so that `latest|[a-z]+` is accepted. */
const MAX_WAYS_TO_MATCH = 16

/** Returns the reason why a pattern is refused, as the end of a sentence; `undefined` when the pattern is accepted. */
export function patternProblem(pattern: string): string | undefined {
  if (!isExpression(pattern)) return 'is not a regular expression; correct it'
  const node = parsePattern(pattern)
  if (typeof node === 'string') {
    return (
      `holds ${node}, which the gateway does not read as JavaScript does; use characters, classes such as [a-z], \\d and \\w, ` +
      'groups, alternatives and repetitions'
    )
  }
  const problem = ambiguityOf(node)
  return problem && `${problem}; let each text match in one way, as with '[a-z]+(?:-[a-z]+)*'`
}

function isExpression(pattern: string): boolean {
  try {
    new RegExp(`^(?:${pattern})$`, 'u')
    // Compiled without anchors as well: `a)|(b` would close the group of the anchors and escape them.
    new RegExp(pattern, 'u')
    return true
  } catch {
    return false
  }
}

const SLOW = 'which can take seconds'

function ambiguityOf(node: PatternNode): string | undefined {
  const positions = new Positions()
  try {
    return positions.ambiguity(positions.add(node))
  } catch (error) {
    if (error instanceof Ambiguous) return error.message
    throw error
  }
}

class Ambiguous extends Error {}

/** A part of a pattern, described by the positions of its characters. */
interface Part {
  readonly isOptional: boolean
  /** Positions at which the part can begin, and at which it can end. */
  readonly first: readonly number[]
  readonly last: readonly number[]
}

const NOTHING: Part = { isOptional: true, first: [], last: [] }

/** Two positions that the same text can reach. */
interface Pair {
  readonly one: number
  readonly other: number
  /** Text that leads to both positions from the position where the two ways separate. */
  readonly text: string
  readonly before: Pair[]
  /** `true` when both ways end at the same position. */
  meets: boolean
}

/** Positions of the characters of a pattern, each with the positions that can follow it (Glushkov's automaton). */
class Positions {
  readonly #sets: CharacterSet[] = []
  readonly #followers: number[][] = []

  add(node: PatternNode): Part {
    if ('set' in node) {
      if (this.#sets.length === MAX_EXPANDED_LENGTH)
        throw new Ambiguous(
          `has more than ${MAX_EXPANDED_LENGTH} characters when its repetitions are written out`,
        )
      const one = [this.#sets.push(node.set) - 1]
      this.#followers.push([])
      return { isOptional: false, first: one, last: one }
    }
    if ('sequence' in node)
      return node.sequence.reduce<Part>((before, one) => this.#then(before, this.add(one)), NOTHING)
    if ('alternatives' in node) return this.#either(node.alternatives.map((one) => this.add(one)))
    return this.#repeated(node.repeated, node.least, node.most)
  }

  #then(before: Part, after: Part): Part {
    this.#link(before.last, after.first)
    return {
      isOptional: before.isOptional && after.isOptional,
      first: before.isOptional ? [...before.first, ...after.first] : before.first,
      last: after.isOptional ? [...before.last, ...after.last] : after.last,
    }
  }

  #either(parts: readonly Part[]): Part {
    if (parts.filter(({ isOptional }) => isOptional).length > 1)
      throw new Ambiguous(`has several alternatives for the same nothing, ${SLOW}`)
    return {
      isOptional: parts.some(({ isOptional }) => isOptional),
      first: parts.flatMap(({ first }) => first),
      last: parts.flatMap(({ last }) => last),
    }
  }

  /** Expands a repetition: `x{2,4}` becomes `xx(x(x)?)?`; in `x{2,}` the last `x` can follow itself. */
  #repeated(node: PatternNode, least: number, most: number): Part {
    if (most === 0) return NOTHING
    const isEndless = most === Number.POSITIVE_INFINITY
    const copies = Array.from({ length: isEndless ? Math.max(least, 1) : most }, () => this.add(node))
    if (isEndless) {
      const round = copies.at(-1) as Part
      if (round.isOptional) throw new Ambiguous(`repeats without end what may be nothing, ${SLOW}`)
      this.#link(round.last, round.first)
    }
    const needed = copies.slice(0, least)
    const rest = copies
      .slice(least)
      .reduceRight<Part>((after, one) => this.#optional(this.#then(one, after)), NOTHING)
    return this.#then(
      needed.reduce<Part>((before, one) => this.#then(before, one), NOTHING),
      rest,
    )
  }

  #optional(part: Part): Part {
    if (part.isOptional) throw new Ambiguous(`has what may be nothing in two ways, ${SLOW}`)
    return { ...part, isOptional: true }
  }

  #link(before: readonly number[], after: readonly number[]): void {
    for (const one of before) {
      const followers = this.#followers[one] as number[]
      for (const next of after) {
        if (followers.includes(next)) throw new Ambiguous(`repeats what repeats itself, ${SLOW}`)
        followers.push(next)
      }
    }
  }

  /**
   * Follows every pair of ways in which a text can match, one character after the other, from the position where they separate.
   * Returns the reason to refuse the pattern: two ways separate inside a repetition and meet again, or too many pairs meet.
   */
  ambiguity({ first, last }: Part): string | undefined {
    const ends = new Set(last)
    const pairs = new Map<number, Pair>()
    const meeting: Pair[] = []
    const meet = (one: number, other: number, before?: Pair): Pair | undefined => {
      const key = Math.min(one, other) * MAX_EXPANDED_LENGTH + Math.max(one, other)
      const common = commonOf(this.#set(one), this.#set(other))
      if (common === undefined) return undefined
      const known = pairs.get(key)
      if (known) {
        if (before) known.before.push(before)
        return known
      }
      const text = (before?.text ?? '') + String.fromCodePoint(common)
      const pair = { one, other, text, before: before ? [before] : [], meets: false }
      pairs.set(key, pair)
      if (pairs.size > MAX_COMPARED_PAIRS) throw new Ambiguous('is too large to be checked')
      if (one === other || (ends.has(one) && ends.has(other))) meeting.push(pair)
      return pair
    }
    const partings = [first, ...this.#followers].map((followers, index) => ({
      position: index - 1,
      pairs: followers.flatMap((one, at) =>
        followers.slice(at + 1).flatMap((other) => meet(one, other) ?? []),
      ),
    }))
    for (const pair of pairs.values()) {
      if (pair.one === pair.other) continue
      for (const one of this.#followers[pair.one] as number[])
        for (const other of this.#followers[pair.other] as number[]) meet(one, other, pair)
    }
    for (const pair of meeting) {
      if (pair.meets) continue
      pair.meets = true
      meeting.push(...pair.before)
    }
    let ways = 1
    for (const { position, pairs } of partings) {
      const harmful = pairs.filter(({ meets }) => meets)
      if (harmful.length === 0) continue
      ways *= new Set(harmful.flatMap(({ one, other }) => [one, other])).size
      if (ways > MAX_WAYS_TO_MATCH || this.#isRepeated(position))
        return `matches texts with '${harmful[0]?.text}' in them in too many ways, ${SLOW}`
    }
    return undefined
  }

  /** Returns `true` when a position can be reached again from itself. */
  #isRepeated(position: number): boolean {
    const reached = new Set(this.#followers[position])
    for (const one of reached) for (const next of this.#followers[one] as number[]) reached.add(next)
    return reached.has(position)
  }

  #set(position: number): CharacterSet {
    return this.#sets[position] as CharacterSet
  }
}

/** Returns a code point that is in both sets, a printable one when possible; `undefined` when they have none in common. */
function commonOf(one: CharacterSet, other: CharacterSet): number | undefined {
  let found: number | undefined
  for (const [from, to] of one) {
    for (const [first, last] of other) {
      if (first > to || from > last) continue
      found = Math.min(Math.max(0x61, from, first), to, last)
      if (found > 0x20) return found
    }
  }
  return found
}

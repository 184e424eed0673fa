/**
 * Whether a pattern can be matched in a time that nobody notices. JavaScript tries one way after the other, and a pattern such as
 * `([a-z0-9]+-?)+` has more ways to match a text than anybody can wait for. So each text has to match in one way, or in few: of
 * expressions that are unambiguous (R. Book, S. Even, S. Greibach and G. Ott, "Ambiguity in Graphs and Expressions", 1971) no more
 * ways are tried at once than the pattern has characters.
 */
import { type CharacterSet, type PatternNode, parsePattern } from './pattern-syntax.ts'

/** How many characters a pattern may have once its repetitions are written out, and how many pairs of them are compared. */
const MOST_CHARACTERS = 1_000
const MOST_PAIRS = 100_000

/** In how many ways a text may match, so that `latest|[a-z]+` is good. */
const MOST_WAYS = 16

/** Why a pattern is refused, as the end of a sentence; `undefined` where it is good. */
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
    // Alone as well: what closes a group that it has not opened would be free of the anchors.
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

/** A part of a pattern, by the characters in it. */
interface Part {
  readonly isOptional: boolean
  /** Characters that can stand at its beginning, and at its end. */
  readonly first: readonly number[]
  readonly last: readonly number[]
}

const NOTHING: Part = { isOptional: true, first: [], last: [] }

/** Two positions to which the same text leads. */
interface Pair {
  readonly one: number
  readonly other: number
  /** What leads there from where the two ways part. */
  readonly text: string
  readonly before: Pair[]
  /** Whether the two ways come to the same end. */
  meets: boolean
}

/** The characters of a pattern, each with those that can follow it (V. M. Glushkov's automaton). */
class Positions {
  readonly #sets: CharacterSet[] = []
  readonly #followers: number[][] = []

  add(node: PatternNode): Part {
    if ('set' in node) {
      if (this.#sets.length === MOST_CHARACTERS)
        throw new Ambiguous(
          `has more than ${MOST_CHARACTERS} characters when its repetitions are written out`,
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

  /** Written out: `x{2,4}` is `xx(x(x)?)?`, and the last one of `x{2,}` goes round. */
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
   * Goes through every pair of ways that a text can take, one character after the other, from where they part. Two that come to the
   * same end do harm where they part in something that repeats, or where many do.
   */
  ambiguity({ first, last }: Part): string | undefined {
    const ends = new Set(last)
    const pairs = new Map<number, Pair>()
    const meeting: Pair[] = []
    const meet = (one: number, other: number, before?: Pair): Pair | undefined => {
      const key = Math.min(one, other) * MOST_CHARACTERS + Math.max(one, other)
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
      if (pairs.size > MOST_PAIRS) throw new Ambiguous('is too large to be checked')
      if (one === other || (ends.has(one) && ends.has(other))) meeting.push(pair)
      return pair
    }
    const partings = [first, ...this.#followers].map((followers, index) => ({
      position: index - 1,
      pairs: followers.flatMap((one, place) =>
        followers.slice(place + 1).flatMap((other) => meet(one, other) ?? []),
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
      if (ways > MOST_WAYS || this.#isRepeated(position))
        return `matches texts with '${harmful[0]?.text}' in them in too many ways, ${SLOW}`
    }
    return undefined
  }

  /** Whether a character can come again at the same position of the pattern. */
  #isRepeated(position: number): boolean {
    const reached = new Set(this.#followers[position])
    for (const one of reached) for (const next of this.#followers[one] as number[]) reached.add(next)
    return reached.has(position)
  }

  #set(position: number): CharacterSet {
    return this.#sets[position] as CharacterSet
  }
}

/** A character that is in both sets, one that can be shown where there is one. */
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

/**
 * Parser of the regular expressions that a fact may declare. JavaScript (in the library) and RE2 (in the gateway) must match the same
 * texts, so only their common syntax is permitted: characters, classes, groups, alternatives and repetitions; no look-around, no
 * back-references, no Unicode classes.
 */

/** Ranges of code points, both ends included, in ascending order, without overlap. */
export type CharacterSet = ReadonlyArray<readonly [from: number, to: number]>

export type PatternNode =
  | { readonly set: CharacterSet }
  | { readonly sequence: readonly PatternNode[] }
  | { readonly alternatives: readonly PatternNode[] }
  /** Repeats a node; `most` may be `Infinity`. */
  | { readonly repeated: PatternNode; readonly least: number; readonly most: number }

/** Largest number of repetitions that RE2 accepts. */
const MAX_REPETITIONS = 1_000

/** Parses a pattern that is valid in JavaScript. If RE2 reads some of its syntax differently, returns a description of that syntax. */
export function parsePattern(pattern: string): PatternNode | string {
  // No reported text contains a lone surrogate.
  if (!pattern.isWellFormed()) return 'half a character'
  const reader = new Reader([...pattern])
  try {
    return reader.alternatives(0)
  } catch (error) {
    if (error instanceof NotAlike) return error.message
    throw error
  }
}

/** Returns the pattern for RE2, without anchors. `.` is rewritten: in RE2 it matches line breaks that it does not match in JavaScript. */
export const re2Of = (pattern: string): string =>
  pattern.replaceAll(/\\.|\[(?:\\.|[^\]\\])*\]|\./gsu, (one) =>
    one === '.' ? '[^\\n\\r\\x{2028}\\x{2029}]' : one,
  )

class NotAlike extends Error {}

class Reader {
  readonly #text: readonly string[]
  #at = 0

  constructor(text: readonly string[]) {
    this.#text = text
  }

  alternatives(depth: number): PatternNode {
    const alternatives = [this.#sequence(depth)]
    while (this.#take('|')) alternatives.push(this.#sequence(depth))
    return alternatives.length === 1 ? (alternatives[0] as PatternNode) : { alternatives }
  }

  #sequence(depth: number): PatternNode {
    const sequence: PatternNode[] = []
    // The whole text must match, so `^` and `$` at its ends have no effect.
    if (depth === 0) this.#take('^')
    while (!this.#isEnd()) {
      if (depth === 0 && this.#take('$')) {
        if (!this.#isEnd()) throw new NotAlike("'$' in the middle")
        break
      }
      sequence.push(this.#repetition(depth))
    }
    return sequence.length === 1 ? (sequence[0] as PatternNode) : { sequence }
  }

  #isEnd(): boolean {
    return [undefined, '|', ')'].includes(this.#text[this.#at])
  }

  #repetition(depth: number): PatternNode {
    const repeated = this.#atom(depth)
    const [least, most] = this.#bounds() ?? [1, 1]
    if (least === 1 && most === 1) return repeated
    // A lazy quantifier matches the same whole texts as a greedy one.
    this.#take('?')
    if (Math.max(least, most === Number.POSITIVE_INFINITY ? 0 : most) > MAX_REPETITIONS)
      throw new NotAlike(`a repetition of more than ${MAX_REPETITIONS}`)
    return { repeated, least, most }
  }

  #bounds(): [least: number, most: number] | undefined {
    if (this.#take('*')) return [0, Number.POSITIVE_INFINITY]
    if (this.#take('+')) return [1, Number.POSITIVE_INFINITY]
    if (this.#take('?')) return [0, 1]
    if (!this.#take('{')) return undefined
    const end = this.#text.indexOf('}', this.#at)
    const [least = '', most] = this.#text.slice(this.#at, end).join('').split(',')
    this.#at = end + 1
    return [
      Number(least),
      most === undefined ? Number(least) : most === '' ? Number.POSITIVE_INFINITY : Number(most),
    ]
  }

  #atom(depth: number): PatternNode {
    const one = this.#text[this.#at++] as string
    switch (one) {
      case '.':
        return { set: without(LINE_BREAKS) }
      case '[':
        return { set: this.#characterClass() }
      case '\\':
        return { set: this.#escape('.*+?^$|/\\()[]{}') }
      case '(': {
        if (this.#take('?') && !this.#take(':')) throw new NotAlike(`'(?${this.#text[this.#at]}'`)
        const group = this.alternatives(depth + 1)
        this.#at++
        return group
      }
      case '^':
      case '$':
        throw new NotAlike(`'${one}' in the middle`)
      default:
        return { set: setOf(one) }
    }
  }

  #characterClass(): CharacterSet {
    const isNegated = this.#take('^')
    const ranges: Array<readonly [number, number]> = []
    if (this.#text[this.#at] === ']') throw new NotAlike(`'[${isNegated ? '^' : ''}]'`)
    while (!this.#take(']')) {
      const set = this.#member()
      const [from] = set[0] as readonly [number, number]
      if (this.#text[this.#at] !== '-' || this.#text[this.#at + 1] === ']' || set.length > 1) {
        ranges.push(...set)
        continue
      }
      this.#at++
      ranges.push([from, this.#member()[0]?.[1] as number])
    }
    const set = joined(ranges)
    return isNegated ? without(set) : set
  }

  #member(): CharacterSet {
    const one = this.#text[this.#at++] as string
    // In RE2, `[:` begins a POSIX class.
    if (one === '[') throw new NotAlike("'[' in a class, where it is written '\\['")
    return one === '\\' ? this.#escape('.*+?^$|/\\()[]{}-') : setOf(one)
  }

  #escape(plain: string): CharacterSet {
    const one = this.#text[this.#at++] as string
    if (plain.includes(one)) return setOf(one)
    if (one === 'x') {
      // `\x` has two hexadecimal digits.
      const code = Number.parseInt(this.#text.slice(this.#at, this.#at + 2).join(''), 16)
      this.#at += 2
      return [[code, code]]
    }
    const set = Object.hasOwn(CLASSES, one) ? CLASSES[one] : undefined
    if (set === undefined) throw new NotAlike(`'\\${one}'`)
    return set
  }

  #take(one: string): boolean {
    if (this.#text[this.#at] !== one) return false
    this.#at++
    return true
  }
}

const LAST_CODE_POINT = 0x10ffff

const setOf = (one: string): CharacterSet => {
  const code = one.codePointAt(0) as number
  return [[code, code]]
}

/** Sorts ranges, and merges ranges that overlap or touch. */
function joined(ranges: ReadonlyArray<readonly [number, number]>): CharacterSet {
  const result: Array<[number, number]> = []
  // Runs when the module is loaded, also on a Node.js that is too old to have `toSorted`.
  for (const [from, to] of [...ranges].sort(([a], [b]) => a - b)) {
    const last = result.at(-1)
    if (last && from <= last[1] + 1) last[1] = Math.max(last[1], to)
    else result.push([from, to])
  }
  return result
}

/** Returns all characters that are not in the set. */
function without(set: CharacterSet): CharacterSet {
  const result: Array<[number, number]> = []
  let from = 0
  for (const [first, last] of set) {
    if (first > from) result.push([from, first - 1])
    from = last + 1
  }
  if (from <= LAST_CODE_POINT) result.push([from, LAST_CODE_POINT])
  return result
}

const LINE_BREAKS = joined([...'\n\r\u2028\u2029'].flatMap(setOf))
const DIGITS: CharacterSet = [[0x30, 0x39]]
const WORD = joined([...DIGITS, [0x41, 0x5a], [0x61, 0x7a], ...setOf('_')])

const CLASSES: Readonly<Record<string, CharacterSet>> = {
  d: DIGITS,
  D: without(DIGITS),
  w: WORD,
  W: without(WORD),
  t: setOf('\t'),
  n: setOf('\n'),
  v: setOf('\v'),
  f: setOf('\f'),
  r: setOf('\r'),
}

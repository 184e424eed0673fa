import {
  type AttributeFact,
  alternativesOf,
  DEFAULT_LIMITS,
  type Dimensions,
  type Fact,
  type GaugeFact,
  hasNoDimensions,
  type NumberFact,
  seriesOf,
} from '../../catalog/index.ts'
import { code, joined, listed, type Text, text } from './blocks.ts'

/** Largest number of words that a cell lists; longer lists stand in full below the facts. */
const MAX_WORDS = 12
/** Number of words that stand for a longer list. */
const FEW_WORDS = 3

/** Returns what a fact may say, in words that people read. */
export function factInWords(fact: Fact): Text {
  const parts = fact.allowed === undefined ? [kindOf(fact)] : [[sentencePart(fact.allowed)]]
  if (fact.kind === 'attribute') {
    if (fact.whenUnknown === 'Unknown') parts.push(text`${code('Unknown')} if it is not known`)
    if (fact.whenUnknown === null) parts.push(['empty if it is not known'])
    if (fact.type === 'version' && fact.round)
      parts.push([`only its ${fact.round === 'major' ? 'first number' : 'first two numbers'}`])
    if ('randomize' in fact && fact.randomize)
      parts.push([randomizedIn(fact.type === 'enum' ? fact.values.length : 2, fact.randomize.epsilon)])
  } else {
    if (!hasNoDimensions(fact)) parts.push(dimensionsInWords(fact))
    if (fact.round === 'log2') parts.push(['rounded down to a power of two'])
    else if (fact.round && 'steps' in fact.round) parts.push([`in steps: ${fact.round.steps.join(', ')}`])
    else if (fact.round) parts.push([`to the nearest ${fact.round.percent} %`])
    if (fact.max !== undefined) parts.push([`at most ${fact.max}`])
    if (fact.min !== undefined) parts.push([`at least ${fact.min}`])
  }
  if (fact.expires) parts.push([`until ${fact.expires}`])
  return joined('; ', parts)
}

/** Returns the exact rule of a fact that {@link factInWords} shortens: a pattern, or long lists of words. Empty if there is none. */
export function exactRule(fact: Fact): Text {
  if (fact.kind === 'attribute') {
    if (fact.type === 'string') return text`The whole text matches ${code(fact.pattern)}.`
    if (fact.type === 'enum' && fact.values.length > MAX_WORDS) return wordsOf(fact.values)
    if (fact.type === 'map') {
      const keys = fact.keys === 'uuid' ? [] : fact.keys
      if (Math.max(keys.length, fact.values.length) > MAX_WORDS)
        return text`${wordsOf(keys)}${keys.length > 0 ? ': ' : ''}${wordsOf(fact.values)}`
    }
    return []
  }
  const blocks = alternativesOf(fact)
  if (!hasLongList(blocks)) return []
  const exact = blocks.map((by) =>
    joined(
      '; ',
      Object.entries(by).map(([key, values]) => text`${code(key)}: ${wordsOf(values)}`),
    ),
  )
  return joined(' – or ', exact)
}

const wordsOf = (values: readonly string[]): Text =>
  joined(
    ', ',
    values.map((value) => [code(value)]),
  )

/** Returns all of a short list, and the size and the first words of a long one. */
const oneOf = (values: readonly string[]): Text =>
  values.length <= MAX_WORDS
    ? wordsOf(values)
    : text`${String(values.length)} words, such as ${wordsOf(values.slice(0, FEW_WORDS))}`

/** Returns the dimensions with their words; of several alternatives with long lists only the number of combinations. */
function dimensionsInWords(fact: NumberFact): Text {
  const blocks = alternativesOf(fact)
  const [first = {}] = blocks
  if (blocks.length === 1 || !hasLongList(blocks)) return listed(blocks.map(dimensionsOf), 'or')
  return [`by ${listed(Object.keys(first).map((key) => [key])).join('')}, in ${seriesOf(fact)} combinations`]
}

const hasLongList = (blocks: readonly Dimensions[]): boolean =>
  blocks.some((by) => Object.values(by).some(({ length }) => length > MAX_WORDS))

const dimensionsOf = (by: Dimensions): Text =>
  joined(
    '; ',
    Object.entries(by).map(([key, values]) => text`by ${key}: ${oneOf(values)}`),
  )

function kindOf(fact: Fact): Text {
  switch (fact.kind) {
    case 'gauge':
      return [`a number${ofUnit(fact)}${overProcesses(fact)}`]
    case 'count':
      return [
        `how often since ${fact.temporality === 'cumulative' ? 'the counting began, with consent' : 'the last report'}${ofUnit(fact)}`,
      ]
    case 'attribute':
      return attributeOf(fact)
  }
}

function overProcesses({ combine }: GaugeFact): string {
  if (combine === undefined) return ''
  const value = { sum: 'the sum', max: 'the largest', last: 'the last one' }[combine]
  return `, ${value} over all processes`
}

/** Words for units (UCUM) that are symbols. */
const UNITS: Readonly<Record<string, string>> = { By: 'bytes', s: 'seconds', ms: 'milliseconds', '1': '' }

function ofUnit({ unit }: NumberFact): string {
  const name = UNITS[unit] ?? unit.replaceAll(/[{}]/g, '').replaceAll('_', ' ')
  return name === '' ? '' : ` (${name})`
}

function attributeOf(fact: AttributeFact): Text {
  switch (fact.type) {
    case 'enum':
      return text`one of ${oneOf(fact.values)}`
    case 'boolean':
      return ['yes or no']
    case 'version':
      return ['a version number']
    case 'string':
      return [`a text of at most ${fact.maxLength ?? DEFAULT_LIMITS.maxLength} characters, in a fixed format`]
    case 'metadata':
      return [
        `keys and values that the operator has set to be reported, at most ${fact.maxEntries ?? DEFAULT_LIMITS.maxEntries}`,
      ]
    case 'uuids':
      return [`random ids of related installations, at most ${fact.maxItems ?? DEFAULT_LIMITS.maxItems}`]
    case 'map': {
      const keys = fact.keys === 'uuid' ? ['random ids'] : text`of ${oneOf(fact.keys)}`
      return text`for each of at most ${String(fact.maxEntries ?? DEFAULT_LIMITS.maxEntries)} ${keys} one of ${oneOf(fact.values)}`
    }
  }
}

/** Returns the text as a part of a sentence: without its full stop. */
const sentencePart = (words: string) => words.trim().replace(/\.$/, '')

function randomizedIn(values: number, epsilon: number): string {
  const truth = Math.exp(epsilon) / (Math.exp(epsilon) + values - 1)
  return `randomized (ε = ${epsilon}): true in ${Math.round(truth * 100)} % of installations`
}

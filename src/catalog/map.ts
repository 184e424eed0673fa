import type { MapFact } from './types.ts'
import { IS_UUID, MAX_LIST_LENGTH, UUID } from './uuids.ts'
import { DEFAULT_LIMITS, type DropReason } from './values.ts'

/**
 * Characters of the words of a map, as a class of a regular expression. They are plain in JSON and in a regular expression, so that the
 * gateway can compare a whole list, and `=` is not among them: it parts a key from its word.
 */
export const MAP_CHARACTER = '[0-9A-Za-z_.:/ -]'

/**
 * Returns the pairs of a map that are reported: `key=word`, sorted. Takes a record, and the reported list itself. Never throws: a pair
 * that breaks a rule, or whose getter throws, is dropped, and the other pairs stay.
 */
export function mapPairs(
  fact: MapFact,
  value: unknown,
): { value?: readonly string[]; problems: DropReason[] } {
  const given = pairsOf(value)
  if (given === undefined) return { problems: ['invalid_value'] }
  const { keys, values, maxEntries = DEFAULT_LIMITS.maxEntries } = fact
  const isKey = keys === 'uuid' ? (key: string) => IS_UUID.test(key) : (key: string) => keys.includes(key)
  const words = new Map<string, string>()
  const problems: DropReason[] = []
  for (const [written, word] of given) {
    const key = keys === 'uuid' ? written.toLowerCase() : written
    if (!isKey(key) || words.has(key)) problems.push('invalid_attribute')
    else if (typeof word !== 'string' || !values.includes(word)) problems.push('invalid_value')
    else words.set(key, word)
  }
  const pairs = [...words].map(([key, word]) => `${key}=${word}`).sort()
  for (const _ of pairs.slice(maxEntries)) problems.push('invalid_attribute')
  return { ...(pairs.length > 0 && { value: pairs.slice(0, maxEntries) }), problems }
}

/** Returns the regular expression of one reported pair, for RE2 and JavaScript, without anchors. */
export function pairPattern({ keys, values }: MapFact): string {
  const oneOf = (words: readonly string[]) =>
    `(?:${words.map((word) => word.replaceAll('.', '\\.')).join('|')})`
  return `${keys === 'uuid' ? UUID : oneOf(keys)}=${oneOf(values)}`
}

/** Returns the entries with a value: `undefined` is an absent entry, as everywhere. */
function pairsOf(value: unknown): ReadonlyArray<readonly [string, unknown]> | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  try {
    if (Array.isArray(value)) {
      if (value.length > MAX_LIST_LENGTH || !value.every((pair) => typeof pair === 'string')) return undefined
      // A word has no `=`.
      return value.map((pair: string) => [
        pair.slice(0, pair.lastIndexOf('=')),
        pair.slice(pair.lastIndexOf('=') + 1),
      ])
    }
    const keys = Object.keys(value)
    if (keys.length > MAX_LIST_LENGTH) return undefined
    return keys.map((key) => [key, wordAt(value, key)] as const).filter(([, word]) => word !== undefined)
  } catch {
    return undefined
  }
}

function wordAt(value: object, key: string): unknown {
  try {
    return Reflect.get(value, key)
  } catch {
    return null
  }
}

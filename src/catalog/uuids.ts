import type { UuidsFact } from './types.ts'
import { DEFAULT_LIMITS, type DropReason } from './values.ts'

/** A UUID in the text form of RFC 9562, in small letters, as a regular expression without anchors. */
export const UUID = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}'

/** A longer list is a mistake, and to go through it would take the host's time. */
const LONGEST_LIST = 10_000

/** The ids of a list that are reported: in small letters, sorted, each once. */
export function uuidsOf(
  { maxItems = DEFAULT_LIMITS.maxItems }: UuidsFact,
  value: unknown,
): { value?: readonly string[]; problems: DropReason[] } {
  const items = itemsOf(value)
  if (items === undefined) return { problems: ['invalid_value'] }
  // What is not there is no wrong id.
  const given = items.filter((item) => item !== undefined)
  const texts = given.map((item) => (typeof item === 'string' ? item.toLowerCase() : ''))
  const ids = [...new Set(texts.filter((text) => WHOLLY_UUID.test(text)))].sort()
  const taken = ids.slice(0, maxItems)
  const refused = texts.filter((text) => !WHOLLY_UUID.test(text)).length + ids.length - taken.length
  return {
    ...(taken.length > 0 && { value: taken }),
    problems: Array.from({ length: refused }, () => 'invalid_value'),
  }
}

const WHOLLY_UUID = new RegExp(`^${UUID}$`)

function itemsOf(value: unknown): readonly unknown[] | undefined {
  try {
    return Array.isArray(value) && value.length <= LONGEST_LIST ? Array.from(value) : undefined
  } catch {
    return undefined
  }
}

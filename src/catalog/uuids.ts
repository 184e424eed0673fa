import type { UuidsFact } from './types.ts'
import { DEFAULT_LIMITS, type DropReason } from './values.ts'

/** Regular expression of a UUID (RFC 9562) in lower case, without anchors. */
export const UUID = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}'

/** Returns the regular expression of the UUIDs of some versions, with anchors. `versions` is a digit, or a class such as `[1-8]`. */
export const uuidPattern = (versions: string) =>
  `^[0-9a-f]{8}-[0-9a-f]{4}-${versions}[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`

/** Longest accepted list, and largest accepted map. A longer one is refused unread, because reading it would take the host's time. */
export const MAX_LIST_LENGTH = 10_000

/** Returns the ids of a list that are reported: in lower case, sorted, without duplicates. */
export function uuidsOf(
  { maxItems = DEFAULT_LIMITS.maxItems }: UuidsFact,
  value: unknown,
): { value?: readonly string[]; problems: DropReason[] } {
  const items = itemsOf(value)
  if (items === undefined) return { problems: ['invalid_value'] }
  // An absent item is not an invalid id.
  const given = items.filter((item) => item !== undefined)
  const texts = given.map((item) => (typeof item === 'string' ? item.toLowerCase() : ''))
  const ids = [...new Set(texts.filter((text) => IS_UUID.test(text)))].sort()
  const accepted = ids.slice(0, maxItems)
  const refused = texts.filter((text) => !IS_UUID.test(text)).length + ids.length - accepted.length
  return {
    ...(accepted.length > 0 && { value: accepted }),
    problems: Array.from({ length: refused }, () => 'invalid_value'),
  }
}

export const IS_UUID = new RegExp(`^${UUID}$`)

function itemsOf(value: unknown): readonly unknown[] | undefined {
  try {
    return Array.isArray(value) && value.length <= MAX_LIST_LENGTH ? Array.from(value) : undefined
  } catch {
    return undefined
  }
}

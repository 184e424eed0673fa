import type { MetadataFact } from './types.ts'
import { DEFAULT_LIMITS, type DropReason } from './values.ts'

/** Regular expression of a reported key, without anchors. The gateway uses the same one. */
export const METADATA_KEY = '[a-z][A-Za-z0-9_.-]{0,63}'

/**
 * Returns the entries of an operator's metadata that are reported, by key. Never throws: an entry that breaks a rule, or whose getter
 * throws, is dropped, and the other entries stay.
 */
export function metadataEntries(
  { maxLength = DEFAULT_LIMITS.maxLength, maxEntries = DEFAULT_LIMITS.maxEntries }: MetadataFact,
  value: unknown,
): { value?: Readonly<Record<string, string>>; problems: DropReason[] } {
  const keys = keysOf(value)
  if (keys === undefined) return { problems: ['invalid_value'] }
  const entries = new Map<string, string>()
  const problems: DropReason[] = []
  for (const written of keys) {
    const text = textAt(value as object, written, maxLength)
    if (text === undefined) continue
    const key = written.slice(0, 1).toLowerCase() + written.slice(1)
    if (!KEY.test(key) || entries.has(key)) problems.push('invalid_attribute')
    else if (text === REFUSED) problems.push('invalid_value')
    else entries.set(key, text)
  }
  const sorted = [...entries].sort(([a], [b]) => (a < b ? -1 : 1))
  for (const _ of sorted.slice(maxEntries)) problems.push('invalid_attribute')
  return { value: Object.fromEntries(sorted.slice(0, maxEntries)), problems }
}

const KEY = new RegExp(`^${METADATA_KEY}$`)

/** Marks a value that breaks a rule. */
const REFUSED = Symbol('refused')

function keysOf(value: unknown): string[] | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  try {
    return Object.keys(value)
  } catch {
    return undefined
  }
}

/** Returns the text of an entry; `undefined` when the entry has no value or is not included. */
function textAt(entries: object, key: string, maxLength: number): string | typeof REFUSED | undefined {
  try {
    const value = includedValue(Reflect.get(entries, key))
    if (value === undefined) return undefined
    const text = isPlain(value) ? String(value) : undefined
    return text !== undefined && text.length <= maxLength && !UNPRINTABLE.test(text) ? text : REFUSED
  } catch {
    return REFUSED
  }
}

/** Reads own properties only: a polluted prototype must not include an entry. */
function includedValue(entry: unknown): unknown {
  if (typeof entry !== 'object' || entry === null || !Object.hasOwn(entry, 'value')) return entry
  const { value, include } = entry as { value: unknown; include?: unknown }
  return Object.hasOwn(entry, 'include') && include === true ? value : undefined
}

const isPlain = (value: unknown): value is string | number | boolean =>
  typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value)

/** Control characters and lone surrogates. */
const UNPRINTABLE = /[\p{Cc}\p{Cs}]/u

import type { ConsentState } from './types.ts'

/**
 * Words for a decision: the list of FerretDB's `--telemetry` flag. Upper and lower case are the same, and spaces around a word are
 * ignored. `forbid` disables; a page of FerretDB lists it among the enabling words by mistake.
 */
export const ENABLING_WORDS: readonly string[] = [
  '1',
  't',
  'true',
  'y',
  'yes',
  'on',
  'enable',
  'enabled',
  'optin',
  'opt-in',
  'allow',
]

export const DISABLING_WORDS: readonly string[] = [
  '0',
  'f',
  'false',
  'n',
  'no',
  'off',
  'disable',
  'disabled',
  'optout',
  'opt-out',
  'disallow',
  'forbid',
]

export const UNDECIDED_WORDS: readonly string[] = ['', 'undecided']

/** The only values of an opt-out variable that do not opt out. Every other value is a no. */
export const NOT_OPTED_OUT: readonly string[] = ['', '0', 'false', 'no', 'off']

/** Decision that a value stands for. An `unreadable` value counts as a no, in every source. */
export type Reading =
  | { readonly state: ConsentState; readonly level?: string }
  | { readonly state: 'disabled'; readonly unreadable: true }

/** Reads a decision: a word of the lists, a level, or a boolean. `undefined` reads as undecided. */
export function readDecision(value: unknown, levels: readonly string[]): Reading {
  if (value === undefined || value === null) return { state: 'undecided' }
  if (typeof value === 'boolean') return { state: value ? 'enabled' : 'disabled' }
  if (typeof value !== 'string' && typeof value !== 'number') return { state: 'disabled', unreadable: true }
  const word = normalized(String(value))
  if (DISABLING_WORDS.includes(word)) return { state: 'disabled' }
  if (levels.includes(word)) return { state: 'enabled', level: word }
  if (ENABLING_WORDS.includes(word)) return { state: 'enabled' }
  if (UNDECIDED_WORDS.includes(word)) return { state: 'undecided' }
  return { state: 'disabled', unreadable: true }
}

/** Returns `true` if the value of an opt-out variable is a no. */
export function optsOut(value: string | undefined): boolean {
  return !NOT_OPTED_OUT.includes(normalized(value ?? ''))
}

/** Returns a raw value for a message: one line of at most 60 characters, without control characters and changes of text direction. */
export const printable = (value: unknown): string => {
  const text = typeof value === 'object' ? 'an object' : String(value).slice(0, 60)
  return text.replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, '\u{fffd}')
}

const normalized = (value: string) => value.trim().toLowerCase()

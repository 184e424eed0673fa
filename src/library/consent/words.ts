import type { ConsentState } from './types.ts'

/**
 * The words that stand for a decision: FerretDB's list (its `--telemetry` flag), read without regard to case and to
 * spaces around them. `forbid` disables: that a page of FerretDB's lists it among the enabling words is a mistake there.
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

/** The only values of an opt-out variable that do not opt out. Whatever else stands there is meant as a no. */
export const NOT_OPTED_OUT: readonly string[] = ['', '0', 'false', 'no', 'off']

/** What a value says. `unreadable` counts as a no wherever it appears. */
export type Reading =
  | { readonly state: ConsentState; readonly level?: string }
  | { readonly state: 'disabled'; readonly unreadable: true }

/** Reads a decision: a word of the lists, a level, or a boolean. `undefined` reads as undecided. */
export function readDecision(value: unknown, levels: readonly string[]): Reading {
  if (value === undefined || value === null) return { state: 'undecided' }
  if (typeof value === 'boolean') return { state: value ? 'enabled' : 'disabled' }
  const word = typeof value === 'string' || typeof value === 'number' ? normalized(String(value)) : undefined
  if (word === undefined) return { state: 'disabled', unreadable: true }
  if (DISABLING_WORDS.includes(word)) return { state: 'disabled' }
  if (levels.includes(word)) return { state: 'enabled', level: word }
  if (ENABLING_WORDS.includes(word)) return { state: 'enabled' }
  if (UNDECIDED_WORDS.includes(word)) return { state: 'undecided' }
  return { state: 'disabled', unreadable: true }
}

/** Whether a variable that can only say no says no. */
export function optsOut(value: string | undefined): boolean {
  return !NOT_OPTED_OUT.includes(normalized(value ?? ''))
}

/** A raw value as it can be shown in a log: one line, short, nothing that steers a terminal or turns the text around. */
export const printable = (value: unknown): string => {
  const text = typeof value === 'object' ? 'an object' : String(value).slice(0, 60)
  return text.replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, '\u{fffd}')
}

/** Long values are cut once the spaces around them are gone, and not before: what follows many spaces counts. */
const normalized = (value: string) => value.trim().slice(0, 200).toLowerCase()

/** Members of a feed that are shown to people, and their checks. They come from the network: what could disguise or hide something on a screen is refused. */
import { Date, URL } from '../platform/index.ts'

/** Largest length of a version, in characters. */
export const MAX_VERSION_LENGTH = 128

/** Returns whether a version may be shown: ASCII letters, digits, dots, dashes and plus signs, 1 to 128 of them. */
export const isVersion = (value: unknown): value is string =>
  typeof value === 'string' && value.length <= MAX_VERSION_LENGTH && VERSION.test(value)

const VERSION = /^[0-9A-Za-z][0-9A-Za-z.+-]*$/

/** Returns whether a text is one line of at most `max` characters, without control characters and changes of text direction. */
export const isPlainLine = (value: unknown, max: number): value is string =>
  typeof value === 'string' && value.length <= max && value.trim() !== '' && !HIDDEN.test(value)

/** Control and format characters, ANSI escapes among them, private and unassigned ones, and separators of lines. */
const HIDDEN = /[\p{C}\p{Zl}\p{Zp}]/u

/** Returns whether a value is the id of an advisory, such as `CVE-2026-1234` or `GHSA-xxxx-xxxx-xxxx`. */
export const isAdvisoryId = (value: unknown): value is string =>
  typeof value === 'string' && /^[0-9A-Za-z][0-9A-Za-z._:-]{0,63}$/.test(value)

/** Returns whether a value is the name of a channel: lower-case letters, digits and dashes. */
export const isChannel = (value: unknown): value is string =>
  typeof value === 'string' && /^[a-z][a-z0-9-]{0,31}$/.test(value)

/** Severity of an advisory, in the words of CVSS. */
export type AdvisorySeverity = 'low' | 'medium' | 'high' | 'critical'

/** Severities, lowest first. */
export const SEVERITIES: readonly AdvisorySeverity[] = ['low', 'medium', 'high', 'critical']

export const isSeverity = (value: unknown): value is AdvisorySeverity =>
  (SEVERITIES as readonly unknown[]).includes(value)

/** Checks a date (`2026-11-27`), or a time in UTC with seconds. */
export const isTime = (value: unknown): value is string =>
  typeof value === 'string' &&
  /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\d(?:\.\d{1,3})?Z)?$/.test(value) &&
  !Number.isNaN(Date.parse(value))

/** Checks the address of a page: https, without a user name and a password. */
export const isAddress = (value: unknown): value is string => {
  if (!isPlainLine(value, 500) || !/^https:\/\/[^\s<>"'`\\]+$/.test(value) || !URL.canParse(value))
    return false
  const { username, password } = new URL(value)
  return username === '' && password === ''
}

/** Returns whether a value is an Ed25519 public key as a product pins it: `ed25519:` and 32 bytes in base64. */
export const isFeedKey = (value: unknown): value is string =>
  typeof value === 'string' && /^ed25519:[0-9A-Za-z+/]{43}=$/.test(value)

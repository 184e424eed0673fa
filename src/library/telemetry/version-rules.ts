import { isChannel, isFeedKey } from '../../feed/index.ts'
import {
  describeValue,
  leavesUnencrypted,
  type Mistake,
  parseDuration,
  URL,
  UsageConfigurationError,
} from '../../platform/index.ts'
import type { VersionCheckOptions } from '../version/index.ts'

/**
 * Checks the options of the version checks. They are checked at the start, and not at the creation as all others, so that a host without
 * version checks loads nothing of this.
 *
 * @throws {UsageConfigurationError} that lists every mistake.
 */
export function requireVersionOptions(given: VersionCheckOptions): void {
  const mistakes = mistakesOfVersions(given)
  if (mistakes.length > 0) throw new UsageConfigurationError('createUsageTelemetry', mistakes)
}

/** Returns every mistake in the options of the version checks. */
export function mistakesOfVersions(given: VersionCheckOptions): Mistake[] {
  return RULES.flatMap(([name, isGood, fix]) => {
    const value: unknown = given[name]
    if (value === undefined || isGood(value)) return []
    return [{ path: `versionCheck.${name}`, message: `is ${describeValue(value)}; ${fix}` }]
  })
}

type Rule = readonly [name: keyof VersionCheckOptions, isGood: (value: unknown) => boolean, fix: string]

const RULES: readonly Rule[] = [
  [
    'feed',
    isFeed,
    'give an https or file address without user name, query and fragment, such as https://acme.example/versions.json',
  ],
  [
    'mode',
    (value) => ['with-telemetry', 'independent', 'never'].includes(value as string),
    "use 'with-telemetry', 'independent' or 'never'",
  ],
  [
    'optOutVariable',
    (value) => typeof value === 'string' && /^[A-Z][A-Z0-9_]*$/.test(value),
    'name a variable in capitals, such as ACME_DB_CHECKPOINT_DISABLE',
  ],
  ['interval', isInterval, "use '1h' to '24d'"],
  ['channel', isChannel, "use lower-case letters, digits and dashes, such as 'lts'"],
  ['keys', isListOf(isFeedKey), 'list public keys that `otel-usage feed keygen` has printed'],
  ['allowedHosts', isListOf(isHost), "list hosts in lower case, such as 'acme.example'"],
  [
    'printAtEnd',
    (value) => ['boolean', 'function'].includes(typeof value),
    'use true, false or a function that returns one',
  ],
]

function isFeed(value: unknown): boolean {
  if (typeof value !== 'string' || /[\s\p{C}]/u.test(value) || !URL.canParse(value)) return false
  const { protocol, username, password, search, hash, href } = new URL(value)
  const isSafe = protocol === 'http:' ? !leavesUnencrypted(href) : ['https:', 'file:'].includes(protocol)
  return isSafe && username + password + search + hash === ''
}

function isInterval(value: unknown): boolean {
  const time = parseDuration(value) ?? 0
  return time >= 3_600_000 && time < 2 ** 31
}

function isHost(value: unknown): boolean {
  return typeof value === 'string' && /^(?=.{1,253}$)[a-z0-9-]+(?:\.[a-z0-9-]+)*$/.test(value)
}

function isListOf(isGood: (value: unknown) => boolean) {
  return (value: unknown): boolean => Array.isArray(value) && value.every(isGood)
}

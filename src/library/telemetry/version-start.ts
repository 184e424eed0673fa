import { LIBRARY_VERSION, TextDecoder } from '../../platform/index.ts'
import { ENTRIES } from '../../state/index.ts'
import type { DisclosureSubject, Verdict } from '../consent/index.ts'
import type { ShownVersion, VersionCondition, VersionNotice } from '../version/index.ts'
import type { Settings } from './settings.ts'

/** Statement of the notice of consent about version checks. */
export type DisclosedVersions = Pick<DisclosureSubject, 'versionCheck' | 'versionFeed' | 'versionOptOut'>

/**
 * Texts and notice that a start shows of versions, as an earlier one has stored them: the start loads nothing of the version checks then.
 * They hold for the same product under the same consent only.
 */
export interface VersionStart extends ShownVersion {
  readonly product: string | undefined
  readonly consent: string
  /** Under a no, and otherwise. */
  readonly disclosed: readonly [DisclosedVersions, DisclosedVersions]
}

/** Returns what the version checks of a product follow from: its options and the operator's variables, as text; `undefined` if the options are not data. */
export function productKey(
  { versionCheck, product, title, homepage, consentInputs }: Settings,
  environment = consentInputs.environment,
): string | undefined {
  const { prefix, legacyPrefixes = [] } = consentInputs
  const { printAtEnd, optOutVariable, ...options } = versionCheck ?? {}
  const beginnings = [prefix, ...legacyPrefixes].map((one) => `${one}_VERSION`.toLowerCase())
  const names = Object.keys(environment).filter(
    (name) => name === optOutVariable || beginnings.some((one) => name.toLowerCase().startsWith(one)),
  )
  try {
    return JSON.stringify([
      ...[LIBRARY_VERSION, product.name, product.readVersion(), title, homepage, options, optOutVariable],
      // A child process that sends for a tool prints nothing, and is the same product.
      ['boolean', 'function'].includes(typeof printAtEnd) || printAtEnd,
      names.map((name) => [name, environment[name]]),
    ])
  } catch {
    // Such as a bigint: a mistake in the options.
    return undefined
  }
}

/** Returns what of a verdict decides about version checks, as text. */
export const consentKey = (
  // The verdict of a host's own function has no opinions.
  { state, opinions = [] }: Pick<Verdict, 'state'> & Partial<Verdict>,
  maySend: boolean,
): string =>
  JSON.stringify([
    state,
    maySend,
    opinions.filter((one) => one.state === 'disabled').map((one) => one.source),
  ])

/**
 * Reads what an earlier start has stored; `undefined` if there is nothing, or it is damaged: another program may have written it. Its
 * notice is checked when somebody asks for it, by {@link noticeIn}. Never rejects.
 */
export async function readVersionStart({
  state,
}: Pick<Settings, 'state'>): Promise<VersionStart | undefined> {
  try {
    const { start } = JSON.parse(new TextDecoder().decode(await state.read(ENTRIES.version)))
    const { product, consent, disclosed, text = '', until = '' } = start as VersionStart
    const [off, on] = disclosed
    return [product, consent, text, until, ...Object.values(off), ...Object.values(on)].every(isLine)
      ? start
      : undefined
  } catch {
    return undefined
  }
}

/** Returns the notice, if it may be shown: it is checked as if it came from the network. */
export function noticeIn(start: VersionStart | undefined): VersionNotice | undefined {
  try {
    return start?.notice && isShowable(start.notice) ? start.notice : undefined
  } catch {
    return undefined
  }
}

// `feed/` has these checks as well, and is not loaded at a start.
function isShowable(notice: VersionNotice): boolean {
  const { version, condition, severity, message, latest = '', latestInLine = '', url, advisories } = notice
  const versions = [version, latest, latestInLine, ...advisories.flatMap(({ fixedIn }) => fixedIn)]
  const urls = [url, ...advisories.map((one) => one.url)].filter((one) => one !== undefined)
  return (
    [...leavesOf(notice), version, message].every(isLine) &&
    CONDITIONS.includes(condition) &&
    ['none', ...SEVERITIES].includes(severity) &&
    advisories.every((one) => isLine(one.id) && SEVERITIES.includes(one.severity)) &&
    /^[0-9A-Za-z.+-]*$/.test(versions.join('')) &&
    urls.every((one) => one.startsWith('https://') && !/[\s<>"'`\\@]/.test(one))
  )
}

const leavesOf = (value: unknown): unknown[] =>
  typeof value === 'object' && value !== null ? Object.values(value).flatMap(leavesOf) : [value]

/** Returns `true` for a line without control characters and changes of text direction. */
const isLine = (text: unknown): boolean =>
  typeof text === 'string' &&
  // The classes of Unicode would cost a start a third of a millisecond.
  (/^[ -~]*$/.test(text) || /^[^\p{C}\p{Zl}\p{Zp}]*$/u.test(text))

const CONDITIONS: readonly VersionCondition[] = [
  'current',
  'unknown',
  'outdated',
  'end-of-life',
  'vulnerable',
]

const SEVERITIES: readonly string[] = ['low', 'medium', 'high', 'critical']

import type { Verdict } from './types.ts'

/** Who tells, and where to read on. */
export interface DisclosureSubject {
  /** The product as people call it. */
  readonly title: string
  /** The page about the product's telemetry. */
  readonly homepage?: string | undefined
  /** The host name that reports go to. */
  readonly receiver: string
  /** What exactly stops it, as the operator types it: `ACME_DB_TELEMETRY_OPTOUT=1`. */
  readonly optOut: string
  /** A sentence for the lawyers, at the end. */
  readonly legalNote?: string | undefined
  /** Facts that are new since consent was given, and wait. */
  readonly newFacts?: readonly string[]
  /** Facts that are new since the last start, and covered by what was decided. */
  readonly coveredFacts?: readonly string[]
  /** Whether reports are kept in a log that outlives the process. Default: true. */
  readonly isLogged?: boolean
}

/**
 * The sentences of the notice, one for each state, to be replaced for another language. In braces: `{title}`, `{receiver}`,
 * `{because}`, `{optOut}`, `{homepage}`, `{legalNote}`, `{count}`, `{newFacts}`, `{coveredFacts}`.
 */
export interface DisclosureTexts {
  readonly enabled: string
  readonly undecided: string
  readonly disabled: string
  /** In the place of these where no log outlives the process. */
  readonly enabledWithoutLog: string
  readonly undecidedWithoutLog: string
  readonly disabledWithoutLog: string
  /** Behind the others while new facts wait. */
  readonly newFacts: string
  /** Behind the others where new facts are reported, because what was decided covers every version. */
  readonly coveredFacts: string
  /** Behind all of it, where the product has a page. */
  readonly readMore: string
}

export const DISCLOSURE_TEXTS: DisclosureTexts = {
  enabled:
    '{title} sends a usage report to {receiver} once a day ({because}); every report is in the local log. To stop it: {optOut}.',
  undecided:
    '{title} will send a usage report to {receiver} once a day, unless it is told not to; every report is in the local log. ' +
    'To stop it: {optOut}.',
  disabled: '{title} sends no usage reports ({because}). Reports are still written to the local log.',
  enabledWithoutLog:
    '{title} sends a usage report to {receiver} once a day ({because}). Nothing can be stored, so no log of the reports outlives ' +
    'this process. To stop it: {optOut}.',
  undecidedWithoutLog:
    '{title} will send a usage report to {receiver} once a day, unless it is told not to. Nothing can be stored, so no log of the ' +
    'reports outlives this process. To stop it: {optOut}.',
  disabledWithoutLog: '{title} sends no usage reports ({because}).',
  newFacts: 'Held back until they are accepted, because they are newer than the consent: {newFacts}.',
  coveredFacts:
    'New since the last start, and reported as well, because {because} covers every version: {coveredFacts}.',
  readMore: 'Read more: {homepage}',
}

/**
 * The notice at start: what is reported, to whom, and the exact words that stop it. Short where nothing is sent; `undefined`
 * where there is nothing to tell, because the product sends nothing unless asked to and nobody has asked.
 */
export function disclosureText(
  verdict: Verdict,
  subject: DisclosureSubject,
  texts: Partial<DisclosureTexts> = {},
): string | undefined {
  const { state, source, because } = verdict
  if (state === 'disabled' && source === 'default') return undefined
  const { homepage, legalNote, newFacts = [], coveredFacts = [], isLogged = true } = subject
  const all = { ...DISCLOSURE_TEXTS, ...texts }
  const sentences = [
    all[isLogged ? state : (`${state}WithoutLog` as const)],
    newFacts.length > 0 && state !== 'disabled' ? all.newFacts : '',
    coveredFacts.length > 0 && state !== 'disabled' ? all.coveredFacts : '',
    homepage ? all.readMore : '',
    legalNote ?? '',
  ]
  const values: Record<string, string> = {
    ...Object.fromEntries(Object.entries(subject).map(([key, value]) => [key, String(value ?? '')])),
    because,
    count: String(newFacts.length),
    newFacts: newFacts.join(', '),
    coveredFacts: coveredFacts.join(', '),
  }
  return sentences
    .filter((sentence) => sentence !== '')
    .join(' ')
    .replaceAll(/\{(\w+)\}/g, (whole, key: string) =>
      Object.hasOwn(values, key) ? (values[key] as string) : whole,
    )
}

/** Takes the notice to where the operator sees it. */
export type DisclosureSink = (text: string) => void

/** A list of notices for a product that shows start-up warnings in a shell of its own (FerretDB's `startupWarnings`). */
export interface StartupWarnings {
  readonly sink: DisclosureSink
  /** What was told so far, oldest first. */
  lines(): readonly string[]
}

export function createStartupWarnings(): StartupWarnings {
  const told: string[] = []
  return { sink: (text) => void told.push(text), lines: () => [...told] }
}

import type { Verdict } from './types.ts'

/** Values for the notice: who sends reports, where to, and how to stop it. */
export interface DisclosureSubject {
  /** Name of the product, for people. */
  readonly title: string
  /** Page about the product's telemetry. */
  readonly homepage?: string | undefined
  /** Host name of the receiver of reports. */
  readonly receiver: string
  /** Text that the operator types to stop reports: `ACME_DB_TELEMETRY_OPTOUT=1`. */
  readonly optOut: string
  /** Text that the operator types to allow reports: `ACME_DB_TELEMETRY=on`. Absent if the product takes no such decision. */
  readonly optIn?: string | undefined
  /** Levels of the catalog, lowest first. Default: one, which the notice does not name. */
  readonly levels?: readonly string[]
  /** Legal sentence at the end. */
  readonly legalNote?: string | undefined
  /** Facts that are newer than the consent and are not reported until somebody accepts them. */
  readonly newFacts?: readonly string[]
  /** Facts that are new since the last start and are reported, because the decision covers them. */
  readonly coveredFacts?: readonly string[]
  /** Time of the next report, after a change of consent. */
  readonly dueAt?: string | undefined
  /** `true` if the data of the installation was deleted, after a change of consent. */
  readonly isDeleted?: boolean
  /** `true` if the log of reports outlives the process. Default: true. */
  readonly isLogged?: boolean
  /** Version checks of the product: `off` together with the reports. Absent if it makes none. */
  readonly versionCheck?: 'on' | 'off' | undefined
  /** Host name of the version feed, for people. */
  readonly versionFeed?: string | undefined
  /** Text that the operator types to stop the version checks alone. */
  readonly versionOptOut?: string | undefined
}

/**
 * Sentences of the notice, one for each state; they can be replaced for another language. Words in braces stand for values: `{title}`,
 * `{receiver}`, `{because}`, `{level}`, `{levels}`, `{optOut}`, `{optIn}`, `{dueAt}`, `{homepage}`, `{legalNote}`, `{count}`, `{newFacts}`, `{coveredFacts}`,
 * `{versionFeed}`, `{versionOptOut}`.
 */
export interface DisclosureTexts {
  readonly enabled: string
  readonly undecided: string
  readonly disabled: string
  /** Replaces `enabled` if the log does not outlive the process; so do the next two for their states. */
  readonly enabledWithoutLog: string
  readonly undecidedWithoutLog: string
  readonly disabledWithoutLog: string
  /** Sentence for a product that is off by default, while nobody has turned it on. */
  readonly optIn: string
  /** Follows the sentence of the state if the product has several levels, and something is sent. */
  readonly level: string
  /** Follows the sentence of the state when the consent has changed, and a report is due. */
  readonly nextReport: string
  /** Follows the sentence of the state when somebody has opted out, and the data of the installation was deleted. */
  readonly deleted: string
  /** Follows the sentence of the state while new facts wait to be accepted. */
  readonly newFacts: string
  /** Follows the sentence of the state if new facts are reported, because the decision covers every version. */
  readonly coveredFacts: string
  /** Follows while the product looks for new versions. */
  readonly versionCheck: string
  /** Follows while it does not, because usage reports are off. */
  readonly versionCheckOff: string
  /** Last sentence, if the product has a page. */
  readonly readMore: string
}

export const DISCLOSURE_TEXTS: DisclosureTexts = {
  enabled:
    '{title} sends a usage report to {receiver} once a day ({because}); every report is in the local log. To stop it: {optOut}.',
  undecided:
    '{title} will send a usage report to {receiver} once a day, unless you opt out; every report is in the local log. ' +
    'To stop it: {optOut}.',
  disabled: '{title} sends no usage reports ({because}). Reports are still written to the local log.',
  enabledWithoutLog:
    '{title} sends a usage report to {receiver} once a day ({because}). Nothing can be stored, so the log of reports ends with ' +
    'this process. To stop it: {optOut}.',
  undecidedWithoutLog:
    '{title} will send a usage report to {receiver} once a day, unless you opt out. Nothing can be stored, so the log of reports ends ' +
    'with this process. To stop it: {optOut}.',
  disabledWithoutLog: '{title} sends no usage reports ({because}).',
  optIn: '{title} sends nothing about its use. To help its makers with a usage report once a day: {optIn}.',
  level: 'The level of the reports is {level}, of {levels}.',
  nextReport: 'The next report is due at {dueAt}.',
  deleted: 'The installation id, waiting reports and counts are deleted.',
  newFacts: 'Not reported until somebody accepts them, because they are newer than the consent: {newFacts}.',
  coveredFacts:
    'New since the last start, and reported as well, because {because} covers every version: {coveredFacts}.',
  versionCheck:
    'It looks for new versions and advisories at {versionFeed}, and says nothing about itself there. To stop that alone: {versionOptOut}.',
  versionCheckOff: 'Version checks are off too: nobody is warned of a vulnerable version.',
  readMore: 'Read more: {homepage}',
}

/**
 * Returns the notice for the start: who receives reports, and the exact text that stops them. The notice is short if nothing is sent.
 * If the product is off by default and nobody has turned it on, it says how to; `undefined` if there is no way to.
 */
export function disclosureText(
  verdict: Verdict,
  subject: DisclosureSubject,
  texts: Partial<DisclosureTexts> = {},
): string | undefined {
  const { state, source, because, level } = verdict
  const isOptIn = state === 'disabled' && source === 'default'
  if (isOptIn && subject.optIn === undefined) return undefined
  const { homepage, legalNote, newFacts = [], coveredFacts = [], levels = [], isLogged = true } = subject
  const { versionCheck } = subject
  const all = { ...DISCLOSURE_TEXTS, ...texts }
  const sentences = [
    all[isOptIn ? 'optIn' : isLogged ? state : (`${state}WithoutLog` as const)],
    levels.length > 1 && state !== 'disabled' ? all.level : '',
    subject.dueAt ? all.nextReport : '',
    subject.isDeleted ? all.deleted : '',
    newFacts.length > 0 && state !== 'disabled' ? all.newFacts : '',
    coveredFacts.length > 0 && state !== 'disabled' ? all.coveredFacts : '',
    versionCheck ? all[versionCheck === 'on' ? 'versionCheck' : 'versionCheckOff'] : '',
    homepage ? all.readMore : '',
    legalNote ?? '',
  ]
  const values: Record<string, string> = {
    ...Object.fromEntries(Object.entries(subject).map(([key, value]) => [key, String(value ?? '')])),
    because,
    level,
    levels: levels.join(', '),
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

/** Shows the notice to the operator. */
export interface DisclosureSink {
  (text: string): void
  /**
   * Called in the place of the function if it is there, at the start and after each change of consent: with the notice that holds now, or
   * `undefined` if there is none to show any more, because nothing is sent.
   */
  update?(text: string | undefined): void
  /**
   * Called at the start and after each change with the notice about the running version, or `undefined` if there is nothing to say. A sink
   * without it gets no such notice.
   */
  version?(text: string | undefined): void
}

/**
 * List of warnings, for a product that shows them in its own shell (FerretDB's `startupWarnings`). Passed as `disclosure.sinks:
 * [warnings.sink]`, it has one line about the telemetry and one about the running version, if there is something to say: a later notice
 * replaces an earlier one, and a no removes the line.
 */
export interface StartupWarnings {
  /** Adds a line. */
  readonly sink: DisclosureSink
  /** Sets the line of a key, in its place if it has one. `undefined` removes it. */
  set(key: string, text: string | undefined): void
  /** Returns the lines, oldest first. */
  lines(): readonly string[]
}

/** Returns warnings without a line yet, whose `sink` is for `disclosure.sinks`. */
export function createStartupWarnings(): StartupWarnings {
  const lines = new Map<string | symbol, string>()
  const [notice, version] = [Symbol('notice'), Symbol('version')]
  const set = (key: string | symbol, text: string | undefined) => {
    if (text === undefined) lines.delete(key)
    else lines.set(key, text)
  }
  const sink: DisclosureSink = (text) => set(Symbol('line'), text)
  sink.update = (text) => set(notice, text)
  sink.version = (text) => set(version, text)
  return { sink, set, lines: () => [...lines.values()] }
}

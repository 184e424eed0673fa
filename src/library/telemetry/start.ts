import { memberOf, ownOf, tellHost, URL } from '../../platform/index.ts'
import {
  ConsentConflictError,
  ConsentSourceError,
  type DisclosureSink,
  type DisclosureSubject,
  disclosureText,
  type Verdict,
} from '../consent/index.ts'
import type { Settings } from './settings.ts'
import { factsUnder } from './status.ts'
import type { DisclosedVersions } from './version-start.ts'

/**
 * Refuses a start that the product excludes by its options.
 *
 * @throws {ConsentSourceError} if an opt-out came from a source from which the product accepts none.
 * @throws {ConsentConflictError} if the environment contradicts itself, and the product refuses that.
 */
export function refuseUnwanted(
  { opinions, state, locked, warnings }: Verdict,
  { policy, title, prefix }: Settings,
): void {
  const elsewhere = opinions.find(
    ({ source, state, value }) =>
      state === 'disabled' &&
      ['flag', 'locked-configuration', 'configuration'].includes(source) &&
      // A configuration that cannot be read has none, and is nobody's opt-out.
      value !== undefined,
  )
  if (policy.optOutOnlyBy === 'environment' && elsewhere) {
    throw new ConsentSourceError(
      `${title} takes an opt-out of usage telemetry from the environment only, and ${elsewhere.name} says '${elsewhere.value}'; ` +
        `remove it there and set ${prefix}_TELEMETRY_OPTOUT=1.`,
    )
  }
  const enabling = opinions.find((opinion) => opinion.state === 'enabled' && LOCKING.has(opinion.source))
  if (policy.onConflict === 'refuse' && state === 'disabled' && locked && enabling) {
    // The conflicts are the last warnings.
    const warning = warnings.findLast((text) => text.includes(enabling.name)) ?? ''
    throw new ConsentConflictError(
      `${title} does not start while the settings of its usage telemetry contradict each other. ${warning}`,
    )
  }
}

const LOCKING = new Set(['variable', 'flag', 'locked-configuration'])

/** Settings, with what the notice says about version checks. Default: the product makes none. */
export interface Disclosing extends Settings {
  readonly versionsOf?: (verdict: Verdict) => DisclosedVersions
}

/** Returns the notice of this start, or of a change of consent; `undefined` if there is nothing to say. */
export function disclosureOf(
  verdict: Verdict,
  settings: Disclosing,
  unannounced: readonly string[] = [],
  change?: ConsequencesOfChange,
): string | undefined {
  const { title, homepage, endpoint, prefix, disclosure, policy, state, noLocation } = settings
  const takesVariable = !policy.ignore?.includes('variable')
  const { newer, reported } = factsUnder(verdict, settings)
  const subject = ownOf<DisclosureSubject>({
    title,
    homepage,
    receiver: new URL(endpoint).host,
    optOut: disclosure.optOut ?? `${prefix}_TELEMETRY_OPTOUT=1`,
    optIn: disclosure.optIn ?? (takesVariable ? `${prefix}_TELEMETRY=on` : undefined),
    levels: settings.catalog.levels,
    legalNote: disclosure.legalNote,
    newFacts: newer,
    coveredFacts: reported.filter((name) => unannounced.includes(name)),
    isLogged:
      noLocation === undefined &&
      state.failure() === undefined &&
      !(verdict.state === 'disabled' && policy.whileDisabled === 'nothing'),
    ...settings.versionsOf?.(verdict),
    ...change,
  })
  return disclosureText(verdict, subject, disclosure.texts)
}

/** Consequences of a change of consent, for its line in the log. */
export type ConsequencesOfChange = Pick<DisclosureSubject, 'dueAt' | 'isDeleted'>

/** Returns whether the decision has changed, and not only what it permits, as when a plugin is added or removed. */
export const isAnotherDecision = (now: Verdict, before: Verdict): boolean =>
  (['state', 'level', 'source', 'since'] as const).some((key) => ownOf(now)[key] !== ownOf(before)[key])

/** Logs a change of consent: who has decided, and what follows. */
export function logChange(verdict: Verdict, settings: Disclosing, change: ConsequencesOfChange): void {
  const text = disclosureOf(verdict, settings, [], change)
  if (text !== undefined) settings.logger.info(text)
}

/** Logs the warnings of a changed verdict that the one before did not have. */
export function warnOfChange(now: Verdict, before: Verdict, { logger }: Pick<Settings, 'logger'>): void {
  // The verdict of a host's own function has none.
  const { warnings = [] } = ownOf<Partial<Verdict>>(before)
  for (const warning of ownOf<Partial<Verdict>>(now).warnings ?? [])
    if (!warnings.includes(warning)) logger.warn(warning)
}

/** Shows the operator the warnings and the notice. Never throws. */
export function announce(verdict: Verdict, settings: Disclosing, unannounced: readonly string[] = []): void {
  const { logger, packaging, disclosure, consentInputs } = settings
  // The verdict of a host's own function has none of our warnings.
  const { warnings = [] } = consentInputs
  const all = new Set([...(packaging?.warning ? [packaging.warning] : []), ...verdict.warnings, ...warnings])
  for (const warning of all) logger.warn(warning)
  const text = disclosureOf(verdict, settings, unannounced)
  for (const sink of disclosure.sinks ?? [(line: string) => logger.info(line)])
    show(sink, text, () => text !== undefined && sink(text))
}

/** Gives the notice that holds after a change of consent to the sinks that can replace the one before. Never throws. */
export function updateSinks(verdict: Verdict, settings: Disclosing): void {
  const text = verdict.state === 'disabled' ? undefined : disclosureOf(verdict, settings)
  for (const sink of settings.disclosure.sinks ?? []) show(sink, text)
}

/** Gives a notice to a sink that can replace the one before; calls `otherwise` for any other. */
function show(sink: DisclosureSink, text: string | undefined, otherwise = (): unknown => undefined): void {
  tellHost(() => {
    const update = memberOf(sink, 'update')
    return update ? update.call(sink, text) : otherwise()
  })
}

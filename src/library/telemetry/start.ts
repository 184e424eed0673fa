import { tellHost, URL } from '../../platform/index.ts'
import { ConsentConflictError, ConsentSourceError, disclosureText, type Verdict } from '../consent/index.ts'
import type { Settings } from './settings.ts'
import { factsUnder } from './status.ts'

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
    ({ source, state }) =>
      state === 'disabled' && ['flag', 'locked-configuration', 'configuration'].includes(source),
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
      `${title} does not start while its usage telemetry is contradictory. ${warning}`,
    )
  }
}

const LOCKING = new Set(['variable', 'flag', 'locked-configuration'])

/** Returns the notice of this start; `undefined` if there is nothing to say. */
export function disclosureOf(
  verdict: Verdict,
  settings: Settings,
  unannounced: readonly string[] = [],
): string | undefined {
  const { title, homepage, endpoint, prefix, disclosure, state, noPlace } = settings
  const { newer, reported } = factsUnder(verdict, settings)
  const subject = {
    title,
    homepage,
    receiver: new URL(endpoint).host,
    optOut: disclosure.optOut ?? `${prefix}_TELEMETRY_OPTOUT=1`,
    legalNote: disclosure.legalNote,
    newFacts: newer,
    coveredFacts: reported.filter((name) => unannounced.includes(name)),
    isLogged: noPlace === undefined && state.failure() === undefined,
  }
  return disclosureText(verdict, subject, disclosure.texts)
}

/** Shows the operator the warnings and the notice. Never throws. */
export function announce(verdict: Verdict, settings: Settings, unannounced: readonly string[] = []): void {
  const { logger, packaging, disclosure, consentInputs } = settings
  // The verdict of a host's own function has none of our warnings.
  const { warnings = [] } = consentInputs
  const all = new Set([...(packaging?.warning ? [packaging.warning] : []), ...verdict.warnings, ...warnings])
  for (const warning of all) logger.warn(warning)
  const text = disclosureOf(verdict, settings, unannounced)
  if (text === undefined) return
  for (const sink of disclosure.sinks ?? [(line: string) => logger.info(line)]) tellHost(() => sink(text))
}

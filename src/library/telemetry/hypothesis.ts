import { ownOf, readEnvironment, silentLogger, systemEnvironment } from '../../platform/index.ts'
import type { Verdict } from '../consent/index.ts'
import { createConsentOf } from './consent-of.ts'
import type { Contributions } from './contributions.ts'
import { createDurability } from './durability.ts'
import { createRemoved } from './nothing.ts'
import type { UsageTelemetryOptions } from './options.ts'
import { resolveSettings } from './settings.ts'
import type { Hypothesis } from './surface.ts'

/** Returns the verdict that a start with these options, which are checked, would come to. Changes nothing. */
export function verdictOf(
  options: UsageTelemetryOptions,
  contributions: Contributions,
  createdAt?: number,
): Promise<Verdict> {
  const settings = resolveSettings(options, undefined, createdAt)
  if (settings.packaging?.state === 'none') return createRemoved(settings).start()
  return createConsentOf(settings, contributions, createDurability(settings)).refresh()
}

/** Returns the same with other variables and another flag. Logs nothing, as nothing of it is so. */
export function verdictUnder(
  hypothesis: Hypothesis = {},
  options: UsageTelemetryOptions,
  contributions: Contributions,
  createdAt: number,
): Promise<Verdict> {
  const { environment } = ownOf(hypothesis)
  const now = options.environment ? readEnvironment(options.environment) : systemEnvironment()
  const flag = Object.hasOwn(hypothesis, 'flag') && { flag: hypothesis.flag }
  const assumed = ownOf({
    ...options,
    logger: silentLogger,
    environment: { ...now, ...environment },
    consent: ownOf({ ...options.consent, ...flag }),
  })
  return verdictOf(assumed, contributions, createdAt)
}

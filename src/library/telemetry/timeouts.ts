import { type Duration, describeValue, type Mistake, parseDuration } from '../../platform/index.ts'
import { DEFAULT_TIMEOUTS, type SourceTimeouts } from '../facts/index.ts'
import type { UsageTelemetryOptions } from './options.ts'

type Given = UsageTelemetryOptions['facts']

/** Returns the time limits of sources. If the product sets only one of them, the default of the other one is adjusted to it. */
export function timeoutsOf(given: Given): SourceTimeouts {
  const [source, report] = [spanOf(given?.sourceTimeout), spanOf(given?.reportTimeout)]
  return {
    sourceTimeout: source ?? Math.min(DEFAULT_TIMEOUTS.sourceTimeout, report ?? Number.POSITIVE_INFINITY),
    reportTimeout: report ?? Math.max(DEFAULT_TIMEOUTS.reportTimeout, source ?? 0),
  }
}

/** Returns every mistake in the time limits of sources. */
export function mistakesOfTimeouts(given: Given): Mistake[] {
  const mistakes = Object.entries(RANGES).flatMap(([key, { longest, fix }]): Mistake[] => {
    const value: unknown = given?.[key as keyof typeof RANGES]
    const span = parseDuration(value) ?? Number.NaN
    if (value === undefined || (span >= SHORTEST && span <= longest)) return []
    return [{ path: `facts.${key}`, message: `is ${describeValue(value)}; ${fix}` }]
  })
  const { sourceTimeout, reportTimeout } = timeoutsOf(given)
  if (mistakes.length > 0 || sourceTimeout <= reportTimeout) return mistakes
  const message = `is ${describeValue(given?.reportTimeout)}, which is shorter than facts.sourceTimeout; change either`
  return [{ path: 'facts.reportTimeout', message }]
}

const SHORTEST = 10

const RANGES = {
  sourceTimeout: { longest: 60_000, fix: "use '10ms' to '1m'" },
  reportTimeout: { longest: 300_000, fix: "use '10ms' to '5m'" },
} as const

const spanOf = (span: Duration | undefined) => (span === undefined ? undefined : parseDuration(span))

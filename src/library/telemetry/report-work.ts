/** Work of a report runner that begins with the first report. It is loaded then, so that a start does not read it. */
import { codeOf, errorOf, ownOf } from '../../platform/index.ts'
import { ENTRIES, NotStoredError } from '../../state/index.ts'
import type { Verdict } from '../consent/index.ts'
import type { Delivery, TellEvent } from '../delivery/index.ts'
import type { Reporter } from '../report/index.ts'
import type { Transport } from '../transport/index.ts'
import type { Contributions } from './contributions.ts'
import type { Counting } from './counting.ts'
import type { Settings } from './settings.ts'
import type { ReportResult } from './surface.ts'

export interface ReportRunnerOptions {
  readonly settings: Settings
  readonly contributions: Contributions
  readonly counting: Counting
  /** Returns the verdict as last read. */
  readonly verdict: () => Verdict
  /** Reads the stored choice, and changes nothing. */
  readonly readVerdict: () => Promise<Verdict>
  /** Reads the stored choice, and applies the verdict: counts that it does not cover are discarded, a person's no deletes. */
  readonly refreshConsent: () => Promise<Verdict>
  readonly logTrouble: (error: unknown) => void
  /** Called right before a report is made. */
  readonly beforeReport: () => void
  readonly tell: TellEvent
  /** Returns a transport that passes on what a receiver says about versions. */
  readonly hearing: (transport: Transport) => Transport
}

/** Shortest time between two last reports, in milliseconds: processes may end together, or again and again. */
const FINAL_REPORT_INTERVAL = 3_600_000

/** Creates the delivery. Loads no package. */
export async function startDelivery(
  { settings, contributions, counting, readVerdict, tell, hearing }: ReportRunnerOptions,
  maySend: (verdict: Verdict) => boolean,
): Promise<Delivery> {
  const { createDelivery, lazyTransport } = await import('../delivery/index.ts')
  const { state, clock, product, endpoint, headers, proxyEnvironment, identity, logger, scope } = settings
  return createDelivery({
    ...{ state, clock, logger, endpoint, headers, proxyEnvironment, identity, scope, readVerdict, maySend },
    ...{ catalog: contributions.catalog, local: counting.local, tell },
    productVersion: product.readVersion,
    keepInstallation: settings.policy.keepInstallation,
    transport: hearing(settings.transport ?? lazyTransport(settings)),
    random: settings.random,
  })
}

/** Creates what makes reports. Loads the SDK while the delivery is created. */
export async function startReporter(
  { settings, contributions, counting, readVerdict }: ReportRunnerOptions,
  maySend: (verdict: Verdict) => boolean,
  delivery: Promise<Delivery>,
): Promise<Reporter> {
  const [{ createReporter }, to] = await Promise.all([import('../report/index.ts'), delivery])
  const { state, clock, product, productEndpoint, identity, logger, debug, scope } = settings
  return createReporter({
    ...{ product, productEndpoint, identity, state, clock, logger, debug, scope, maySend, readVerdict },
    ...{ catalog: contributions.catalog, facts: contributions.stores, pull: contributions.pull },
    timeouts: settings.timeouts,
    ...{ delivery: to, local: counting.local },
  })
}

/** Makes the last report, and sends it within a time. Without a time it stays in the outbox. */
export async function reportAtEnd(
  { settings, refreshConsent }: ReportRunnerOptions,
  reports: Promise<Reporter>,
  deliveries: Promise<Delivery> | undefined,
  time: { readonly within: number; readonly since: number } | undefined,
): Promise<void> {
  const { clock, state } = settings
  const reporter = await reports
  const unlessSince = clock.now() - FINAL_REPORT_INTERVAL
  const made = await reporter.report(await refreshConsent(), { final: true, unlessSince })
  if (!made || !deliveries || !time) return
  const { resume, shutdown } = await deliveries
  const { sendInTime } = await import('../delivery/index.ts')
  await sendInTime({ clock, state, ...time, send: resume, abort: shutdown })
}

/** Erases the installation here and at the receiver. Rejects with a {@link NotStoredError} if something is left here. */
export async function eraseInstallation(
  { settings, counting }: ReportRunnerOptions,
  reporter: Reporter,
  by: string,
): Promise<ReportResult> {
  const { at: _, failure, ...result } = ownOf(await reporter.erase(by))
  const failures = failure ? [failure] : []
  for (const step of [() => settings.state.remove(ENTRIES.detached), counting.restart])
    await step().catch((error) => failures.push(errorOf(error)))
  if (failures.length > 0) throw erasureNotStored(settings, result, failures[0] as Error)
  return result
}

function erasureNotStored(
  { state, prefix }: Settings,
  { outcome, reason }: ReportResult,
  cause: Error & { readonly code?: string },
): NotStoredError {
  const asked =
    outcome === 'sent' ? 'The receiver was asked to erase what it has' : `At the receiver: ${reason}`
  return new NotStoredError(
    'erasure',
    state.location,
    `The installation was not erased in ${state.location} (${codeOf(cause) ?? cause.message}): the next process may report under the ` +
      `same id, though this one does not. ${asked}. To report nothing more, set ${prefix}_TELEMETRY_OPTOUT=1. To erase it here, ` +
      `make ${state.location} writable and ask again.`,
    cause,
  )
}

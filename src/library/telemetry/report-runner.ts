import { codeOf, createDeferred, errorOf, outsideHostContext, ownOf } from '../../platform/index.ts'
import { ENTRIES, NotStoredError } from '../../state/index.ts'
import type { Verdict } from '../consent/index.ts'
import type { Delivery, DeliveryResult } from '../delivery/index.ts'
import { joinsReports } from '../identity/index.ts'
import type { Preview, Reporter } from '../report/index.ts'
import { createSchedule } from '../schedule/index.ts'
import type { Contributions } from './contributions.ts'
import type { Counting } from './counting.ts'
import type { Settings } from './settings.ts'
import type { ReportResult } from './surface.ts'

/** The reports of a running product: when they are made, by whom, and what happens to them when the product ends. */
export interface ReportRunner {
  /** Plans the reports under a verdict, and goes on with what an earlier process has left. Called again when it changes. */
  plan(verdict: Verdict): Promise<void>
  /** When the next report is due, in milliseconds since 1970; `undefined` while none is planned. */
  due(): number | undefined
  /** Makes a report now. */
  report(): Promise<ReportResult>
  preview(): Promise<Preview>
  forget(by: string): Promise<ReportResult>
  /** A no takes effect at once: what is under way is called off, and where a person has said it, what is stored is deleted. */
  applyVerdict(verdict: Verdict): Promise<void>
  /** Whether a verdict lets reports leave. */
  maySend(verdict: Verdict): boolean
  /** Whether a report is due, for a process that does not live until the loop makes it. */
  isDue(): Promise<boolean>
  /** Makes that report, and sends what waits. */
  sendNow(): Promise<void>
  /** Reads what other processes have stored of the schedule, before a verdict is acted on. */
  refresh(): Promise<void>
  /** Ends all that is planned or under way. What was accepted stays in the outbox. */
  stop(): Promise<void>
}

export interface ReportRunnerOptions {
  readonly settings: Settings
  readonly contributions: Contributions
  readonly counting: Counting
  /** As last read. */
  readonly verdict: () => Verdict
  /** Reads the stored choice, and changes nothing. */
  readonly readVerdict: () => Promise<Verdict>
  /** Reads it, and applies the verdict: what that does not cover is dropped, a person's no deletes. */
  readonly refreshConsent: () => Promise<Verdict>
  readonly logTrouble: (error: unknown) => void
  /** Called right before a report is made. */
  readonly beforeReport: () => void
}

/** How long a report may take before it is given up, in milliseconds. */
const STUCK_AFTER = 10 * 60_000

/** Of processes that end together, or again and again, not each leaves a last report. */
const HOUR = 3_600_000

/** When, after a start, what an earlier process has left is taken up, in milliseconds: not while the host is busy starting. */
const RESUMES_AFTER = 10_000

export function createReportRunner(options: ReportRunnerOptions): ReportRunner {
  const { settings, contributions, counting, verdict, readVerdict, refreshConsent } = options
  const { logTrouble, beforeReport } = options
  const { clock, state, undecidedDelay, initialDelay, policy, scope, interval, firstPhase, jitter } = settings
  const schedule = createSchedule({
    ...{ clock, store: state, interval, firstPhase, jitter, scope },
    run: reportOnSchedule,
    wanders: !joinsReports(settings.identity),
    shortLived: settings.delivery !== 'inline',
  })
  let delivering: Promise<Delivery> | undefined
  let reporting: Promise<Reporter> | undefined
  let planned = false

  const maySend = ({ state }: Verdict) =>
    state === 'enabled' || (state === 'undecided' && schedule.undecidedFor() >= undecidedDelay)

  /** Loads no package. */
  function delivery(): Promise<Delivery> {
    delivering ??= outsideHostContext(async () => {
      const { createDelivery } = await import('../delivery/index.ts')
      const { product, endpoint, proxyEnvironment, identity, logger } = settings
      return createDelivery({
        ...{ state, clock, logger, endpoint, proxyEnvironment, identity, scope, readVerdict, maySend },
        ...{ catalog: contributions.catalog, productVersion: product.version, local: counting.local },
        keepInstallation: policy.keepInstallation,
      })
    }).catch((error) => {
      // The next report tries it again.
      delivering = undefined
      throw error
    })
    return delivering
  }

  /** Loads the SDK, with the first report. */
  function reporter(): Promise<Reporter> {
    reporting ??= outsideHostContext(async () => {
      const [{ createReporter }, to] = await Promise.all([import('../report/index.ts'), delivery()])
      const { product, productEndpoint, identity, logger, debug } = settings
      return createReporter({
        ...{ product, productEndpoint, identity, state, clock, logger, debug, scope, maySend, readVerdict },
        ...{ catalog: contributions.catalog, facts: contributions.stores, pull: contributions.pull },
        ...{ delivery: to, local: counting.local },
      })
    }).catch((error) => {
      // The next report tries it again.
      reporting = undefined
      throw error
    })
    return reporting
  }

  /** What an earlier process has left in the outbox is sent; a last report needs the SDK to be there before the end. */
  async function scheduleResume(): Promise<void> {
    if (!(await mayWait()) && !settings.finalReport) return
    clock.after(RESUMES_AFTER, () => {
      if (planned) void resume().catch(logTrouble)
    })
  }

  /** Returns whether a report waits, or nobody can tell. */
  async function mayWait(): Promise<boolean> {
    return (await state.list(ENTRIES.outbox).catch(() => [''])).length > 0
  }

  async function resume(): Promise<void> {
    if (settings.finalReport) await reporter()
    await (await delivery()).resume()
    await refreshConsent()
  }

  /** The schedule goes on whatever becomes of a report: one that is stuck is left alone, and the next one starts normally. */
  async function reportOnSchedule(gap: number): Promise<void> {
    const stuck = createDeferred<never>()
    const watchdog = clock.after(STUCK_AFTER, () => {
      delivering = undefined
      reporting = undefined
      stuck.reject(new Error('the report timed out after 10 minutes; the next one starts normally'))
    })
    await Promise.race([reportWhenDue(gap), stuck.promise]).catch(logTrouble)
    watchdog.cancel()
  }

  /** One report an interval for the installation, whichever process makes it. */
  async function reportWhenDue(gap: number): Promise<void> {
    // From now on: a process that stands still in the middle of it must not make one that others have made long ago.
    const unlessSince = clock.now() - gap
    beforeReport()
    const made = await (await reporter()).report(await refreshConsent(), { unlessSince })
    // The process that has made the report records it.
    if (made) await schedule.reported()
    await refreshConsent()
  }

  /** A last report is left in the outbox where the product wants one, and somebody has said yes in so many words. */
  async function reportAtEnd(running: Reporter): Promise<void> {
    const { state, source } = verdict()
    if (settings.finalReport && state === 'enabled' && source !== 'default')
      await running.report(await refreshConsent(), { final: true, unlessSince: clock.now() - HOUR })
  }

  return {
    async plan({ state }) {
      if (state === 'disabled' && policy.whileDisabled === 'nothing') return schedule.stop()
      planned = true
      await outsideHostContext(async () => {
        await schedule.start(initialDelay, state === 'undecided' ? { undecidedDelay } : {})
        if (state !== 'disabled') await scheduleResume()
      })
    },
    due: () => schedule.due(),
    maySend,
    isDue: () => schedule.isDue(),
    async sendNow() {
      await schedule.runDue()
      if (planned) await resume()
    },
    refresh: () => schedule.look(),
    async report() {
      const now = await refreshConsent()
      if (policy.whileDisabled === 'nothing' && now.state === 'disabled')
        return { outcome: 'suppressed', reason: now.because }
      beforeReport()
      const { at: _, ...result } = (await (await reporter()).report(now)) as DeliveryResult
      await schedule.reported()
      await refreshConsent()
      return result
    },
    preview: async () => (await reporter()).preview(await refreshConsent()),
    async forget(by) {
      await refreshConsent()
      const { at: _, failure, ...result } = ownOf(await (await reporter()).erase(by))
      const failures = failure ? [failure] : []
      for (const step of [() => state.remove(ENTRIES.detached), counting.restart])
        await step().catch((error) => failures.push(errorOf(error)))
      if (failures.length > 0) throw erasureNotStored(settings, result, failures[0] as Error)
      return result
    },
    async applyVerdict(verdict) {
      if (verdict.state !== 'disabled') return
      if (ownOf(verdict).disabledBy === 'person')
        return (await delivery()).withdraw(verdict)
        // One that cannot be made has nothing under way.
      ;(await delivering?.catch(() => undefined))?.callOff()
    },
    async stop() {
      planned = false
      schedule.stop()
      const [reports, deliveries] = [reporting, delivering]
      // What starts again begins with others: these send no more.
      reporting = undefined
      delivering = undefined
      await reports?.then(reportAtEnd)
      await deliveries?.then((running) => running.shutdown())
    },
  }
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
      `same id, though this one does not. ${asked}. Set ${prefix}_TELEMETRY_OPTOUT=1, or make the place writable and ask again.`,
    cause,
  )
}

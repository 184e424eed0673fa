import { createDeferred, outsideHostContext, ownOf } from '../../platform/index.ts'
import { ENTRIES } from '../../state/index.ts'
import type { Verdict } from '../consent/index.ts'
import type { Delivery, DeliveryResult, SaveExport } from '../delivery/index.ts'
import { joinsReports } from '../identity/index.ts'
import type { Preview, PreviewOptions, Reporter } from '../report/index.ts'
import { createSchedule } from '../schedule/index.ts'
import type { ReportRunnerOptions } from './report-work.ts'
import type { ExportResult, ReportResult } from './surface.ts'

/** Makes the reports of a running product when they are due, and ends with it. */
export interface ReportRunner {
  /** Schedules the reports under a verdict, and the sending of what an earlier process has left. Called again when the verdict changes. */
  plan(verdict: Verdict): Promise<void>
  /** Returns the time at which the next report is due, in milliseconds since 1970; `undefined` while no report is scheduled. */
  due(): number | undefined
  /** Makes a report now. */
  report(): Promise<ReportResult>
  /** Makes a report now, and puts it into a document with those that wait. */
  export(save: SaveExport): Promise<ExportResult>
  preview(options?: PreviewOptions): Promise<Preview>
  forget(by: string): Promise<ReportResult>
  /** Applies a verdict at once if it is a no: aborts what is in progress, and deletes what is stored if a person said the no. */
  applyVerdict(verdict: Verdict): Promise<void>
  /** Returns whether a verdict permits sending. */
  maySend(verdict: Verdict): boolean
  /** Returns whether a report is due, for a process that ends before the schedule makes it. */
  isDue(): Promise<boolean>
  /** Makes the report that is due, if any, and sends the reports that wait. */
  sendNow(): Promise<void>
  /** Reads the schedule that other processes have stored, before a verdict is applied. */
  refresh(): Promise<void>
  /** Returns the time that the end may take to send a last report, in milliseconds; `undefined` if it does not send one. */
  grace(): number | undefined
  /**
   * Ends everything scheduled or in progress. Accepted reports stay in the outbox, unless a last report is sent within `grace`, in
   * milliseconds.
   */
  stop(grace?: number): Promise<void>
}

/** Longest time of a report, in milliseconds. One that takes longer is abandoned. */
const REPORT_TIMEOUT = 10 * 60_000

/** Time after a start before waiting reports are sent, in milliseconds: the host is busy starting. */
const RESUME_DELAY = 10_000

export function createReportRunner(options: ReportRunnerOptions): ReportRunner {
  const { settings, verdict, refreshConsent, logTrouble, beforeReport } = options
  const { clock, state, undecidedDelay, initialDelay, policy, scope, interval, firstPhase, jitter } = settings
  const { delayFrom, phase } = settings
  const schedule = createSchedule({
    ...{ clock, store: state, interval, firstPhase, phase, jitter, scope, delayFrom },
    random: settings.random,
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
      const { startDelivery } = await import('./report-work.ts')
      return startDelivery(options, maySend)
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
      const { startReporter } = await import('./report-work.ts')
      return startReporter(options, maySend, delivery())
    }).catch((error) => {
      // The next report tries it again.
      reporting = undefined
      throw error
    })
    return reporting
  }

  /** Schedules the sending of what an earlier process has left, and the loading of the SDK for a last report at the end. */
  async function scheduleResume(): Promise<void> {
    if (!(await mayWait()) && !settings.finalReport) return
    clock.after(RESUME_DELAY, () => {
      if (planned) void resume().catch(logTrouble)
    })
  }

  /** Returns whether a report waits. `true` if that cannot be read. */
  async function mayWait(): Promise<boolean> {
    return (await state.list(ENTRIES.outbox).catch(() => [''])).length > 0
  }

  async function resume(): Promise<void> {
    if (settings.finalReport) await reporter()
    await (await delivery()).resume()
    await refreshConsent()
  }

  /** Makes a report. Returns even if the report never ends: the schedule goes on, and the next report starts normally. */
  async function reportOnSchedule(gap: number): Promise<void> {
    const stuck = createDeferred<never>()
    const watchdog = clock.after(REPORT_TIMEOUT, () => {
      delivering = undefined
      reporting = undefined
      stuck.reject(new Error('the report timed out after 10 minutes; the next one starts normally'))
    })
    await Promise.race([reportWhenDue(gap), stuck.promise]).catch(logTrouble)
    watchdog.cancel()
  }

  /** Makes a report unless another process of the installation made one in this interval. */
  async function reportWhenDue(gap: number): Promise<void> {
    // Taken before the report: a process that is suspended during it must not repeat a report that others have made meanwhile.
    const unlessSince = clock.now() - gap
    beforeReport()
    const now = await refreshConsent()
    const made = await (await reporter()).report(now, { unlessSince })
    // The process that has made the report records it.
    if (made) await schedule.reported(!maySend(now))
    await refreshConsent()
  }

  /** Returns whether the product wants a last report, and somebody has enabled the telemetry explicitly. */
  function endsWithReport(): boolean {
    const { state, source } = verdict()
    if (schedule.isPassedOver()) return false
    return settings.finalReport !== false && state === 'enabled' && source !== 'default'
  }

  async function reportNow(save?: SaveExport): Promise<ExportResult> {
    const now = await refreshConsent()
    if (policy.whileDisabled === 'nothing' && now.state === 'disabled')
      return { outcome: 'suppressed', reason: now.because }
    beforeReport()
    const how = ownOf({ ...(save && { save }) })
    const { at: _, ...result } = (await (await reporter()).report(now, how)) as DeliveryResult
    await schedule.reported(!maySend(now))
    await refreshConsent()
    return result
  }

  return {
    async plan({ state }) {
      if (state === 'disabled' && policy.whileDisabled === 'nothing') return schedule.pause()
      planned = true
      await outsideHostContext(async () => {
        const isYes = state === 'enabled'
        await schedule.start(initialDelay, state === 'undecided' ? { undecidedDelay } : { isYes })
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
    report: () => reportNow(),
    export: reportNow,
    preview: async (options) => (await reporter()).preview(await refreshConsent(), options),
    async forget(by) {
      await refreshConsent()
      const { eraseInstallation } = await import('./report-work.ts')
      return eraseInstallation(options, await reporter(), by)
    },
    async applyVerdict(verdict) {
      if (verdict.state !== 'disabled') return
      if (ownOf(verdict).disabledBy === 'person')
        return (await delivery()).withdraw(verdict)
        // If the delivery could not be created, nothing is in progress.
      ;(await delivering?.catch(() => undefined))?.callOff()
    },
    grace() {
      const { finalReport } = settings
      return planned && typeof finalReport === 'object' && endsWithReport() ? finalReport.within : undefined
    },
    async stop(grace) {
      planned = false
      const since = clock.monotonic()
      const hasLastReport = endsWithReport()
      schedule.stop()
      const isSent = grace !== undefined
      // The grace is long enough to load the SDK as well.
      const [reports, deliveries] = isSent ? [reporter(), delivery()] : [reporting, delivering]
      // A new start creates its own: these send no more.
      reporting = undefined
      delivering = undefined
      try {
        if (hasLastReport && reports) {
          const { reportAtEnd } = await import('./report-work.ts')
          await reportAtEnd(options, reports, deliveries, isSent ? { within: grace, since } : undefined)
        }
      } finally {
        await deliveries?.then((running) => running.shutdown())
      }
    },
  }
}

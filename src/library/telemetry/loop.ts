import { createDeferred, createTurns, errorOf, outsideHostContext } from '../../platform/index.ts'
import { ENTRIES, NotStoredError } from '../../state/index.ts'
import type { Verdict } from '../consent/index.ts'
import type { DeliveryResult } from '../delivery/index.ts'
import { joinsReports } from '../identity/index.ts'
import { createSchedule } from '../schedule/index.ts'
import type { Contributions } from './contributions.ts'
import type { Counting } from './counting.ts'
import type { Preview, Reporter } from './reporter.ts'
import type { Settings } from './settings.ts'
import type { ReportResult } from './surface.ts'
import { withdrawInstallation } from './withdraw.ts'

/** The reports of a running product: when they are made, by whom, and what happens to them when the product ends. */
export interface Loop {
  /** Plans the reports under a verdict, and goes on with what an earlier process has left. Called again when it changes. */
  plan(verdict: Verdict): Promise<void>
  /** When the next report is due, in milliseconds since 1970; `undefined` while none is planned. */
  due(): number | undefined
  /** Makes a report now. */
  report(): Promise<ReportResult>
  preview(): Promise<Preview>
  forget(by: string): Promise<ReportResult>
  /** A no takes effect at once: what is under way is called off, and where a person has said it, what is stored is deleted. */
  heed(verdict: Verdict): Promise<void>
  /** Whether a verdict lets reports leave. */
  maySend(verdict: Verdict): boolean
  /** Whether a report is due, for a process that does not live until the loop makes it. */
  isDue(): Promise<boolean>
  /** Makes that report, and sends what waits. */
  sendNow(): Promise<void>
  /** Takes in what other processes have stored of the schedule, before a verdict is acted on. */
  look(): Promise<void>
  /** Ends all that is planned or under way. What was accepted stays in the outbox. */
  stop(): Promise<void>
}

export interface LoopOptions {
  readonly settings: Settings
  readonly contributions: Contributions
  readonly counting: Counting
  /** As last read. */
  readonly verdict: () => Verdict
  /** Reads the stored choice anew. */
  readonly ask: () => Promise<Verdict>
  readonly logTrouble: (error: unknown) => void
  /** Called right before a report is made. */
  readonly beforeReport: () => void
}

/** How long a report may take before it is taken for stuck, in milliseconds. */
const STUCK_AFTER = 10 * 60_000

/** Of processes that end together, or again and again, not each leaves a last report. */
const HOUR = 3_600_000

/** When, after a start, what an earlier process has left is taken up, in milliseconds: not while the host is busy starting. */
const GOES_ON_AFTER = 10_000

export function createLoop({
  settings,
  contributions,
  counting,
  verdict,
  ask,
  logTrouble,
  beforeReport,
}: LoopOptions): Loop {
  const { clock, state, undecidedDelay, initialDelay, policy, scope, interval, firstPhase, jitter } = settings
  const schedule = createSchedule({
    ...{ clock, store: state, interval, firstPhase, jitter, scope },
    run: reportOnSchedule,
    wanders: !joinsReports(settings.identity),
    shortLived: settings.delivery !== 'inline',
  })
  let loading: Promise<Reporter> | undefined
  let planned = false
  /** One withdrawal after the other: a report that waits is discarded once. */
  const inTurn = createTurns()

  const maySend = ({ state }: Verdict) =>
    state === 'enabled' || (state === 'undecided' && schedule.undecidedFor() >= undecidedDelay)

  /** The SDK is loaded here, with the first report. */
  function reporter(): Promise<Reporter> {
    loading ??= outsideHostContext(async () => {
      const { createReporter } = await import('./reporter.ts')
      return createReporter({ settings, contributions, counting, verdict: ask, maySend })
    }).catch((error) => {
      // The next report tries it again.
      loading = undefined
      throw error
    })
    return loading
  }

  /** What an earlier process has left in the outbox is sent; a last report needs the SDK to be there before the end. */
  async function goOn(): Promise<void> {
    if (!(await mayWait()) && !settings.finalReport) return
    clock.after(GOES_ON_AFTER, () => {
      if (planned) void resume().catch(logTrouble)
    })
  }

  /** Whether a report waits, or nobody can tell. */
  async function mayWait(): Promise<boolean> {
    return (await state.list(ENTRIES.outbox).catch(() => [''])).length > 0
  }

  async function resume(): Promise<void> {
    await (await reporter()).resume()
  }

  async function collectsNothing(): Promise<boolean> {
    return policy.whileDisabled === 'nothing' && (await ask()).state === 'disabled'
  }

  /** The schedule goes on whatever becomes of a report: a step that is stuck is left alone, and the next one begins anew. */
  async function reportOnSchedule(gap: number): Promise<void> {
    const stuck = createDeferred<never>()
    const watchdog = clock.after(STUCK_AFTER, () => {
      loading = undefined
      stuck.reject(new Error('a report did not come to its end in ten minutes; the next one begins anew'))
    })
    await Promise.race([reportWhenDue(gap), stuck.promise]).catch(logTrouble)
    watchdog.cancel()
  }

  /** One report an interval for the installation, whichever process makes it. */
  async function reportWhenDue(gap: number): Promise<void> {
    // From now on: whoever stands still in the middle of it must not make one that others have made long ago.
    const unlessSince = clock.now() - gap
    beforeReport()
    // One that another process has made, that one remembers: it must not count twice.
    if (await (await reporter()).report({ unlessSince })) await schedule.reported()
  }

  /** A last report is left in the outbox where the product wants one, and somebody has said yes in so many words. */
  async function endReporter(running: Reporter): Promise<void> {
    const { state, source } = verdict()
    if (settings.finalReport && state === 'enabled' && source !== 'default')
      await running.report({ final: true, unlessSince: clock.now() - HOUR })
    await running.shutdown()
  }

  return {
    async plan({ state }) {
      if (state === 'disabled' && policy.whileDisabled === 'nothing') return schedule.stop()
      planned = true
      await outsideHostContext(async () => {
        await schedule.start(initialDelay, state === 'undecided' ? { undecidedDelay } : {})
        if (state !== 'disabled') await goOn()
      })
    },
    due: () => schedule.due(),
    maySend,
    isDue: () => schedule.isDue(),
    async sendNow() {
      await schedule.runDue()
      if (planned) await resume()
    },
    look: () => schedule.look(),
    async report() {
      if (await collectsNothing()) {
        return { outcome: 'suppressed', reportId: '', reason: verdict().because, bytes: new Uint8Array() }
      }
      beforeReport()
      const { at: _, ...result } = (await (await reporter()).report()) as DeliveryResult
      await schedule.reported()
      return result
    },
    preview: async () => (await reporter()).preview(),
    async forget(by) {
      const { at: _, failure, ...result } = await (await reporter()).forget(by)
      const failures = failure ? [failure] : []
      for (const step of [() => state.remove(ENTRIES.detached), counting.restart])
        await step().catch((error) => failures.push(errorOf(error)))
      if (failures.length > 0) throw erasureNotStored(settings, result, failures[0] as Error)
      return result
    },
    async heed(verdict) {
      if (verdict.state !== 'disabled') return
      // One that cannot be made has nothing under way.
      const running = await loading?.catch(() => undefined)
      if (verdict.disabledBy !== 'person') return running?.callOff()
      await inTurn(() => (running ? running.withdraw(verdict) : withdrawInstallation(settings, verdict)))
    },
    async stop() {
      planned = false
      schedule.stop()
      const running = loading
      // What starts again begins with another one: this one sends no more.
      loading = undefined
      await running?.then(endReporter)
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
    `The installation was not erased in ${state.location} (${cause.code ?? cause.message}): the next process may report under the ` +
      `same id, though this one does not. ${asked}. Set ${prefix}_TELEMETRY_OPTOUT=1, or make the place writable and ask again.`,
    cause,
  )
}

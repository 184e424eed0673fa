import { type Clock, metricsUrl, systemStderr } from '../../platform/index.ts'
import { ENTRIES, type StateStore, takeLease } from '../../state/index.ts'
import type { Verdict } from '../consent/index.ts'
import { createRetries, sendInTime } from '../delivery/index.ts'
import { type HandOverOptions, spawnDetachedSender } from './hand-over.ts'

/** Process at its shutdown. */
export interface EndingProcess {
  /** `within`: milliseconds. */
  readonly delivery: 'detached' | { readonly within: number }
  readonly state: StateStore
  readonly clock: Clock
  /** Address that reports are sent to. */
  readonly endpoint: string
  readonly runner: ReportRunner
  /** Reads the stored choice, and applies the verdict. */
  readonly refreshConsent: () => Promise<Verdict>
  /** Resolves when the counts are persisted: what is sent includes them. */
  readonly persisted: Promise<void>
  /** Persists counts for the last time, also those that were recorded while a report was sent. */
  readonly stopCounting: () => Promise<void>
  /** Prints the report, for an operator who wants to see it and not to send it. Default: no operator does. */
  readonly printPreview?: (() => Promise<void>) | undefined
  readonly handOver: Omit<HandOverOptions, 'clock' | 'maySend' | 'verdict'>
  /** Version checks. Default: the product makes none. */
  readonly versions?: VersionChecks | undefined
}

/** Makes the version checks of this process. */
interface VersionChecks {
  isDue(): Promise<boolean>
  isPermitted(): Promise<boolean>
  runDue(): Promise<void>
  stop(): void
  /** Text for the person at the terminal, at most once a day; `undefined` if there is nothing to say. */
  textAtEnd(): Promise<string | undefined>
}

/** Makes and sends the reports of this process. */
interface ReportRunner {
  maySend(verdict: Verdict): boolean
  isDue(): Promise<boolean>
  sendNow(): Promise<void>
  stop(): Promise<void>
}

/** Longest time of an end at which no child process can be started, in milliseconds. */
const MAX_TIME_WITHOUT_CHILD = 1_000

/**
 * Sends the report that is due and the reports that wait, and makes the version check that is due, within the time that the product gives,
 * or starts a child process that does. Loads the OpenTelemetry SDK, or starts the child, only if consent allows that now. Prints the notice
 * about the running version at last, after the output of the command.
 */
export async function flushOnShutdown(ending: EndingProcess): Promise<void> {
  const { delivery, versions } = ending
  try {
    if (delivery === 'detached') await handOver(ending)
    else await endWithin(ending, delivery.within)
  } finally {
    versions?.stop()
    const text = await versions?.textAtEnd()
    if (text !== undefined) systemStderr(`\n${text}\n`)
  }
}

async function handOver(ending: EndingProcess): Promise<void> {
  const { persisted, runner, refreshConsent, clock, versions } = ending
  await persisted
  const isCheckDue = (await versions?.isDue()) ?? false
  const verdict = (await verdictToSend(ending)) ?? (isCheckDue ? await refreshConsent() : undefined)
  if (!verdict || ending.printPreview) return
  const maySend = async () =>
    runner.maySend(await refreshConsent()) || (isCheckDue && ((await versions?.isPermitted()) ?? false))
  if ((await spawnDetachedSender({ ...ending.handOver, clock, verdict, maySend })) === 'send-here')
    await endWithin(ending, MAX_TIME_WITHOUT_CHILD)
}

/**
 * Sends the reports that are due, and makes the version check if one is due.
 *
 * @param within time for both, in milliseconds
 */
async function endWithin(ending: EndingProcess, within: number): Promise<void> {
  const { clock, versions } = ending
  const timer = clock.after(within * CHECK_SHARE, () => versions?.stop())
  await Promise.all([sendWithin(ending, within), versions?.runDue()])
  timer.cancel()
}

/** Part of the time of an end after which a version check is called off. */
const CHECK_SHARE = 0.8

/** Returns the verdict under which a report is to be sent now; `undefined` if there is nothing to send, or no permission. */
async function verdictToSend(ending: EndingProcess): Promise<Verdict | undefined> {
  const { runner, refreshConsent, printPreview } = ending
  if (printPreview) {
    await printPreview()
    return undefined
  }
  const verdict = await refreshConsent()
  return runner.maySend(verdict) && (await hasToSend(ending)) ? verdict : undefined
}

/**
 * Sends the reports that are due.
 *
 * @param within time for it, in milliseconds
 */
async function sendWithin(ending: EndingProcess, within: number): Promise<void> {
  const { clock, state, runner, persisted, stopCounting } = ending
  const since = clock.monotonic()
  await persisted
  if (!(await verdictToSend(ending))) return
  // The lease lets one of many processes that end at once send, and delays only that one.
  const lease = await takeLease({ store: state, clock, task: 'report', duration: within })
  if (!lease) return
  try {
    await sendInTime({ clock, state, within, since, send: runner.sendNow, abort: runner.stop })
  } finally {
    await Promise.all([lease.release(), stopCounting()])
  }
}

/** Returns whether a report is due or waits, and an attempt may be made now. */
async function hasToSend({ state, clock, endpoint, runner }: EndingProcess): Promise<boolean> {
  const waits = (await state.list(ENTRIES.outbox).catch(() => [])).length > 0
  if (!waits && !(await runner.isDue())) return false
  const retries = createRetries(state, clock)
  return (await retries.next()) <= clock.now() && !(await retries.isRetired(metricsUrl(endpoint)))
}

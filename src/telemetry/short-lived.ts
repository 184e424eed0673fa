import type { Verdict } from '../consent/index.ts'
import { createSchedule, type Schedule } from '../schedule/index.ts'
import { ENTRIES } from '../state/index.ts'
import type { HandOverOptions } from './hand-over.ts'
import type { Settings } from './settings.ts'

export interface EndingProcess extends HandOverOptions {
  /** Reads the stored choice anew. */
  readonly ask: () => Promise<Verdict>
}

/** What is left of the time at the end, in milliseconds, when an attempt to send is called off. */
const RESERVE = 40

/** More than a start waits before it reports, in milliseconds. */
const MINUTE = 60_000

/**
 * At the shutdown of a process that does not live until its reports are due: sends what is due or waits, within the time that the
 * product gives, or has a child process do it. Loads the SDK, or starts the child, only where consent lets something be sent now.
 */
export async function sendAtTheEnd(ending: EndingProcess): Promise<void> {
  const { settings, ask, counting } = ending
  const { delivery, clock, state, interval, firstPhase, scope } = settings
  if (delivery === 'inline') return
  const verdict = await ask()
  if (verdict.state === 'disabled') return
  const schedule = createSchedule({
    ...{ clock, store: state, interval, firstPhase, scope },
    run: async () => {},
    random: () => 0,
  })
  const due = await isDue(schedule, verdict, settings)
  const maySend = ({ state }: Verdict) =>
    state === 'enabled' || (state === 'undecided' && schedule.undecidedFor() >= settings.undecidedDelay)
  if (!due && !(maySend(verdict) && (await waits(settings)))) return
  if (delivery === 'detached') {
    const { handOver } = await import('./hand-over.ts')
    return handOver(ending, verdict)
  }

  const { createReporter } = await import('./reporter.ts')
  const reporter = createReporter({ ...ending, verdict: ask, maySend })
  const timer = clock.after(Math.max(delivery.within - RESERVE, 0), () => {
    // An attempt that is called off counts as failed, or every run would wait for a receiver that does not answer.
    void Promise.allSettled([failed(settings), reporter.shutdown()])
  })
  try {
    if (due) {
      await reporter.report({ gap: Math.min(interval, firstPhase?.interval ?? interval) / 3 })
      await schedule.reported()
    }
    await reporter.resume()
  } finally {
    timer.cancel()
    await reporter.shutdown()
    await counting.stop()
  }
}

/** Whether a report is due, but for the while that a process waits after its start: this one does not live that long. */
async function isDue(
  schedule: Schedule,
  { state }: Verdict,
  { clock, initialDelay, undecidedDelay }: Settings,
): Promise<boolean> {
  await schedule.look()
  // Where none was made yet, the initial delay counts, and is told from that while by a minute more.
  const [delay, wait] = schedule.lastReportAt() === undefined ? [initialDelay + MINUTE, MINUTE] : [0, 0]
  await schedule.start(delay, state === 'undecided' ? { undecidedDelay } : {})
  const due = schedule.due() ?? Number.POSITIVE_INFINITY
  schedule.stop()
  const undecided = state === 'undecided' && schedule.undecidedFor() < undecidedDelay
  return due <= clock.now() + wait && !undecided
}

/** Whether a report waits in the outbox that may be tried again. */
async function waits({ state, clock, endpoint }: Settings): Promise<boolean> {
  if ((await state.list(ENTRIES.outbox).catch(() => [])).length === 0) return false
  const { createRetries } = await import('../outbox/index.ts')
  const retries = createRetries(state, clock)
  // The address as the transport makes it; to fetch it from there would split what every host loads into more files.
  const url = new URL(`${endpoint.replace(/\/+$/, '')}/v1/metrics`).href
  return (await retries.next()) <= clock.now() && !(await retries.isRetired(url))
}

async function failed({ state, clock }: Settings): Promise<void> {
  const { createRetries } = await import('../outbox/index.ts')
  await createRetries(state, clock).failed()
}

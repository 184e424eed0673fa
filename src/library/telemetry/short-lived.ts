import { createDeferred, metricsUrl } from '../../platform/index.ts'
import { ENTRIES, takeLease } from '../../state/index.ts'
import type { Verdict } from '../consent/index.ts'
import type { HandOverOptions } from './hand-over.ts'
import type { Loop } from './loop.ts'
import type { Settings } from './settings.ts'

export interface ShutdownContext extends HandOverOptions {
  readonly loop: Loop
  readonly counting: { stop(): Promise<void> }
  /** Reads the stored choice, and applies the verdict. */
  readonly refreshConsent: () => Promise<Verdict>
}

/** What is left of the time at the end, in milliseconds, when an attempt to send is called off: a slow disk has to keep that it was. */
const reserveOf = (within: number) => Math.min(within / 5, 250)

/**
 * At the shutdown of a process that does not live until its reports are due: sends what is due or waits, within the time that the
 * product gives, or has a child process do it. Loads the SDK, or starts the child, only where consent lets something be sent now.
 *
 * @param kept when the counts are written down; what is sent has them. The time runs from now on, not from then.
 */
export async function flushOnShutdown(ending: ShutdownContext, kept: Promise<void>): Promise<void> {
  const { delivery } = ending.settings
  if (typeof delivery !== 'string') return sendWithin(ending, kept, delivery.within)
  await kept
  const { loop, refreshConsent } = ending
  const verdict = await reasonToSend(ending)
  if (!verdict) return
  const { spawnDetachedSender } = await import('./hand-over.ts')
  const isSettled = await spawnDetachedSender(ending, verdict, async () =>
    loop.maySend(await refreshConsent()),
  )
  if (!isSettled) await sendWithin(ending, kept, WITHOUT_CHILD)
}

/** What the end takes at most where no child can be started, in milliseconds. */
const WITHOUT_CHILD = 1_000

async function sendWithin(ending: ShutdownContext, kept: Promise<void>, within: number): Promise<void> {
  const late = createDeferred<void>()
  const timer = ending.settings.clock.after(within - reserveOf(within), late.resolve)
  try {
    await kept
    await send(ending, { within, late: late.promise })
  } finally {
    timer.cancel()
  }
}

/** The verdict under which something is to be sent now; `undefined` where nothing is. */
async function reasonToSend(ending: ShutdownContext): Promise<Verdict | undefined> {
  const { settings, loop, refreshConsent } = ending
  // Whoever wants to see the reports waits for them.
  if (settings.debug) {
    settings.debug(`${JSON.stringify((await loop.preview()).json, undefined, 2)}\n`)
    return undefined
  }
  const verdict = await refreshConsent()
  return loop.maySend(verdict) && (await hasToSend(ending)) ? verdict : undefined
}

/** `late`: when an attempt is called off. */
async function send(
  ending: ShutdownContext,
  limit: { readonly within: number; readonly late: Promise<void> },
): Promise<void> {
  const { settings, loop, counting } = ending
  const { clock, state } = settings
  if (!(await reasonToSend(ending))) return
  // Of many processes that end at once, one is delayed by it.
  const lease = await takeLease({ store: state, clock, task: 'report', duration: limit.within })
  if (!lease) return
  try {
    const isLate = await Promise.race([loop.sendNow().then(() => false), limit.late.then(() => true)])
    // What is called off counts as failed, or every run would wait for a receiver that does not answer.
    if (isLate) await Promise.all([loop.stop(), failed(settings)])
  } finally {
    await Promise.all([lease.release(), counting.stop()])
  }
}

/** Whether a report is due or waits, and an attempt may be made. */
async function hasToSend({ settings, loop }: ShutdownContext): Promise<boolean> {
  const { state, clock, endpoint } = settings
  const waits = (await state.list(ENTRIES.outbox).catch(() => [])).length > 0
  if (!waits && !(await loop.isDue())) return false
  const { createRetries } = await import('../delivery/index.ts')
  const retries = createRetries(state, clock)
  return (await retries.next()) <= clock.now() && !(await retries.isRetired(metricsUrl(endpoint)))
}

async function failed({ state, clock }: Settings): Promise<void> {
  const { createRetries } = await import('../delivery/index.ts')
  await createRetries(state, clock).failed()
}

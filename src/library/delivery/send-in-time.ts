import { type Clock, createDeferred } from '../../platform/index.ts'
import type { StateStore } from '../../state/index.ts'
import { createRetries } from './retry.ts'

/** Sending by a process that ends. */
export interface SendingInTime {
  readonly clock: Clock
  readonly state: StateStore
  /** Time that the end of the process may take, in milliseconds. */
  readonly within: number
  /** Monotonic time at which the end began, in milliseconds. */
  readonly since: number
  readonly send: () => Promise<void>
  /** Aborts what is in progress. */
  readonly abort: () => Promise<void>
}

/**
 * Sends, and aborts shortly before the time is over. An aborted attempt counts as failed: otherwise each end of a process would wait for
 * a receiver that does not answer.
 */
export async function sendInTime({ clock, state, within, since, send, abort }: SendingInTime): Promise<void> {
  const late = createDeferred<true>()
  const rest = since + within - reserveOf(within) - clock.monotonic()
  const timer = rest > 0 ? clock.after(rest, () => late.resolve(true)) : late.resolve(true)
  try {
    const isLate = await Promise.race([send().then(() => false), late.promise])
    if (isLate) await Promise.all([abort(), createRetries(state, clock).failed()])
  } finally {
    timer?.cancel()
  }
}

/** Part of the time that remains when an attempt is aborted, in milliseconds: a slow disk has to record that. */
const reserveOf = (within: number) => Math.min(within / 5, 250)

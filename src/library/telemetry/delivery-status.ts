import { Date, ownOf } from '../../platform/index.ts'
import type { Settings } from './settings.ts'

/** How reports get through, from what lies in the state store: the same from every process, and after a restart. Times are ISO 8601. */
export interface DeliveryStatus {
  /** How many reports wait in the outbox. */
  readonly waiting: number
  /** How many attempts to send have failed since the last one that was answered. */
  readonly failures: number
  /** When the last report was made, whatever became of it; absent before the first. */
  readonly lastReportAt?: string
  /** When an attempt to send last came to its end; absent before the first. */
  readonly lastAttemptAt?: string
  /** When a report was last delivered; absent before the first. */
  readonly lastSuccessAt?: string
  /** When the next attempt may be made; absent where nothing waits, or the last attempt has not failed. */
  readonly retryAt?: string
}

export async function deliveryStatus({
  state,
  clock,
}: Pick<Settings, 'state' | 'clock'>): Promise<DeliveryStatus> {
  const [{ createOutbox }, { createRetries }, { createLedger }] = await Promise.all([
    import('../counts/log.ts'),
    import('../delivery/index.ts'),
    import('../ledger/index.ts'),
  ])
  // What cannot be read cannot be shown; `state` says what that is.
  const numbers = await createOutbox(state)
    .numbers()
    .catch(() => [])
  const waiting = numbers.length
  const retries = createRetries(state, clock)
  const { count, lastAt } = await retries.failures()
  const last: { made?: string; answered?: string; sent?: string } = ownOf({})
  for await (const { at, outcome } of createLedger(state, { clock }).entries({ newestFirst: true })) {
    if (outcome === 'sent' || outcome === 'refused') last.answered ??= at
    if (outcome === 'sent') last.sent ??= at
    if (['queued', 'suppressed', 'too-large'].includes(outcome)) last.made ??= at
    if (last.sent && last.made) break
  }
  const attempt = lastAt === undefined ? last.answered : new Date(lastAt).toISOString()
  return {
    waiting,
    failures: count,
    ...(last.made && { lastReportAt: last.made }),
    ...(attempt && { lastAttemptAt: attempt }),
    ...(last.sent && { lastSuccessAt: last.sent }),
    ...(waiting > 0 && count > 0 && { retryAt: new Date(await retries.next()).toISOString() }),
  }
}

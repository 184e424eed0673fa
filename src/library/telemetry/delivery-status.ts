import { Date, ownOf, TextDecoder } from '../../platform/index.ts'
import { ENTRIES } from '../../state/index.ts'
import { parseRecord } from '../schedule/index.ts'
import type { Settings } from './settings.ts'

/** State of the delivery, from the state store: the same in every process, and after a restart. Times are ISO 8601. */
export interface DeliveryStatus {
  /** Number of reports in the outbox. */
  readonly waiting: number
  /** Number of attempts that have failed since the receiver last answered. */
  readonly failures: number
  /** Time of the last report, whatever its outcome; absent before the first. */
  readonly lastReportAt?: string
  /** End of the last attempt to send; absent before the first. */
  readonly lastAttemptAt?: string
  /** Time of the last delivery; absent before the first. */
  readonly lastSuccessAt?: string
  /** Time before which nothing is sent; absent if no report waits, or the last attempt has not failed. */
  readonly retryAt?: string
}

/** Returns the time when the next report is due, as other processes have stored it; `undefined` if nothing is stored. */
export async function storedDue({ state }: Pick<Settings, 'state'>): Promise<number | undefined> {
  const bytes = await state.read(ENTRIES.schedule).catch(() => undefined)
  return bytes && parseRecord(new TextDecoder().decode(bytes))?.dueAt
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
  // The member `state` of the status shows why it cannot be read.
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

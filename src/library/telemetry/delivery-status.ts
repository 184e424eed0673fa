import { Date, ownOf, TextDecoder } from '../../platform/index.ts'
import { ENTRIES, type StateStore } from '../../state/index.ts'
import type { LedgerEntry, UsageLedger } from '../ledger/index.ts'
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
  const last = await latestTimes(state, createLedger(state, { clock }))
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

/** Times of the newest entries of the ledger: of a report that was made, an answer of the receiver, and a delivery. */
interface LatestTimes {
  made?: string
  answered?: string
  sent?: string
}

/** Times found by the last call for a store, with the newest entry then: a status that is asked for again reads only what came since. */
const found = new WeakMap<StateStore, { readonly newest: string; readonly times: LatestTimes }>()

async function latestTimes(state: StateStore, ledger: UsageLedger): Promise<LatestTimes> {
  const before = found.get(state)
  const last = before && (await ledger.last())
  if (before && last && keyOf(last) === before.newest) return before.times
  const times: LatestTimes = ownOf({})
  let newest: string | undefined
  for await (const entry of ledger.entries({ newestFirst: true })) {
    const { at, outcome } = entry
    newest ??= keyOf(entry)
    if (keyOf(entry) === before?.newest) {
      for (const name of ['made', 'answered', 'sent'] as const) {
        const time = times[name] ?? before.times[name]
        if (time !== undefined) times[name] = time
      }
      break
    }
    if (outcome === 'sent' || outcome === 'refused') times.answered ??= at
    if (outcome === 'sent') times.sent ??= at
    if (['queued', 'suppressed', 'too-large'].includes(outcome)) times.made ??= at
    if (times.sent && times.made) break
  }
  if (newest === undefined) found.delete(state)
  else found.set(state, { newest, times })
  return times
}

/** Returns what tells an entry from all others. The position alone is not enough: after an erasure, positions begin again. */
const keyOf = ({ position, at, reportId }: LedgerEntry): string => `${position} ${at} ${reportId}`

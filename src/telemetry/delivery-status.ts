import type { Settings } from './settings.ts'

/** How reports get through, from what lies in the state store: the same from every process, and after a restart. */
export interface DeliveryStatus {
  /** How many reports wait in the outbox. */
  readonly waiting: number
  /** How many attempts have failed since the last one that succeeded. */
  readonly failures: number
  /** When the last attempt failed, as ISO 8601; absent where none has since the last success. */
  readonly lastFailureAt?: string
  /** When the next attempt may be made, as ISO 8601; absent where nothing waits, or nothing has failed. */
  readonly retryAt?: string
  /** When the last report was made, whatever became of it, as ISO 8601; absent before the first. */
  readonly lastReportAt?: string
  /** When the last report was made that was delivered, as ISO 8601. */
  readonly lastDeliveredAt?: string
}

export async function deliveryStatus({
  state,
  clock,
}: Pick<Settings, 'state' | 'clock'>): Promise<DeliveryStatus> {
  const { createOutbox, createRetries, createSettlements } = await import('../outbox/index.ts')
  const outbox = createOutbox(state)
  // What cannot be read cannot be told.
  const numbers = await outbox.numbers().catch(() => [])
  const settled = await createSettlements(state)
    .latest()
    .catch(() => ({ at: 0, reportedAt: 0 }))
  const retries = createRetries(state, clock)
  const { count, lastAt } = await retries.failures()
  const newest = await outbox.read(numbers.at(-1) ?? 0).catch(() => undefined)
  const reportedAt = newest && newest !== 'spoilt' ? newest.at : settled.reportedAt
  return {
    waiting: numbers.length,
    failures: count,
    ...at('lastFailureAt', lastAt),
    ...at('retryAt', numbers.length > 0 && count > 0 ? await retries.next() : undefined),
    ...at('lastReportAt', reportedAt),
    ...at('lastDeliveredAt', settled.at),
  }
}

const at = <K extends string>(key: K, time: number | undefined) =>
  (time ? { [key]: new Date(time).toISOString() } : {}) as Partial<Record<K, string>>

import type { Catalog } from '../../catalog/index.ts'
import { Date, randomUuid } from '../../platform/index.ts'
import type { StateStore } from '../../state/index.ts'
import { type Counts, sumOf } from '../facts/index.ts'
import { writeCounter } from './counter-entry.ts'
import type { CountedUnder } from './coverage.ts'
import type { LocalCounter } from './local-counter.ts'
import type { Outbox, WaitingReport } from './outbox.ts'
import { isCumulativeIn, type PendingCounts } from './pending.ts'
import type { OutboxBackend } from './persistent-outbox.ts'

/**
 * Outbox of a process that cannot write: reports wait in memory, and are lost when the process ends. Their share has only counts that are
 * certainly in no entry, and is excluded from the counter of the process at once, so that no other process can report it as well.
 */
export interface VolatileOutbox extends OutboxBackend {
  /**
   * Returns the pending counts for a report in memory.
   *
   * @param persistent Pending counts of the store, if they can be read. Default: running totals are left out.
   */
  pending(local: LocalCounter, catalog: Catalog, persistent?: PendingCounts): PendingCounts
  /** Adds a report with the next number. */
  put(report: Omit<WaitingReport, 'number'>, local: LocalCounter): void
  /** Moves the reports to the store, now that it can be written. Rejects when it cannot. */
  persistTo(state: StateStore, put: (report: Omit<WaitingReport, 'number'>) => Promise<void>): Promise<void>
}

interface VolatileReport extends WaitingReport {
  readonly under: CountedUnder
  /** Restores its share in the counter of the process. */
  readonly restoreCounts: () => void
}

export function createVolatileOutbox(): VolatileOutbox {
  const reports = new Map<number, VolatileReport>()
  let last = { number: 0, at: 0 }

  const outbox: Outbox = {
    put: async () => false,
    putMerged: async () => false,
    numbers: async () => [...reports.keys()],
    waits: async () => reports.size > 0,
    read: async (number) => reports.get(number),
    remove: async (number) => void reports.delete(number),
  }

  function end(number: number, isDelivered: boolean): void {
    if (!isDelivered) reports.get(number)?.restoreCounts()
    reports.delete(number)
  }

  return {
    ...{ location: 'the memory of this process', isVolatile: true, outbox },
    hasOutcome: async () => false,
    lastOutcome: async () => 0,
    recordOutcome: async ({ number, share }) => end(number, share !== undefined),
    abandon: async (number) => end(number, false),

    pending(local, catalog, persistent) {
      const { counterId, since } = local.live()
      const isCumulative = (key: string) => isCumulativeIn(catalog, key)
      const counts = only(local.unpersisted(), (key) => !isCumulative(key))
      const running = only(persistent?.reported ?? new Map(), isCumulative)
      const from = Math.max(Date.parse(since), last.at)
      return {
        number: last.number + 1,
        reportedAt: Math.max(persistent?.reportedAt ?? 0, last.at),
        share: new Map(counts.size > 0 ? [[counterId, counts]] : []),
        reported: new Map([...counts, ...running]),
        since: from,
        totalsSince: persistent?.totalsSince ?? from,
        isVolatile: true,
      }
    },

    put(report, local) {
      last = { number: last.number + 1, at: report.at }
      reports.set(last.number, {
        ...report,
        number: last.number,
        under: local.live().under,
        restoreCounts: local.exclude(sumOf(...report.share.values())),
      })
    },

    async persistTo(state, put) {
      for (const [number, { under, restoreCounts: _, ...report }] of reports) {
        const counterId = randomUuid()
        const counts = sumOf(...report.share.values())
        // The report comes first: without it, another report could include the counter as well.
        await put({ ...report, share: new Map(counts.size > 0 ? [[counterId, counts]] : []) })
        reports.delete(number)
        const since = new Date(report.totalsSince).toISOString()
        if (counts.size > 0)
          await writeCounter(state, { counterId, since, at: since, under, ended: true, counts })
      }
    },
  }
}

const only = (counts: Counts, isMeant: (key: string) => boolean): Counts =>
  new Map([...counts].filter(([key]) => isMeant(key)))

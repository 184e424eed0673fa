import type { Catalog } from '../../catalog/index.ts'
import { Date, randomUuid } from '../../platform/index.ts'
import type { StateStore } from '../../state/index.ts'
import { type CountedEntry, sumOf, type Tally, writeCounted } from '../facts/index.ts'
import { type Account, isRunning, type UnwrittenCounts } from './account.ts'
import type { Books } from './books.ts'
import type { Outbox, WaitingReport } from './outbox.ts'

/**
 * Reports of a process that cannot write: they are kept in its memory, and end with it. They take only what lies in no entry, and
 * it is taken out of what the process has counted at once: so nobody else can report it as well.
 */
export interface PassingReports extends Books {
  /**
   * What belongs into such a report.
   * @param durable what would belong into any other, where that can be read. Default: running totals are left out
   */
  account(own: UnwrittenCounts, catalog: Catalog, durable?: Account): Account
  put(report: Omit<WaitingReport, 'number'>, account?: Pick<Account, 'unwritten'>): void
  /** Puts what waits into the outbox of the installation, now that it can be written. Rejects where it cannot be. */
  writeDown(state: StateStore, put: (report: Omit<WaitingReport, 'number'>) => Promise<void>): Promise<void>
}

interface PassingReport extends WaitingReport {
  readonly under: CountedEntry['under'] | undefined
  readonly giveBack: () => void
}

export function createPassingReports(): PassingReports {
  const reports = new Map<number, PassingReport>()
  let last = { number: 0, at: 0 }

  const outbox: Outbox = {
    put: async () => false,
    putEnded: async () => false,
    numbers: async () => [...reports.keys()],
    waits: async () => reports.size > 0,
    read: async (number) => reports.get(number),
    remove: async (number) => void reports.delete(number),
  }

  function end(number: number, isDelivered: boolean): void {
    if (!isDelivered) reports.get(number)?.giveBack()
    reports.delete(number)
  }

  return {
    ...{ location: 'the memory of this process', isFleeting: true },
    outbox,
    isSettled: async () => false,
    settledUpTo: async () => 0,
    settle: async ({ number, takes }) => end(number, takes !== undefined),
    giveUp: async (number) => end(number, false),

    account(own, catalog, durable) {
      const { process, since } = own.current()
      const takes = only(own.unwritten(), (key) => !isRunning(catalog, key))
      const running = only(durable?.reported ?? new Map(), (key) => isRunning(catalog, key))
      const from = Math.max(Date.parse(since), last.at)
      return {
        number: last.number + 1,
        reportedAt: Math.max(durable?.reportedAt ?? 0, last.at),
        takes: new Map(takes.size > 0 ? [[process, takes]] : []),
        reported: new Map([...takes, ...running]),
        since: from,
        totalsSince: durable?.totalsSince ?? from,
        unwritten: own,
      }
    },

    put(report, { unwritten } = {}) {
      const counts = sumOf(...report.takes.values())
      last = { number: last.number + 1, at: report.at }
      reports.set(last.number, {
        ...report,
        number: last.number,
        under: unwritten?.current().under,
        giveBack: unwritten?.release(counts) ?? (() => {}),
      })
    },

    async writeDown(state, put) {
      for (const [number, { under, giveBack: _, ...report }] of reports) {
        const process = randomUuid()
        const counts = sumOf(...report.takes.values())
        const takes = new Map(counts.size > 0 ? [[process, counts]] : [])
        // The report first: counts that are written and not taken yet could be taken by another one.
        await put({ ...report, takes })
        reports.delete(number)
        const since = new Date(report.since).toISOString()
        if (under && counts.size > 0)
          await writeCounted(state, { process, since, at: since, under, ended: true, counts })
      }
    },
  }
}

const only = (tally: Tally, isMeant: (key: string) => boolean): Tally =>
  new Map([...tally].filter(([key]) => isMeant(key)))

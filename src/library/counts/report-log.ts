import type { Catalog } from '../../catalog/index.ts'
import { type Clock, ownOf } from '../../platform/index.ts'
import type { StateStore } from '../../state/index.ts'
import type { Verdict } from '../consent/index.ts'
import { difference, type SourceTotals, sumOf } from '../facts/index.ts'
import { type Acknowledgements, createAcknowledgements } from './acknowledged.ts'
import type { LocalCounter } from './local-counter.ts'
import { readLogState } from './log-state.ts'
import { otherGauges } from './other-gauges.ts'
import { createOutbox, type WaitingReport } from './outbox.ts'
import {
  computePendingCounts,
  isCumulativeIn,
  type PendingCounts,
  type ReportScope,
  readOtherCounters,
} from './pending.ts'
import { createPersistentOutbox, type OutboxBackend } from './persistent-outbox.ts'
import { createVolatileOutbox } from './volatile-outbox.ts'

/** Numbered reports of an installation with their shares of the counts, in the state store, or in memory if the store cannot be used. */
export interface ReportLog {
  /** Outboxes: the state store first, then memory. */
  readonly backends: readonly OutboxBackend[]
  readonly acknowledgements: Acknowledgements
  /**
   * Reads the acknowledged counts. Call it before this process persists its counts: if they belong to another user and cannot be read, all
   * counts that are stored at that time count as acknowledged. Never rejects.
   */
  prepare(): Promise<void>
  /** Resolves to the pending counts for a report of now. Changes nothing. Never rejects. */
  pending(options: PendingOptions): Promise<PendingCounts>
  /** Adds a report with its share to an outbox. Resolves to a `NotAccepted` if the report must be made again, with other pending counts. Never rejects. */
  accept(report: AcceptedReport, pending?: PendingCounts): Promise<NotAccepted | undefined>
}

/** Reason why a report was not accepted: another process has made a report meanwhile, or the store cannot be written. */
export type NotAccepted = 'outdated' | 'unwritable'

export type AcceptedReport = Pick<WaitingReport, 'reportId' | 'at' | 'bytes'>

export interface PendingOptions {
  /** Includes only counts that are persisted; later ones are for the next report. Default: false. */
  readonly asPersisted?: boolean
  /** `false` if the state store cannot be used. Default: true. */
  readonly isUsable?: boolean
  readonly observed: SourceTotals
  /** Returns `true` for a series that the report can have. Default: for every one. */
  readonly isDeclared?: (key: string) => boolean
  readonly verdict: Verdict
}

export interface ReportLogOptions {
  readonly state: StateStore
  readonly clock: Clock
  readonly catalog: () => Catalog
  /** Counter of this process. */
  readonly local: LocalCounter
  /** Scope of a report. Default: all processes of the installation. */
  readonly scope?: ReportScope | undefined
}

export function createReportLog({ state, clock, catalog, scope, local }: ReportLogOptions): ReportLog {
  const outbox = createOutbox(state)
  const acknowledgements = createAcknowledgements(state)
  const persistent = createPersistentOutbox({ state, clock, outbox, acknowledgements, catalog })
  const volatile = createVolatileOutbox()

  async function readPending(options: PendingOptions): Promise<PendingCounts> {
    const { asPersisted, observed, isDeclared = () => true, verdict } = ownOf(options)
    const log = await readLogState(outbox, acknowledgements)
    const own = asPersisted ? local.persisted() : local.live()
    const others = await readOtherCounters(state, own, log, { clock, scope })
    const pending = computePendingCounts({
      ...{ log, observed, isDeclared, verdict, others, local: own, now: clock.now() },
      isCumulative: (key) => isCumulativeIn(catalog(), key),
    })
    // With this scope, each process reports its own gauges.
    if (scope === 'process') return pending
    return { ...pending, gauges: otherGauges(others, log.merged.counters, verdict, clock) }
  }

  return {
    ...{ backends: [persistent, volatile], acknowledgements },
    async prepare() {
      await acknowledgements.latest().catch(() => {})
    },
    async pending(options) {
      const pending = await readPending(options).catch(() => undefined)
      const { isUsable = true } = ownOf(options)
      return isUsable && pending ? pending : volatile.pending(local, catalog(), pending)
    },
    async accept(made, pending) {
      const {
        share = new Map(),
        sources,
        totalsSince = made.at,
        number,
        after,
        isVolatile,
      } = ownOf<Partial<PendingCounts>>({ ...pending })
      const report = { ...made, share, sources, totalsSince }
      if (isVolatile) {
        // The counts may have been persisted meanwhile, or be in another report in memory.
        if (difference(sumOf(...share.values()), local.unpersisted()).size > 0) return 'outdated'
        volatile.put(report, local)
        return undefined
      }
      try {
        await volatile.persistTo(state, persistent.putNext)
        if (number !== undefined)
          return (await persistent.put({ ...report, number, after })) ? undefined : 'outdated'
        await persistent.putNext(report)
      } catch {
        if (share.size > 0) return 'unwritable'
        // A report without a share can wait in memory unchanged; the next report has the totals of the sources.
        volatile.put({ ...made, share, totalsSince }, local)
      }
      return undefined
    },
  }
}

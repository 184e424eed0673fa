import type { Catalog } from '../../catalog/index.ts'
import { type Clock, ownOf } from '../../platform/index.ts'
import type { StateStore } from '../../state/index.ts'
import type { Verdict } from '../consent/index.ts'
import { difference, type SourceTotals, sumOf } from '../facts/index.ts'
import { type Acknowledgements, createAcknowledgements } from './acknowledged.ts'
import { createLocalCounter, type LocalCounter } from './local-counter.ts'
import { readLogState } from './log-state.ts'
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

/** The reports of an installation by number, and their share of the counts: in the state store, or in memory where that cannot be used. */
export interface ReportLog {
  /** Where reports wait: the state store first, then memory. */
  readonly backends: readonly OutboxBackend[]
  readonly acknowledgements: Acknowledgements
  /**
   * Reads what is acknowledged, before this process persists what it has counted: where it cannot be read, what lies in the store by then
   * counts as acknowledged. Never rejects.
   */
  prepare(): Promise<void>
  /** Returns what belongs into a report that is made now. Changes nothing, and never rejects. */
  pending(options: PendingOptions): Promise<PendingCounts>
  /** Puts a report with its share where it waits. `NotAccepted` where it is to be made again, from other pending counts. Never rejects. */
  accept(report: AcceptedReport, pending?: PendingCounts): Promise<NotAccepted | undefined>
}

/** Why a report was not accepted: another process has made a report meanwhile, or the store cannot be written. */
export type NotAccepted = 'outdated' | 'unwritable'

export type AcceptedReport = Pick<WaitingReport, 'reportId' | 'at' | 'bytes'>

export interface PendingOptions {
  /** Whether the report carries no more than what was persisted; what is counted from then on is for the next one. Default: false. */
  readonly asPersisted?: boolean
  /** Whether the state store can be used. Default: true, as far as is known. */
  readonly isUsable?: boolean
  readonly observed: SourceTotals
  readonly verdict: Verdict
}

export interface ReportLogOptions {
  readonly state: StateStore
  readonly clock: Clock
  readonly catalog: () => Catalog
  /** What this process counts. Default: nothing. */
  readonly local?: LocalCounter
  /** Default: a report speaks for all processes of the installation. */
  readonly scope?: ReportScope | undefined
}

export function createReportLog({ state, clock, catalog, scope, local }: ReportLogOptions): ReportLog {
  const outbox = createOutbox(state)
  const acknowledgements = createAcknowledgements(state)
  const persistent = createPersistentOutbox({ state, clock, outbox, acknowledgements, catalog })
  const volatile = createVolatileOutbox()
  const counter = local ?? createLocalCounter({ store: state, clock, totals: () => new Map() })

  async function readPending(options: PendingOptions): Promise<PendingCounts> {
    const { asPersisted, observed, verdict } = ownOf(options)
    const log = await readLogState(outbox, acknowledgements)
    const own = asPersisted ? counter.persisted() : counter.live()
    return computePendingCounts({
      ...{ log, observed, verdict, local: own, now: clock.now() },
      others: await readOtherCounters(state, own, log, { clock, scope }),
      isCumulative: (key) => isCumulativeIn(catalog(), key),
    })
  }

  return {
    ...{ backends: [persistent, volatile], acknowledgements },
    async prepare() {
      await acknowledgements.latest().catch(() => {})
    },
    async pending(options) {
      const pending = await readPending(options).catch(() => undefined)
      const { isUsable = true } = ownOf(options)
      return isUsable && pending ? pending : volatile.pending(counter, catalog(), pending)
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
        // Meanwhile it may have been persisted after all, or be carried by another report in memory.
        if (difference(sumOf(...share.values()), counter.unpersisted()).size > 0) return 'outdated'
        volatile.put(report, counter)
        return undefined
      }
      try {
        await volatile.persistTo(state, persistent.putNext)
        if (number !== undefined)
          return (await persistent.put({ ...report, number, after })) ? undefined : 'outdated'
        await persistent.putNext(report)
      } catch {
        if (share.size > 0) return 'unwritable'
        // What carries nothing can wait in memory as it is; how far the sources have come is for the next one to say.
        volatile.put({ ...made, share, totalsSince })
      }
      return undefined
    },
  }
}

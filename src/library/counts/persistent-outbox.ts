import type { Catalog } from '../../catalog/index.ts'
import { type Clock, Date, ownOf } from '../../platform/index.ts'
import type { StateStore } from '../../state/index.ts'
import type { Verdict } from '../consent/index.ts'
import { type Acknowledgements, acknowledge, type ReportEnd } from './acknowledged.ts'
import { countedUnder } from './coverage.ts'
import { isReport, type Outbox, type WaitingReport } from './outbox.ts'
import { coveredBy, isCumulativeIn, removeAcknowledgedCounters } from './pending.ts'

/** What became of a report, for the counts. */
export interface RecordedOutcome extends ReportEnd {
  /** When the running totals begin that it has delivered, in milliseconds since 1970. Default: when it was made. */
  readonly totalsSince?: number
}

/** Where reports wait, and where their outcomes are recorded. */
export interface OutboxBackend {
  /** Where reports wait, as a message to the operator names it. */
  readonly location: string
  /** Whether what waits ends with the process. */
  readonly isVolatile: boolean
  readonly outbox: Outbox
  /** Returns whether a report has an outcome, recorded by whatever process: then it must not be sent. Rejects like `recordOutcome`. */
  hasOutcome(number: number): Promise<boolean>
  /** Returns the number up to which all have one. Rejects like `recordOutcome`. */
  lastOutcome(): Promise<number>
  /**
   * Records an outcome under the verdict that it has come about under, and ends the waiting of the report. Rejects where it cannot be written:
   * sending past an unrecorded outcome would count twice, so no report after it may be sent.
   */
  recordOutcome(outcome: RecordedOutcome, verdict: Verdict): Promise<void>
  /** Ends the waiting of a report that was never tried: its share is in the next one. */
  abandon(number: number): Promise<void>
}

export interface PersistentOutboxOptions {
  readonly state: StateStore
  readonly clock: Clock
  readonly outbox: Outbox
  readonly acknowledgements: Acknowledgements
  readonly catalog: () => Catalog
}

/** The outbox of an installation, in its state store. */
export interface PersistentOutbox extends OutboxBackend {
  /** Puts a report under a number. `false` where the number is given. Rejects where the store does. */
  put(report: WaitingReport): Promise<boolean>
  /** Puts a report that carries nothing which others could carry under the next number that is free. */
  putNext(report: Omit<WaitingReport, 'number'>): Promise<void>
}

export function createPersistentOutbox(options: PersistentOutboxOptions): PersistentOutbox {
  const { state, clock, outbox, acknowledgements, catalog } = options
  /** Outcomes that this process knows, and could not record yet. */
  const unrecorded = new Map<number, () => Promise<void>>()

  async function recordOutcome(outcome: RecordedOutcome, verdict: Verdict): Promise<void> {
    const { number } = outcome
    unrecorded.set(number, () => recordOutcome(outcome, verdict))
    await persistOutcome(outcome, verdict)
    unrecorded.delete(number)
    // An entry that stays is void: its number has an outcome.
    await outbox.remove(number).catch(() => {})
  }

  async function persistOutcome(recorded: RecordedOutcome, verdict: Verdict): Promise<void> {
    const outcome = ownOf(recorded)
    const latest = coveredBy(await acknowledgements.latest(), verdict)
    const before = await removeAcknowledgedCounters(state, latest, clock, outcome.merged)
    const totalsSince = {
      since: new Date(outcome.totalsSince ?? outcome.at ?? clock.now()).toISOString(),
      under: countedUnder(verdict),
    }
    const after = acknowledge(before, outcome, (key) => isCumulativeIn(catalog(), key), totalsSince)
    await acknowledgements.record(after)
  }

  async function put(report: WaitingReport): Promise<boolean> {
    if (!(await outbox.put(report))) return false
    // Another process may have had the number, so that its entry is gone: its report has an outcome, or was abandoned.
    const isOpen = report.number > (await acknowledgements.latest()).number
    if (isOpen && !(await isFollowedByStranger(report))) return true
    await outbox.remove(report.number)
    return false
  }

  /** Returns whether the report behind was made after another one than this. */
  async function isFollowedByStranger({ number, reportId }: WaitingReport): Promise<boolean> {
    const behind = (await outbox.numbers()).find((other) => other > number)
    const next = behind === undefined ? undefined : await outbox.read(behind)
    return isReport(next) && next.after !== undefined && next.after !== reportId
  }

  return {
    ...{ location: state.location, isVolatile: false, outbox, recordOutcome, put },
    abandon: (number) => outbox.remove(number),
    async putNext(report) {
      for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
        const [last = 0] = (await outbox.numbers()).slice(-1)
        const number = Math.max(last, (await acknowledgements.latest()).number) + 1
        if (await put({ ...report, number })) return
      }
      throw new Error(`${state.location} gives no number to a report.`)
    },
    async lastOutcome() {
      for (const record of [...unrecorded.values()]) await record()
      return (await acknowledgements.latest()).number
    },
    async hasOutcome(number) {
      const record = unrecorded.get(number)
      await record?.()
      return record !== undefined || number <= (await acknowledgements.latest()).number
    },
  }
}

/** How often a number is asked for: other processes may be faster, a hundred times in a row they are not. */
const MAX_ATTEMPTS = 100

import type { Catalog } from '../../catalog/index.ts'
import { type Clock, Date, ownOf } from '../../platform/index.ts'
import type { StateStore } from '../../state/index.ts'
import type { Verdict } from '../consent/index.ts'
import { type Acknowledgements, acknowledge, type ReportEnd } from './acknowledged.ts'
import { countedUnder } from './coverage.ts'
import { isReport, type Outbox, type WaitingReport } from './outbox.ts'
import { coveredBy, isCumulativeIn, removeAcknowledgedCounters } from './pending.ts'

/** Outcome of a report, with its effect on the counts. */
export interface RecordedOutcome extends ReportEnd {
  /** Start of the running totals in the report, in milliseconds since 1970. Default: the time of the report. */
  readonly totalsSince?: number
}

/** Outbox, and the record of outcomes. */
export interface OutboxBackend {
  /** Location of the waiting reports, for a message to the operator. */
  readonly location: string
  /** `true` if waiting reports are lost when the process ends. */
  readonly isVolatile: boolean
  readonly outbox: Outbox
  /** Resolves to `true` if any process has recorded an outcome of the report: then it must not be sent. Rejects like `recordOutcome`. */
  hasOutcome(number: number): Promise<boolean>
  /** Resolves to the number up to which all reports have an outcome. Rejects like `recordOutcome`. */
  lastOutcome(): Promise<number>
  /**
   * Records an outcome with the verdict of that time, and removes the report from the outbox. Rejects when the outcome cannot be written:
   * then no later report may be sent, because counts would be reported twice.
   */
  recordOutcome(outcome: RecordedOutcome, verdict: Verdict): Promise<void>
  /** Removes a report that was never tried. Its share is pending again. */
  abandon(number: number): Promise<void>
}

export interface PersistentOutboxOptions {
  readonly state: StateStore
  readonly clock: Clock
  readonly outbox: Outbox
  readonly acknowledgements: Acknowledgements
  readonly catalog: () => Catalog
}

/** Outbox of an installation, in its state store. */
export interface PersistentOutbox extends OutboxBackend {
  /** Adds a report with its number. Resolves to `false` if the number is in use. Rejects when the store does. */
  put(report: WaitingReport): Promise<boolean>
  /** Adds a report with the next free number. Only for a share that no other report can have. */
  putNext(report: Omit<WaitingReport, 'number'>): Promise<void>
}

export function createPersistentOutbox(options: PersistentOutboxOptions): PersistentOutbox {
  const { state, clock, outbox, acknowledgements, catalog } = options
  /** Outcomes that this process could not record yet, by number. */
  const unrecorded = new Map<number, () => Promise<void>>()

  async function recordOutcome(outcome: RecordedOutcome, verdict: Verdict): Promise<void> {
    const { number } = outcome
    unrecorded.set(number, () => recordOutcome(outcome, verdict))
    await persistOutcome(outcome, verdict)
    unrecorded.delete(number)
    // An entry that cannot be removed is ignored, because its number has an outcome.
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
    // Another process may have used the number before, with a report that has an outcome or was abandoned, so that its entry is gone.
    const isOpen = report.number > (await acknowledgements.latest()).number
    if (isOpen && !(await isFollowedByStranger(report))) return true
    await outbox.remove(report.number)
    return false
  }

  /** Resolves to `true` if the next waiting report was made after another report than this one. */
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
      await unrecorded.get(number)?.()
      return number <= (await acknowledgements.latest()).number
    },
  }
}

/** Largest number of attempts to get a number. Other processes may be faster, but not a hundred times in a row. */
const MAX_ATTEMPTS = 100

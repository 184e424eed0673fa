import type { Catalog } from '../../catalog/index.ts'
import { type Clock, Date } from '../../platform/index.ts'
import type { StateStore } from '../../state/index.ts'
import type { Verdict } from '../consent/index.ts'
import { countedUnder, type EndedCounts, type SourceCounts, type Tally } from '../facts/index.ts'
import { covered, isRunning, tidyCounts } from './account.ts'
import type { Outbox } from './outbox.ts'
import { type Settlements, settlementAfter } from './settlement.ts'

/** What became of a report. */
export interface Outcome {
  readonly number: number
  /** When it was made, in milliseconds since 1970; absent where nobody can tell. */
  readonly at?: number
  /** When the counts that it takes begin, in milliseconds since 1970. Default: when it was made. */
  readonly since?: number
  /** Where it was delivered, the counts that it has taken along. Otherwise they belong into the next one. */
  readonly takes?: ReadonlyMap<string, Tally>
  /** How far it has followed the sources outside of the processes, whatever became of it. */
  readonly sources?: SourceCounts | undefined
  /** Where it was no report: what ended processes have counted. */
  readonly ended?: EndedCounts | undefined
}

/** Where reports wait, and how it is put down what became of them. */
export interface Books {
  /** Where they wait, as a message to the operator names it. */
  readonly location: string
  /** Whether they end with the process. */
  readonly isFleeting: boolean
  readonly outbox: Outbox
  /** Whether it is put down what became of a report, by whatever process: then it must not be sent. Rejects like `settle`. */
  isSettled(number: number): Promise<boolean>
  /** The number up to which that is so. Rejects like `settle`. */
  settledUpTo(): Promise<number>
  /**
   * Puts it down, and ends the waiting of the report. Rejects where it cannot be written: then no report after it may be sent, or what this one
   * has taken would be counted again.
   */
  settle(outcome: Outcome): Promise<void>
  /** Ends the waiting of a report that was never tried: its counts are in the next one. */
  giveUp(number: number): Promise<void>
}

export interface BooksOptions {
  readonly state: StateStore
  readonly clock: Clock
  readonly outbox: Outbox
  readonly settlements: Settlements
  readonly catalog: () => Catalog
  readonly consent: () => Verdict | Promise<Verdict>
}

/** The books of an installation, in its state store. */
export function createBooks({ state, clock, outbox, settlements, catalog, consent }: BooksOptions): Books {
  /** What this process knows, and could not put down yet. */
  const known = new Map<number, Outcome>()

  async function settle(outcome: Outcome): Promise<void> {
    const { number } = outcome
    known.set(number, outcome)
    await putDown(outcome)
    known.delete(number)
    // One that stays is void.
    await outbox.remove(number).catch(() => {})
  }

  async function putDown(outcome: Outcome): Promise<void> {
    const verdict = await consent()
    const before = await tidyCounts(state, covered(await settlements.latest(), verdict), clock, outcome.ended)
    const totalsSince = {
      since: new Date(outcome.since ?? outcome.at ?? clock.now()).toISOString(),
      under: countedUnder(verdict),
    }
    await settlements.put(settlementAfter(before, outcome, (key) => isRunning(catalog(), key), totalsSince))
  }

  return {
    ...{ location: state.location, isFleeting: false },
    outbox,
    settle,
    // What waits no more has taken nothing.
    giveUp: (number) => outbox.remove(number),
    async settledUpTo() {
      for (const outcome of [...known.values()]) await settle(outcome)
      return (await settlements.latest()).number
    },
    async isSettled(number) {
      const outcome = known.get(number)
      if (outcome) await settle(outcome)
      return outcome !== undefined || number <= (await settlements.latest()).number
    },
  }
}

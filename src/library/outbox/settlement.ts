import { Date, parseOwn, TextDecoder } from '../../platform/index.ts'
import { ENTRIES, isOutOfReach, StateEntryError, type StateStore } from '../../state/index.ts'
import {
  type CountedUnder,
  difference,
  type EndedCounts,
  endedCountsAsData,
  endedCountsFrom,
  type SourceCounts,
  sourceCountsAsData,
  sourceCountsFrom,
  sumOf,
  type Tally,
  tallyAsData,
  tallyFromData,
} from '../facts/index.ts'
import { countedBy, inBatches, processesIn } from './entries.ts'
import { createOutbox, isReport, isTime, numbered, numbersIn, takesFrom } from './outbox.ts'

/** What the reports of an installation have taken of its counts, up to the report whose outcome was settled last. */
export interface Settlement {
  /** The number of the last settled report. An entry of the outbox with this number or a lower one is void. */
  readonly number: number
  /** When the last report was made that took its counts along, in milliseconds since 1970; 0 before the first. */
  readonly at: number
  /** When the last report was made, whatever became of it, in milliseconds since 1970; 0 before the first. */
  readonly reportedAt: number
  /** What was taken of each process's counts, for as long as these can still be found in the state store. */
  readonly taken: ReadonlyMap<string, Tally>
  /** All that was ever delivered of the facts that are reported as running totals. */
  readonly totals: Tally
  /** Since when the running totals run, and under which consent. */
  readonly totalsSince: { readonly since: string; readonly under: CountedUnder } | undefined
  /** How far reports have followed the sources outside of the processes; absent where there were none. */
  readonly sources?: SourceCounts | undefined
  /** What ended processes have counted, as far as it was merged; absent before. */
  readonly ended?: EndedCounts | undefined
}

/** How the outcomes of reports are put down, once each. */
export interface Settlements {
  /** What holds now. Rejects where that cannot be read; what is spoilt is passed over. */
  latest(): Promise<Settlement>
  /**
   * Puts down what holds after a report. `false` where that report has been settled by another process: what that one has put
   * down holds.
   */
  put(next: Settlement): Promise<boolean>
}

const NOTHING: Settlement = {
  number: 0,
  at: 0,
  reportedAt: 0,
  taken: new Map(),
  totals: new Map(),
  totalsSince: undefined,
}

/**
 * Each settlement is an entry that is made once and never changed, named by the number of its report: of two processes that
 * settle the same report one prevails, and one that was paused for long cannot undo what came after it.
 */
export function createSettlements(store: StateStore): Settlements {
  const entryOf = (number: number) => numbered(ENTRIES.settled, number)
  const read = async (number: number) => parse(number, await store.read(entryOf(number)))

  /**
   * What holds where the last settlement is another user's, and cannot be read: all that lies in the store, and that no waiting
   * report has taken, counts as reported. What was not is lost, what was is not reported again; and the next process can read it.
   */
  async function presume(number: number, older: Settlement): Promise<Settlement> {
    const outbox = createOutbox(store)
    const later = (await outbox.numbers()).filter((one) => one > number)
    const waiting = await inBatches(later, (one) => outbox.read(one))
    const ended =
      waiting.filter((entry) => typeof entry === 'object' && 'ended' in entry).at(-1)?.ended ?? older.ended
    const entries = await inBatches(await processesIn(store), (process) => countedBy(store, process))
    const taken = new Map<string, Tally>()
    for (const { process, counts } of [...entries.filter((entry) => !!entry), ...(ended?.groups ?? [])]) {
      const held = waiting.map((report) => isReport(report) && report.takes.get(process))
      taken.set(process, difference(counts, sumOf(...held.filter((tally) => !!tally))))
    }
    // What sources outside of the processes had grown by cannot be known: it begins again.
    const presumed = { ...older, number, taken, sources: undefined }
    await store.write(entryOf(number), textOf(presumed)).catch(() => {})
    return presumed
  }

  return {
    async latest() {
      const numbers = await numbersIn(store, ENTRIES.settled)
      /** The newest that holds and is out of reach. */
      let hidden: number | undefined
      for (const number of numbers.slice(-MOST_SPOILT).toReversed()) {
        try {
          const settlement = await read(number)
          if (settlement) return hidden === undefined ? settlement : await presume(hidden, settlement)
        } catch (error) {
          // One that cannot be read may hold: to go by an older one would count again what it has taken.
          if (!isOutOfReach(error)) throw error
          if (!(error instanceof StateEntryError)) hidden ??= number
        }
      }
      if (numbers.length > MOST_SPOILT) hidden ??= numbers.at(-1)
      return hidden === undefined ? NOTHING : presume(hidden, NOTHING)
    },

    async put(next) {
      const data = textOf(next)
      const made = await store.create(entryOf(next.number), data)
      if (!made) {
        if (await read(next.number)) return false
        await store.write(entryOf(next.number), data)
      }
      // The last but one stays, for the case that a disk spoils the last.
      const old = (await numbersIn(store, ENTRIES.settled)).filter((number) => number < next.number)
      for (const number of old.slice(0, -1).slice(0, MOST_REMOVED))
        await store.remove(entryOf(number)).catch(() => {})
      return true
    },
  }
}

/** Two are kept. So many that cannot be understood are somebody else's, and one that holds may lie behind them. */
const MOST_SPOILT = 100

/** How many are removed at once. */
const MOST_REMOVED = 100

/** What holds after a report that took its counts along (`takes`), or was given up (no takes): then they are to be reported again. */
export function settlementAfter(
  before: Settlement,
  report: {
    readonly number: number
    readonly at?: number
    readonly takes?: ReadonlyMap<string, Tally>
    readonly sources?: SourceCounts | undefined
    readonly ended?: EndedCounts | undefined
  },
  isRunning: (key: string) => boolean,
  totalsSince: Settlement['totalsSince'],
): Settlement {
  // The baselines go on after a report that was refused as well: what it has given back is in the next one.
  const { number, at = before.reportedAt, takes, sources = before.sources, ended = before.ended } = report
  if (!takes) return { ...before, number, reportedAt: at, sources, ended }
  const processes = new Set([...before.taken.keys(), ...takes.keys()])
  const of = (some: ReadonlyMap<string, Tally>, process: string) => some.get(process) ?? new Map()
  const running = [...takes.values()].map((tally) => new Map([...tally].filter(([key]) => isRunning(key))))
  return {
    number,
    at,
    reportedAt: at,
    taken: new Map([...processes].map((one) => [one, sumOf(of(before.taken, one), of(takes, one))])),
    totals: sumOf(before.totals, ...running),
    totalsSince: before.totalsSince ?? totalsSince,
    sources,
    ended,
  }
}

const FORMAT = 1

const textOf = ({ at, reportedAt, taken, totals, totalsSince, sources, ended }: Settlement) =>
  `${JSON.stringify({
    format: FORMAT,
    at,
    reportedAt,
    taken: Object.fromEntries([...taken].map(([process, tally]) => [process, tallyAsData(tally)])),
    totals: tallyAsData(totals),
    totalsSince,
    sources: sources && sourceCountsAsData(sources),
    ended: ended && endedCountsAsData(ended),
  })}\n`

function parse(number: number, content: Uint8Array | undefined): Settlement | undefined {
  if (!content) return undefined
  try {
    const {
      format,
      at,
      taken: data,
      totals: running,
      totalsSince,
      reportedAt,
      sources,
      ended,
    } = parseOwn(new TextDecoder().decode(content))
    const taken = takesFrom(data)
    const totals = tallyFromData(running)
    if (format !== FORMAT || !taken || !totals) return undefined
    if (!isTime(at) || !isTime(reportedAt) || !isSince(totalsSince)) return undefined
    return {
      number,
      at,
      reportedAt,
      taken,
      totals,
      totalsSince,
      sources: sourceCountsFrom(sources),
      ended: endedCountsFrom(ended),
    }
  } catch {
    return undefined
  }
}

function isSince(value: unknown): boolean {
  if (value === undefined) return true
  const { since, under } = Object(value)
  return isTime(Date.parse(String(since))) && typeof Object(under).state === 'string'
}

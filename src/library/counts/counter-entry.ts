import { type ProcessOwner, TextDecoder } from '../../platform/index.ts'
import { ENTRIES, type StateStore } from '../../state/index.ts'
import {
  type Counts,
  countsToJson,
  type GaugeValues,
  type SourceRun,
  type SourceRuns,
} from '../facts/index.ts'
import type { Counted } from './coverage.ts'

/** Counter: numbers that only grow, with an id. At most one process adds to it. */
export interface Counter extends Counted {
  /** Random UUID, which never leaves the state store. */
  readonly counterId: string
  /** All counts since `since`. The shares in reports are stored with the reports. */
  readonly counts: Counts
  /** Time of the last write, as ISO 8601; absent for the counter of this process. */
  readonly at?: string | undefined
  /** Runs of the sources that were observed by name; absent if there are none. Their growth is not in `counts`. */
  readonly runs?: SourceRuns | undefined
  /** Values of the gauges that are combined over the processes; absent if there are none. */
  readonly gauges?: GaugeValues | undefined
}

/** Counter of one process in the state store, for the reports of any process. */
export interface CounterEntry extends Counter {
  /** Time of the write, as ISO 8601. */
  readonly at: string
  /** Process that wrote the entry; absent for an ended counter, where it does not matter. */
  readonly writer?: CounterWriter
  /** `true` after a clean shutdown of the process, so that nothing will be added. */
  readonly ended: boolean
}

/** Identification of a process for other processes on its machine. */
export interface CounterWriter extends Pick<ProcessOwner, 'pid' | 'host'> {
  /** Time of the write by the machine's monotonic clock, in milliseconds. */
  readonly monotonic: number
}

/** Longest time between two writes of a counter, in milliseconds. After a longer one, the process begins another counter. */
export const MAX_PAUSE = 24 * 3_600_000

export async function writeCounter(state: StateStore, entry: CounterEntry): Promise<void> {
  await state.write(counterEntry(entry.counterId), textOf(entry))
}

/** Resolves to `true` if the store has exactly this entry, in spite of a failed write; `undefined` if the entry cannot be read. */
export async function holds(state: StateStore, entry: CounterEntry): Promise<boolean | undefined> {
  try {
    return new TextDecoder().decode(await state.read(counterEntry(entry.counterId))) === textOf(entry)
  } catch {
    return undefined
  }
}

export const counterEntry = (counterId: string): string => `${ENTRIES.counts}/${counterId}.json`

/** Version of the format of an entry. */
export const COUNTER_FORMAT = 1

const textOf = ({ counts, runs, gauges, ...about }: CounterEntry) =>
  `${JSON.stringify({ format: COUNTER_FORMAT, ...about, counts: countsToJson(counts), runs: runsToJson(runs), gauges: gaugesToJson(gauges) })}\n`

/** Returns runs as JSON: `{ <key of the series>: { <source>: [[since, seen, from, total, at], …] } }`; `undefined` if there are none. */
export const runsToJson = (runs: SourceRuns | undefined): Record<string, unknown> | undefined =>
  runs?.size
    ? Object.fromEntries(
        [...runs].map(([key, sources]) => [
          key,
          Object.fromEntries([...sources].map(([source, list]) => [source, list.map(runToJson)])),
        ]),
      )
    : undefined

const runToJson = ({ since, seen, from, total, at }: SourceRun) => [since ?? null, seen, from, total, at]

/** Returns values of gauges as JSON: `{ <key of the series>: [[value, at, until], …] }`; `undefined` if there are none. */
export const gaugesToJson = (gauges: GaugeValues | undefined): Record<string, unknown> | undefined =>
  gauges?.size
    ? Object.fromEntries(
        [...gauges].map(([key, values]) => [key, values.map(({ value, at, until }) => [value, at, until])]),
      )
    : undefined

import { IS_UUID } from '../../catalog/index.ts'
import {
  type Clock,
  Date,
  type ProcessOwner,
  parseOwn,
  processOwner,
  TextDecoder,
} from '../../platform/index.ts'
import { ENTRIES, type StateStore } from '../../state/index.ts'
import { type Counts, countsFromJson, countsToJson, type SourceRuns } from '../facts/index.ts'
import { type Counted, isCountedUnder } from './coverage.ts'
import { runsFromJson, runsToJson } from './source-runs-json.ts'

/** Counter: numbers that only grow, with an id. At most one process adds to it. */
export interface Counter extends Counted {
  /** Random UUID, which never leaves the state store. */
  readonly counterId: string
  /** All counts since `since`. The shares in reports are stored with the reports. */
  readonly counts: Counts
  /** Runs of the sources that were observed by name; absent if there are none. Their growth is not in `counts`. */
  readonly runs?: SourceRuns | undefined
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

/** Time without a write after which a counter has ended, in milliseconds: its process writes to another counter by then. */
const MAX_SILENCE = 2 * MAX_PAUSE

/** Returns the ids of the counters in a store, sorted. Files with other names are not the library's. */
export async function listCounters(state: StateStore): Promise<string[]> {
  const names = await state.list(ENTRIES.counts)
  return names.flatMap((name) => {
    const id = name.slice(ENTRIES.counts.length + 1, -'.json'.length)
    return IS_UUID.test(id) && name.endsWith('.json') ? [id] : []
  })
}

/** Reads a counter. Resolves to `undefined` if the counter is gone or cannot be read, which affects this counter only. */
export const readCounter = async (state: StateStore, counterId: string): Promise<CounterEntry | undefined> =>
  parse(await state.read(counterEntry(counterId)).catch(() => undefined))

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

/**
 * Returns `true` if nothing will be added to a counter. On the machine of its process, this does not depend on the wall clock: a counter
 * that is removed while its process lives would be lost, or reported again.
 */
export function hasEnded({ ended, at, writer }: CounterEntry, clock: Clock): boolean {
  if (ended) return true
  const owner = processOwner()
  if (writer?.host !== owner.host) return clock.now() - Date.parse(at) > MAX_SILENCE
  return owner.hasEnded(writer.pid) || clock.monotonic() - writer.monotonic > MAX_SILENCE
}

/**
 * Removes all counters of an installation, and then the acknowledged counts: in the other order, a crash in between would cause all
 * counts to be reported again.
 *
 * @throws the first error, after all steps.
 */
export async function removeCounts(state: StateStore): Promise<void> {
  for (const folder of [ENTRIES.counts, ENTRIES.acknowledged]) {
    const failures: unknown[] = []
    for (const name of await state.list(folder))
      await state.remove(name).catch((error) => failures.push(error))
    if (failures.length > 0) throw failures[0]
  }
}

const FORMAT = 1

const textOf = ({ counts, runs, ...about }: CounterEntry) =>
  `${JSON.stringify({ format: FORMAT, ...about, counts: countsToJson(counts), runs: runsToJson(runs) })}\n`

function parse(bytes: Uint8Array | undefined): CounterEntry | undefined {
  try {
    if (!bytes) return undefined
    const entry = parseOwn(new TextDecoder().decode(bytes))
    const { format, counterId, since, at, under, writer, ended } = entry
    const counts = countsFromJson(entry.counts)
    const runs = runsFromJson(entry.runs)
    const good =
      format === FORMAT &&
      typeof counterId === 'string' &&
      [since, at].every((time) => new Date(time).toISOString() === time) &&
      isCountedUnder(under) &&
      (writer === undefined || isWriter(writer))
    return good && counts && runs !== 'corrupt'
      ? { counterId, since, at, under, ...(writer && { writer }), ended: ended === true, counts, runs }
      : undefined
  } catch {
    return undefined
  }
}

const isWriter = ({ pid, host, monotonic }: Partial<CounterWriter>) =>
  Number.isInteger(pid) && typeof host === 'string' && Number.isFinite(monotonic)

import {
  type Clock,
  Date,
  type ProcessOwner,
  parseOwn,
  processOwner,
  TextDecoder,
} from '../../platform/index.ts'
import { ENTRIES, type StateStore } from '../../state/index.ts'
import { type Counts, countsFromJson, countsToJson } from '../facts/index.ts'
import { type Counted, isCountedUnder } from './coverage.ts'

/** A counter: numbers that only grow, under an id. One process at most adds to it. */
export interface Counter extends Counted {
  /** A random UUID. It never leaves the state store. */
  readonly counterId: string
  /** What was counted in all since `since`. What reports carry of it is kept with the reports. */
  readonly counts: Counts
}

/** The counter of one process, as it is kept in the state store for the reports of any process. */
export interface CounterEntry extends Counter {
  /** When this was written, as ISO 8601. */
  readonly at: string
  /** The process that has written it; absent where nobody asks any more. */
  readonly writer?: CounterWriter
  /** Whether the process has ended in order, so that nothing will be added. */
  readonly ended: boolean
}

/** A process as others on its machine know it. */
export interface CounterWriter extends Pick<ProcessOwner, 'pid' | 'host'> {
  /** When it has written, by the clock of the machine that nobody can set, in milliseconds. */
  readonly monotonic: number
}

/** A process that has written nothing for longer than that, in milliseconds, goes on in another counter. */
export const MAX_PAUSE = 24 * 3_600_000

/** A counter that was silent for as long as that, in milliseconds, has ended: its process writes to another one by then. */
const MAX_SILENCE = 2 * MAX_PAUSE

/** Returns the ids of the counters in a store, sorted. Files with other names are not the library's. */
export async function listCounters(state: StateStore): Promise<string[]> {
  const names = await state.list(ENTRIES.counts)
  return names.flatMap((name) => {
    const id = name.slice(ENTRIES.counts.length + 1, -'.json'.length)
    return COUNTER_ID.test(id) && name.endsWith('.json') ? [id] : []
  })
}

const COUNTER_ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** Reads a counter; `undefined` where it is gone or cannot be read: that costs this counter only. */
export const readCounter = async (state: StateStore, counterId: string): Promise<CounterEntry | undefined> =>
  parse(await state.read(counterEntry(counterId)).catch(() => undefined))

export async function writeCounter(state: StateStore, entry: CounterEntry): Promise<void> {
  await state.write(counterEntry(entry.counterId), textOf(entry))
}

/** Returns whether a store holds exactly this entry, after a write that has failed; `undefined` where that cannot be read. */
export async function holds(state: StateStore, entry: CounterEntry): Promise<boolean | undefined> {
  try {
    return new TextDecoder().decode(await state.read(counterEntry(entry.counterId))) === textOf(entry)
  } catch {
    return undefined
  }
}

export const counterEntry = (counterId: string): string => `${ENTRIES.counts}/${counterId}.json`

/**
 * Returns whether nothing will be added to a counter. On the machine of its process that is known whatever the wall clocks say: a counter
 * that is removed under a living process would be lost, or reported again.
 */
export function hasEnded({ ended, at, writer }: CounterEntry, clock: Clock): boolean {
  if (ended) return true
  const owner = processOwner()
  if (writer?.host !== owner.host) return clock.now() - Date.parse(at) > MAX_SILENCE
  return owner.hasEnded(writer.pid) || clock.monotonic() - writer.monotonic > MAX_SILENCE
}

/**
 * Removes every counter of an installation, and then what was acknowledged of them: in the other order, a crash in between would have
 * all of it reported again.
 *
 * @throws the first error, once all was tried.
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

const textOf = ({ counts, ...about }: CounterEntry) =>
  `${JSON.stringify({ format: FORMAT, ...about, counts: countsToJson(counts) })}\n`

function parse(bytes: Uint8Array | undefined): CounterEntry | undefined {
  try {
    if (!bytes) return undefined
    const entry = parseOwn(new TextDecoder().decode(bytes))
    const { format, counterId, since, at, under, writer, ended } = entry
    const counts = countsFromJson(entry.counts)
    const good =
      format === FORMAT &&
      typeof counterId === 'string' &&
      [since, at].every((time) => new Date(time).toISOString() === time) &&
      isCountedUnder(under) &&
      (writer === undefined || isWriter(writer))
    return good && counts
      ? { counterId, since, at, under, ...(writer && { writer }), ended: ended === true, counts }
      : undefined
  } catch {
    return undefined
  }
}

const isWriter = ({ pid, host, monotonic }: Partial<CounterWriter>) =>
  Number.isInteger(pid) && typeof host === 'string' && Number.isFinite(monotonic)

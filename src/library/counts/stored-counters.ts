import { IS_UUID } from '../../catalog/index.ts'
import { type Clock, Date, parseOwn, processOwner, TextDecoder } from '../../platform/index.ts'
import { ENTRIES, type StateStore } from '../../state/index.ts'
import { countsFromJson } from '../facts/index.ts'
import {
  COUNTER_FORMAT,
  type CounterEntry,
  type CounterWriter,
  counterEntry,
  MAX_PAUSE,
} from './counter-entry.ts'
import { isCountedUnder } from './coverage.ts'
import { gaugesFromJson } from './stored-gauges.ts'
import { runsFromJson } from './stored-runs.ts'

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

function parse(bytes: Uint8Array | undefined): CounterEntry | undefined {
  try {
    const entry = parseOwn(new TextDecoder().decode(bytes))
    const { format, counterId, since, at, under, writer, ended } = entry
    const counts = countsFromJson(entry.counts)
    const runs = runsFromJson(entry.runs)
    const good =
      format === COUNTER_FORMAT &&
      typeof counterId === 'string' &&
      [since, at].every((time) => new Date(time).toISOString() === time) &&
      isCountedUnder(under) &&
      (writer === undefined || isWriter(writer))
    return good && counts && runs !== 'corrupt'
      ? {
          counterId,
          since,
          at,
          under,
          ...(writer && { writer }),
          ended: ended === true,
          counts,
          runs,
          gauges: gaugesFromJson(entry.gauges),
        }
      : undefined
  } catch {
    return undefined
  }
}

const isWriter = ({ pid, host, monotonic }: Partial<CounterWriter>) =>
  Number.isInteger(pid) && typeof host === 'string' && Number.isFinite(monotonic)

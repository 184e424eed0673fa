import type { Clock } from '../../platform/index.ts'
import { ownOf } from '../../platform/index.ts'
import type { StateStore } from '../../state/index.ts'
import { difference } from '../facts/index.ts'
import { type Acknowledgements, createAcknowledgements } from './acknowledged.ts'
import { inBatches, someOf } from './batches.ts'
import { type Counter, type CounterEntry, counterEntry } from './counter-entry.ts'
import { areJoined } from './join-runs.ts'
import { type LogState, readLogState } from './log-state.ts'
import { mergeInto } from './merged-counters.ts'
import { hasFreshGauges } from './other-gauges.ts'
import { createOutbox, type Outbox } from './outbox.ts'
import { hasEnded, listCounters, readCounter } from './stored-counters.ts'

export interface MergeOptions {
  readonly state: StateStore
  readonly clock: Clock
  readonly outbox: Outbox
  readonly acknowledgements: Acknowledgements
  /** Smallest number of counters to merge. Default: 128. */
  readonly minimum?: number
  /** Approximate time limit, in milliseconds. The next merge does the rest. Default: no limit. */
  readonly within?: number
}

/** Largest number of counters in one merge. */
const MAX_MERGED = 5_000

/**
 * Merges the counters of ended processes into one entry, so that a tool that runs often and reports rarely does not leave a file for each
 * run. Resolves to `false` if there is nothing to merge, or another process merges. Rejects when the store does.
 *
 * 1. It removes the counters that the last merge has left.
 * 2. It reads the counters of ended processes that have no share in any report.
 * 3. It creates an entry with their sum under the next number of a report. The entry lists them, and from then on they are ignored.
 * 4. If no report waits before the entry, it is recorded as acknowledged at once, so that nothing seems to wait.
 * 5. It removes the counters. Those that remain after a crash stay in the list, and the next merge removes them.
 *
 * If several processes merge or report at once, one of them gets the number, and the others discard what they have read.
 */
export async function mergeEndedCounters(options: MergeOptions): Promise<boolean> {
  const {
    state,
    clock,
    outbox,
    acknowledgements,
    minimum: least = 128,
    within = Number.POSITIVE_INFINITY,
  } = ownOf(options)
  const begun = clock.monotonic()
  const hasTime = (part: number) => clock.monotonic() - begun < part * within
  const removeAll = (some: readonly string[]) =>
    inBatches(some, async (id) => {
      if (hasTime(1)) await state.remove(counterEntry(id)).catch(() => {})
    })
  const ids = await listCounters(state)
  if (ids.length < least) return false
  const log = await readLogState(outbox, acknowledgements)
  const { merged, merges, next, numbers } = log
  if (!log.isWhole) return false
  const left = ids.filter((id) => merged.counterIds.has(id))
  await removeAll(left)
  const entries = await readEndedCounters(ids, log, options, () => hasTime(0.5))
  const added = entries.map(({ counterId }) => counterId)
  if (entries.length > 0) {
    const after = {
      counters: mergeInto(undelivered(log, clock.now()), entries, clock.now()),
      counterIds: new Set([...left, ...added]),
    }
    if (!(await outbox.putMerged(next, after))) return false
    await acknowledgeMerges(
      { ...log, merges: [...merges, next], numbers: [...numbers, next], merged: after },
      options,
    )
  } else await acknowledgeMerges(log, options)
  await removeAll(added)
  return entries.length > 0
}

/** Merges as `mergeEndedCounters` does, in about `longest` milliseconds. Never rejects: counters that are not merged stay. */
export async function tryToMergeEndedCounters(
  state: StateStore,
  clock: Clock,
  longest: number,
): Promise<void> {
  const options = {
    state,
    clock,
    outbox: createOutbox(state),
    acknowledgements: createAcknowledgements(state),
  }
  const until = clock.monotonic() + longest
  try {
    for (let within = longest; within > 0; within = until - clock.monotonic())
      if (!(await mergeEndedCounters({ ...options, within }))) return
  } catch {
    // If the store cannot be read or written, reports wait in memory.
  }
}

/** Reads the counters of ended processes that have no share in any report: a share refers to the id of its counter. */
async function readEndedCounters(
  ids: readonly string[],
  { acknowledged, waiting, merged }: LogState,
  { state, clock }: MergeOptions,
  hasTime: () => boolean,
): Promise<CounterEntry[]> {
  const isCarried = (id: string) => acknowledged.share.has(id) || waiting.some(({ share }) => share.has(id))
  const candidates = ids.filter((id) => !merged.counterIds.has(id) && !isCarried(id))
  const found = await inBatches(someOf(candidates, MAX_MERGED), async (id) => {
    // On a slow disk, a report waits for the merge.
    if (!hasTime()) return undefined
    const entry = await readCounter(state, id)
    if (entry?.counterId !== id || !hasEnded(entry, clock)) return undefined
    // The counter of a process that has ended without a clean shutdown may have been written after it was read.
    return entry.ended ? entry : readCounter(state, id)
  })
  return found.filter((entry) => entry !== undefined)
}

/** Returns the merged counters that are not fully delivered, or have gauges that are fresh. */
function undelivered({ merged, acknowledged, waiting }: LogState, now: number): readonly Counter[] {
  const { sources } = acknowledged
  return merged.counters.filter((counter) => {
    const { counterId, counts, runs } = counter
    const delivered = acknowledged.share.get(counterId) ?? new Map()
    if (!areJoined(runs, sources) || hasFreshGauges(counter, now)) return true
    return difference(counts, delivered).size > 0 || waiting.some(({ share }) => share.has(counterId))
  })
}

/**
 * Records merges that no report waits before, and removes merges that are directly followed by another merge. A merge before a report
 * stays, because the report may have a share of the merged counters.
 */
async function acknowledgeMerges(
  { merges, numbers, acknowledged, merged }: LogState,
  { outbox, acknowledgements }: MergeOptions,
): Promise<void> {
  const isMerge = new Set(merges)
  const open = numbers.filter((number) => number > acknowledged.number)
  const last = merges.at(-1) ?? 0
  const isAlone = open.every((number) => isMerge.has(number) || number > last)
  if (isAlone) {
    const latest = await acknowledgements.latest()
    if (latest.number < last) await acknowledgements.record({ ...latest, number: last, merged })
  }
  const isFollowed = (number: number) => isMerge.has(open[open.indexOf(number) + 1] ?? 0)
  for (const number of merges) if (isAlone || isFollowed(number)) await outbox.remove(number)
}

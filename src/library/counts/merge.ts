import type { Clock } from '../../platform/index.ts'
import { ownOf } from '../../platform/index.ts'
import type { StateStore } from '../../state/index.ts'
import { difference } from '../facts/index.ts'
import { type Acknowledgements, acknowledge, createAcknowledgements } from './acknowledged.ts'
import { inBatches, someOf } from './batches.ts'
import {
  type Counter,
  type CounterEntry,
  counterEntry,
  hasEnded,
  listCounters,
  readCounter,
} from './counter-entry.ts'
import { type LogState, readLogState } from './log-state.ts'
import { mergeInto } from './merged-counters.ts'
import { createOutbox, type Outbox } from './outbox.ts'

export interface MergeOptions {
  readonly state: StateStore
  readonly clock: Clock
  readonly outbox: Outbox
  readonly acknowledgements: Acknowledgements
  /** From how many counters on it is worth it. Default: 128. */
  readonly minimum?: number
  /** How long it takes about, in milliseconds. What is left is for the next merge. Default: no limit. */
  readonly within?: number
}

/** How many counters go into one merge at most. */
const MAX_MERGED = 5_000

/**
 * Merges the counters of ended processes into one entry, so that a tool that runs often and reports rarely does not leave a file of each
 * run. Rejects where the store does. `false` where there is nothing to merge, or another process is at it.
 *
 * 1. What the last merge has left is removed.
 * 2. Counters of ended processes are read that no report carries anything of.
 * 3. Their sum is created as an entry under the next number of a report. From that moment on they are void: the entry names them.
 * 4. Where no report waits before it, it is recorded as acknowledged at once, so that nothing seems to wait.
 * 5. They are removed. Those that stay, after a crash, are removed by the next merge, and named until then.
 *
 * Of processes that merge or report at once one gets the number; what another one has read before is discarded then.
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
    inBatches(some.slice(0, MAX_MERGED), async (id) => {
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
      counters: mergeInto(undelivered(log), entries),
      counterIds: new Set([...left, ...added]),
    }
    if (!(await outbox.putMerged(next, after))) return false
    await acknowledgeMerges(
      { ...log, merges: [...merges, next], numbers: [...numbers, next], merged: after },
      options,
    )
  } else if (merges.length > 0) await acknowledgeMerges(log, options)
  await removeAll(added)
  return entries.length > 0
}

/** Does the same for who must not fail by it, in about so many milliseconds: what is not merged stays where it is. */
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
    // Where something cannot be read or written, reports wait in memory.
  }
}

/** Reads the counters of ended processes that no report carries anything of: what it carries is kept under their ids. */
async function readEndedCounters(
  ids: readonly string[],
  { acknowledged, waiting, merged }: LogState,
  { state, clock }: MergeOptions,
  hasTime: () => boolean,
): Promise<CounterEntry[]> {
  const isCarried = (id: string) => acknowledged.share.has(id) || waiting.some(({ share }) => share.has(id))
  const candidates = ids.filter((id) => !merged.counterIds.has(id) && !isCarried(id))
  const found = await inBatches(someOf(candidates, MAX_MERGED), async (id) => {
    // The disk is slow, and a report waits.
    if (!hasTime()) return undefined
    const entry = await readCounter(state, id)
    if (entry?.counterId !== id || !hasEnded(entry, clock)) return undefined
    // One whose process has ended without saying so may have been written right before, and after it was read.
    return entry.ended ? entry : readCounter(state, id)
  })
  return found.filter((entry) => entry !== undefined)
}

/** The merged counters but for those of which everything is delivered. */
function undelivered({ merged, acknowledged, waiting }: LogState): readonly Counter[] {
  return merged.counters.filter(({ counterId, counts }) => {
    const delivered = acknowledged.share.get(counterId) ?? new Map()
    return difference(counts, delivered).size > 0 || waiting.some(({ share }) => share.has(counterId))
  })
}

/**
 * Ends the waiting of merges where no report waits before them, and removes those that another one follows at once. Where a report lies in
 * between it may carry some of what was merged: while it does, the merge before it stays.
 */
async function acknowledgeMerges(
  { merges, numbers, acknowledged, merged }: LogState,
  { outbox, acknowledgements }: MergeOptions,
): Promise<void> {
  const isMerge = new Set(merges)
  const open = numbers.filter((number) => number > acknowledged.number)
  const last = merges.at(-1) as number
  const isAlone = open.every((number) => isMerge.has(number) || number > last)
  if (isAlone) {
    const latest = await acknowledgements.latest()
    if (latest.number < last)
      await acknowledgements.record(acknowledge(latest, { number: last, merged }, () => false, undefined))
  }
  const isFollowed = (number: number) => isMerge.has(open[open.indexOf(number) + 1] ?? 0)
  for (const number of merges) if (isAlone || isFollowed(number)) await outbox.remove(number)
}

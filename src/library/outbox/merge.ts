import type { Clock } from '../../platform/index.ts'
import type { StateStore } from '../../state/index.ts'
import { type CountedEntry, difference, type EndedGroup, isOver, withEnded } from '../facts/index.ts'
import { countedBy, countsOf, inBatches, processesIn, someOf } from './entries.ts'
import { createOutbox, type Outbox } from './outbox.ts'
import { createSettlements, type Settlements, settlementAfter } from './settlement.ts'
import { type Standing, standingOf } from './standing.ts'

export interface MergeOptions {
  readonly state: StateStore
  readonly clock: Clock
  readonly outbox: Outbox
  readonly settlements: Settlements
  /** From how many entries of processes on it is worth it. Default: 128. */
  readonly least?: number
  /** How long it takes about, in milliseconds. What is left of it is for the next merge. Default: no limit. */
  readonly within?: number
}

/** How many entries go into one merge at most. */
const MOST = 5_000

/**
 * Merges what processes that have ended have counted into one entry, so that a tool that runs often and reports rarely does not leave a
 * file of each run. Rejects where the store does. `false` where there is nothing to merge, or another process is at it.
 *
 * 1. What the last merge has left is removed.
 * 2. Entries of ended processes are read that no report has taken anything of.
 * 3. Their sum is made an entry under the next number of a report. From that moment on they are void: the entry names them.
 * 4. It is settled at once where no report waits before it, so that nothing seems to wait.
 * 5. They are removed. Those that stay, after a crash, are removed by the next merge, and named until then.
 *
 * Of processes that merge or report at once one has the number; what another one has read before is worth nothing then.
 */
export async function mergeEnded(options: MergeOptions): Promise<boolean> {
  const { state, clock, outbox, settlements, least = 128, within = Number.POSITIVE_INFINITY } = options
  const begun = clock.monotonic()
  const hasTime = (share: number) => clock.monotonic() - begun < share * within
  const removeAll = (some: readonly string[]) =>
    inBatches(some.slice(0, MOST), async (process) => {
      if (hasTime(1)) await state.remove(countsOf(process)).catch(() => {})
    })
  const processes = await processesIn(state)
  if (processes.length < least) return false
  const standing = await standingOf(outbox, settlements)
  const { ended, merges, next, numbers } = standing
  if (!standing.isWhole) return false
  const left = processes.filter((process) => ended.processes.has(process))
  await removeAll(left)
  const entries = await endedEntries(processes, standing, options, () => hasTime(0.5))
  const merged = entries.map(({ process }) => process)
  if (entries.length > 0) {
    const after = {
      groups: withEnded(groupsIn(standing), entries),
      processes: new Set([...left, ...merged]),
    }
    if (!(await outbox.putEnded(next, after))) return false
    await settleMerges(
      { ...standing, merges: [...merges, next], numbers: [...numbers, next], ended: after },
      options,
    )
  } else if (merges.length > 0) await settleMerges(standing, options)
  await removeAll(merged)
  return entries.length > 0
}

/** The same for whom it must not fail, and must not take longer than so many milliseconds: what is not merged is there still. */
export async function tryToMergeEnded(state: StateStore, clock: Clock, longest: number): Promise<void> {
  const options = { state, clock, outbox: createOutbox(state), settlements: createSettlements(state) }
  const until = clock.monotonic() + longest
  try {
    for (let within = longest; within > 0; within = until - clock.monotonic())
      if (!(await mergeEnded({ ...options, within }))) return
  } catch {
    // Where something of it cannot be read or written, reports pass through memory.
  }
}

/** Of the processes that have ended, and that no report goes by: what it has taken is kept under their ids. */
async function endedEntries(
  processes: readonly string[],
  { settled, waiting, ended }: Standing,
  { state, clock }: MergeOptions,
  hasTime: () => boolean,
): Promise<CountedEntry[]> {
  const isTaken = (process: string) =>
    settled.taken.has(process) || waiting.some(({ takes }) => takes.has(process))
  const candidates = processes.filter((process) => !ended.processes.has(process) && !isTaken(process))
  const found = await inBatches(someOf(candidates, MOST), async (process) => {
    // The disk is slow, and a report waits.
    if (!hasTime()) return undefined
    const entry = await countedBy(state, process)
    if (entry?.process !== process || !isOver(entry, clock)) return undefined
    // One that has ended without saying so may have written right before, and after it was read.
    return entry.ended ? entry : countedBy(state, process)
  })
  return found.filter((entry) => entry !== undefined)
}

/** The groups but for those of which reports have delivered everything. */
function groupsIn({ ended, settled, waiting }: Standing): readonly EndedGroup[] {
  return ended.groups.filter(({ process, counts }) => {
    const delivered = settled.taken.get(process) ?? new Map()
    return difference(counts, delivered).size > 0 || waiting.some(({ takes }) => takes.has(process))
  })
}

/**
 * Ends the waiting of merges, where no report waits before them, and removes those that another one follows at once. Where a report lies in
 * between it may have taken some of what was merged: what it has taken is remembered while the merge before it is.
 */
async function settleMerges(
  { merges, numbers, settled, ended }: Standing,
  { outbox, settlements }: MergeOptions,
): Promise<void> {
  const isMerge = new Set(merges)
  const open = numbers.filter((number) => number > settled.number)
  const last = merges.at(-1) as number
  const isAlone = open.every((number) => isMerge.has(number) || number > last)
  if (isAlone) {
    const latest = await settlements.latest()
    if (latest.number < last)
      await settlements.put(settlementAfter(latest, { number: last, ended }, () => false, undefined))
  }
  const isFollowed = (number: number) => isMerge.has(open[open.indexOf(number) + 1] ?? 0)
  for (const number of merges) if (isAlone || isFollowed(number)) await outbox.remove(number)
}

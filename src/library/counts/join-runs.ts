import { Date } from '../../platform/index.ts'
import { type Counts, factIn, MAX_RUNS, type SourceRun, type SourceRuns, startOf } from '../facts/index.ts'

/** Result of joining a run to the last known one of its source. */
interface Joined {
  /** Last known run afterwards. */
  readonly run: SourceRun
  /** Growth that was not known before. */
  readonly growth: number
}

/** Joins a run to the last known one of its source. Returns `undefined` for a run that was overtaken: its growth is known or lost. */
function join(last: SourceRun, next: SourceRun): Joined | undefined {
  const same = (run: SourceRun): Joined => {
    const total = Math.max(last.total, next.total)
    return { run: { ...run, total, at: Math.max(last.at, next.at) }, growth: total - last.total }
  }
  const another = (): Joined => ({ run: next, growth: next.total })
  if (startOf(next) === startOf(last)) return same(last)
  const isSaid = next.since !== undefined && (last.since !== undefined || next.since > last.at)
  if (isSaid) return startOf(next) > startOf(last) ? another() : undefined
  // Where one of both starts is unknown, the totals say whether it is the same run, if they are not older.
  if (next.at < last.at) return undefined
  const first = next.since === undefined ? next.from : next.total
  if (first >= last.total) return same(next)
  return next.at > last.at && startOf(next) > startOf(last) ? another() : undefined
}

const inOrder = (runs: readonly SourceRun[]) =>
  runs.toSorted((a, b) => startOf(a) - startOf(b) || a.from - b.from)

/** Returns the runs of several entries as one list for each source. */
export function joinRuns(...all: readonly SourceRuns[]): SourceRuns {
  const grouped = groupRuns(all)
  for (const sources of grouped.values())
    for (const [source, runs] of sources) {
      const joined: SourceRun[] = []
      for (const run of inOrder(runs)) {
        const last = joined.at(-1)
        if (!last || startOf(last) !== startOf(run)) joined.push(run)
        else
          joined[joined.length - 1] = {
            ...last,
            // As early as `from`: what it grew by before that may have been withheld.
            seen: Math.min(last.seen, run.seen),
            total: Math.max(last.total, run.total),
            at: Math.max(last.at, run.at),
          }
      }
      // The first one says where the source was when it was first seen.
      sources.set(source, [...joined.slice(0, 1), ...joined.slice(1).slice(1 - MAX_RUNS)])
    }
  return grouped
}

/** Last reported run of each source, and the time from which the sources of a fact are counted. */
export interface Baselines {
  readonly runs: SourceRuns
  /** By the name of the fact, in milliseconds since 1970. */
  readonly starts: ReadonlyMap<string, number>
}

/**
 * Returns the baselines after the runs of some counters, and by how much the sources have grown since the baselines before.
 *
 * A source without a baseline is counted from its first observation, or from its beginning if that is later than the time from which the
 * sources of the fact are counted. While a fact is withheld, its sources have no baselines, and that time moves on.
 */
export function advanceBaselines(
  before: Baselines,
  counters: ReadonlyArray<{ readonly since: string; readonly runs: SourceRuns }>,
  isWithheld: (name: string) => boolean,
  now: number,
): Baselines & { readonly growth: Counts } {
  const starts = new Map(before.starts)
  for (const { since, runs } of counters) {
    for (const name of new Set([...runs.keys()].map(factIn)))
      if (!before.starts.has(name)) starts.set(name, Math.min(starts.get(name) ?? now, Date.parse(since)))
  }
  for (const name of starts.keys()) if (isWithheld(name)) starts.set(name, now)

  const growth = new Map<string, number>()
  const after = new Map<string, Map<string, readonly SourceRun[]>>()
  const given = groupRuns(counters.map(({ runs }) => runs))
  for (const key of new Set([...before.runs.keys(), ...given.keys()])) {
    const name = factIn(key)
    if (isWithheld(name)) continue
    const sources = new Map<string, readonly SourceRun[]>(before.runs.get(key))
    for (const [source, runs] of given.get(key) ?? []) {
      let last = sources.get(source)?.[0]
      // A clock that was ahead must not keep later observations out.
      const untilNow = (run: SourceRun): SourceRun => (run.at > now ? { ...run, at: now } : run)
      last = last && untilNow(last)
      for (const run of inOrder(runs).map(untilNow)) {
        const joined = last ? join(last, run) : begin(run, starts.get(name) ?? now)
        if (!joined) continue
        last = joined.run
        if (joined.growth > 0) growth.set(key, (growth.get(key) ?? 0) + joined.growth)
      }
      if (last) sources.set(source, [last])
    }
    after.set(key, sources)
  }
  forgetIdle(after, (key, at) => {
    const name = factIn(key)
    starts.set(name, Math.max(starts.get(name) ?? 0, at + 1))
  })
  return { runs: after, starts, growth }
}

/** Returns `true` if baselines contain all runs of a counter: then nothing of them is pending. */
export function areJoined(runs: SourceRuns | undefined, baselines: Baselines | undefined): boolean {
  if (!runs?.size) return true
  return [...runs].every(([key, sources]) =>
    [...sources].every(([source, list]) => {
      const last = baselines?.runs.get(key)?.get(source)?.[0]
      // What was observed before the sources of the fact were counted is never reported.
      if (!last) return list.every(({ at }) => at < (baselines?.starts.get(factIn(key)) ?? 0))
      return list.every((run) => !((join(last, run)?.growth ?? 0) > 0))
    }),
  )
}

/** Begins with the first run of a source. */
function begin(run: SourceRun, start: number): Joined | undefined {
  if (run.at < start) return undefined
  if (run.seen < start) return { run, growth: 0 }
  const isWhole = run.since !== undefined && run.since >= start
  return { run, growth: isWhole ? run.total : run.total - run.from }
}

/** Largest number of baselines of an installation: each waiting report has all of them. */
const MAX_BASELINES = 10_000

/** Removes the baselines of the sources that were not observed for the longest time, if there are too many. */
function forgetIdle(
  runs: ReadonlyMap<string, Map<string, readonly SourceRun[]>>,
  forget: (key: string, at: number) => void,
): void {
  const size = [...runs.values()].reduce((sum, sources) => sum + sources.size, 0)
  if (size <= MAX_BASELINES) return
  const all = [...runs].flatMap(([key, sources]) =>
    [...sources].map(([source, list]) => ({ key, source, at: list[0]?.at ?? 0 })),
  )
  for (const { key, source, at } of all.toSorted((a, b) => a.at - b.at).slice(0, size - MAX_BASELINES)) {
    forget(key, at)
    runs.get(key)?.delete(source)
  }
}

function groupRuns(all: readonly SourceRuns[]): Map<string, Map<string, SourceRun[]>> {
  const grouped = new Map<string, Map<string, SourceRun[]>>()
  for (const runs of all)
    for (const [key, sources] of runs) {
      const known = grouped.get(key) ?? new Map<string, SourceRun[]>()
      grouped.set(key, known)
      for (const [source, list] of sources) known.set(source, [...(known.get(source) ?? []), ...list])
    }
  return grouped
}

/**
 * Run of a source: its totals from the time at which it began to count. A source that begins again begins another run. Runs of several
 * processes can be joined in any order and more than once, because a total of one run only grows.
 */
export interface SourceRun {
  /** Time at which the run began, in milliseconds since 1970; `undefined` if nobody knows, so that it may continue an earlier run. */
  readonly since: number | undefined
  /** Time of the first observation, in milliseconds since 1970. */
  readonly seen: number
  /** Total at the first observation; 0 for a run that began while the source was observed. */
  readonly from: number
  /** Last total. */
  readonly total: number
  /** Time of the last observation, in milliseconds since 1970. */
  readonly at: number
}

/** Runs of the sources of each series, oldest first: by the key of the series, then by the name of the source. */
export type SourceRuns = ReadonlyMap<string, ReadonlyMap<string, readonly SourceRun[]>>

/** Time by which runs of one source are ordered, in milliseconds since 1970. */
export const startOf = ({ since, seen }: SourceRun): number => since ?? seen

/** Largest number of runs of a source that are kept. Older ones are in a report by then, unless a source begins again that often in a day. */
export const MAX_RUNS = 20

/** Largest number of runs in a process that are beyond the first one of their source. */
const MAX_MORE_RUNS = 10_000

/** Largest number of sources of a counter, each combination of dimensions counted by itself. */
const MAX_SOURCES = 1_000

/** Largest number of the same in a process: its entry has to be smaller than 4 MiB. */
const MAX_SOURCES_OF_PROCESS = 5_000

/** Time without an observation after which a source makes room for another one, in milliseconds: longer than the longest interval of reports. */
const MAX_IDLE = 30 * 86_400_000

/** Largest length of the name of a source, in UTF-16 code units. */
export const MAX_SOURCE_NAME = 128

/** Total of a source at one moment. */
export interface ObservedTotal {
  readonly total: number
  /** Time at which the source began to count, in milliseconds since 1970; `undefined` if unknown. */
  readonly since: number | undefined
  /** Time of the observation. */
  readonly at: number
}

/** Room for the sources of all counters of a process. */
export interface SourceRoom {
  sources: number
  /** Runs beyond the first one of each source. */
  moreRuns: number
}

/** Runs of the sources of one series, as this process has observed them. */
export interface SourceLog {
  /** Observes a total. Returns `false` if there is no room for another source. */
  observe(source: string, index: number, observed: ObservedTotal): boolean
  /** Returns the runs, by the keys of the series. */
  runs(keys: readonly string[]): SourceRuns
  /** Forgets everything. */
  clear(): void
}

/** @param room shared by the counters of a process */
export function createSourceLog(room: SourceRoom): SourceLog {
  const series = new Map<number, Map<string, Observed>>()
  let size = 0

  function makeRoom(now: number): boolean {
    if (size < MAX_SOURCES && room.sources < MAX_SOURCES_OF_PROCESS) return true
    for (const sources of series.values())
      for (const [source, { runs }] of sources)
        if (now - (runs.at(-1)?.at ?? 0) > MAX_IDLE) {
          sources.delete(source)
          release(runs)
          return true
        }
    return false
  }

  function release(runs: readonly SourceRun[]): void {
    size--
    room.sources--
    room.moreRuns -= runs.length - 1
  }

  return {
    observe(source, index, observed) {
      const sources = series.get(index) ?? new Map<string, Observed>()
      const known = sources.get(source)
      if (!known && !makeRoom(observed.at)) return false
      series.set(index, sources)
      if (known) {
        const before = known.runs.length
        follow(known, observed, room.moreRuns < MAX_MORE_RUNS ? MAX_RUNS : 2)
        room.moreRuns += known.runs.length - before
      } else {
        size++
        room.sources++
        const { total, since, at } = observed
        sources.set(source, { says: since, runs: [{ since, seen: at, from: total, total, at }] })
      }
      return true
    },
    runs: (keys) =>
      new Map(
        [...series].map(([index, sources]) => [
          keys[index] as string,
          new Map([...sources].map(([source, { runs }]) => [source, [...runs]])),
        ]),
      ),
    clear() {
      for (const sources of series.values()) for (const { runs } of sources.values()) release(runs)
      series.clear()
    },
  }
}

interface Observed {
  /** Start that the source says itself; `undefined` if it says none. */
  says: number | undefined
  readonly runs: SourceRun[]
}

/**
 * Adds an observation to the runs of its source. A later start or a smaller total means that the source began again. An earlier start with
 * a total that is not smaller is a late message about an earlier run, and ignored.
 */
function follow(known: Observed, { total, since, at: now }: ObservedTotal, mostRuns: number): void {
  const last = known.runs.at(-1) as SourceRun
  const at = Math.max(now, last.at + 1)
  const isLater = since !== undefined && since > (known.says ?? last.at)
  if (!isLater && total >= last.total) {
    if (since !== undefined && known.says !== undefined && since < known.says) return
    known.says ??= since
    known.runs[known.runs.length - 1] = { ...last, since: last.since ?? since, total, at }
    return
  }
  known.says = since
  known.runs.push({ since: Math.max(since ?? at, startOf(last) + 1), seen: at, from: 0, total, at })
  // The first one says where the source was when it was first seen.
  if (known.runs.length > mostRuns) known.runs.splice(1, 1)
}

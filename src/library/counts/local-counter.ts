import { type Clock, createMutex, Date, ownOf, processOwner, randomUuid } from '../../platform/index.ts'
import { isOutOfReach, type StateStore } from '../../state/index.ts'
import type { Verdict } from '../consent/index.ts'
import { type Counts, difference, type GaugeValues, type SourceRuns, sumOf } from '../facts/index.ts'
import { type Counter, counterEntry, holds, MAX_PAUSE, runsToJson, writeCounter } from './counter-entry.ts'
import { type CountedUnder, countedUnder, isCovered } from './coverage.ts'

/** Counter of this process, and its entry in the state store, so that a crash loses little. */
export interface LocalCounter {
  /** Returns the current counter, which may not be persisted yet. */
  live(): Counter
  /** Returns the counter as it was last persisted. */
  persisted(): Counter
  /** Writes the counter if it has changed since the last write and is not empty. Rejects when the store does. */
  persist(options?: PersistOptions): Promise<void>
  /** Begins another counter under a verdict, and drops the counts so far, here and in the store. */
  restart(verdict: Verdict): Promise<void>
  /** Counts under a verdict from now on. Returns `false` if it does not cover the counts so far, which must be dropped. */
  applyVerdict(verdict: Verdict): boolean
  /** Returns the counts that are certainly in no entry: those since the last write, and those that a failed write did not store. */
  unpersisted(): Counts
  /** Removes counts from the counter, because a report in memory has them. Returns a function that restores them, unless the counter was restarted. */
  exclude(counts: Counts): () => void
}

export interface PersistOptions {
  /** Marks the counter as ended: its process adds nothing more. Default: false. */
  readonly ended?: boolean
  /** Values of the gauges that are combined over the processes. Default: as last given. */
  readonly gauges?: GaugeValues | undefined
}

export interface LocalCounterOptions {
  readonly store: StateStore
  readonly clock: Clock
  /** Start of the counting, in milliseconds since 1970. Default: now. */
  readonly since?: number
  /** Returns all counts of the process since its start or the last restart. They only grow. */
  readonly totals: () => Counts
  /** Returns the runs of the sources that the process has observed by name since its start or the last restart. Default: there are none. */
  readonly runs?: () => SourceRuns
}

export function createLocalCounter(options: LocalCounterOptions): LocalCounter {
  const { store, clock, since: began = clock.now(), totals, runs } = ownOf(options)
  /** Created at its first use: loading a random number generator would cost a start milliseconds and megabytes. */
  let counterId: string | undefined
  let since = began
  /** Part of the totals that is in earlier counters of this process. */
  let earlier: Counts = new Map()
  /** Parts of the totals that are in reports in memory. */
  const inMemory = new Set<Counts>()
  /** Absent before the first verdict. */
  let under: CountedUnder | undefined
  let gauges: GaugeValues = new Map()
  /** Runs one write at a time. Of two that overlap, the one with the older counts could be stored last. */
  const runExclusive = createMutex()
  /** Content of the entry, which is uncertain after a failed write. */
  let written: Written | undefined

  const counts = () => difference(totals(), sumOf(earlier, ...inMemory))
  const id = () => {
    counterId ??= randomUuid()
    return counterId
  }
  const live = (): Counter => ({
    counterId: id(),
    since: new Date(since).toISOString(),
    under: under ?? UNKNOWN,
    counts: counts(),
    runs: runs?.(),
  })

  return {
    live,
    persisted: () => ({ ...live(), counts: written?.counts ?? new Map(), runs: written?.runs }),
    applyVerdict(verdict) {
      const { state, disabledBy } = ownOf(verdict)
      // A no for this run does not decide about the counts: the next verdict does. Nothing is persisted meanwhile.
      if (disabledBy === 'circumstance') return true
      const before = { under: under ?? { state }, since: new Date(since).toISOString() }
      if (state !== 'disabled' && !isCovered(before, verdict)) return false
      under = countedUnder(verdict)
      return true
    },
    unpersisted: () => difference(counts(), written?.counts ?? new Map()),
    exclude(some) {
      inMemory.add(some)
      return () => void inMemory.delete(some)
    },
    persist: (how = {}) => runExclusive(() => persist(how)),
    async restart(verdict) {
      const before = written && counterId
      under = countedUnder(verdict)
      counterId = undefined
      since = clock.now()
      earlier = new Map()
      gauges = new Map()
      // Counts in reports in memory are not restored after this.
      inMemory.clear()
      written = undefined
      // If the entry cannot be removed, the verdict does not cover it.
      if (before) await store.remove(counterEntry(before)).catch(() => {})
    },
  }

  async function persist(how: PersistOptions): Promise<void> {
    const { ended = false, gauges: given = gauges } = ownOf<PersistOptions>(how)
    gauges = given
    const last = written
    if (last && (await isClosed(last, ended)) && written === last) beginAnother(last.counts)
    const now = live()
    const isUpToDate = ended || gauges === written?.gauges
    const isWritten = written?.isCertain && isSame(now, written) && ended === written.ended && isUpToDate
    const isEmpty = now.counts.size === 0 && !now.runs?.size && gauges.size === 0
    if (!isWritten && (written || !isEmpty)) await write({ ...now, gauges }, ended)
  }

  /**
   * Resolves to `true` if the entry must not be written again: it may have been merged after it was marked as ended, or removed after it
   * was fully acknowledged or not written for long.
   */
  async function isClosed(last: Written, ended: boolean): Promise<boolean> {
    if (clock.monotonic() - last.at > MAX_PAUSE) return true
    if (last.ended && !(ended && isSame(live(), last))) return true
    return last.isCertain && (await store.read(counterEntry(id()))) === undefined
  }

  /** Begins another counter after the last one has ended: writing the last one again could restore counts that were acknowledged. */
  function beginAnother(before: Counts): void {
    earlier = sumOf(earlier, before)
    counterId = undefined
    since = clock.now()
    written = undefined
  }

  async function write(now: Counter, ended: boolean): Promise<void> {
    const { pid, host } = processOwner()
    const writer = { pid, host, monotonic: clock.monotonic() }
    const entry = { ...now, at: new Date(clock.now()).toISOString(), writer, ended }
    const done = { counts: now.counts, runs: now.runs, gauges: now.gauges, at: clock.monotonic(), ended }
    try {
      await writeCounter(store, entry)
    } catch (error) {
      // Where the folder is another user's, the entry cannot be read either, and the write was refused before it changed anything.
      const isDone = (await holds(store, entry)) ?? (isOutOfReach(error) ? false : undefined)
      if (isDone !== false) await wrote(now, { ...done, isCertain: isDone === true })
      throw error
    }
    await wrote(now, { ...done, isCertain: true })
  }

  /** Remembers what was written. If a restart has overtaken the write, its counts were dropped, and its entry goes as well. */
  async function wrote({ counterId: writtenId }: Counter, done: Written): Promise<void> {
    if (counterId === writtenId) written = done
    else await store.remove(counterEntry(writtenId)).catch(() => {})
  }
}

interface Written extends Pick<Counter, 'counts' | 'runs' | 'gauges'> {
  /** Time of the write by the monotonic clock, in milliseconds. */
  readonly at: number
  /** `true` if the entry says that the process has ended. */
  readonly ended: boolean
  /** `true` if the entry is certainly in the store. */
  readonly isCertain: boolean
}

const UNKNOWN: CountedUnder = { state: 'disabled' }

type Content = Pick<Counter, 'counts' | 'runs'>

const isSame = (a: Content, b: Content) =>
  a.counts.size === b.counts.size &&
  [...a.counts].every(([key, amount]) => b.counts.get(key) === amount) &&
  JSON.stringify(runsToJson(a.runs)) === JSON.stringify(runsToJson(b.runs))

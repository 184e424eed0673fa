import { type Clock, Date, ownOf, processOwner, randomUuid } from '../../platform/index.ts'
import type { StateStore } from '../../state/index.ts'
import type { Verdict } from '../consent/index.ts'
import { type Counts, difference, sumOf } from '../facts/index.ts'
import { type Counter, counterEntry, holds, MAX_PAUSE, writeCounter } from './counter-entry.ts'
import { type CountedUnder, countedUnder, isCovered } from './coverage.ts'

/** What this process counts, and the entry of the state store that it is persisted in, so that a crash loses little. */
export interface LocalCounter {
  /** The counter as it is now, before it is persisted. */
  live(): Counter
  /** The counter as it was last persisted. */
  persisted(): Counter
  /** Writes the counter where it has changed. Writes nothing where nothing was counted. Rejects where the store does. */
  persist(options?: { readonly ended?: boolean }): Promise<void>
  /** Begins another counter under a verdict: what was counted is dropped, here and in the store. */
  restart(verdict: Verdict): Promise<void>
  /** Counts under a verdict from now on. `false` where it does not cover what was counted, which is to be dropped. */
  applyVerdict(verdict: Verdict): boolean
  /** What lies in no entry for certain: what was counted since the last write, and what a failed write did not bring to the store. */
  unpersisted(): Counts
  /** Takes counts out of the counter, because a report in memory carries them. Returns what puts them back, unless it was restarted. */
  exclude(counts: Counts): () => void
}

export interface LocalCounterOptions {
  readonly store: StateStore
  readonly clock: Clock
  /** When the counting began, in milliseconds since 1970. Default: now. */
  readonly since?: number
  /** Everything that the process has counted since it began or since the last restart. It only grows. */
  readonly totals: () => Counts
}

export function createLocalCounter(options: LocalCounterOptions): LocalCounter {
  const { store, clock, since: began = clock.now(), totals } = ownOf(options)
  /** Made when it is first needed: loading what is random would cost a start milliseconds and megabytes. */
  let counterId: string | undefined
  let since = began
  /** What earlier counters of this process have of the totals. */
  let earlier: Counts = new Map()
  /** What reports in memory carry of the totals. */
  const inMemory = new Set<Counts>()
  /** Absent before the first verdict. */
  let under: CountedUnder | undefined
  /** What the entry holds, or may hold: a write that fails may have been done. */
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
  })

  return {
    live,
    persisted: () => ({ ...live(), counts: written?.counts ?? new Map() }),
    applyVerdict(verdict) {
      const { state, disabledBy } = ownOf(verdict)
      // A no in passing says nothing about what was counted: the next verdict does. Nothing is persisted meanwhile.
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
    async persist(how = {}) {
      const { ended = false } = ownOf(how)
      if (written && (await isClosed(written, ended))) beginAnother(written.counts)
      const now = counts()
      const isWritten = written?.isCertain && isSame(now, written.counts) && ended === written.ended
      if (!isWritten && (written || now.size > 0)) await write(now, ended)
    },
    async restart(verdict) {
      const before = written && counterId
      under = countedUnder(verdict)
      counterId = undefined
      since = clock.now()
      earlier = new Map()
      // What reports in memory carry from before does not come back.
      inMemory.clear()
      written = undefined
      // An entry that stays is not covered by the verdict.
      if (before) await store.remove(counterEntry(before)).catch(() => {})
    },
  }

  /**
   * Returns whether the entry must not be written again: it may have been merged since it said that it had ended, or removed with all that is
   * known of it, after it was fully acknowledged or silent for long.
   */
  async function isClosed(last: Written, ended: boolean): Promise<boolean> {
    if (clock.monotonic() - last.at > MAX_PAUSE) return true
    if (last.ended && !(ended && isSame(counts(), last.counts))) return true
    return last.isCertain && (await store.read(counterEntry(id()))) === undefined
  }

  /** Goes on in another counter where the last one has ended: writing that again could bring back what was acknowledged. */
  function beginAnother(before: Counts): void {
    earlier = sumOf(earlier, before)
    counterId = undefined
    since = clock.now()
    written = undefined
  }

  async function write(now: Counts, ended: boolean): Promise<void> {
    const { pid, host } = processOwner()
    const writer = { pid, host, monotonic: clock.monotonic() }
    const entry = { ...live(), at: new Date(clock.now()).toISOString(), writer, ended, counts: now }
    const done = { counts: now, at: clock.monotonic(), ended }
    try {
      await writeCounter(store, entry)
    } catch (error) {
      const isDone = await holds(store, entry)
      if (isDone !== false) written = { ...done, isCertain: isDone === true }
      throw error
    }
    written = { ...done, isCertain: true }
  }
}

interface Written {
  readonly counts: Counts
  /** When it was written, by the clock that nobody can set, in milliseconds. */
  readonly at: number
  /** Whether it says that the process has ended. */
  readonly ended: boolean
  /** Whether it is in the store for certain. */
  readonly isCertain: boolean
}

const UNKNOWN: CountedUnder = { state: 'disabled' }

const isSame = (a: Counts, b: Counts) =>
  a.size === b.size && [...a].every(([key, amount]) => b.get(key) === amount)

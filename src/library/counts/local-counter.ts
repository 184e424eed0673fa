import { type Clock, Date, processOwner, randomUuid } from '../../platform/index.ts'
import type { StateStore } from '../../state/index.ts'
import type { Verdict } from '../consent/index.ts'
import { type Counts, difference, sumOf } from '../facts/index.ts'
import { type Counter, counterEntry, LONGEST_PAUSE, mayHold, writeCounter } from './counter-entry.ts'
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

export function createLocalCounter({
  store,
  clock,
  since: began = clock.now(),
  totals,
}: LocalCounterOptions): LocalCounter {
  /** Made when it is first needed: loading what is random would cost a start milliseconds and megabytes. */
  let counterId: string | undefined
  let since = began
  /** What of the totals is not this counter's: earlier counters of this process and reports in memory carry it. */
  let excluded: Counts = new Map()
  /** Absent before the first verdict. */
  let under: CountedUnder | undefined
  let written: { readonly counts: Counts; readonly at: number; readonly ended: boolean } | undefined
  /** The most that the entry may hold. A write that fails may have been done: what may be in the store is in no report in memory. */
  let maybePersisted: Counts = new Map()
  /** Raised by each restart: what a report in memory carries of an earlier generation must not come back into this one. */
  let generation = 0

  const counts = () => difference(totals(), excluded)
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
      const { state, disabledBy } = verdict
      // A no in passing says nothing about what was counted: the next verdict does. Nothing is persisted meanwhile.
      if (disabledBy === 'circumstance') return true
      const before = { under: under ?? { state }, since: new Date(since).toISOString() }
      if (state !== 'disabled' && !isCovered(before, verdict)) return false
      under = countedUnder(verdict)
      return true
    },
    unpersisted: () => difference(counts(), maybePersisted),
    exclude(some) {
      const then = generation
      excluded = sumOf(excluded, some)
      return () => {
        if (generation === then) excluded = difference(excluded, some)
      }
    },
    async persist({ ended = false } = {}) {
      if (written && (await isClosed(written, ended))) beginAnother(written.counts)
      const now = counts()
      const unchanged = written ? isSame(now, written.counts) && ended === written.ended : now.size === 0
      if (!unchanged) await write(now, ended)
    },
    async restart(verdict) {
      const before = written && counterId
      under = countedUnder(verdict)
      counterId = undefined
      since = clock.now()
      excluded = new Map()
      written = undefined
      maybePersisted = new Map()
      generation++
      // An entry that stays is not covered by the verdict.
      if (before) await store.remove(counterEntry(before)).catch(() => {})
    },
  }

  /**
   * Returns whether the entry must not be written again: it may have been merged since it said that it had ended, or removed with all that is
   * known of it, after it was fully acknowledged or silent for long.
   */
  async function isClosed(last: NonNullable<typeof written>, ended: boolean): Promise<boolean> {
    if (clock.monotonic() - last.at > LONGEST_PAUSE) return true
    if (last.ended && !(ended && isSame(counts(), last.counts))) return true
    return (await store.read(counterEntry(id()))) === undefined
  }

  /** Goes on in another counter where the last one has ended: writing that again could bring back what was acknowledged. */
  function beginAnother(before: Counts): void {
    excluded = sumOf(excluded, before)
    counterId = undefined
    since = clock.now()
    written = undefined
    maybePersisted = new Map()
  }

  async function write(now: Counts, ended: boolean): Promise<void> {
    const { pid, host } = processOwner()
    const writer = { pid, host, monotonic: clock.monotonic() }
    const entry = { ...live(), at: new Date(clock.now()).toISOString(), writer, ended, counts: now }
    try {
      await writeCounter(store, entry)
    } catch (error) {
      if (await mayHold(store, entry)) maybePersisted = now
      throw error
    }
    written = { counts: now, at: clock.monotonic(), ended }
    maybePersisted = now
  }
}

const UNKNOWN: CountedUnder = { state: 'disabled' }

const isSame = (a: Counts, b: Counts) =>
  a.size === b.size && [...a].every(([key, amount]) => b.get(key) === amount)

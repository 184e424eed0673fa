import {
  type Clock,
  Date,
  type ProcessOwner,
  parseOwn,
  processOwner,
  randomUuid,
  TextDecoder,
} from '../../platform/index.ts'
import { ENTRIES, type StateStore } from '../../state/index.ts'
import type { ConsentState, Verdict } from '../consent/index.ts'
import { difference, sumOf, type Tally, tallyAsData, tallyFromData } from './tally.ts'

/** The consent that something was counted under. */
export interface CountedUnder {
  readonly state: ConsentState
  /** Since when the stored choice holds that decided, as ISO 8601; absent where something else did. */
  readonly choice?: string
}

/** What one process has counted, as it is kept in the state store for the reports of any process. */
export interface CountedEntry {
  /** A random id of this stretch of counting. It never leaves the state store. */
  readonly process: string
  /** When counting began, as ISO 8601. */
  readonly since: string
  /** When this was written, as ISO 8601. */
  readonly at: string
  readonly under: CountedUnder
  /** Who has written it. Absent where that is of no interest any more. */
  readonly writer?: CountsWriter
  /** Whether the process has ended in order, so that nothing will be added. */
  readonly ended: boolean
  /** What was counted in all since then. It only grows; what reports have taken is kept with the reports. */
  readonly counts: Tally
}

/** A process as others on its machine know it. */
export interface CountsWriter extends Pick<ProcessOwner, 'pid' | 'host'> {
  /** When it has written, by the clock of the machine that nobody can set. */
  readonly monotonic: number
}

/** What a process tells of its own counts, newer than what lies in the store. */
export type OwnCounts = Omit<CountedEntry, 'at' | 'ended' | 'writer'>

/** Keeps what this process counts in the state store, in an entry of its own, so that a crash loses little. */
export interface ProcessCounts {
  /** What is kept under which id, as it is now, before it is written. */
  current(): OwnCounts
  /** The same as of the last time that it was written: what lies in the store for certain. */
  kept(): OwnCounts
  /** Writes the totals down where they have changed. Writes nothing where nothing was counted. */
  keep(options?: { readonly ended?: boolean }): Promise<void>
  /** What was counted so far is forgotten, here and in the store; what comes is counted under this verdict. */
  restart(verdict: Verdict): Promise<void>
  /**
   * Holds what was counted so far against a verdict. `true` where it may be reported under it, if any may; `false` where it has
   * to be forgotten.
   */
  heed(verdict: Verdict): boolean
  /** What lies in no entry for certain: after an attempt to write it that has failed, and what was counted since. */
  unwritten(): Tally
  /** Takes so much out of what was counted. What it returns puts it back, unless all was forgotten meanwhile. */
  release(counts: Tally): () => void
}

export interface ProcessCountsOptions {
  readonly store: StateStore
  readonly clock: Clock
  /** When the counting began, in milliseconds since 1970. Default: now. */
  readonly since?: number
  /** Everything that the process has counted since it began or since the last restart. */
  readonly totals: () => Tally
}

/** A process that has written nothing for longer counts in another entry from then on, in milliseconds. */
const LONGEST_PAUSE = 24 * 3_600_000

/** So that this one can be cleared away, when it was silent for as long as this. */
const LONGEST_SILENCE = 2 * LONGEST_PAUSE

export function createProcessCounts({
  store,
  clock,
  since: began = clock.now(),
  totals,
}: ProcessCountsOptions): ProcessCounts {
  /** Made when it is asked for: to load what is random would cost a start milliseconds and megabytes. */
  let process: string | undefined
  let since = began
  /** What earlier entries of this process answer for. */
  let elsewhere: Tally = new Map()
  /** Not known before the first verdict is. */
  let under: CountedUnder | undefined
  let written: { readonly counts: Tally; readonly at: number; readonly ended: boolean } | undefined
  /** What the entry may hold at most. */
  let perhapsWritten: Tally = new Map()
  /** Another one after each restart. */
  let era = {}

  const counts = () => difference(totals(), elsewhere)
  const idOfProcess = () => {
    process ??= randomUuid()
    return process
  }
  const current = () => ({
    process: idOfProcess(),
    since: new Date(since).toISOString(),
    under: under ?? UNKNOWN,
    counts: counts(),
  })

  return {
    current,
    kept: () => ({ ...current(), counts: written?.counts ?? new Map() }),
    heed(verdict) {
      const { state, disabledBy } = verdict
      // It says nothing about what was counted: the next verdict does. Nothing is written down meanwhile.
      if (disabledBy === 'circumstance') return true
      const before = { under: under ?? { state }, since: new Date(since).toISOString() }
      if (state !== 'disabled' && !isCovered(before, verdict)) return false
      under = countedUnder(verdict)
      return true
    },
    unwritten: () => difference(counts(), perhapsWritten),
    release(released) {
      const releasedIn = era
      elsewhere = sumOf(elsewhere, released)
      return () => {
        if (era === releasedIn) elsewhere = difference(elsewhere, released)
      }
    },
    async keep({ ended = false } = {}) {
      // Somebody may have cleared it away, and what is known of it as well; or merged it, once it said that it had ended.
      if (
        written &&
        (isStale() || hasGoneOn(written, ended) || (await store.read(entryOf(idOfProcess()))) === undefined)
      )
        beginAnew(written.counts)
      const now = counts()
      const unchanged = written ? isSame(now, written.counts) && ended === written.ended : now.size === 0
      if (!unchanged) await write(now, ended)
    },
    async restart(verdict) {
      const before = written && process
      under = countedUnder(verdict)
      process = undefined
      since = clock.now()
      elsewhere = new Map()
      written = undefined
      perhapsWritten = new Map()
      era = {}
      // What stays is not covered by the verdict.
      if (before) await store.remove(entryOf(before)).catch(() => {})
    },
  }

  function isStale(): boolean {
    return written !== undefined && clock.monotonic() - written.at > LONGEST_PAUSE
  }

  /** One that has said that it ended, and has counted since or counts again. */
  function hasGoneOn(before: { readonly counts: Tally; readonly ended: boolean }, ended: boolean): boolean {
    return before.ended && !(ended && isSame(counts(), before.counts))
  }

  /** Another entry goes on where the last one ended: to write that again could bring back what reports have taken. */
  function beginAnew(before: Tally): void {
    elsewhere = sumOf(elsewhere, before)
    process = undefined
    since = clock.now()
    written = undefined
    perhapsWritten = new Map()
  }

  async function write(now: Tally, ended: boolean): Promise<void> {
    const { pid, host } = processOwner()
    const writer = { pid, host, monotonic: clock.monotonic() }
    const entry = { ...current(), at: new Date(clock.now()).toISOString(), writer, ended, counts: now }
    try {
      await writeCounted(store, entry)
    } catch (error) {
      if (await isIn(store, entry)) perhapsWritten = now
      throw error
    }
    written = { counts: now, at: clock.monotonic(), ended }
    perhapsWritten = now
  }
}

/** Writes what a process has counted, for the reports of any process. */
export async function writeCounted(store: StateStore, entry: CountedEntry): Promise<void> {
  await store.write(entryOf(entry.process), textOf(entry))
}

/** Whether an entry holds this, or nobody knows: writing it has failed, perhaps when it was done already. */
async function isIn(store: StateStore, entry: CountedEntry): Promise<boolean> {
  try {
    return new TextDecoder().decode(await store.read(entryOf(entry.process))) === textOf(entry)
  } catch {
    return true
  }
}

const textOf = ({ counts, ...entry }: CountedEntry) =>
  `${JSON.stringify({ format: FORMAT, ...entry, counts: tallyAsData(counts) })}\n`

/**
 * Whether nothing will be added to what a process has counted. On its own machine that is known whatever the wall clocks say: what
 * is cleared away under a living process would be lost, or counted again.
 */
export function isOver({ ended, at, writer }: CountedEntry, clock: Clock): boolean {
  if (ended) return true
  const owner = processOwner()
  if (writer?.host !== owner.host) return clock.now() - Date.parse(at) > LONGEST_SILENCE
  return owner.hasEnded(writer.pid) || clock.monotonic() - writer.monotonic > LONGEST_SILENCE
}

/** Removes everything that the processes of an installation have counted, and what is known of it. */
export async function forgetCounts(store: StateStore): Promise<void> {
  // In this order: counts of which it is not known any more that they were reported would be reported again.
  for (const folder of [ENTRIES.counts, ENTRIES.settled]) {
    const failures: unknown[] = []
    for (const name of await store.list(folder))
      await store.remove(name).catch((error) => failures.push(error))
    if (failures.length > 0) throw failures[0]
  }
}

/** The consent of a verdict, as counts remember it. */
export function countedUnder({ state, source, heldSince }: Verdict): CountedUnder {
  const choice = state !== 'disabled' && source === 'stored-choice' ? heldSince : undefined
  return { state, ...(choice !== undefined && { choice }) }
}

/** Whether a verdict lets that be reported which was counted since some time under some consent: yes is not retroactive. */
export function isCovered(
  { under, since }: Pick<CountedEntry, 'under' | 'since'>,
  { state, source, heldSince: decidedAt }: Verdict,
): boolean {
  if (LEAST_FIRST.indexOf(state) > LEAST_FIRST.indexOf(under.state)) return false
  if (source !== 'stored-choice' || decidedAt === undefined) return true
  // Times of several machines are not held against each other where it can be known without.
  if (under.choice !== undefined) return under.choice === decidedAt
  return Date.parse(since) > Date.parse(decidedAt)
}

const LEAST_FIRST: readonly ConsentState[] = ['disabled', 'undecided', 'enabled']

/** Whether what was stored is a consent that something was counted under. */
export const isCountedUnder = (data: unknown): data is CountedUnder => {
  const { state, choice } = Object(data)
  return LEAST_FIRST.includes(state) && (choice === undefined || typeof choice === 'string')
}

const UNKNOWN: CountedUnder = { state: 'disabled' }

/** An entry as it was written; `undefined` where the bytes are none. */
export function readCounted(bytes: Uint8Array | undefined): CountedEntry | undefined {
  try {
    if (!bytes) return undefined
    const {
      format,
      process,
      since,
      at,
      under,
      writer,
      ended,
      counts: data,
    } = parseOwn(new TextDecoder().decode(bytes))
    const counts = tallyFromData(data)
    const good =
      format === FORMAT &&
      typeof process === 'string' &&
      [since, at].every((time) => new Date(time).toISOString() === time) &&
      isCountedUnder(under) &&
      (writer === undefined || isWriter(writer))
    return good && counts
      ? { process, since, at, under, ...(writer && { writer }), ended: ended === true, counts }
      : undefined
  } catch {
    return undefined
  }
}

const FORMAT = 1

const isWriter = ({ pid, host, monotonic }: Partial<CountsWriter>) =>
  Number.isInteger(pid) && typeof host === 'string' && Number.isFinite(monotonic)

const entryOf = (process: string) => `${ENTRIES.counts}/${process}.json`

const isSame = (a: Tally, b: Tally) =>
  a.size === b.size && [...a].every(([key, amount]) => b.get(key) === amount)

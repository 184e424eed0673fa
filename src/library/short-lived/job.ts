/**
 * Entry of the state directory by which an ending process hands its report over to a child process. The entry also keeps others from
 * starting one: it is created only where there is none, by one process of many.
 */
import { parseOwn, TextDecoder } from '../../platform/index.ts'
import { ENTRIES, type StateStore } from '../../state/index.ts'

/** Job of a child process. */
export interface Job {
  readonly format: typeof FORMAT
  /** Time of the creation, in milliseconds since 1970. */
  readonly at: number
  /** Absent until the child process has read the job. */
  readonly begun?: true
  /** Everything that the child needs to report, as JSON. Only its deliverer knows its members. */
  readonly work: unknown
}

/** Note that a child process ended at once, so that none is started for some time. */
export interface Setback {
  readonly format: typeof FORMAT
  /** Milliseconds since 1970. */
  readonly at: number
  /** Runtime with which the child was started: another one may work. */
  readonly runtime: string
}

const FORMAT = 1

/** Reads the entry. Returns `undefined` without one, and `'unreadable'` if it is damaged or of another version. */
export async function readEntry(store: StateStore): Promise<Job | Setback | 'unreadable' | undefined> {
  const bytes = await store.read(ENTRIES.detached)
  if (!bytes) return undefined
  try {
    const entry: Job | Setback = parseOwn(new TextDecoder().decode(bytes))
    const isKnown = entry.format === FORMAT && ('work' in entry || 'runtime' in entry)
    return isKnown && Number.isFinite(entry.at) ? entry : 'unreadable'
  } catch {
    return 'unreadable'
  }
}

/** Creates a job. Returns `false` if another process was faster. */
export const createJob = (store: StateStore, at: number, work: unknown): Promise<boolean> =>
  store.create(ENTRIES.detached, textOf({ format: FORMAT, at, work }))

/** Records that the child process has begun. A job without this mark counts as one whose child ended at once. */
export const markBegun = (store: StateStore, job: Job): Promise<void> =>
  store.write(ENTRIES.detached, textOf({ ...job, begun: true }))

export const writeSetback = (store: StateStore, at: number, runtime: string): Promise<void> =>
  store.write(ENTRIES.detached, textOf({ format: FORMAT, at, runtime }))

export const removeEntry = (store: StateStore): Promise<void> => store.remove(ENTRIES.detached)

const textOf = (entry: Job | Setback) => `${JSON.stringify(entry)}\n`

import { type Clock, createMutex, parseOwn, systemRandom, TextDecoder } from '../../platform/index.ts'
import { ENTRIES, type StateStore } from '../../state/index.ts'

/**
 * When sending may be tried again. It is kept in the state store, so that neither a restart nor a second process tries sooner.
 * Several processes may write at once: the last one holds, and what is lost by it is one step of the backoff.
 */
export interface Retries {
  /** The time before which nothing is tried, in milliseconds since 1970; 0 where no attempt has failed since the last success. */
  next(): Promise<number>
  /** The time before which the receiver has asked not to be tried, not even with another report, in milliseconds since 1970. */
  heldUntil(): Promise<number>
  /** An attempt was in vain. `retryAfter`: the milliseconds that the receiver asked for. */
  failed(retryAfter?: number): Promise<void>
  /** The receiver has answered: what was known of failures is forgotten. Writes nothing where nothing was known. */
  succeeded(): Promise<void>
  /** The receiver has answered, and refused a report. `true` where it did not do so before for this reason. */
  refused(reason: string): Promise<boolean>
  /** How many attempts have failed since the last success, and when the last one did, in milliseconds since 1970. */
  failures(): Promise<{ readonly count: number; readonly lastAt: number | undefined }>
  /** The endpoint is gone for good (410). */
  retired(endpoint: string): Promise<void>
  /** Whether this very endpoint is gone for good; another one is not. */
  isRetired(endpoint: string): Promise<boolean>
}

/**
 * @param random a number from 0 up to 1, 1 excepted. Default: `Math.random`.
 */
export function createRetries(store: StateStore, clock: Clock, random: () => number = systemRandom): Retries {
  const runExclusive = createMutex()

  const write = (known: Known) =>
    store.write(ENTRIES.retry, `${JSON.stringify({ format: FORMAT, ...known })}\n`)

  return {
    async next() {
      const { failedAt, wait } = await read(store)
      // A failure that is yet to come was written before the clock was set back. To wait for it could take years.
      return failedAt > clock.now() ? clock.now() : failedAt + wait
    },
    async heldUntil() {
      const { failedAt, asked = 0 } = await read(store)
      return failedAt > clock.now() ? 0 : failedAt + asked
    },
    failed: (retryAfter = 0) =>
      runExclusive(async () => {
        const { attempts, ...known } = await read(store)
        const wait = waitAfter(attempts, random, retryAfter)
        const asked = Math.min(retryAfter, MAX_RETRY_DELAY)
        await write({ ...known, attempts: attempts + 1, failedAt: clock.now(), wait, asked })
      }),
    succeeded: () =>
      runExclusive(async () => {
        if (await store.read(ENTRIES.retry).catch(() => undefined)) await store.remove(ENTRIES.retry)
      }),
    refused: (reason) =>
      runExclusive(async () => {
        const { refused } = await read(store)
        if (refused === reason) return false
        await write({ ...NOTHING, refused: reason })
        return true
      }),
    async failures() {
      const { attempts, failedAt } = await read(store)
      return { count: attempts, lastAt: attempts > 0 ? failedAt : undefined }
    },
    retired: (endpoint) => runExclusive(() => write({ ...NOTHING, retired: endpoint })),
    isRetired: async (endpoint) => (await read(store)).retired === endpoint,
  }
}

/**
 * How long to wait after a failed attempt, in milliseconds: "full jitter", anything from nothing to a span that doubles with
 * each failure (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/). What the receiver asks for comes
 * on top: installations that were all told the same time would otherwise return in the same second.
 */
export function waitAfter(attempts: number, random: () => number, retryAfter = 0): number {
  const jitter = Math.round(random() * Math.min(BASE * 2 ** attempts, CAP))
  return Math.min(retryAfter + jitter, MAX_RETRY_DELAY)
}

/** The longest that anything is waited for, in milliseconds: a day. What was written by somebody else may say more. */
const MAX_RETRY_DELAY = 86_400_000

/** The most that is waited after the first failure, in milliseconds: a minute. */
const BASE = 60_000

/** The most that is waited after many, in milliseconds: six hours. */
const CAP = 6 * 3_600_000

interface Known {
  /** How many attempts have failed in a row. */
  readonly attempts: number
  /** When the last one has failed, in milliseconds since 1970. */
  readonly failedAt: number
  /** How long to wait from then on, in milliseconds. */
  readonly wait: number
  /** How much of it the receiver has asked for, in milliseconds. */
  readonly asked?: number
  /** The endpoint that is gone for good. */
  readonly retired?: string
  /** Why the last report was refused. */
  readonly refused?: string
}

const NOTHING: Known = { attempts: 0, failedAt: 0, wait: 0 }

const FORMAT = 1

/** What cannot be read or understood is as good as nothing: an attempt too many does no harm. */
async function read(store: StateStore): Promise<Known> {
  try {
    const bytes = await store.read(ENTRIES.retry)
    if (!bytes) return NOTHING
    const { format, attempts, failedAt, wait, asked, retired, refused } = parseOwn(
      new TextDecoder().decode(bytes),
    )
    if (format !== FORMAT || ![attempts, failedAt, wait].every(isCount) || !isTime(failedAt)) return NOTHING
    if (wait > MAX_RETRY_DELAY) return NOTHING
    return {
      ...{ attempts, failedAt, wait },
      ...(isCount(asked) && asked <= wait && { asked }),
      ...(typeof retired === 'string' && { retired }),
      ...(typeof refused === 'string' && { refused }),
    }
  } catch {
    return NOTHING
  }
}

/** Returns whether something is a time in milliseconds since 1970. */
const isTime = (value: number): boolean => value <= 8.64e15

const isCount = (value: unknown): value is number =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0

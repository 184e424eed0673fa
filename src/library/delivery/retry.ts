import { type Clock, createMutex, ownOf, parseOwn, systemRandom, TextDecoder } from '../../platform/index.ts'
import { ENTRIES, type StateStore } from '../../state/index.ts'

/**
 * Time of the next attempt. It is in the state store, so that neither a restart nor a second process tries sooner. If several processes
 * write at once, the last one prevails, which loses one step of the backoff.
 */
export interface Retries {
  /** Resolves to the time of the next attempt, in milliseconds since 1970; 0 if no attempt has failed since the last success. */
  next(): Promise<number>
  /** Resolves to the time until which the receiver asked to send nothing, in milliseconds since 1970. */
  heldUntil(): Promise<number>
  /** Records a failed attempt. `retryAfter`: the delay that the receiver asked for, in milliseconds. */
  failed(retryAfter?: number): Promise<void>
  /** Deletes the record of failures, after the receiver has answered. */
  succeeded(): Promise<void>
  /** Records that the receiver refused a report. Resolves to `true` if the last refusal did not have the same reason. */
  refused(reason: string): Promise<boolean>
  /** Resolves to the number of failed attempts since the last success, and the time of the last one, in milliseconds since 1970. */
  failures(): Promise<{ readonly count: number; readonly lastAt: number | undefined }>
  /** Records that an endpoint is retired (410). */
  retired(endpoint: string): Promise<void>
  /** Resolves to `true` if this endpoint is retired. */
  isRetired(endpoint: string): Promise<boolean>
}

/**
 * Creates the record of failed attempts.
 *
 * @param random Returns a number from 0 up to, but not including, 1. Default: `Math.random`.
 */
export function createRetries(store: StateStore, clock: Clock, random: () => number = systemRandom): Retries {
  const runExclusive = createMutex()

  const write = (known: Known) =>
    store.write(ENTRIES.retry, `${JSON.stringify({ format: FORMAT, ...known })}\n`)

  return {
    async next() {
      const { failedAt, wait } = await read(store)
      // A failure in the future was written before the clock was set back. Waiting for it could take years.
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
 * Returns the delay after a failed attempt, in milliseconds: "full jitter", a random time up to a limit that doubles with each failure
 * (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/). It is added to the delay that the receiver asked for:
 * otherwise all installations that got the same answer would return in the same second.
 */
export function waitAfter(attempts: number, random: () => number, retryAfter = 0): number {
  const jitter = Math.round(random() * Math.min(BASE * 2 ** attempts, CAP))
  return Math.min(retryAfter + jitter, MAX_RETRY_DELAY)
}

/** Longest delay, in milliseconds: a day. A longer one in the store is not from this library. */
const MAX_RETRY_DELAY = 86_400_000

/** Longest random delay after the first failure, in milliseconds: a minute. */
const BASE = 60_000

/** Longest random delay after many failures, in milliseconds: six hours. */
const CAP = 6 * 3_600_000

interface Known {
  /** Number of failed attempts in a row. */
  readonly attempts: number
  /** Time of the last failure, in milliseconds since 1970. */
  readonly failedAt: number
  /** Delay after the last failure, in milliseconds. */
  readonly wait: number
  /** Part of the delay that the receiver asked for, in milliseconds. */
  readonly asked?: number
  /** Endpoint that is retired. */
  readonly retired?: string
  /** Reason why the last report was refused. */
  readonly refused?: string
}

const NOTHING: Known = ownOf({ attempts: 0, failedAt: 0, wait: 0 })

const FORMAT = 1

/** Reads the record. An unreadable record counts as empty: an additional attempt does no harm. */
async function read(store: StateStore): Promise<Known> {
  try {
    const bytes = await store.read(ENTRIES.retry)
    const { format, attempts, failedAt, wait, asked, retired, refused } = parseOwn(
      new TextDecoder().decode(bytes),
    )
    if (format !== FORMAT || ![attempts, failedAt, wait].every(isCount) || !isTime(failedAt)) return NOTHING
    if (wait > MAX_RETRY_DELAY) return NOTHING
    return ownOf({
      ...{ attempts, failedAt, wait },
      ...(isCount(asked) && asked <= wait && { asked }),
      ...{ retired, refused },
    })
  } catch {
    return NOTHING
  }
}

/** Returns whether something is a time in milliseconds since 1970. */
const isTime = (value: number): boolean => value <= 8.64e15

const isCount = (value: unknown): value is number => Number.isFinite(value) && Number(value) >= 0

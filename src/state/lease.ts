import {
  type Clock,
  ownOf,
  type ProcessOwner,
  parseOwn,
  processOwner,
  randomUuid,
  TextDecoder,
} from '../platform/index.ts'
import { ENTRIES } from './entries.ts'
import type { StateStore } from './types.ts'

/** Lease on a task that only one process at a time does. */
export interface Lease {
  /** Extends the lease by its duration. Returns `false` if another process has taken over. */
  renew(): Promise<boolean>
  /** Ends the lease. */
  release(): Promise<void>
}

export interface LeaseOptions {
  readonly store: StateStore
  readonly clock: Clock
  /** Name of the task: a lower-case word. */
  readonly task: string
  /** Time until the lease expires without a renewal, in milliseconds. Default: 15,000. */
  readonly duration?: number
  /** Process that takes the lease. Default: this process. */
  readonly owner?: ProcessOwner
}

/**
 * Takes a lease; returns `undefined` if another process holds it. The lease of a process on the same machine ends with that process;
 * any other lease ends when it expires.
 *
 * A lease only saves work, and no promise depends on it: clocks of machines differ, and a paused process may believe that it still
 * holds a lease that another process has taken over. Steps that must not happen twice use `StateStore.create`.
 */
export async function takeLease(options: LeaseOptions): Promise<Lease | undefined> {
  const { store, clock, task, duration = 15_000, owner = processOwner() } = ownOf(options)
  const holder = randomUuid()
  const numbers = await numbersOf(store, task)
  const last = numbers.at(-1) ?? 0
  // A lease that cannot be read, such as an entry of another user, counts as free.
  const content = await store.read(entryOf(task, last)).catch(() => undefined)
  const held = parse(content)
  if (held && isHeld(held)) return undefined
  const number = last + 1
  if (!(await store.create(entryOf(task, number), text()))) return undefined
  // As a rule there is one old entry. Entries that remain do no harm.
  for (const old of numbers.slice(0, MAX_REMOVED)) await store.remove(entryOf(task, old)).catch(() => {})

  return {
    async renew() {
      if ((await numbersOf(store, task)).at(-1) !== number) return false
      await store.write(entryOf(task, number), text())
      return true
    },
    release: () => store.remove(entryOf(task, number)),
  }

  function text(): string {
    return `${JSON.stringify({ holder, ...owner, until: clock.now() + duration })}\n`
  }

  function isHeld({ pid, host, until }: Held): boolean {
    // An impossible expiry means clock skew; treat the lease as expired.
    const running = until > clock.now() && until <= clock.now() + 2 * duration
    return running && !(host === owner.host && owner.hasEnded(pid))
  }
}

/** Largest number of expired leases that are removed at once. */
const MAX_REMOVED = 100

interface Held {
  readonly pid: number
  readonly host: string
  readonly until: number
}

const entryOf = (task: string, number: number) =>
  `${ENTRIES.leases}/${task}.${String(number).padStart(10, '0')}.json`

/** Returns the numbers of a task's leases, sorted. Only numbers of ten digits that begin with 0 count: larger ones are not the library's. */
async function numbersOf(store: StateStore, task: string): Promise<number[]> {
  const pattern = new RegExp(`^${ENTRIES.leases}/${task}\\.(0\\d{9})\\.json$`)
  return (await store.list(ENTRIES.leases)).flatMap((name) => {
    const digits = pattern.exec(name)?.[1]
    return digits === undefined ? [] : [Number(digits)]
  })
}

function parse(content: Uint8Array | undefined): Held | undefined {
  try {
    const { pid, host, until } = parseOwn(new TextDecoder().decode(content))
    return Number.isInteger(pid) && typeof host === 'string' && Number.isFinite(until)
      ? { pid, host, until }
      : undefined
  } catch {
    return undefined
  }
}

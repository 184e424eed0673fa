import {
  type Clock,
  type ProcessOwner,
  parseOwn,
  processOwner,
  randomUuid,
  TextDecoder,
} from '../platform/index.ts'
import { ENTRIES } from './entries.ts'
import type { StateStore } from './types.ts'

/** A task that one process at a time does. */
export interface Lease {
  /** Goes on with it for another while. `false` where somebody else has taken over. */
  renew(): Promise<boolean>
  release(): Promise<void>
}

export interface LeaseOptions {
  readonly store: StateStore
  readonly clock: Clock
  /** What the task is called: a lower-case word. */
  readonly task: string
  /** How long it is held without a renewal, in milliseconds. Default: 15,000. */
  readonly duration?: number
  /** Default: this process. */
  readonly owner?: ProcessOwner
}

/**
 * Takes a lease; `undefined` where another process holds it. A holder that has ended is succeeded at once where that can be seen
 * from here, and otherwise when its time is over.
 *
 * It keeps processes from doing the same work twice, and nothing rests on it: clocks of several machines differ, and a process that is
 * paused believes that it still holds what another one has taken over. What must not happen twice is made by `StateStore.create`.
 */
export async function takeLease(options: LeaseOptions): Promise<Lease | undefined> {
  const { store, clock, task, duration = 15_000, owner = processOwner() } = options
  const holder = randomUuid()
  const numbers = await numbersOf(store, task)
  const last = numbers.at(-1) ?? 0
  // One that cannot be read, an entry of another user for example, is held by nobody.
  const content = last > 0 ? await store.read(entryOf(task, last)).catch(() => undefined) : undefined
  const held = parse(content)
  if (held && isHeld(held)) return undefined
  const number = last + 1
  if (!(await store.create(entryOf(task, number), text()))) return undefined
  // There is one as a rule. What else is left does no harm.
  for (const old of numbers.slice(0, MOST_REMOVED)) await store.remove(entryOf(task, old)).catch(() => {})

  return {
    async renew() {
      const [latest] = (await numbersOf(store, task)).slice(-1)
      if (latest !== number) return false
      await store.write(entryOf(task, number), text())
      return true
    },
    release: () => store.remove(entryOf(task, number)),
  }

  function text(): string {
    return `${JSON.stringify({ holder, ...owner, until: clock.now() + duration })}\n`
  }

  function isHeld({ pid, host, until }: Held): boolean {
    // One that ends later than any can was made by another clock, or before this one was set.
    const running = until > clock.now() && until <= clock.now() + 2 * duration
    return running && !(host === owner.host && owner.hasEnded(pid))
  }
}

/** How many leases that have run out are removed at once. */
const MOST_REMOVED = 100

interface Held {
  readonly pid: number
  readonly host: string
  readonly until: number
}

const entryOf = (task: string, number: number) =>
  `${ENTRIES.leases}/${task}.${String(number).padStart(10, '0')}.json`

/** Numbers of ten digits of which the first is 0: no task is ever taken so often, and after another number there would be none. */
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

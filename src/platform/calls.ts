import type { Clock, Timer } from './clock.ts'

/** What came of a call of the host's code. Told apart by what is always there: a name that is not may be inherited. */
export type HostAnswer<T> =
  | { readonly failure: undefined; readonly value: T }
  | { readonly failure: 'failed' | 'timeout'; readonly error: Error }

/** How long an answer is waited for. */
export interface HostLimit {
  readonly clock: Pick<Clock, 'after'>
  /** Milliseconds. */
  readonly within: number
}

/**
 * The one way in which the library calls code of the host and waits for its answer: a source, a store, a pool. Never throws and never
 * rejects. What is thrown, what a promise rejects with, and a promise that does not settle in time are failures; an answer that
 * is no promise is the answer. The call itself is made at once.
 *
 * An answer is never handed to `await` as it came: with a thenable that resolves to itself, `await` would go on without end, and
 * nothing else in the process would have its turn.
 */
export function askHost<T>(call: () => T, limit?: HostLimit): Promise<HostAnswer<Awaited<T>>> {
  return new Promise((resolve) => {
    let timer: Timer | undefined
    let answered = false
    follow(call, (answer) => {
      answered = true
      timer?.cancel()
      resolve(answer as HostAnswer<Awaited<T>>)
    })
    if (answered || !limit) return
    timer = limit.clock.after(limit.within, () =>
      resolve({ failure: 'timeout', error: new Error(`There was no answer within ${limit.within} ms.`) }),
    )
  })
}

/** The answer itself, where a failure is the caller's to handle. Rejects with an error. */
export async function answerOfHost<T>(call: () => T, limit?: HostLimit): Promise<Awaited<T>> {
  const answer = await askHost(call, limit)
  if (answer.failure) throw answer.error
  return answer.value
}

/**
 * Calls code of the host whose answer nobody needs: a logger, a sink, a listener, an output. Never throws, and leaves no rejection
 * that nobody hears: Node.js would end the host for it.
 */
export function tellHost(call: () => unknown): void {
  follow(call, () => {})
}

/** Calls code of the host that answers at once. `undefined` where it throws, or gives a promise. */
export function askHostNow<T>(call: () => T): T | undefined {
  let answer: HostAnswer<unknown> | undefined
  let late = false
  follow(call, (one) => {
    if (!late) answer = one
  })
  late = true
  return answer && !answer.failure ? (answer.value as T) : undefined
}

/** A promise of Node.js never gives another one, and a thenable that is a promise's promise's promise is none that ends. */
const LONGEST_CHAIN = 10

/** Calls `done` once, at the latest when nothing is left to wait for. Never throws. */
function follow(
  call: () => unknown,
  done: (answer: HostAnswer<unknown>) => void,
  links = LONGEST_CHAIN,
): void {
  let open = true
  /** A thenable may call back as often as it likes: the first time counts. */
  const once = <A>(act: (argument: A) => void) => {
    return (argument: A) => {
      if (!open) return
      open = false
      act(argument)
    }
  }
  const fail = once((error: unknown) => done({ failure: 'failed', error: errorOf(error) }))
  try {
    const value = call()
    const then = thenOf(value)
    if (!then) return once(() => done({ failure: undefined, value }))(undefined)
    if (links === 0) return fail(new TypeError('The promise gives one promise after the other.'))
    const more = Reflect.apply(then, value, [
      once((next: unknown) => follow(() => next, done, links - 1)),
      fail,
    ]) as unknown
    // That of an async `then`, which may reject by itself.
    const last = thenOf(more)
    if (last) Reflect.apply(last, more, [() => {}, fail])
  } catch (error) {
    fail(error)
  }
}

/** May throw: a getter of the host's. */
function thenOf(value: unknown): ((...callbacks: unknown[]) => unknown) | undefined {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return undefined
  const { then } = value as { then?: unknown }
  return typeof then === 'function' ? (then as (...callbacks: unknown[]) => unknown) : undefined
}

/** What was thrown, as an error whose message and code can be read without anything being thrown again. */
export function errorOf(thrown: unknown): Error & { readonly code?: string } {
  try {
    const { message, code } = Object(thrown) as NodeJS.ErrnoException
    // Not by its class: an error may come from another realm.
    if (typeof message === 'string' && ['string', 'undefined'].includes(typeof code)) return thrown as Error
    return new Error(String(thrown))
  } catch {
    return new Error('something was thrown that cannot be shown')
  }
}

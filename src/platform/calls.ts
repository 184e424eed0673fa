import type { Clock, Timer } from './clock.ts'
import { memberOf } from './own-options.ts'

/** Result of a call of the host's code. `failure` is always an own property: an absent name might be inherited. */
export type HostAnswer<T> =
  | { readonly failure: undefined; readonly value: T }
  | { readonly failure: 'failed' | 'timeout'; readonly error: Error }

/** Time limit for an answer. */
export interface HostLimit {
  readonly clock: Pick<Clock, 'after'>
  /** Longest time to wait for an answer, in milliseconds. */
  readonly within: number
}

/**
 * Calls code of the host (a source, a store, a pool) at once, and waits for its answer. Never throws and never rejects: an exception,
 * a rejection, and a promise that does not settle in time are failures. A value that is not a promise is the answer.
 *
 * The library calls all code of the host through this function, and never passes a raw answer to `await`: a thenable that resolves to
 * itself would block the event loop for ever.
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

/** Calls code of the host like {@link askHost}, and returns the answer itself. Rejects with an error on a failure. */
export async function answerOfHost<T>(call: () => T, limit?: HostLimit): Promise<Awaited<T>> {
  const answer = await askHost(call, limit)
  if (answer.failure) throw answer.error
  return answer.value
}

/**
 * Calls code of the host whose answer is not needed: a logger, a sink, a listener, an output. Never throws, and leaves no unhandled
 * rejection, which would end the host.
 */
export function tellHost(call: () => unknown): void {
  follow(call, () => {})
}

/** Calls synchronous code of the host, and returns its answer. Never throws: an exception and a promise are failures. */
export function answerOfHostNow<T>(call: () => T): HostAnswer<T> {
  let answer: HostAnswer<T> | undefined
  let late = false
  follow(call, (one) => {
    if (!late) answer = one as HostAnswer<T>
  })
  late = true
  return answer ?? { failure: 'timeout', error: new TypeError('a promise was returned, not a value') }
}

/** Calls synchronous code of the host. Returns `undefined` if it throws or returns a promise. */
export function askHostNow<T>(call: () => T): T | undefined {
  const answer = answerOfHostNow(call)
  return answer.failure ? undefined : answer.value
}

/** Longest chain of thenables that is followed: a native promise never resolves to another one. */
const MAX_CHAIN_LENGTH = 10

/** Calls `done` once, at the latest when nothing is left to wait for. Never throws. */
function follow(
  call: () => unknown,
  done: (answer: HostAnswer<unknown>) => void,
  links = MAX_CHAIN_LENGTH,
): void {
  let open = true
  /** Ignores all calls after the first one: a thenable may call back several times. */
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
    // An async `then` returns another promise, which may reject.
    const last = thenOf(more)
    if (last) Reflect.apply(last, more, [() => {}, fail])
  } catch (error) {
    fail(error)
  }
}

/** Returns the `then` of a thenable. Throws if a getter of the host's does. */
function thenOf(value: unknown): ((...callbacks: unknown[]) => unknown) | undefined {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return undefined
  const { then } = value as { then?: unknown }
  return typeof then === 'function' ? (then as (...callbacks: unknown[]) => unknown) : undefined
}

/** Returns what was thrown as an error whose `message` and `code` can be read safely. Never throws. */
export function errorOf(thrown: unknown): Error & { readonly code?: string } {
  try {
    const error = Object(thrown) as NodeJS.ErrnoException
    const [message, code]: unknown[] = [memberOf(error, 'message'), memberOf(error, 'code')]
    // Not by its class: an error may come from another realm.
    if (typeof message === 'string' && (code === undefined || typeof code === 'string'))
      return thrown as Error
    return new Error(String(thrown))
  } catch {
    return new Error('something was thrown that cannot be shown')
  }
}

/** Returns the code of what was thrown, such as `ENOENT`; `undefined` if it has none. Never throws. */
export const codeOf = (thrown: unknown): string | undefined => memberOf(errorOf(thrown), 'code')

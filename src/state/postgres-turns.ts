import { type Clock, createDeferred, createMutex } from '../platform/index.ts'

/**
 * Makes what runs actions one after the other and rejects those that are not done within `timeout` milliseconds. While an
 * overdue one is still running, new ones reject at once: a database that hangs costs one connection, and no memory.
 * An action asks `isOver` before each step whether somebody still waits for it.
 */
export function createTimedTurns(
  clock: Clock,
  timeout: number,
): <R>(action: (isOver: () => boolean) => Promise<R>) => Promise<R> {
  const runExclusive = createMutex()
  let overdue = false
  const unanswered = () => new Error(`PostgreSQL has not answered for ${timeout} ms.`)

  return async (action) => {
    if (overdue) throw unanswered()
    const { promise: end, reject } = createDeferred<never>()
    let over = false
    const timer = clock.after(timeout, () => {
      over = true
      overdue = true
      reject(unanswered())
    })
    const done = runExclusive(async () => {
      try {
        return await action(() => over)
      } finally {
        overdue = false
      }
    })
    try {
      return await Promise.race([done, end])
    } finally {
      timer.cancel()
    }
  }
}

import { type Clock, createDeferred, createMutex } from '../platform/index.ts'

/**
 * Creates a mutex that rejects actions that are not done within `timeout` milliseconds. While an overdue action is still running, new
 * actions reject at once: a database that hangs costs one connection, and no memory. An action calls `isOver` before each step to
 * stop when its caller no longer waits.
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

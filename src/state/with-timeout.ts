import { askHost, type Clock, createMutex, ownOf } from '../platform/index.ts'
import type { StateStore } from './types.ts'

/** Longest time for reading, in milliseconds: the host's start waits for it. */
const READ_TIMEOUT = 5_000

/** Longest time for a change, in milliseconds: far longer than a busy disk takes. */
const CHANGE_TIMEOUT = 60_000

/** Time after which a store that blocks no thread is called again although a call has not answered, in milliseconds. */
const NEXT_TRIAL = 60_000

/**
 * Creates a store over another one that rejects calls without an answer in time, and makes one call at a time. A network file system
 * that hangs, or a store of the host's whose promise never settles, must not stop the schedule. Each hanging call of a file system
 * blocks one of the four threads that the host's own files need, so while one call hangs, others reject at once.
 */
export function storeWithTimeout(store: StateStore, clock: Clock): StateStore {
  const runExclusive = createMutex()
  /** Error of the call that is late, and the monotonic time of its timeout in milliseconds. */
  let hanging: { readonly error: Error; readonly since: number } | undefined

  const isHanging = () =>
    hanging && (store.blocking || clock.monotonic() - hanging.since < NEXT_TRIAL) ? hanging : undefined

  const inTime = <R>(limit: number, step: () => Promise<R>): Promise<R> =>
    runExclusive(() => {
      const before = isHanging()
      if (before) return Promise.reject(before.error)
      return new Promise((resolve, reject) => {
        let own: typeof hanging
        const timer = clock.after(limit, () => {
          const message = `${store.location} has not answered for ${limit} ms.`
          const error = Object.assign(new Error(message), { code: 'ETIMEDOUT' })
          own = { error, since: clock.monotonic() }
          hanging = own
          reject(error)
        })
        void askHost(step).then((answer) => {
          timer.cancel()
          if (hanging === own) hanging = undefined
          if (answer.failure) reject(answer.error)
          else resolve(answer.value)
        })
      })
    })

  const { readEnd, rename, tidy } = store
  return ownOf({
    location: store.location,
    ...(store.shared !== undefined && { shared: store.shared }),
    ...(store.blocking !== undefined && { blocking: store.blocking }),
    ...(store.health && { health: store.health }),
    read: (name) => inTime(READ_TIMEOUT, () => store.read(name)),
    ...(readEnd && {
      readEnd: (name, length) => inTime(READ_TIMEOUT, () => readEnd.call(store, name, length)),
    }),
    write: (name, data) => inTime(CHANGE_TIMEOUT, () => store.write(name, data)),
    create: (name, data) => inTime(CHANGE_TIMEOUT, () => store.create(name, data)),
    append: (name, line) => inTime(CHANGE_TIMEOUT, () => store.append(name, line)),
    remove: (name) => inTime(CHANGE_TIMEOUT, () => store.remove(name)),
    ...(rename && { rename: (from, to) => inTime(CHANGE_TIMEOUT, () => rename.call(store, from, to)) }),
    ...(tidy && { tidy: () => inTime(CHANGE_TIMEOUT, () => tidy.call(store)) }),
    list: (folder) => inTime(READ_TIMEOUT, () => store.list(folder)),
  })
}

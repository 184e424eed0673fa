import type { StateStore } from '../../src/index.ts'

/** A store that stands still after so many changes, as for a process that is killed. */
export function ending(store: StateStore, changes: number) {
  const killed = Promise.withResolvers<void>()
  const gone = Promise.withResolvers<never>()
  gone.promise.catch(() => {})
  let left = changes
  const step = <R>(action: () => Promise<R>): Promise<R> => {
    if (left-- > 0) return action()
    killed.resolve()
    return gone.promise
  }
  return {
    killed: killed.promise,
    end: () => gone.reject(new Error('The process is gone.')),
    store: {
      ...store,
      write: (name, data) => step(() => store.write(name, data)),
      create: (name, data) => step(() => store.create(name, data)),
      remove: (name) => step(() => store.remove(name)),
    } satisfies StateStore,
  }
}

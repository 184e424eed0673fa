/**
 * Creates a mutex: a function that runs actions one after the other, in the order of the calls. A failure rejects only for the caller
 * of that action; the next action runs.
 */
export function createMutex(): <T>(action: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve()
  return (action) => {
    const result = last.then(action)
    last = result.catch(() => {})
    return result
  }
}

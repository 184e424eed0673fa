/**
 * Makes what runs actions one after the other, in the order in which they are given. An action that fails fails for
 * its caller alone, and the next has its turn.
 */
export function createMutex(): <T>(action: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve()
  return (action) => {
    const result = last.then(action)
    last = result.catch(() => {})
    return result
  }
}

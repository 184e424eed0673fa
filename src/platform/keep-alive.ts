import { clearInterval, setInterval } from './natives.ts'

/**
 * Runs what somebody waits for, and keeps the process alive until it is over: everything else of the library is
 * unreferenced, and a program that only awaits its report would end in the middle of it. `run` must be bounded in time.
 */
export async function keepingProcessAlive<R>(run: () => Promise<R>): Promise<R> {
  const hold = setInterval(() => {}, 2 ** 31 - 1)
  try {
    return await run()
  } finally {
    clearInterval(hold)
  }
}

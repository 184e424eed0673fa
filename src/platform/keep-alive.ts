import { clearInterval, setInterval } from './natives.ts'

/**
 * Keeps the process alive while `run` runs. Everything else in the library is unreferenced, so a program that only awaits its report
 * would end before it is made. `run` must be bounded in time.
 */
export async function keepingProcessAlive<R>(run: () => Promise<R>): Promise<R> {
  const hold = setInterval(() => {}, 2 ** 31 - 1)
  try {
    return await run()
  } finally {
    clearInterval(hold)
  }
}

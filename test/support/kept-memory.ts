import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
/** Collects everything that nobody refers to. */
export const collectGarbage = runInNewContext('gc') as () => void

/**
 * Returns the bytes that are kept in memory. Unlike the size of the process, the number does not depend on when garbage was collected last,
 * which comes late on a busy machine.
 */
export function keptMemory(): number {
  collectGarbage()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

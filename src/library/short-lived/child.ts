import { keepingProcessAlive, process, systemClock } from '../../platform/index.ts'
import { createDirectoryStore, storeWithTimeout } from '../../state/index.ts'
import { markBegun, readEntry, removeEntry } from './job.ts'

/** Longest life of a child process, in milliseconds. */
export const MAX_LIFE = 30_000

/** Variable with the identity of this machine, if the product knows it: it is not stored. Empty if the product does not know it now. */
export const MACHINE = 'OTEL_USAGE_MACHINE'

/**
 * Runs this process as the child process of a short-lived one: delivers the job in a state directory, and ends the process. Whatever
 * goes wrong, everything is left for the next one.
 */
export function deliverJob(directory: string, deliver: (work: unknown) => Promise<void>): void {
  // By force: a file system that does not answer holds up `process.exit()`. Nothing is lost: what is written is on the disk.
  const end = () => process.kill(process.pid, 'SIGKILL')
  process.on('uncaughtException', end)
  systemClock.after(MAX_LIFE, end)
  void keepingProcessAlive(async () => {
    const store = storeWithTimeout(createDirectoryStore(directory), systemClock)
    const job = await readEntry(store)
    if (job === undefined || job === 'unreadable' || 'runtime' in job) return
    // If that cannot be written, the child delivers all the same.
    await markBegun(store, job).catch(() => {})
    await deliver(job.work)
    await removeEntry(store)
  }).finally(end)
}

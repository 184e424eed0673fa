import { type EndingProcess, flushOnShutdown } from '../short-lived/index.ts'
import type { Contributions } from './contributions.ts'
import type { Settings } from './settings.ts'

/** Sends at the end of a process what is due and what waits, or has a child process do it. Loaded then. */
export async function flushAtEnd(
  settings: Settings,
  contributions: Contributions,
  ending: Omit<EndingProcess, 'state' | 'clock' | 'endpoint' | 'handOver'>,
): Promise<void> {
  const { state, clock, endpoint, logger, directory, noLocation } = settings
  const { proxyEnvironment, headersVariable, identity } = settings
  await flushOnShutdown({
    ...{ ...ending, state, clock, endpoint },
    handOver: {
      ...{
        directory,
        logger,
        proxyEnvironment,
        headersVariable,
        identity,
        isDurable: noLocation === undefined,
      },
      // `undefined` in a product that was bundled into a CommonJS file.
      besideFile: import.meta.filename,
      async makeWork(now) {
        const { makeDetachedWork } = await import('./detached-work.ts')
        return makeDetachedWork(settings, contributions, now)
      },
    },
  })
}

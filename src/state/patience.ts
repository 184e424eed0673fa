import type { Clock } from '../platform/index.ts'

/** How long in all a step is tried again, in milliseconds. */
const LONGEST_PATIENCE = 1_000

/** The first wait and the longest one, in milliseconds; each is twice as long as the one before. */
const [FIRST_WAIT, LONGEST_WAIT] = [10, 160]

/**
 * Runs steps that fail while another process has the file open, for as long as a second: on Windows, whatever a virus scanner or a
 * backup looks at can be neither replaced nor removed. Where a second was in vain it lasts, and the next steps are tried once,
 * until one succeeds.
 */
export function createPatience(clock: Clock): <R>(step: () => Promise<R>) => Promise<R> {
  let isPatient = true

  return async (step) => {
    let waited = 0
    for (let wait = FIRST_WAIT; ; wait = Math.min(2 * wait, LONGEST_WAIT, LONGEST_PATIENCE - waited)) {
      try {
        const result = await step()
        isPatient = true
        return result
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException
        if (!HELD_BY_OTHERS.has(code ?? '')) throw error
        if (waited >= LONGEST_PATIENCE) isPatient = false
        if (!isPatient) throw error
        await new Promise<void>((resolve) => clock.after(wait, resolve))
        waited += wait
      }
    }
  }
}

const HELD_BY_OTHERS: ReadonlySet<string> = new Set(['EPERM', 'EACCES', 'EBUSY'])

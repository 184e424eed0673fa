import { type Clock, codeOf } from '../platform/index.ts'

/** Longest time in all for which a step is retried, in milliseconds. */
const MAX_RETRY_TIME = 1_000

/** First and longest wait between two attempts, in milliseconds; each wait is twice as long as the one before. */
const [FIRST_WAIT, MAX_WAIT] = [10, 160]

/**
 * Creates a function that retries steps for up to a second while another process has the file open: on Windows, a file that a virus
 * scanner or a backup reads can be neither replaced nor removed. After a second without success, later steps are tried only once,
 * until one succeeds.
 */
export function createPatience(clock: Clock): <R>(step: () => Promise<R>) => Promise<R> {
  let isPatient = true

  return async (step) => {
    let waited = 0
    for (let wait = FIRST_WAIT; ; wait = Math.min(2 * wait, MAX_WAIT, MAX_RETRY_TIME - waited)) {
      try {
        const result = await step()
        isPatient = true
        return result
      } catch (error) {
        if (!HELD_BY_OTHERS.has(codeOf(error))) throw error
        if (waited >= MAX_RETRY_TIME) isPatient = false
        if (!isPatient) throw error
        await new Promise<void>((resolve) => clock.after(wait, resolve))
        waited += wait
      }
    }
  }
}

const HELD_BY_OTHERS: ReadonlySet<string | undefined> = new Set(['EPERM', 'EACCES', 'EBUSY'])

import { answerOfHostNow, ownOf } from '../../platform/index.ts'
import type { ConsentInputs } from './types.ts'

/** Source of a development run, as it is at one moment. */
export type Development = Pick<ConsentInputs, 'development' | 'developmentProblem'>

/**
 * Returns a reader of what says that the product runs in development: `true`, `false`, the name of a variable, or a function that returns
 * `true` or `false` as it is now. Never throws. A function without an answer counts as a development run.
 */
export function createDevelopmentReader(given: unknown): () => Development {
  return () => {
    if (typeof given !== 'function') return ownOf({ development: given })
    const answer = answerOfHostNow(() => given())
    if (answer.failure) return ownOf({ development: true, developmentProblem: answer.error.message })
    if (typeof answer.value === 'boolean') return ownOf({ development: answer.value })
    return ownOf({ development: true, developmentProblem: 'its function returned neither true nor false' })
  }
}

/** Words for a development run in a variable such as `NODE_ENV`. */
const DEVELOPMENT_WORDS: readonly string[] = ['development', 'dev', 'local']

/** Returns whether a value means a development run. It may be a list, as in `SPRING_PROFILES_ACTIVE=dev,postgres`. */
export const meansDevelopment = (value: string): boolean =>
  value
    .slice(0, 1_000)
    .split(/[\s,;]/)
    .some((word) => DEVELOPMENT_WORDS.includes(word.toLowerCase()))

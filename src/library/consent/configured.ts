import { answerOfHostNow, ownOf } from '../../platform/index.ts'
import type { ConsentInputs } from './types.ts'

/** Configuration of the product at one moment. */
export type Configuration = Pick<ConsentInputs, 'configured' | 'configurationProblem'>

/**
 * Returns a reader of the product's configuration: of a value, or of a function that returns it as it is now. Whatever the host's
 * function or object does, the reader never throws. What cannot be read may be a no, so it counts as one.
 */
export function createConfigurationReader(given: unknown): () => Configuration {
  let isReading = false
  let last: Configuration = PROBLEM('nothing was read yet')
  return () => {
    // A function that asks for the verdict which it decides about would be asked without end.
    if (isReading) return last
    isReading = true
    last = readConfiguration(given)
    isReading = false
    return last
  }
}

function readConfiguration(given: unknown): Configuration {
  const answer = answerOfHostNow(() => (typeof given === 'function' ? given() : given))
  if (answer.failure) return PROBLEM(answer.error.message)
  const copy = answerOfHostNow(() => ({ configured: withoutGetters(answer.value) }))
  return copy.failure ? PROBLEM(copy.error.message) : ownOf(copy.value)
}

const PROBLEM = (message: string): Configuration =>
  ownOf({ configured: undefined, configurationProblem: message })

function withoutGetters(value: unknown): unknown {
  return isLockedConfiguration(value) ? { value: ownValue(value, 'value'), locked: true } : value
}

/** Returns `true` for a configuration that no choice in the product may change. */
export function isLockedConfiguration(
  configured: unknown,
): configured is { readonly value: unknown; readonly locked: true } {
  return typeof configured === 'object' && configured !== null && ownValue(configured, 'locked') === true
}

const ownValue = (object: object, name: string): unknown =>
  Object.hasOwn(object, name) ? Reflect.get(object, name) : undefined

import { answerOfHostNow } from '../../platform/index.ts'
import type { Mistakes } from '../facts/index.ts'
import type { UsageTelemetryOptions } from './options.ts'

/** Product of a running telemetry. It may be upgraded while the process runs. */
export interface RunningProduct {
  readonly name: string
  /** Version as last read. */
  readonly version: string
  /** Reads the version again, and returns it. Keeps the last one where the product's function throws or returns something else. */
  readVersion(): string
}

/** Version before the first reading of a function, and for as long as it returns none. */
const UNKNOWN = 'unknown'

/** @param mistakes where a function that returns no version is noted. Default: nowhere */
export function createRunningProduct(
  { name, version: given }: UsageTelemetryOptions['product'],
  mistakes?: Mistakes,
): RunningProduct {
  let version = typeof given === 'string' ? given : UNKNOWN
  let isReading = false
  return {
    name,
    get version() {
      return version
    },
    readVersion() {
      // A function that asks for the status would be asked without end.
      if (typeof given === 'string' || isReading) return version
      isReading = true
      const answer = answerOfHostNow(given)
      isReading = false
      if (answer.failure === undefined && isProductVersion(answer.value)) version = answer.value
      else mistakes?.note(answer.failure === 'failed' ? 'failed' : 'invalid_value', 'product.version')
      return version
    },
  }
}

/** Returns `true` for the version of a product: letters, digits and `_.+-`, at most 64. */
export const isProductVersion = (value: unknown): value is string =>
  typeof value === 'string' && /^[\w.+-]{1,64}$/.test(value)

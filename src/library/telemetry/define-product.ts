import { type Facts, frozenCopy } from '../../catalog/index.ts'
import { UsageConfigurationError, unsuitableRuntime } from '../../platform/index.ts'
import type { ProductDescription } from './description.ts'
import { checkOptions } from './option-rules.ts'

/**
 * Checks the description of a product and returns a frozen copy. Pure: reads, writes and loads nothing.
 *
 * `createUsageTelemetry({ product })` and `otel-usage … --product <file>` take it, so that it is written down once. A literal, a copy, or
 * one that was read from JSON is accepted as well.
 *
 * @throws {UsageConfigurationError} that lists every mistake with its path and the fix.
 */
export function defineProduct<F extends Facts>(description: ProductDescription<F>): ProductDescription<F> {
  // A Node.js that is too old is the operator's mistake, and lacks functions that the checks need.
  if (unsuitableRuntime() !== undefined) return description
  try {
    const { catalog } = checkOptions({ product: description })
    const { root, catalog: _, ...data } = description
    return Object.freeze({
      ...frozenCopy(data),
      ...(root !== undefined && { root }),
      catalog,
    }) as ProductDescription<F>
  } catch (error) {
    if (!(error instanceof UsageConfigurationError)) throw error
    const mistakes = error.mistakes.map(({ path, message }) => ({
      path: path.replace(/^product\./, ''),
      message,
    }))
    throw new UsageConfigurationError('The description of the product', mistakes)
  }
}

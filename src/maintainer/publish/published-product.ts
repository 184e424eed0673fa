import type { Catalog } from '../../catalog/index.ts'
import {
  type ProductDescription,
  type ProductReceiver,
  rhythmOf,
  variablePrefix,
} from '../../library/telemetry/index.ts'
import { describeValue, type Mistake, UsageConfigurationError } from '../../platform/index.ts'
import { ORIGINS } from './origin.ts'
import type { Rhythm } from './rhythm-words.ts'

/** A product whose page can be written: its description says everything that the page does. */
export interface PublishedProduct extends ProductDescription {
  readonly title: string
  readonly version: string
  /** Prefix of the product's environment variables, such as `ACME_DB`. */
  readonly environmentPrefix: string
  readonly neverCollected: readonly string[]
  readonly receiver: ProductReceiver
  readonly rhythm: Rhythm
}

/**
 * Returns a description with everything that a page needs.
 *
 * @param product a checked description; its catalog may have contributions.
 * @throws {UsageConfigurationError} that lists everything that is missing for a page.
 */
export function publishedProduct(product: ProductDescription): PublishedProduct {
  const mistakes = mistakesForPage(product)
  if (mistakes.length > 0) throw new UsageConfigurationError('The description of the product', mistakes)
  return {
    ...(product as PublishedProduct),
    title: product.title ?? product.name,
    environmentPrefix: variablePrefix(product),
    rhythm: rhythmOf(product.schedule),
  }
}

/** Returns how long the facts of a level are kept. */
export const retentionOf = ({ retention }: ProductReceiver, level: string): string =>
  typeof retention === 'string' ? retention : (retention[level] as string)

function mistakesForPage({ neverCollected, receiver, catalog }: ProductDescription): Mistake[] {
  const mistakes: Mistake[] = []
  const require = (good: boolean, path: string, value: unknown, fix: string) => {
    if (!good)
      mistakes.push({ path, message: `is ${value === undefined ? 'missing' : describeValue(value)}; ${fix}` })
  }
  require(Array.isArray(neverCollected) &&
    neverCollected.length >
      0, 'neverCollected', neverCollected, 'list what the product never collects, one line each, for the page')
  if (Array.isArray(neverCollected)) {
    for (const [index, one] of neverCollected.entries())
      require(isText(one), `neverCollected[${index}]`, one, 'use a text of one line')
  }
  if (!isRecord(receiver)) {
    require(false, 'receiver', receiver, 'say who receives the reports: { operator, seenBy, retention, erasure }')
    return mistakes
  }
  const unknown = Object.keys(receiver).filter((name) => !RECEIVER.includes(name))
  for (const name of unknown)
    mistakes.push({
      path: `receiver.${name}`,
      message: `is not known; the names here are ${RECEIVER.join(', ')}`,
    })
  for (const [name, fix] of Object.entries(TEXTS))
    require(isText(receiver[name]), `receiver.${name}`, receiver[name], fix)
  mistakes.push(...mistakesOfRetention(receiver['retention'], catalog))
  const origin = receiver['origin']
  require(origin === undefined ||
    (Array.isArray(origin) &&
      origin.every((one) =>
        ORIGINS.includes(one),
      )), 'receiver.origin', origin, `list what the gateway adds, out of ${ORIGINS.map((one) => `'${one}'`).join(', ')}; [] for nothing`)
  return mistakes
}

const TEXTS = {
  operator: 'name who runs the receiver',
  seenBy: 'say who sees the reports',
  erasure: 'say in a sentence what a person does to have reports erased',
} as const

const RECEIVER: readonly string[] = [...Object.keys(TEXTS), 'retention', 'origin']

function mistakesOfRetention(retention: unknown, { levels }: Catalog): Mistake[] {
  const path = 'receiver.retention'
  if (!isRecord(retention)) {
    if (isText(retention)) return []
    const value = retention === undefined ? 'missing' : describeValue(retention)
    return [{ path, message: `is ${value}; say how long reports are kept, such as '400 days'` }]
  }
  const example = `{ ${levels.map((level) => `${level}: '90 days'`).join(', ')} }`
  const unknown = Object.keys(retention).find((level) => !levels.includes(level))
  if (unknown !== undefined)
    return [
      { path, message: `names the level '${unknown}', which the catalog does not have; write ${example}` },
    ]
  const missing = levels.find((level) => !isText(retention[level]))
  return missing === undefined
    ? []
    : [{ path, message: `does not name the level ${missing}; name every level: ${example}` }]
}

const isText = (value: unknown): boolean =>
  typeof value === 'string' && value.trim() !== '' && /^[^\p{Cc}\p{Zl}\p{Zp}]{1,500}$/u.test(value)

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

import type { Facts } from '../../catalog/index.ts'
import { type Mistake, ownOf } from '../../platform/index.ts'
import type { ConsentPolicy } from '../consent/index.ts'
import type { UsageTelemetryOptions } from './options.ts'

/**
 * Description of a product: what its telemetry does by itself, and what its page says about it. Plain data, from a module or from JSON.
 * The product and every command `otel-usage` read the same one, so that code, page and gateway cannot differ.
 */
export interface ProductDescription<F extends Facts = Facts>
  extends Readonly<UsageTelemetryOptions['product']>,
    Pick<UsageTelemetryOptions<F>, 'catalog' | 'endpoint' | 'proxy' | 'schedule'> {
  /** Decisions about consent, without what only the running product knows. */
  readonly consent?: Omit<ConsentPolicy, 'flag' | 'configured' | 'seed' | 'executableName'>
  /** Directory of the state. Default: the user's directory for state. */
  readonly state?: string
  readonly disclosure?: Omit<NonNullable<UsageTelemetryOptions['disclosure']>, 'sinks'>
  readonly identity?: Omit<NonNullable<UsageTelemetryOptions['identity']>, 'machine'>
  readonly versionCheck?: Omit<NonNullable<UsageTelemetryOptions['versionCheck']>, 'printAtEnd'>
  /** Data that is never collected: one line each, such as `The content of notes`. Required for the page. */
  readonly neverCollected?: readonly string[]
  /** Receiver of the reports. Required for the page. */
  readonly receiver?: ProductReceiver
}

/** Receiver of the reports of a product, as its page names it. */
export interface ProductReceiver {
  /** Person or organization that runs the receiver, with the country if the law asks for it. */
  readonly operator: string
  /** People who see the reports, such as `the four maintainers of Acme Notes`. */
  readonly seenBy: string
  /** Time that reports are kept: `400 days`, or a time for each level of consent. */
  readonly retention: string | Readonly<Record<string, string>>
  /** Attributes that the gateway derives from the network address of a report. Default: the page says that it may add all of them. */
  readonly origin?: ReadonlyArray<'country' | 'region' | 'network'>
  /** Way to have the reports of an installation erased, in sentences: `Write to privacy@acme.example, with …`. */
  readonly erasure: string
}

/** Options of a telemetry whose product has a description: what stands in the description is left out here. */
export interface DescribedTelemetryOptions<F extends Facts = Facts>
  extends Omit<UsageTelemetryOptions<F>, 'product' | 'catalog' | 'endpoint'> {
  readonly product: ProductDescription<F>
}

/** Parts of a description that are options of the telemetry. `true`: the names below may be in either of both. */
export const PARTS = {
  catalog: false,
  endpoint: false,
  proxy: false,
  state: false,
  consent: true,
  disclosure: true,
  schedule: true,
  identity: true,
  versionCheck: true,
} as const

/**
 * Returns the options with what the product's description says about them. What stands in both is reported as a mistake: one of
 * them would be ignored.
 */
export function withDescription<F extends Facts>(
  options: UsageTelemetryOptions<F> | DescribedTelemetryOptions<F>,
  report: (mistake: Mistake) => void = () => {},
): UsageTelemetryOptions<F> {
  if (!isObject(options.product)) return options as UsageTelemetryOptions<F>
  const { neverCollected: _, receiver: __, ...product } = options.product as Record<string, unknown>
  const merged: Record<string, unknown> = { ...options }
  const twice = (path: string) =>
    report({ path, message: "stands in the product's description as well; leave it out here" })
  for (const [part, isShared] of Object.entries(PARTS)) {
    if (!Object.hasOwn(product, part)) continue
    const described = product[part]
    const given = Object.hasOwn(merged, part) ? merged[part] : undefined
    delete product[part]
    merged[part] = described
    if (given === undefined) continue
    if (!isShared || !isObject(given) || !isObject(described)) {
      twice(part)
      continue
    }
    for (const name of Object.keys(given)) if (Object.hasOwn(described, name)) twice(`${part}.${name}`)
    merged[part] = ownOf({ ...given, ...described })
  }
  return ownOf({ ...merged, product: ownOf(product) }) as unknown as UsageTelemetryOptions<F>
}

/** Returns the path of an option as the maintainer has written it: below `product`, if it comes from the description. */
export function writtenPath(path: string, product: unknown): string {
  const [part = '', name = ''] = path.split(/[.[]/)
  if (!isObject(product) || !Object.hasOwn(PARTS, part) || !Object.hasOwn(product, part)) return path
  const described = product[part]
  const isThere =
    !PARTS[part as keyof typeof PARTS] || (isObject(described) && Object.hasOwn(described, name))
  return isThere ? `product.${path}` : path
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null

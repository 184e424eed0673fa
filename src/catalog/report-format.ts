import { UUID } from './uuids.ts'
import { DROP_REASONS, VERSION } from './values.ts'

/**
 * What a report says of itself, beside the facts of its catalog: declared here, once. What composes a report, its JSON Schema, what the
 * gateway lets through and what reads a report back are all derived from it.
 */

/** A resource attribute of a report. */
export interface ReportAttribute {
  /**
   * What it holds: the product's name, one of its levels, the version of its catalog (the one that is a number), the contributions in that;
   * a constant, one of some words, a UUID, a version.
   */
  readonly holds:
    | 'product'
    | 'level'
    | 'catalog version'
    | 'contributions'
    | 'uuid'
    | 'version'
    | { readonly constant: string }
    | { readonly words: readonly string[] }
  /** A regular expression for its text, where that is more than what it holds says, whatever the product is. */
  readonly pattern?: string
  /** Whether it is in every report, or only where there is something to say. */
  readonly presence: 'always' | 'sometimes'
  /** Whether the gateway drops a whole report for it, and not just the attribute. Default: false. */
  readonly isRequired?: boolean
}

/** The version of a product: of what is not released, a word such as `dev` or `nightly-20260301`. No dots, as host names have. */
const PRODUCT_VERSION = `^[A-Za-z]{1,20}(?:[+_-][0-9A-Za-z]+)*$|${VERSION}`

/** By name. https://opentelemetry.io/docs/specs/semconv/resource/ for `service.*` and `telemetry.*`. */
export const REPORT_ATTRIBUTES = {
  'service.name': { holds: 'product', presence: 'always', isRequired: true },
  'service.version': { holds: 'version', pattern: PRODUCT_VERSION, presence: 'always' },
  'service.instance.id': { holds: 'uuid', presence: 'sometimes', isRequired: true },
  'telemetry.distro.name': { holds: { constant: 'otel-usage' }, presence: 'always' },
  'telemetry.distro.version': { holds: 'version', pattern: VERSION, presence: 'always' },
  'usage.report.id': { holds: 'uuid', presence: 'always', isRequired: true },
  'usage.consent.state': {
    holds: { words: ['enabled', 'undecided', 'disabled'] },
    presence: 'always',
    isRequired: true,
  },
  'usage.consent.level': { holds: 'level', pattern: '^[a-z][a-z0-9_-]{0,31}$', presence: 'always' },
  'usage.catalog.version': { holds: 'catalog version', pattern: '^[0-9]{1,9}$', presence: 'always' },
  'usage.installation.age': {
    holds: { words: ['day', 'week', 'month', 'half-year', 'older'] },
    presence: 'sometimes',
  },
  'usage.installation.lineage': { holds: 'uuid', presence: 'sometimes' },
  'usage.catalog.contributions': {
    holds: 'contributions',
    pattern: '^[a-z][a-z0-9_.]*@\\d+(,[a-z][a-z0-9_.]*@\\d+)*$',
    presence: 'sometimes',
  },
} as const satisfies Readonly<Record<string, ReportAttribute>>

type Attributes = typeof REPORT_ATTRIBUTES

type Held<A extends ReportAttribute> = A['holds'] extends 'catalog version' ? number : string

/** The values of all of them, by name: each has to be given, `undefined` only where it may be absent. */
export type ReportAttributeValues = {
  readonly [N in keyof Attributes]: Attributes[N]['presence'] extends 'always'
    ? Held<Attributes[N]>
    : Held<Attributes[N]> | undefined
}

/** A gauge of a report. */
export interface ReportMetric {
  readonly unit: string
  /** The one attribute of its points, and the values of that. Default: its one point has none. */
  readonly by?: { readonly name: string; readonly values: readonly string[] }
  readonly presence: 'always' | 'sometimes'
}

/**
 * By name. `usage.facts` is in every report, so that each makes at least one row at the store. `usage.forget` is the request to erase what an
 * installation has sent.
 */
export const REPORT_METRICS = {
  'usage.facts': { unit: '{fact}', presence: 'always' },
  'usage.dropped': {
    unit: '{value}',
    by: { name: 'reason', values: DROP_REASONS },
    presence: 'sometimes',
  },
  'usage.withheld': { unit: '{fact}', presence: 'always' },
  'usage.forget': { unit: '1', presence: 'sometimes' },
} as const satisfies Readonly<Record<string, ReportMetric>>

export type ReportMetricName = keyof typeof REPORT_METRICS

/** The scope of all metrics of a report. */
export const REPORT_SCOPE = 'otel-usage'

/** Returns whether a report says that of itself, whatever its catalog is. */
export const isOwnName = (name: string): boolean =>
  Object.hasOwn(REPORT_ATTRIBUTES, name) || Object.hasOwn(REPORT_METRICS, name)

/** Returns the regular expression that the text of an attribute matches; `undefined` where that depends on the product. */
export function patternOf({ holds, pattern }: ReportAttribute): string | undefined {
  if (pattern !== undefined) return pattern
  if (holds === 'uuid') return `^${UUID}$`
  return typeof holds === 'object' && 'words' in holds ? `^(${holds.words.join('|')})$` : undefined
}

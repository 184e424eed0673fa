import { UUID, uuidPattern } from './uuids.ts'
import { DROP_REASONS, VERSION } from './values.ts'

/**
 * Format of a report: the attributes and metrics that it has beside the facts of its catalog. Declared once: the composer of reports,
 * their JSON Schema, the gateway's allowlists and the reader of reports are derived from this declaration.
 */

/** A resource attribute of a report. */
export interface ReportAttribute {
  /**
   * Kind of value: the product's name, one of its levels, the version of its catalog (a number, the others are texts), the contributions
   * in the catalog; a constant, one of several words, a UUID, a version.
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
  /** Regular expression of the text, where `holds` alone does not determine the text. */
  readonly pattern?: string
  /** `always`: the attribute is in every report. `sometimes`: it may be absent. */
  readonly presence: 'always' | 'sometimes'
  /** `true`: the gateway drops a report without a valid value; `false`: it drops just the attribute. Default: `false`. */
  readonly isRequired?: boolean
}

/** Version of a product. Unreleased builds may have a word such as `dev` or `nightly-20260301`; without dots, to keep host names out. */
const PRODUCT_VERSION = `^[A-Za-z]{1,20}(?:[+_-][0-9A-Za-z]+)*$|${VERSION}`

/** Resource attributes by name. See https://opentelemetry.io/docs/specs/semconv/resource/ for `service.*` and `telemetry.*`. */
export const REPORT_ATTRIBUTES = {
  'service.name': {
    holds: 'product',
    pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$',
    presence: 'always',
    isRequired: true,
  },
  'service.version': { holds: 'version', pattern: PRODUCT_VERSION, presence: 'always' },
  'service.instance.id': {
    holds: 'uuid',
    pattern: uuidPattern('[1-8]'),
    presence: 'sometimes',
    isRequired: true,
  },
  'telemetry.distro.name': { holds: { constant: 'otel-usage' }, presence: 'always' },
  'telemetry.distro.version': { holds: 'version', pattern: VERSION, presence: 'always' },
  'usage.report.id': { holds: 'uuid', pattern: uuidPattern('7'), presence: 'always', isRequired: true },
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

/** Values of all report attributes, by name. Each key is required; a value may be `undefined` only when its presence is `sometimes`. */
export type ReportAttributeValues = {
  readonly [N in keyof Attributes]: Attributes[N]['presence'] extends 'always'
    ? Held<Attributes[N]>
    : Held<Attributes[N]> | undefined
}

/** A gauge in a report, beside those of the facts. */
export interface ReportMetric {
  readonly unit: string
  /** The attribute of the data points, and its values. Default: one data point without attributes. */
  readonly by?: { readonly name: string; readonly values: readonly string[] }
  readonly presence: 'always' | 'sometimes'
}

/**
 * Metrics by name. `usage.facts` is in every report, so that each report makes at least one row in the store. `usage.forget` requests the
 * erasure of all reports of an installation.
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

/** Instrumentation scope of all metrics of a report. */
export const REPORT_SCOPE = 'otel-usage'

/** Returns `true` when the name belongs to the format of the report, and not to the catalog. */
export const isOwnName = (name: string): boolean =>
  Object.hasOwn(REPORT_ATTRIBUTES, name) || Object.hasOwn(REPORT_METRICS, name)

/** Returns the regular expression of the text of an attribute; `undefined` when the text depends on the product. */
export function patternOf({ holds, pattern }: ReportAttribute): string | undefined {
  if (pattern !== undefined) return pattern
  if (holds === 'uuid') return `^${UUID}$`
  return typeof holds === 'object' && 'words' in holds ? `^(${holds.words.join('|')})$` : undefined
}

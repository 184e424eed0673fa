import { type AttributeValue, type Catalog, factNameOf } from '../../catalog/index.ts'
import { parseOwn, TextDecoder } from '../../platform/index.ts'

/** Content of a report. */
export interface ReportContent {
  /** Resource attributes by name, as JavaScript values. A value that no fact can have stays in its OTLP form. */
  readonly attributes: Readonly<Record<string, unknown>>
  readonly metrics: readonly ReportedMetric[]
  /** Returns the size of each attribute and metric, in characters of JSON. */
  sizes(): ReadonlyArray<{ readonly name: string; readonly size: number }>
}

export interface ReportedMetric {
  readonly name: string
  /** Data points; absent if the metric is not a gauge. */
  readonly points?: readonly {
    readonly attributes: Readonly<Record<string, unknown>>
    readonly value: number
  }[]
}

/** Part of an OTLP `ExportMetricsServiceRequest` in JSON that reports use. */
interface OtlpReport {
  readonly resourceMetrics: ReadonlyArray<{
    readonly resource: { readonly attributes: readonly OtlpAttribute[] }
    readonly scopeMetrics: ReadonlyArray<{ readonly metrics: readonly OtlpMetric[] }>
  }>
}

interface OtlpAttribute {
  readonly key: string
  readonly value: {
    readonly stringValue?: string
    readonly boolValue?: boolean
    readonly arrayValue?: { readonly values?: ReadonlyArray<{ readonly stringValue: string }> }
  }
}

interface OtlpMetric {
  readonly name: string
  readonly gauge?: {
    readonly dataPoints: ReadonlyArray<{
      readonly attributes: readonly OtlpAttribute[]
      readonly asInt?: number | string
      readonly asDouble?: number
    }>
  }
}

/** Reads a report. Returns `undefined` if the bytes are not a report, or have an attribute twice. */
export function readReport(bytes: Uint8Array): ReportContent | undefined {
  try {
    const { resourceMetrics } = parseOwn(new TextDecoder().decode(bytes)) as OtlpReport
    const attributes = resourceMetrics.flatMap(({ resource }) => resource.attributes)
    const metrics = resourceMetrics.flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((one) => one.metrics))
    return {
      attributes: recordOf(attributes),
      metrics: metrics.map(readMetric),
      sizes: () => [
        ...attributes.map((one) => ({ name: one.key, size: JSON.stringify(one).length })),
        ...metrics.map((one) => ({ name: one.name, size: JSON.stringify(one).length })),
      ],
    }
  } catch {
    return undefined
  }
}

/** Returns the attribute facts of a report by name, as its receiver reads them. */
export const factsIn = ({ attributes }: ReportContent, catalog: Catalog): Record<string, AttributeValue> =>
  Object.fromEntries(
    Object.entries(attributes)
      .filter(([name]) => factNameOf(catalog, name) !== undefined)
      .map(([name, value]) => [name, value as AttributeValue]),
  )

/** Returns the names of the largest attributes and metrics of a report, largest first. */
export const largestIn = (bytes: Uint8Array, count = 3): string[] =>
  [...(readReport(bytes)?.sizes() ?? [])]
    .sort((a, b) => b.size - a.size)
    .slice(0, count)
    .map(({ name }) => name)

function readMetric({ name, gauge }: OtlpMetric): ReportedMetric {
  if (!gauge) return { name }
  const points = gauge.dataPoints.map(({ attributes, asInt, asDouble }) => ({
    attributes: recordOf(attributes),
    value: Number(asInt ?? asDouble),
  }))
  return { name, points }
}

function recordOf(attributes: readonly OtlpAttribute[]): Record<string, unknown> {
  const values = new Map(attributes.map(({ key, value }) => [key, readValue(value)]))
  if (values.size < attributes.length) throw new TypeError('an attribute is there twice')
  return Object.fromEntries(values)
}

/** Reads a value. An empty one is `null`: in OTLP it means an unknown value. */
function readValue(value: OtlpAttribute['value']): unknown {
  const { stringValue, boolValue, arrayValue } = value
  const list = arrayValue?.values?.map((item) => item.stringValue)
  return stringValue ?? boolValue ?? list ?? (Object.keys(value).length === 0 ? null : value)
}

import { code, type Table, type Text } from './blocks.ts'

/** The parts of an OTLP report that the table shows. */
interface Report {
  readonly resourceMetrics: readonly [
    {
      readonly resource: { readonly attributes: readonly Attribute[] }
      readonly scopeMetrics: ReadonlyArray<{ readonly metrics: readonly Metric[] }>
    },
  ]
}

interface Attribute {
  readonly key: string
  readonly value: Readonly<Record<string, unknown>>
}

interface Metric {
  readonly name: string
  readonly unit: string
  readonly gauge: {
    readonly dataPoints: ReadonlyArray<{
      readonly attributes: readonly Attribute[]
      readonly asInt?: unknown
      readonly asDouble?: unknown
    }>
  }
}

/** Returns a report of our own, as OTLP JSON, as a table: a row for each attribute and for each number. */
export function reportTable(report: string): Table {
  const [{ resource, scopeMetrics }] = (JSON.parse(report) as Report).resourceMetrics
  const attributes = resource.attributes.map(({ key, value }): Text[] => [
    [code(key)],
    shown(value),
    [''],
    [''],
  ])
  const numbers = scopeMetrics
    .flatMap(({ metrics }) => metrics)
    .flatMap(({ name, unit, gauge }) =>
      gauge.dataPoints.map((point): Text[] => [
        [code(name)],
        [code(String(point.asInt ?? point.asDouble))],
        [unit === '1' ? '' : unit.replaceAll(/[{}]/g, '')],
        [point.attributes.map(({ key, value }) => `${key}: ${plain(value)}`).join(', ')],
      ]),
    )
  return {
    kind: 'table',
    caption: 'An example of a report',
    head: ['name', 'value', 'unit', 'counted for'],
    rows: [...attributes, ...numbers],
  }
}

function shown(value: Attribute['value']): Text {
  const written = plain(value)
  return [written === '' ? 'empty' : code(written)]
}

/** Returns a value (`AnyValue` of OTLP) as a text. */
function plain(value: Attribute['value']): string {
  const { arrayValue, ...single } = value
  if (arrayValue === undefined) return Object.values(single).map(String).join()
  const { values } = arrayValue as { readonly values: ReadonlyArray<Attribute['value']> }
  return values.map(plain).join(', ')
}

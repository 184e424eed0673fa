import type { AttributeFact, Catalog, Fact } from './types.ts'

/** A JSON Schema, as plain data. */
export type JsonSchema = Readonly<Record<string, unknown>>

/**
 * The JSON Schema (2020-12) of a product's report: an OTLP `ExportMetricsServiceRequest` with the declared names and values, and
 * no others.
 */
export function jsonSchema(catalog: Catalog, product: string): JsonSchema {
  const facts = Object.entries(catalog.facts).sort(([a], [b]) => (a < b ? -1 : 1))
  const attributes = facts.flatMap(([name, fact]) =>
    fact.kind === 'attribute' ? [keyValue(name, valueSchema(fact))] : [],
  )
  const metrics = facts.flatMap(([name, fact]) =>
    fact.kind === 'attribute' ? [] : [metric(name, fact.unit, pointAttributes(fact))],
  )
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: `Usage report of ${product}, catalog version ${catalog.version}`,
    ...object({
      resourceMetrics: one(
        object({
          resource: object({
            attributes: list([...reportAttributes(catalog, product), ...attributes]),
            droppedAttributesCount: { const: 0 },
          }),
          scopeMetrics: one(
            object({
              scope: object({ name: { const: 'otel-usage' }, version: { type: 'string' } }),
              metrics: list([...metrics, ...REPORT_METRICS]),
            }),
          ),
        }),
      ),
    }),
  }
}

const UUID = '^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$'

const object = (properties: Readonly<Record<string, JsonSchema>>): JsonSchema => ({
  type: 'object',
  properties,
  required: Object.keys(properties),
  additionalProperties: false,
})

const list = (items: readonly JsonSchema[]): JsonSchema => ({ type: 'array', items: { oneOf: items } })

const one = (item: JsonSchema): JsonSchema => ({ type: 'array', minItems: 1, maxItems: 1, items: item })

const text = (schema: JsonSchema): JsonSchema => object({ stringValue: { type: 'string', ...schema } })

const keyValue = (key: string, value: JsonSchema): JsonSchema => object({ key: { const: key }, value })

function valueSchema(fact: AttributeFact): JsonSchema {
  const known = knownValue(fact)
  if (fact.whenUnknown === 'Unknown') return { anyOf: [known, text({ const: 'Unknown' })] }
  return fact.whenUnknown === null ? { anyOf: [known, object({})] } : known
}

function knownValue(fact: AttributeFact): JsonSchema {
  switch (fact.type) {
    case 'boolean':
      return object({ boolValue: { type: 'boolean' } })
    case 'enum':
      return text({ enum: fact.values })
    case 'version':
      return text({ pattern: '^v?\\d[0-9A-Za-z]*([.+_-][0-9A-Za-z]+)*$', maxLength: 64 })
    case 'string':
      return text({ pattern: `^(?:${fact.pattern})$`, maxLength: fact.maxLength ?? 64 })
  }
}

function pointAttributes(fact: Extract<Fact, { kind: 'gauge' | 'count' }>): JsonSchema {
  const keys = Object.entries(fact.by ?? {})
  return keys.length === 0
    ? { type: 'array', maxItems: 0 }
    : list(keys.map(([key, values]) => keyValue(key, text({ enum: values }))))
}

function metric(name: string, unit: string, attributes: JsonSchema): JsonSchema {
  const nanoseconds = { type: 'string', pattern: '^\\d+$' }
  const point = {
    type: 'object',
    properties: {
      attributes,
      startTimeUnixNano: nanoseconds,
      timeUnixNano: nanoseconds,
      asInt: { type: 'integer' },
      asDouble: { type: 'number' },
    },
    required: ['attributes', 'startTimeUnixNano', 'timeUnixNano'],
    additionalProperties: false,
  }
  return object({
    name: { const: name },
    description: { const: '' },
    unit: { const: unit },
    gauge: object({ dataPoints: { type: 'array', minItems: 1, items: point } }),
  })
}

function reportAttributes({ version, levels }: Catalog, product: string): JsonSchema[] {
  return [
    keyValue('service.name', text({ const: product })),
    keyValue('service.version', text({ maxLength: 64 })),
    keyValue('service.instance.id', text({ pattern: UUID })),
    keyValue('telemetry.distro.name', text({ const: 'otel-usage' })),
    keyValue('telemetry.distro.version', text({ maxLength: 64 })),
    keyValue('usage.catalog.version', object({ intValue: { const: version } })),
    keyValue('usage.consent.level', text({ enum: [...levels, 'off'] })),
    keyValue('usage.consent.state', text({ enum: ['enabled', 'undecided', 'disabled'] })),
    keyValue('usage.report.id', text({ pattern: UUID })),
  ]
}

const NO_ATTRIBUTES = { type: 'array', maxItems: 0 }

const REPORT_METRICS: readonly JsonSchema[] = [
  metric('usage.facts', '{fact}', NO_ATTRIBUTES),
  metric('usage.withheld', '{fact}', NO_ATTRIBUTES),
  metric('usage.dropped', '{value}', list([keyValue('reason', text({ pattern: '^[a-z_]+$' }))])),
]

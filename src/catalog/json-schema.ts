import { alternativesOf, hasNoDimensions } from './dimensions.ts'
import { pairPattern } from './map.ts'
import { METADATA_KEY } from './metadata.ts'
import {
  patternOf,
  REPORT_ATTRIBUTES,
  REPORT_METRICS,
  REPORT_SCOPE,
  type ReportAttribute,
  type ReportMetric,
} from './report-format.ts'
import type { AttributeFact, Catalog, Fact, MetadataFact } from './types.ts'
import { UUID } from './uuids.ts'
import { DEFAULT_LIMITS, MAX_VERSION_LENGTH, VERSION } from './values.ts'

/** JSON Schema as plain data. */
export type JsonSchema = Readonly<Record<string, unknown>>

/**
 * Returns the JSON Schema (2020-12) of a product's report: an OTLP `ExportMetricsServiceRequest` with the declared names and values,
 * and no others.
 */
export function jsonSchema(catalog: Catalog, product: string): JsonSchema {
  const facts = Object.entries(catalog.facts).sort(([a], [b]) => (a < b ? -1 : 1))
  const attributes = facts.flatMap(([name, fact]) =>
    fact.kind === 'attribute' ? [attribute(name, fact)] : [],
  )
  const metrics = facts.flatMap(([name, fact]) =>
    fact.kind === 'attribute' ? [] : [metric(name, fact.unit, pointAttributes(fact))],
  )
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: `Usage report of ${product}, catalog version ${catalog.version}`,
    ...object({
      resourceMetrics: one(
        object(
          {
            resource: object(
              {
                attributes: list([...reportAttributes(catalog, product), ...attributes]),
                droppedAttributesCount: { const: 0 },
              },
              SCHEMA_URL,
            ),
            scopeMetrics: one(
              object({
                scope: object({ name: { const: REPORT_SCOPE }, version: { type: 'string' } }),
                metrics: list([...metrics, ...reportMetrics()]),
              }),
            ),
          },
          SCHEMA_URL,
        ),
      ),
    }),
  }
}

const object = (
  properties: Readonly<Record<string, JsonSchema>>,
  optional: Readonly<Record<string, JsonSchema>> = {},
): JsonSchema => ({
  type: 'object',
  properties: { ...properties, ...optional },
  required: Object.keys(properties),
  additionalProperties: false,
})

const list = (items: readonly JsonSchema[]): JsonSchema => ({ type: 'array', items: { oneOf: items } })

const one = (item: JsonSchema): JsonSchema => ({ type: 'array', minItems: 1, maxItems: 1, items: item })

const text = (schema: JsonSchema): JsonSchema => object({ stringValue: { type: 'string', ...schema } })

const keyValue = (key: string, value: JsonSchema): JsonSchema => object({ key: { const: key }, value })

function attribute(name: string, fact: AttributeFact): JsonSchema {
  if (fact.type !== 'metadata') return keyValue(name, valueSchema(fact))
  const { maxLength = DEFAULT_LIMITS.maxLength } = fact
  return object({
    key: { type: 'string', pattern: `^${name.replaceAll('.', '\\.')}\\.${METADATA_KEY}$` },
    value: text({ maxLength, pattern: '^[^\\u0000-\\u001f\\u007f-\\u009f]*$' }),
  })
}

function valueSchema(fact: Exclude<AttributeFact, MetadataFact>): JsonSchema {
  const known = knownValue(fact)
  if (fact.whenUnknown === 'Unknown') return { anyOf: [known, text({ const: 'Unknown' })] }
  return fact.whenUnknown === null ? { anyOf: [known, object({})] } : known
}

function knownValue(fact: Exclude<AttributeFact, MetadataFact>): JsonSchema {
  switch (fact.type) {
    case 'boolean':
      return object({ boolValue: { type: 'boolean' } })
    case 'enum':
      return text({ enum: fact.values })
    case 'version':
      return text({ pattern: VERSION, maxLength: MAX_VERSION_LENGTH })
    case 'string':
      return text({ pattern: `^(?:${fact.pattern})$`, maxLength: fact.maxLength ?? DEFAULT_LIMITS.maxLength })
    case 'uuids':
      return texts(`^${UUID}$`, fact.maxItems ?? DEFAULT_LIMITS.maxItems)
    case 'map':
      return texts(`^${pairPattern(fact)}$`, fact.maxEntries ?? DEFAULT_LIMITS.maxEntries)
  }
}

const texts = (pattern: string, maxItems: number): JsonSchema =>
  object({
    arrayValue: object({ values: { type: 'array', minItems: 1, maxItems, items: text({ pattern }) } }),
  })

function pointAttributes(fact: Extract<Fact, { kind: 'gauge' | 'count' }>): JsonSchema {
  if (hasNoDimensions(fact)) return NO_ATTRIBUTES
  const [block, ...others] = alternativesOf(fact).map((by) =>
    list(Object.entries(by).map(([key, values]) => keyValue(key, text({ enum: values })))),
  )
  return others.length === 0 ? (block as JsonSchema) : { anyOf: [block, ...others] }
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

function reportAttributes(catalog: Catalog, product: string): JsonSchema[] {
  return Object.entries<ReportAttribute>(REPORT_ATTRIBUTES).map(([name, attribute]) =>
    keyValue(name, reportValue(attribute, catalog, product)),
  )
}

function reportValue(attribute: ReportAttribute, { version, levels }: Catalog, product: string): JsonSchema {
  const { holds } = attribute
  if (holds === 'product') return text({ const: product })
  if (holds === 'version') return text({ maxLength: MAX_VERSION_LENGTH })
  if (holds === 'level') return text({ enum: [...levels, 'off'] })
  if (holds === 'catalog version') return object({ intValue: { const: version } })
  if (typeof holds === 'string') return text({ pattern: patternOf(attribute) })
  return text('constant' in holds ? { const: holds.constant } : { enum: holds.words })
}

/** Schema URL of the report. The OTLP serializer writes the URL to the resource as well. */
const SCHEMA_URL = { schemaUrl: { type: 'string', pattern: '^https?://[A-Za-z0-9._:/-]{1,200}$' } }

const NO_ATTRIBUTES = { type: 'array', maxItems: 0 }

const reportMetrics = (): JsonSchema[] =>
  Object.entries<ReportMetric>(REPORT_METRICS).map(([name, { unit, by }]) =>
    metric(name, unit, by ? list([keyValue(by.name, text({ enum: by.values }))]) : NO_ATTRIBUTES),
  )

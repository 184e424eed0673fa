import { Document, Scalar } from 'yaml'
import { type Catalog, checkedCatalog, type Fact, REPORT_ATTRIBUTES, seriesOf } from '../../catalog/index.ts'
import { GatewayOptionsError } from '../package/index.ts'
import { attributeBytes, attributeStatements, reportAttributeStatements } from './attribute-statements.ts'
import { isNoneOf, literal, type Rule, resourceAttribute } from './ottl.ts'
import { declaredPoints, notNumberCondition, reportPoints, unitsOf } from './point-conditions.ts'
import { CATALOGS, REMOVED_ATTRIBUTES, REPORT_POINTS } from './wire.ts'

/** A product whose reports a gateway takes. */
export interface GatewayProduct {
  /** The product's name as its reports have it in `service.name`. */
  readonly name: string
  readonly catalog: Catalog
}

/**
 * Returns the products' part of the Collector configuration, derived from their catalogs: the metrics, attributes and values that the
 * gateway accepts. YAML for `--config gateway.yaml --config <this>`. The same catalogs give the same text. List a product once for each
 * version of its catalog whose reports still arrive: then the gateway accepts what any of them declares.
 *
 * The text replaces the lists of `filter/points` and `transform/attributes` in gateway.yaml. The gateway accepts no report with more
 * points than the largest catalog of the product has series.
 *
 * @throws {UsageConfigurationError} if a catalog breaks a rule of `defineCatalog`.
 * @throws {GatewayOptionsError} if there is no product, if a version of a catalog is listed twice, or if gateway.yaml would refuse the
 *   name of a product.
 */
export function collectorConfig(given: readonly GatewayProduct[]): string {
  const senders = sendersOf(given)
  const titles = senders.map(
    ({ name, catalogs }) => `${name} (catalog version ${catalogs.map(({ version }) => version).join(', ')})`,
  )
  const statements = marked(
    senders.flatMap(({ name, catalogs }) =>
      attributeStatements(catalogs, senders.length === 1 ? undefined : isProduct(name)),
    ),
    senders.flatMap(({ catalogs }) => catalogs),
  )
  return written(
    {
      processors: {
        'filter/points': {
          metric_conditions: [
            { conditions: blocks([isOtherProduct(senders)]) },
            { conditions: blocks(notGaugeConditions(senders)) },
            { conditions: blocks(isNoDeclaredPoint(senders)) },
          ],
        },
        'transform/attributes': {
          metric_statements: metricStatements(statements, senders),
        },
      },
      service: {
        telemetry: { resource: { attributes: [{ name: CATALOGS, value: knownCatalogs(senders) }] } },
      },
    },
    [
      `What the gateway lets through for ${titles.join(', ')}.`,
      'Made from the catalogs by `otel-usage catalog collector-config`: change the catalog, not this file.',
    ],
  )
}

/** Returns the statements in three groups, by what each is executed for: once a report, once a metric, and once a report again. */
const metricStatements = (statements: readonly Rule[], senders: readonly Sender[]) =>
  [statements, pointCount(), pointBounds(senders)].map((rules) => ({ statements: blocks(rules) }))

/** Returns the list of catalogs that the Collector shows among its own metrics; `gateway status` compares it with the reports that arrive. */
function knownCatalogs(senders: readonly Sender[]): string {
  const known = senders.flatMap(({ name, catalogs }) => [
    ...catalogs.map(({ version }) => `${name}@${version}`),
    ...catalogs.flatMap(({ contributions = {} }) =>
      Object.entries(contributions).map(([prefix, version]) => `${name}/${prefix}@${version}`),
    ),
  ])
  return [...new Set(known)].join(' ')
}

/** Returns the two processors as gateway.yaml has them: without an overlay, only the points and attributes of every report are accepted. */
export function baseConfig(): string {
  const points = {
    'filter/points': {
      error_mode: 'propagate',
      metric_conditions: [
        { conditions: blocks(notGaugeConditions([])) },
        { conditions: blocks(isNoDeclaredPoint([])) },
      ],
    },
  }
  const attributes = {
    'transform/attributes': {
      error_mode: 'propagate',
      metric_statements: metricStatements(marked(attributeStatements([], undefined), []), []),
    },
  }
  const parts = [written(points), written(attributes, ['OVERLAY: the resource attributes of a product.'])]
  return parts.join('\n').replaceAll(/^(?=.)/gm, '  ')
}

/** A product with all the versions of its catalog. */
export interface Sender {
  readonly name: string
  readonly catalogs: readonly Catalog[]
}

function check(products: readonly GatewayProduct[]): void {
  if (products.length === 0) {
    throw new GatewayOptionsError(
      'The gateway was given no product; pass at least one { name, catalog }, otherwise it lets no fact through.',
    )
  }
  const seen = new Set<string>()
  for (const { name, catalog } of products) {
    if (!new RegExp(REPORT_ATTRIBUTES['service.name'].pattern).test(name)) {
      throw new GatewayOptionsError(
        `The product name '${name}' would be refused by the gateway; use 1 to 64 letters, digits, dots, underscores and hyphens.`,
      )
    }
    const one = `'${name}', catalog version ${catalog.version}`
    if (seen.has(one)) {
      throw new GatewayOptionsError(`The product ${one}, is listed twice; pass each version once.`)
    }
    seen.add(one)
  }
}

/** Returns the products with all the versions of their catalogs. Throws as {@link collectorConfig} does. */
export function sendersOf(given: readonly GatewayProduct[]): Sender[] {
  const products = given.map(({ name, catalog }) => ({ name, catalog: checkedCatalog(catalog) }))
  check(products)
  const names = [...new Set(products.map(({ name }) => name))].sort()
  return names.map((name) => ({
    name,
    catalogs: products
      .filter((product) => product.name === name)
      .map(({ catalog }) => catalog)
      .sort((a, b) => a.version - b.version),
  }))
}

const isProduct = (name: string) => `${resourceAttribute('service.name')} == ${literal(name)}`

const isOtherProduct = (senders: readonly Sender[]): Rule => [
  isNoneOf(
    resourceAttribute('service.name'),
    senders.map(({ name }) => name),
  ),
]

/** The library sends gauges, without description and metadata. */
function notGaugeConditions(senders: readonly Sender[]): Rule[] {
  const units = unitsOf(senders.flatMap(({ catalogs }) => catalogs))
  // Most metrics have one of the first units, and the second comparison is skipped.
  const [frequent, others] = [units.slice(0, 3), units.slice(3)]
  return [
    ['metric.type != METRIC_DATA_TYPE_GAUGE'],
    [`${isNoneOf('metric.unit', frequent)} and ${isNoneOf('metric.unit', others)}`],
    ['metric.description != "" or Len(metric.metadata) > 0'],
  ]
}

function isNoDeclaredPoint(senders: readonly Sender[]): Rule[] {
  const only = senders.length === 1
  const ofProducts = senders.flatMap(({ name, catalogs }): Rule[] => {
    const points = declaredPoints(catalogs).map((point) => [point])
    if (only || points.length === 0) return points
    return [[`${isProduct(name)} and (`, ...anyOf(points), ')']]
  })
  return [
    // A flag says that a point has no number; the library sets no flags.
    ['Len(datapoint.exemplars) > 0 or datapoint.flags != 0'],
    [notNumberCondition()],
    ['not (', ...anyOf([...ofProducts, ...reportPoints().map((point) => [point])]), ')'],
  ]
}

const anyOf = (rules: readonly Rule[]): Rule =>
  rules.flatMap((rule, index) =>
    rule.map((line, number) => `  ${index > 0 && number === 0 ? 'or ' : ''}${line}`),
  )

/**
 * Records on the report how many of its attributes were removed. The first statements make the keys unique: the Collector keeps
 * duplicates, and every condition reads only the first, which may be valid while the second is not.
 */
function marked(statements: readonly Rule[], catalogs: readonly Catalog[]): Rule[] {
  return [
    ['set(resource.cache["usage.attributes"], Len(resource.attributes))'],
    ['merge_maps(resource.cache, resource.attributes, "insert")'],
    // The cache has one entry more than the report has keys. Copied only where a key came twice: that takes longer than to ask.
    ['set(resource.attributes, resource.cache)', 'where Len(resource.cache) <= Len(resource.attributes)'],
    ...statements,
    ...reportAttributeStatements(catalogs),
    [
      `set(${resourceAttribute(REMOVED_ATTRIBUTES)}, resource.cache["usage.attributes"] - Len(resource.attributes))`,
      'where Len(resource.attributes) < resource.cache["usage.attributes"]',
    ],
    [`set(${COUNT}, 0)`],
    // Only if the declared lengths allow it: this check takes as long as a pass through the metrics.
    ...(catalogs.some((catalog) => attributeBytes(catalog) > MAX_ATTRIBUTE_BYTES)
      ? [[`set(${COUNT}, ${BEYOND})`, `where Len(String(resource.attributes)) > ${MAX_ATTRIBUTE_BYTES}`]]
      : []),
  ]
}

/**
 * Counts the points of a report, in a field of the resource that is not stored. `pointBounds` marks a report with more points than the
 * catalog has series, and `filter/bounds` of gateway.yaml drops it, by one condition for the whole report. A valid report has each
 * series once. Repeated points would make a small request large in the store, where each point gets all attributes.
 */
const pointCount = (): Rule[] => [[`set(${COUNT}, ${COUNT} + Len(metric.data_points))`]]

function pointBounds(senders: readonly Sender[]): Rule[] {
  const beyond = (catalogs: readonly Catalog[], guard: readonly string[]): Rule => [
    `set(${COUNT}, ${BEYOND})`,
    `where ${[...guard, `${COUNT} > ${mostPoints(catalogs)}`].join(' and ')}`,
  ]
  const [only, ...others] = senders
  return others.length === 0
    ? [beyond(only?.catalogs ?? [], [])]
    : senders.map(({ name, catalogs }) => beyond(catalogs, [isProduct(name)]))
}

/** Field in which the points are counted. */
const COUNT = 'resource.dropped_attributes_count'

/** Count that marks a report to be dropped: it has too many points, or its attributes alone are too large. */
const BEYOND = 1_000_000

/** Largest size of the attributes of a report as JSON, in bytes: a batch of 10,000 points, each with all attributes, fits into memory. */
export const MAX_ATTRIBUTE_BYTES = 16_384

/** Returns the largest number of points of a report. */
export const mostPoints = (catalogs: readonly Catalog[]): number =>
  REPORT_POINTS + Math.max(0, ...catalogs.map(({ facts }) => pointsOf(Object.values<Fact>(facts))))

const pointsOf = (facts: readonly Fact[]): number =>
  facts.reduce((sum, fact) => sum + (fact.kind === 'attribute' ? 0 : seriesOf(fact)), 0)

/** Writes YAML with a comment above it. */
function written(config: object, comment: readonly string[] = []): string {
  const document = new Document(config)
  if (document.contents) document.contents.commentBefore = comment.map((line) => ` ${line}`).join('\n')
  return document.toString({ lineWidth: 0 })
}

/** Turns rules into literal blocks, which keep their line breaks. The Collector reads `$$` as `$`. */
const blocks = (rules: readonly Rule[]): Scalar[] =>
  rules.map((rule) => {
    const block = new Scalar(rule.join('\n').replaceAll('$', '$$$$'))
    block.type = 'BLOCK_LITERAL'
    return block
  })

import {
  type AttributeFact,
  alternativesOf,
  type Catalog,
  DEFAULT_LIMITS,
  type Fact,
  METADATA_KEY,
  type MetadataFact,
  UUID,
} from '../../catalog/index.ts'
import { GatewayOptionsError } from '../errors.ts'
import {
  isNoneOf,
  isPortable,
  JSON_CHARACTER,
  keepKeys,
  literal,
  matches,
  pointAttribute,
  resourceAttribute,
  resourceCache,
  upTo,
} from './ottl.ts'
import { REASON, REPORT_ATTRIBUTES, REPORT_METRICS } from './wire.ts'

/** A product whose reports a gateway takes. */
export interface GatewayProduct {
  /** The product's name as its reports have it in `service.name`. */
  readonly name: string
  readonly catalog: Catalog
}

/** One OTTL condition or statement, as lines that belong together. */
type Rule = readonly string[]

/**
 * The products' part of the Collector configuration, from their catalogs: which metric names, attribute keys and values
 * the gateway lets through. YAML for `--config gateway.yaml --config <this>`. The same catalogs give the same text.
 *
 * What it replaces in gateway.yaml: the lists of `filter/names`, `transform/keys` and `filter/values`.
 *
 * @throws {GatewayOptionsError} without a product, with one named twice, or with a name that gateway.yaml would refuse.
 */
export function collectorConfig(products: readonly GatewayProduct[]): string {
  check(products)
  const named = [...products].sort((a, b) => (a.name < b.name ? -1 : 1))
  const only = named.length === 1
  const where = (product: GatewayProduct): Rule => (only ? [] : [`${ofProduct(product)} and`])
  const titles = named.map(({ name, catalog }) => `${name} (catalog version ${catalog.version})`)
  return `${[
    `# What the gateway lets through for ${titles.join(', ')}.`,
    '# Made from the catalogs by `otel-usage catalog collector-config`: change the catalog, not this file.',
    'processors:',
    '  filter/names:',
    '    metric_conditions:',
    ...items([
      isNoneOf(
        resourceAttribute('service.name'),
        named.map(({ name }) => name),
      ),
      ...named.map((product) => [
        ...where(product),
        ...isNoneOf('metric.name', metricNames(product.catalog)),
      ]),
    ]),
    '  transform/keys:',
    '    metric_statements:',
    ...group(named.flatMap((product) => resourceStatements(product, only ? undefined : ofProduct(product)))),
    ...group(named.map((product) => pointStatement(product, only ? undefined : ofProduct(product)))),
    '  filter/values:',
    '    metric_conditions:',
    ...items([
      [
        `${pointAttribute(REASON)} != nil`,
        `and not ${matches(pointAttribute(REASON), '^[a-z][a-z0-9_.-]{0,31}$')}`,
      ],
      ...named.flatMap((product) =>
        valueConditions(product.catalog).map((rule) => [...where(product), ...rule]),
      ),
    ]),
  ].join('\n')}\n`
}

function check(products: readonly GatewayProduct[]): void {
  if (products.length === 0) {
    throw new GatewayOptionsError(
      'The gateway was given no product; pass at least one { name, catalog }, otherwise it lets no fact through.',
    )
  }
  const seen = new Set<string>()
  for (const { name } of products) {
    if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(name)) {
      throw new GatewayOptionsError(
        `The product name '${name}' would be refused by the gateway; use 1 to 64 letters, digits, dots, underscores and hyphens.`,
      )
    }
    if (seen.has(name)) {
      throw new GatewayOptionsError(`The product '${name}' is listed twice; pass each product once.`)
    }
    seen.add(name)
  }
}

const ofProduct = ({ name }: GatewayProduct) => `${resourceAttribute('service.name')} == ${literal(name)}`

const facts = (catalog: Catalog) => Object.entries<Fact>(catalog.facts).sort(([a], [b]) => (a < b ? -1 : 1))

function metricNames(catalog: Catalog): string[] {
  const declared = facts(catalog).filter(([, fact]) => fact.kind !== 'attribute')
  return [...REPORT_METRICS, ...declared.map(([name]) => name)]
}

/**
 * First the keys, then the values of the attribute facts: one that is not as declared goes, the report stays. Entries of metadata have
 * keys of their own: they are put aside, and come back where all of them are as declared.
 */
function resourceStatements({ catalog }: GatewayProduct, guard: string | undefined): Rule[] {
  const metadata: Array<[string, MetadataFact]> = []
  const attributes: Array<[string, Exclude<AttributeFact, MetadataFact>]> = []
  for (const [name, fact] of facts(catalog)) {
    if (fact.kind !== 'attribute') continue
    if (fact.type === 'metadata') metadata.push([name, fact])
    else attributes.push([name, fact])
  }
  return [
    ...metadata.flatMap(([name]) => [
      guarded([`set(${resourceCache(name)}, resource.attributes)`], guard),
      guarded(
        [
          `keep_matching_keys(${resourceCache(name)}, ${literal(`^${name.replaceAll('.', '\\.')}\\.${METADATA_KEY}$`)})`,
        ],
        guard,
      ),
    ]),
    guarded(
      keepKeys('resource.attributes', [...REPORT_ATTRIBUTES, ...attributes.map(([name]) => name)]),
      guard,
    ),
    ...metadata.map(([name, { maxLength, maxEntries }]) => [
      `merge_maps(resource.attributes, ${resourceCache(name)}, "insert")`,
      `where ${guard === undefined ? '' : `${guard} and `}Len(${resourceCache(name)}) <= ${maxEntries ?? DEFAULT_LIMITS.maxEntries}`,
      `and ${matches(resourceCache(name), `^\\{(?:"[^"]+":"${JSON_CHARACTER}{1,${maxLength ?? DEFAULT_LIMITS.maxLength}}",?)*\\}$`)}`,
    ]),
    ...attributes.map(([name, fact]) => [
      `delete_key(resource.attributes, ${literal(name)})`,
      `where ${guard === undefined ? '' : `${guard} and `}${resourceAttribute(name)} != nil`,
      ...refusals(resourceAttribute(name), fact),
    ]),
  ]
}

const pointStatement = ({ catalog }: GatewayProduct, guard: string | undefined): Rule =>
  guarded(keepKeys('datapoint.attributes', [...new Set([REASON, ...dimensions(catalog).keys()])]), guard)

const guarded = (rule: Rule, guard: string | undefined): Rule =>
  guard === undefined ? rule : [...rule, `where ${guard}`]

/** What makes the value of an attribute fact one that is not declared. */
function refusals(path: string, fact: Exclude<AttributeFact, MetadataFact>): Rule {
  const rule = declaredRefusals(path, fact)
  return fact.whenUnknown === 'Unknown' ? [...rule, `and ${path} != "Unknown"`] : rule
}

function declaredRefusals(path: string, fact: Exclude<AttributeFact, MetadataFact>): Rule {
  switch (fact.type) {
    case 'boolean':
      return [`and not IsBool(${path})`]
    case 'enum':
      return isNoneOf(path, fact.values).map((line, index) => (index === 0 ? `and ${line}` : line))
    case 'version':
      return [`and not ${matches(path, '^[0-9A-Za-z][0-9A-Za-z._+-]{0,63}$')}`]
    case 'string':
      return [
        `and (not IsString(${path})`,
        // Where the two dialects may differ, the length is what the gateway holds, and the library the pattern.
        ...(isPortable(fact.pattern) ? [`or not ${matches(path, `^(?:${fact.pattern})$`)}`] : []),
        `or not ${matches(path, `(?s)^${upTo(fact.maxLength ?? DEFAULT_LIMITS.maxLength)}$`)})`,
      ]
    case 'uuids':
      // A list is matched as JSON.
      return [
        `and not (IsList(${path})`,
        `and ${matches(path, `^\\[(?:"${UUID}",?){1,${fact.maxItems ?? DEFAULT_LIMITS.maxItems}}\\]$`)})`,
      ]
  }
}

/** Whatever fact a dimension's key belongs to: a point with a value that is declared for none of them is dropped. */
function valueConditions(catalog: Catalog): Rule[] {
  return [...dimensions(catalog)].map(([key, values]) => [
    ...(key === REASON ? ['metric.name != "usage.dropped" and'] : []),
    `${pointAttribute(key)} != nil and`,
    ...isNoneOf(pointAttribute(key), [...values]),
  ])
}

function dimensions(catalog: Catalog): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>()
  for (const [, fact] of facts(catalog)) {
    if (fact.kind === 'attribute') continue
    for (const [key, values] of alternativesOf(fact).flatMap((by) => Object.entries(by))) {
      found.set(key, new Set([...(found.get(key) ?? []), ...values]))
    }
  }
  return new Map([...found].sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** Statements that are run together, once for whatever they are about: the resource, or each point. */
const group = (rules: readonly Rule[]): string[] => ['      - statements:', ...items(rules, '          ')]

/** Folded block scalars: a line for each word, which reads well and makes small diffs. The Collector reads `$$` as `$`. */
function items(rules: readonly Rule[], indent = '      '): string[] {
  return rules.flatMap((rule) => [
    `${indent}- >-`,
    ...rule.map((line) => `${indent}  ${line.replaceAll('$', '$$$$')}`),
  ])
}

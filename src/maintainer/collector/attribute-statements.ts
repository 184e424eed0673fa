import {
  type AttributeFact,
  type Catalog,
  DEFAULT_LIMITS,
  type Fact,
  MAX_VERSION_LENGTH,
  METADATA_KEY,
  type MetadataFact,
  patternOf,
  REPORT_ATTRIBUTES,
  type ReportAttribute,
  re2Of,
  UUID,
  VERSION,
} from '../../catalog/index.ts'
import {
  isNoneOf,
  isText,
  JSON_CHARACTER,
  keepKeys,
  literal,
  matches,
  type Rule,
  resourceAttribute,
  resourceCache,
  upTo,
} from './ottl.ts'
import { ADDRESS } from './wire.ts'

type PlainFact = Exclude<AttributeFact, MetadataFact>

/**
 * First the keys, then the values of the attribute facts of a product, in all the versions of its catalog: one that is not as
 * declared goes, the report stays. Entries of metadata have keys of their own: they are put aside, and come back where all of
 * them are as declared.
 *
 * @param guard What the resource must be, where more than one product sends.
 */
export function attributeStatements(catalogs: readonly Catalog[], guard: string | undefined): Rule[] {
  const [metadata, plain] = attributeFacts(catalogs)
  const under = guard === undefined ? '' : `${guard} and `
  const contributors = contributorsIn(catalogs)
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
      keepKeys('resource.attributes', [
        ...OWN_ATTRIBUTES.map(([name]) => name),
        ...(contributors.length === 0 ? [] : [CONTRIBUTIONS]),
        ...plain.map(([name]) => name),
      ]),
      guard,
    ),
    ...metadata.map(([name, { maxLength, maxEntries }]) => [
      `merge_maps(resource.attributes, ${resourceCache(name)}, "insert")`,
      `where ${under}Len(${resourceCache(name)}) <= ${maxEntries}`,
      `and ${matches(resourceCache(name), `^\\{(?:"[^"]+":"${JSON_CHARACTER}{1,${maxLength}}",?)*\\}$`)}`,
    ]),
    ...(catalogs.length === 0 ? [] : [levelStatement(catalogs, guard)]),
    ...(contributors.length === 0 ? [] : [contributionsStatement(contributors, under)]),
    ...plain.map(([name, declared]) => [
      `delete_key(resource.attributes, ${literal(name)})`,
      ...allOf([
        ...(guard === undefined ? [] : [guard]),
        // What is not there can be taken away.
        ...(declared.some(({ whenUnknown }) => whenUnknown === null)
          ? [`${resourceAttribute(name)} != nil`]
          : []),
        ...declared.flatMap((fact) => refusals(resourceAttribute(name), fact)),
      ]),
    ]),
  ]
}

function levelStatement(catalogs: readonly Catalog[], guard: string | undefined): Rule {
  const levels = [...new Set(['off', ...catalogs.flatMap((catalog) => catalog.levels)])]
  const path = resourceAttribute(LEVEL)
  return [
    `delete_key(resource.attributes, ${literal(LEVEL)})`,
    ...allOf([...(guard === undefined ? [] : [guard]), isNoneOf(path, levels)]),
  ]
}

function contributorsIn(catalogs: readonly Catalog[]): string[] {
  const prefixes = catalogs.flatMap(({ contributions = {} }) => Object.keys(contributions))
  return [...new Set(prefixes)].sort()
}

/** A name of another contribution could be any text, so a list with one of them goes whole. */
function contributionsStatement(contributors: readonly string[], under: string): Rule {
  const one = `(?:${contributors.map((prefix) => prefix.replaceAll('.', '\\.')).join('|')})@[0-9]{1,9}`
  const isRight = isText(
    resourceAttribute(CONTRIBUTIONS),
    `^${one}(?:,${one}){0,${contributors.length - 1}}$`,
  )
  return [`delete_key(resource.attributes, ${literal(CONTRIBUTIONS)})`, `where ${under}not (${isRight})`]
}

/** The values of the attributes that every report has, whatever the product: one that is not as it must be goes. */
export function reportAttributeStatements(): Rule[] {
  return OWN_ATTRIBUTES.flatMap(([name, attribute]) => {
    // `filter/report` of gateway.yaml has asked already.
    if (attribute.isRequired) return []
    const path = resourceAttribute(name)
    return [[`delete_key(resource.attributes, ${literal(name)})`, `where ${isWrong(path, attribute)}`]]
  })
}

function isWrong(path: string, attribute: ReportAttribute): string {
  const { holds } = attribute
  if (typeof holds === 'object' && 'constant' in holds) return `${path} != ${literal(holds.constant)}`
  const must = patternOf(attribute) as string
  const isRight = [
    holds === 'catalog version' ? `IsInt(${path}) and ${matches(path, must)}` : isText(path, must),
    // An address looks like a version, and no catalog has declared these: none with an address passes.
    ...(holds === 'version'
      ? [`not ${matches(path, ADDRESS)}`, `Len(${path}) <= ${MAX_VERSION_LENGTH}`]
      : []),
  ]
  return `not (${isRight.join(' and ')})`
}

/** The one that says which of the catalog's levels was consented to, and the one that only catalogs with contributions have. */
const [LEVEL, CONTRIBUTIONS] = ['level', 'contributions'].map(
  (kind) =>
    Object.entries<ReportAttribute>(REPORT_ATTRIBUTES).find(([, { holds }]) => holds === kind)?.[0] ?? '',
) as [string, string]

/** Which contributions there may be depends on the catalogs: that one has a statement of its own. */
const OWN_ATTRIBUTES = Object.entries<ReportAttribute>(REPORT_ATTRIBUTES).filter(
  ([, { holds }]) => holds !== 'contributions',
)

/** How many bytes the attributes of a report can have, as the catalog declares them; those that every report has with them. */
export function attributeBytes({ facts }: Catalog): number {
  return Object.entries<Fact>(facts).reduce(
    (sum, [name, fact]) => sum + (fact.kind === 'attribute' ? name.length + bytesOf(name, fact) : 0),
    REPORT_ATTRIBUTE_BYTES,
  )
}

function bytesOf(name: string, fact: AttributeFact): number {
  const { maxLength, maxEntries, maxItems } = { ...DEFAULT_LIMITS, ...fact }
  switch (fact.type) {
    case 'metadata':
      return maxEntries * (name.length + 64 + BYTES_OF_A_CHARACTER * maxLength)
    case 'uuids':
      return maxItems * 40
    case 'enum':
      return Math.max(...fact.values.map((value) => Buffer.byteLength(value)))
    default:
      return BYTES_OF_A_CHARACTER * maxLength
  }
}

const BYTES_OF_A_CHARACTER = 4

/** Those that every report has, of which the contributions may take most. */
const REPORT_ATTRIBUTE_BYTES = 3_400

interface MetadataLimits {
  readonly maxLength: number
  readonly maxEntries: number
}

/** The facts by name: of metadata the widest limits, of the others every way in which they are declared. */
function attributeFacts(
  catalogs: readonly Catalog[],
): [metadata: [string, MetadataLimits][], plain: [string, PlainFact[]][]] {
  const metadata = new Map<string, MetadataLimits>()
  const plain = new Map<string, PlainFact[]>()
  for (const [name, fact] of catalogs.flatMap(({ facts }) => Object.entries<Fact>(facts))) {
    if (fact.kind !== 'attribute') continue
    if (fact.type !== 'metadata') {
      plain.set(name, [...(plain.get(name) ?? []), fact])
      continue
    }
    const { maxLength, maxEntries } = { ...DEFAULT_LIMITS, ...fact }
    const known = metadata.get(name) ?? { maxLength, maxEntries }
    metadata.set(name, {
      maxLength: Math.max(known.maxLength, maxLength),
      maxEntries: Math.max(known.maxEntries, maxEntries),
    })
  }
  return [sorted(metadata), sorted(plain)]
}

const sorted = <Value>(map: ReadonlyMap<string, Value>) => [...map].sort(([a], [b]) => (a < b ? -1 : 1))

const guarded = (rule: Rule, guard: string | undefined): Rule =>
  guard === undefined ? rule : [...rule, `where ${guard}`]

const allOf = (conditions: Rule): Rule =>
  conditions.map((condition, index) => `${index === 0 ? 'where' : 'and'} ${condition}`)

/** What makes the value of an attribute fact one that is not declared: all of these. */
function refusals(path: string, fact: PlainFact): Rule {
  const rule = declaredRefusal(path, fact)
  return fact.whenUnknown === 'Unknown' ? [rule, `${path} != "Unknown"`] : [rule]
}

function declaredRefusal(path: string, fact: PlainFact): string {
  switch (fact.type) {
    case 'boolean':
      return `not IsBool(${path})`
    case 'enum':
      return isNoneOf(path, fact.values)
    case 'version':
      return `(not IsString(${path}) or not ${matches(path, VERSION)} or Len(${path}) > ${MAX_VERSION_LENGTH})`
    case 'string': {
      const most = fact.maxLength ?? DEFAULT_LIMITS.maxLength
      const wrong = [
        `not IsString(${path})`,
        `not ${matches(path, `^(?:${re2Of(fact.pattern)})$`)}`,
        // Bytes first, characters where these are more: counting them takes longer.
        `Len(${path}) > ${most} and not ${matches(path, `(?s)^${upTo(most)}$`)}`,
      ]
      return `(${wrong.join(' or ')})`
    }
    case 'uuids':
      // A list is matched as JSON.
      return `not (IsList(${path}) and ${matches(path, `^\\[(?:"${UUID}",?){1,${fact.maxItems ?? DEFAULT_LIMITS.maxItems}}\\]$`)})`
  }
}

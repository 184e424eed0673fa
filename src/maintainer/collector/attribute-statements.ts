import {
  type AttributeFact,
  type Catalog,
  DEFAULT_LIMITS,
  type Fact,
  MAX_VERSION_LENGTH,
  METADATA_KEY,
  type MetadataFact,
  pairPattern,
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
import { ADDRESS, PLAIN_VERSION } from './wire.ts'

type PlainFact = Exclude<AttributeFact, MetadataFact>

/**
 * Returns the statements that check the attribute facts of a product, in all versions of its catalog: first the keys, then the values.
 * They remove an attribute that does not match its declaration, and keep the report. Entries of a metadata fact have their own keys:
 * they are copied away, and restored if all of them match.
 *
 * @param guard Condition on the resource, where more than one product sends.
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
      `and ${matches(resourceCache(name), `^\\{(?:"[^"]+":"${JSON_CHARACTER}{0,${maxLength}}",?)*\\}$`)}`,
    ]),
    ...(catalogs.length === 0 ? [] : [levelStatement(catalogs, guard)]),
    ...(contributors.length === 0 ? [] : [contributionsStatement(contributors, under)]),
    ...plain.map(([name, declared]) => [
      `delete_key(resource.attributes, ${literal(name)})`,
      ...allOf([
        ...(guard === undefined ? [] : [guard]),
        // An absent attribute needs no removal.
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

/** Returns the prefixes of all contributions. */
export function contributorsIn(catalogs: readonly Catalog[]): string[] {
  const prefixes = catalogs.flatMap(({ contributions = {} }) => Object.keys(contributions))
  return [...new Set(prefixes)].sort()
}

/** Removes the whole list if it names an unknown contribution, whose name could be any text. */
function contributionsStatement(contributors: readonly string[], under: string): Rule {
  const isRight = isText(resourceAttribute(CONTRIBUTIONS), contributionsPattern(contributors))
  return [`delete_key(resource.attributes, ${literal(CONTRIBUTIONS)})`, `where ${under}not (${isRight})`]
}

/** Returns the regular expression of a list of these contributions with their versions. */
export function contributionsPattern(contributors: readonly string[]): string {
  const one = `(?:${contributors.map((prefix) => prefix.replaceAll('.', '\\.')).join('|')})@[0-9]{1,9}`
  return `^${one}(?:,${one}){0,${contributors.length - 1}}$`
}

/** Returns the statements that remove invalid values from the attributes that every report has, whatever the product. */
export function reportAttributeStatements(catalogs: readonly Catalog[]): Rule[] {
  return OWN_ATTRIBUTES.flatMap(([name, attribute]) => {
    // `filter/report` of gateway.yaml has checked it already; of levels, the statements of the catalogs check more.
    if (attribute.isRequired || (name === LEVEL && catalogs.length > 0)) return []
    const path = resourceAttribute(name)
    return [[`delete_key(resource.attributes, ${literal(name)})`, `where ${isWrong(path, attribute)}`]]
  })
}

function isWrong(path: string, attribute: ReportAttribute): string {
  const { holds } = attribute
  if (typeof holds === 'object' && 'constant' in holds) return `${path} != ${literal(holds.constant)}`
  const must = patternOf(attribute) as string
  if (holds === 'catalog version') return `not (IsInt(${path}) and ${matches(path, must)})`
  if (holds !== 'version') return `not (${isText(path, must)})`
  // An address looks like a version, and no catalog declares this attribute: a value with an address in it is removed. Most are plain.
  const others = [
    matches(path, must),
    `not ${matches(path, ADDRESS)}`,
    `Len(${path}) <= ${MAX_VERSION_LENGTH}`,
  ]
  return `not (IsString(${path}) and (${matches(path, PLAIN_VERSION)} or ${others.join(' and ')}))`
}

/** Names of two attributes: the level that was consented to, and the list of contributions, which only some catalogs have. */
const [LEVEL, CONTRIBUTIONS] = ['level', 'contributions'].map(
  (kind) =>
    Object.entries<ReportAttribute>(REPORT_ATTRIBUTES).find(([, { holds }]) => holds === kind)?.[0] ?? '',
) as [string, string]

/** Attributes of every report without the list of contributions: its valid values depend on the catalogs, so it has its own statement. */
const OWN_ATTRIBUTES = Object.entries<ReportAttribute>(REPORT_ATTRIBUTES).filter(
  ([, { holds }]) => holds !== 'contributions',
)

/** Returns the largest size of the attributes of a report, in bytes, those that every report has included. */
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
    case 'map': {
      const key = fact.keys === 'uuid' ? 36 : longest(fact.keys)
      return maxEntries * (key + longest(fact.values) + 5)
    }
    case 'enum':
      return longest(fact.values)
    default:
      return BYTES_OF_A_CHARACTER * maxLength
  }
}

const longest = (words: readonly string[]) => Math.max(...words.map((word) => Buffer.byteLength(word)))

const BYTES_OF_A_CHARACTER = 4

/** Largest size of the attributes that every report has, in bytes; the list of contributions may take most of it. */
const REPORT_ATTRIBUTE_BYTES = 3_400

interface MetadataLimits {
  readonly maxLength: number
  readonly maxEntries: number
}

/** Groups the attribute facts by name: for metadata facts the widest limits, for the others every declaration. */
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

/** Returns the conditions that are all true of a value that the fact does not declare. */
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
        // Compares bytes first, and characters only if there are more bytes: counting characters takes longer.
        `Len(${path}) > ${most} and not ${matches(path, `(?s)^${upTo(most)}$`)}`,
      ]
      return `(${wrong.join(' or ')})`
    }
    case 'uuids':
      return isNoListOf(path, UUID, fact.maxItems ?? DEFAULT_LIMITS.maxItems)
    case 'map':
      return isNoListOf(path, pairPattern(fact), fact.maxEntries ?? DEFAULT_LIMITS.maxEntries)
  }
}

/** Returns a condition that is true of everything but a list of so many texts. OTTL matches a list as JSON. */
const isNoListOf = (path: string, pattern: string, most: number): string =>
  `not (IsList(${path}) and ${matches(path, `^\\[(?:"${pattern}",?){1,${most}}\\]$`)})`

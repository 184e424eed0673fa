import {
  type AttributeFact,
  type Catalog,
  DEFAULT_LIMITS,
  type Fact,
  factNameOf,
  MAX_VERSION_LENGTH,
  METADATA_KEY,
  type MetadataFact,
  pairPattern,
  patternOf,
  REPORT_ATTRIBUTES,
  type ReportAttribute,
  UUID,
  VERSION,
} from '../../catalog/index.ts'
import { contributionsPattern, contributorsIn } from './attribute-statements.ts'
import type { ReceivedValue } from './read-resource.ts'
import { ADDRESS, PLAIN_VERSION } from './wire.ts'

type Attributes = ReadonlyMap<string, ReceivedValue>

/** Returns the attributes of a report that pass, as `attributeStatements` and `reportAttributeStatements` let the Collector keep them. */
export function permittedAttributes(
  given: Attributes,
  catalogs: readonly Catalog[],
): Map<string, ReceivedValue> {
  const metadata = permittedMetadata(given, catalogs)
  return new Map(
    [...given].filter(
      ([name, value]) =>
        metadata.has(name) ||
        (Object.hasOwn(REPORT_ATTRIBUTES, name)
          ? isRightOwn(name, value, catalogs)
          : catalogs.some(({ facts }) => isDeclared(factNamed(facts, name), value))),
    ),
  )
}

const factNamed = (facts: Catalog['facts'], name: string): Fact | undefined =>
  Object.hasOwn(facts, name) ? facts[name] : undefined

function isRightOwn(name: string, value: ReceivedValue, catalogs: readonly Catalog[]): boolean {
  const attribute: ReportAttribute = REPORT_ATTRIBUTES[name as keyof typeof REPORT_ATTRIBUTES]
  const { holds } = attribute
  if (attribute.isRequired) return true
  if (typeof holds === 'object' && 'constant' in holds) return value === holds.constant
  if (holds === 'catalog version')
    return typeof value === 'bigint' && matches(patternOf(attribute), String(value))
  if (typeof value !== 'string') return false
  if (holds === 'level') return ['off', ...catalogs.flatMap(({ levels }) => levels)].includes(value)
  if (holds === 'contributions') {
    const contributors = contributorsIn(catalogs)
    return contributors.length > 0 && matches(contributionsPattern(contributors), value)
  }
  if (holds !== 'version') return matches(patternOf(attribute), value)
  return (
    matches(PLAIN_VERSION, value) ||
    (matches(patternOf(attribute), value) && !matches(ADDRESS, value) && value.length <= MAX_VERSION_LENGTH)
  )
}

function isDeclared(fact: Fact | undefined, value: ReceivedValue): boolean {
  if (fact?.kind !== 'attribute' || fact.type === 'metadata') return false
  if (fact.whenUnknown === null && value === null) return true
  return (fact.whenUnknown === 'Unknown' && value === 'Unknown') || holds(fact, value)
}

function holds(fact: Exclude<AttributeFact, MetadataFact>, value: ReceivedValue): boolean {
  switch (fact.type) {
    case 'boolean':
      return typeof value === 'boolean'
    case 'enum':
      return typeof value === 'string' && fact.values.includes(value)
    case 'version':
      return typeof value === 'string' && value.length <= MAX_VERSION_LENGTH && matches(VERSION, value)
    case 'string':
      return isText(value, fact.maxLength) && matches(`^(?:${fact.pattern})$`, value)
    case 'uuids':
      return isListOf(value, UUID, fact.maxItems ?? DEFAULT_LIMITS.maxItems)
    case 'map':
      return isListOf(value, pairPattern(fact), fact.maxEntries ?? DEFAULT_LIMITS.maxEntries)
  }
}

const isListOf = (value: ReceivedValue, pattern: string, most: number): boolean =>
  Array.isArray(value) &&
  value.length >= 1 &&
  value.length <= most &&
  value.every((item) => matches(`^(?:${pattern})$`, item))

/** Counts characters, not the halves of them that JavaScript counts. */
const isText = (value: ReceivedValue, most: number = DEFAULT_LIMITS.maxLength): value is string =>
  typeof value === 'string' && value.isWellFormed() && [...value].length <= most

/** Returns the names of the attributes that belong to a metadata fact: all of them, or none of a fact that has one with another value. */
function permittedMetadata(given: Attributes, catalogs: readonly Catalog[]): Set<string> {
  const entries = new Map<string, string[]>()
  for (const name of given.keys()) {
    for (const catalog of catalogs) {
      const fact = factNameOf(catalog, name)
      if (fact === undefined || fact === name || !matches(`^${METADATA_KEY}$`, name.slice(fact.length + 1)))
        continue
      const names = entries.get(fact) ?? []
      if (!names.includes(name)) entries.set(fact, [...names, name])
    }
  }
  return new Set(
    [...entries].flatMap(([fact, names]) => {
      const declared = catalogs.flatMap(({ facts }) => (facts[fact] as MetadataFact | undefined) ?? [])
      const most = (limit: 'maxLength' | 'maxEntries') =>
        Math.max(...declared.map((each) => each[limit] ?? DEFAULT_LIMITS[limit]))
      const isRight = names.every((name) => {
        const value = given.get(name)
        return isText(value, most('maxLength')) && !/\p{Cc}/u.test(value)
      })
      return isRight && names.length <= most('maxEntries') ? names : []
    }),
  )
}

/** Patterns are few, and each is used for many reports. */
const compiled = new Map<string, RegExp>()

function matches(pattern = '', text: string): boolean {
  const expression = compiled.get(pattern) ?? new RegExp(pattern, 'u')
  compiled.set(pattern, expression)
  return expression.test(text)
}

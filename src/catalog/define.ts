import {
  describeValue,
  type Mistake,
  UsageConfigurationError,
  unknownName,
  unsuitableRuntime,
} from '../platform/index.ts'
import { seriesOf } from './dimensions.ts'
import { mistakesOfFact, mistakesOfRemoved } from './fact-rules.ts'
import { frozenCopy } from './frozen.ts'
import type { Catalog, CatalogDefinition, Facts } from './types.ts'

/** Levels of a catalog that declares none. */
const ONLY_LEVEL = ['full'] as const

/** Largest number of series of all facts of a catalog together. */
const MAX_SERIES = 2_000

/** Words that enable or disable the telemetry as a whole. A level of the same name could turn a refusal into consent. */
const WORDS_OF_CONSENT: ReadonlySet<string> = new Set([
  ...['t', 'true', 'y', 'yes', 'on', 'enable', 'enabled', 'optin', 'opt-in', 'allow'],
  ...['f', 'false', 'n', 'no', 'off', 'disable', 'disabled', 'optout', 'opt-out', 'disallow', 'forbid'],
  'undecided',
])

/**
 * Checks a catalog and returns it. Pure: reads, writes and loads nothing.
 *
 * @throws {UsageConfigurationError} that lists every mistake with its path and the fix.
 */
export function defineCatalog<const D extends CatalogDefinition>(definition: D): Catalog<D['facts']> {
  return accepted(definition, DEFINITION) as Catalog<D['facts']>
}

/**
 * Returns the catalog as {@link defineCatalog} returns it. Accepts also a literal, a copy, or a catalog that was read from JSON.
 *
 * @throws {UsageConfigurationError} that lists every mistake with its path and the fix.
 */
export function checkedCatalog<F extends Facts>(given: Catalog<F>): Catalog<F> {
  if (typeof given === 'object' && given !== null && CHECKED.has(given)) return given
  const known = COPIES.get(given)
  if (known) return known as Catalog<F>
  const catalog = accepted(given, { ...DEFINITION, contributions: true })
  COPIES.set(given, catalog)
  return catalog as Catalog<F>
}

const DEFINITION = { version: true, prefix: true, levels: true, facts: true, removed: true } as const

/** Catalogs that were checked; and for each object that was given as a catalog, the checked catalog. */
const CHECKED = new WeakSet<object>()
const COPIES = new WeakMap<object, Catalog>()

/** Freezes a catalog that was combined from checked ones, and marks it as checked. */
export function combined(catalog: Catalog): Catalog {
  const frozen = frozenCopy(catalog)
  CHECKED.add(frozen)
  return frozen
}

function accepted(given: CatalogDefinition, names: Readonly<Record<string, true>>): Catalog {
  const definition = frozenCopy(given)
  // A Node.js that is too old is the operator's mistake, and lacks functions that the checks need.
  const mistakes = unsuitableRuntime() === undefined ? validateDefinition(definition, names) : []
  if (mistakes.length > 0) throw new UsageConfigurationError('The usage catalog', mistakes)
  return combined({ ...definition, levels: definition.levels ?? ONLY_LEVEL })
}

function validateDefinition(
  definition: CatalogDefinition & Pick<Catalog, 'contributions'>,
  names: Readonly<Record<string, true>>,
): Mistake[] {
  if (typeof definition !== 'object' || definition === null || Array.isArray(definition)) {
    return [
      {
        path: 'catalog',
        message: `is ${describeValue(definition)}; pass an object with version, prefix and facts`,
      },
    ]
  }
  const { version, prefix, facts, removed = [], contributions = {} } = definition
  const levels = definition.levels ?? ONLY_LEVEL
  const mistakes = [...mistakesOfLevels(levels), ...mistakesOfContributions(contributions)]
  for (const name of Object.keys(definition))
    if (!Object.hasOwn(names, name)) mistakes.push({ path: name, message: unknownName(name, names) })
  if (!Number.isInteger(version) || version < 1) {
    mistakes.push({
      path: 'version',
      message: `is ${describeValue(version)}; use a whole number from 1, raised with every new fact`,
    })
  }
  const prefixIsGood = typeof prefix === 'string' && PREFIX.test(prefix)
  if (!prefixIsGood) {
    mistakes.push({
      path: 'prefix',
      message: `is ${describeValue(prefix)}; use lower-case words joined by dots or underscores, such as 'acme'`,
    })
  } else if (RESERVED_PREFIXES.includes(prefix.split('.')[0] as string)) {
    mistakes.push({ path: 'prefix', message: `'${prefix}' is reserved; use the product's own name` })
  }
  if (typeof facts !== 'object' || facts === null) {
    mistakes.push({ path: 'facts', message: `is ${describeValue(facts)}; pass an object of facts by name` })
    return mistakes
  }
  mistakes.push(...mistakesOfRemoved(removed, facts))
  const own = { version, levels, ...(prefixIsGood && { prefix }) }
  const ofFacts = Object.entries(facts).flatMap(([name, fact]) => {
    const from = Object.keys(Object(contributions)).find((one) => name.startsWith(`${one}.`))
    const frame = from === undefined ? own : { version: contributions[from] as number, levels, prefix: from }
    return mistakesOfFact(name, fact, frame)
  })
  // The series of an invalid fact cannot be counted.
  return [...mistakes, ...ofFacts, ...(ofFacts.length === 0 ? mistakesTogether(facts) : [])]
}

function mistakesOfContributions(contributions: unknown): Mistake[] {
  const isGood =
    typeof contributions === 'object' &&
    contributions !== null &&
    !Array.isArray(contributions) &&
    Object.entries(contributions).every(
      ([prefix, version]) => PREFIX.test(prefix) && Number.isInteger(version) && version >= 1,
    )
  const message = `are ${describeValue(contributions)}; have combineCatalogs write them`
  return isGood ? [] : [{ path: 'contributions', message }]
}

/** First words of names that are not a product's. */
export const RESERVED_PREFIXES: readonly string[] = ['usage', 'otel', 'service', 'telemetry']

const PREFIX = /^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*$/

/** Returns the mistakes in the combination of facts that are each valid. */
export const mistakesTogether = (facts: Facts): Mistake[] => [
  ...mistakesOfEntries(facts),
  ...mistakesOfSize(facts),
]

/** Finds facts whose names could also be entries of a metadata fact: those begin with its name and a dot. */
function mistakesOfEntries(facts: Facts): Mistake[] {
  return Object.entries(facts).flatMap(([above, fact]) => {
    if (fact.kind !== 'attribute' || fact.type !== 'metadata') return []
    const below = Object.keys(facts).filter((name) => name.startsWith(`${above}.`))
    return below.map((name) => ({
      path: `facts['${name}']`,
      message: `could be an entry of the metadata fact '${above}'; give one of them another name`,
    }))
  })
}

/** Limits the series of the catalog: each one is a number in memory and a data point of the report. */
function mistakesOfSize(facts: Facts): Mistake[] {
  const sizes = Object.entries(facts)
    .map(([name, fact]) => ({ name, series: fact.kind === 'attribute' ? 0 : seriesOf(fact) }))
    .sort((a, b) => b.series - a.series)
  const total = sizes.reduce((sum, { series }) => sum + series, 0)
  if (total <= MAX_SERIES) return []
  const largest = sizes.slice(0, 3).filter(({ series }) => series > 0)
  return [
    {
      path: 'facts',
      message: `make ${total} series, and ${MAX_SERIES} is the most; shorten the lists of the largest: ${largest.map(({ name, series }) => `'${name}' (${series})`).join(', ')}`,
    },
  ]
}

function mistakesOfLevels(levels: readonly string[]): Mistake[] {
  if (!Array.isArray(levels) || levels.length === 0) {
    return [
      {
        path: 'levels',
        message: `is ${describeValue(levels)}; list the levels, least first, or leave it out`,
      },
    ]
  }
  return levels.flatMap((level, index) => {
    const path = `levels[${index}]`
    if (typeof level !== 'string' || !/^[a-z][a-z0-9_-]*$/.test(level)) {
      return [{ path, message: `is ${describeValue(level)}; use a lower-case word such as 'basic'` }]
    }
    if (WORDS_OF_CONSENT.has(level))
      return [{ path, message: `'${level}' has another meaning; choose another word` }]
    if (levels.indexOf(level) !== index)
      return [{ path, message: `'${level}' is listed twice; name each level once` }]
    return []
  })
}

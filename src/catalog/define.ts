import { type Mistake, UsageConfigurationError, whatWasGot } from '../host/index.ts'
import { mistakesOfFact } from './fact-rules.ts'
import type { Catalog, CatalogDefinition } from './types.ts'

/** The level that a catalog has when it names none. */
const ONLY_LEVEL = ['full'] as const

/** Words that decide for or against the telemetry as a whole: a level of that name would turn a no into a yes. */
const WORDS_OF_CONSENT: ReadonlySet<string> = new Set([
  ...['t', 'true', 'y', 'yes', 'on', 'enable', 'enabled', 'optin', 'opt-in', 'allow'],
  ...['f', 'false', 'n', 'no', 'off', 'disable', 'disabled', 'optout', 'opt-out', 'disallow', 'forbid'],
  'undecided',
])

/**
 * Checks a catalog and returns it. Pure and cheap: nothing is read, written or loaded.
 *
 * @throws {UsageConfigurationError} that lists every mistake with its place and the fix.
 */
export function defineCatalog<const D extends CatalogDefinition>(definition: D): Catalog<D['facts']> {
  const mistakes = mistakesOf(definition)
  if (mistakes.length > 0) throw new UsageConfigurationError('The usage catalog', mistakes)
  return Object.freeze({
    version: definition.version,
    prefix: definition.prefix,
    levels: definition.levels ?? ONLY_LEVEL,
    facts: definition.facts,
  })
}

function mistakesOf(definition: CatalogDefinition): Mistake[] {
  if (typeof definition !== 'object' || definition === null) {
    return [
      {
        place: 'catalog',
        message: `is ${whatWasGot(definition)}; pass an object with version, prefix and facts`,
      },
    ]
  }
  const { version, prefix, facts } = definition
  const levels = definition.levels ?? ONLY_LEVEL
  const mistakes = [...mistakesOfLevels(levels)]
  if (!Number.isInteger(version) || version < 1) {
    mistakes.push({
      place: 'version',
      message: `is ${whatWasGot(version)}; use a whole number from 1, raised with every new fact`,
    })
  }
  const prefixIsGood = typeof prefix === 'string' && /^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*$/.test(prefix)
  if (!prefixIsGood) {
    mistakes.push({
      place: 'prefix',
      message: `is ${whatWasGot(prefix)}; use lower-case words joined by dots or underscores, such as 'acme'`,
    })
  } else if (['usage', 'otel', 'service', 'telemetry'].includes(prefix.split('.')[0] as string)) {
    mistakes.push({ place: 'prefix', message: `'${prefix}' is reserved; use the product's own name` })
  }
  if (typeof facts !== 'object' || facts === null) {
    mistakes.push({ place: 'facts', message: `is ${whatWasGot(facts)}; pass an object of facts by name` })
    return mistakes
  }
  for (const [name, fact] of Object.entries(facts)) {
    mistakes.push(...mistakesOfFact(name, fact, { version, levels, ...(prefixIsGood && { prefix }) }))
  }
  return mistakes
}

function mistakesOfLevels(levels: readonly string[]): Mistake[] {
  if (!Array.isArray(levels) || levels.length === 0) {
    return [
      { place: 'levels', message: `is ${whatWasGot(levels)}; list the levels, least first, or leave it out` },
    ]
  }
  return levels.flatMap((level, index) => {
    const place = `levels[${index}]`
    if (typeof level !== 'string' || !/^[a-z][a-z0-9_-]*$/.test(level)) {
      return [{ place, message: `is ${whatWasGot(level)}; use a lower-case word such as 'basic'` }]
    }
    if (WORDS_OF_CONSENT.has(level))
      return [{ place, message: `'${level}' has a meaning of its own; choose another word` }]
    if (levels.indexOf(level) !== index)
      return [{ place, message: `'${level}' is listed twice; name each level once` }]
    return []
  })
}

import { alternativesOf, hasNoDimensions } from './dimensions.ts'
import { code, prose, row } from './markdown.ts'
import type { AttributeFact, Catalog, Dimensions, Fact } from './types.ts'
import { DEFAULT_LIMITS } from './values.ts'

/** Options of the page, beside the facts. */
export interface DocsPageOptions {
  /** Name of the product, as people know it. */
  readonly title: string
  /** Prefix of the product's environment variables, such as `ACME_DB`. */
  readonly prefix: string
  /** Retention at the receiver, by level: `{ basic: '2 years', full: '90 days' }`. Default: the page does not mention it. */
  readonly retention?: Readonly<Record<string, string>> | undefined
  /** Sources whose consent overrides a stored refusal, as in the product's `consent` option. Default: none. */
  readonly overruleStoredNo?: readonly string[] | undefined
  /** Attributes of origin that the maintainer's gateway adds. Default: the page says that they may be added. */
  readonly origin?: readonly Origin[] | undefined
  /** Complete report as JSON, made by the real pipeline from the examples of the facts. */
  readonly exampleReport: string
}

/**
 * Returns the product's page about its usage telemetry, in Markdown: every fact with its reason, the data that is never sent, the ways
 * to disable the telemetry, and a complete report. The page is derived from the catalog, so that it agrees with the code.
 */
export function docsPage(
  catalog: Catalog,
  { title: name, prefix, retention, overruleStoredNo, origin, exampleReport }: DocsPageOptions,
): string {
  const title = prose(name)
  const facts = Object.entries(catalog.facts).sort(([a], [b]) => (a < b ? -1 : 1))
  return `${[
    `# What ${title} reports`,
    '',
    `Once a day ${title} makes a report of the facts on this page, and sends it to its makers where consent lets it: ${holdOf(overruleStoredNo, prefix)}. Every report stands with its exact bytes in the local log, also when it is not sent.`,
    '',
    `To send nothing: ${code(`${prefix}_TELEMETRY_OPTOUT=1`)}, or \`DO_NOT_TRACK=1\` for every product that honours it. To keep single facts out: ${code(`${prefix}_TELEMETRY_EXCLUDE=name,name`)}. To see a report and send none: ${code(`${prefix}_TELEMETRY_DEBUG=1`)}.`,
    '',
    '## The facts',
    '',
    `Catalog version ${catalog.version}${contributionsOf(catalog)}. Levels of consent, least first: ${catalog.levels.map(code).join(', ')}.`,
    '',
    row([...HEADS, ...(retention ? ['kept'] : [])]),
    `|${'---|'.repeat(retention ? HEADS.length + 1 : HEADS.length)}`,
    ...facts.map(([name, fact]) => {
      const level = fact.level ?? (catalog.levels[0] as string)
      const cells = [code(name), whatOf(fact), prose(fact.why), level, fact.since, exampleOf(fact)]
      return row(retention ? [...cells, prose(retention[level] ?? '')] : cells)
    }),
    '',
    'Every report says besides: the product and its version, a random id of the installation (or only its age, where the product does without an id), an id of the report, the versions of the library and of this catalog, the state and level of consent, how many facts it holds, how many were withheld, and how many values were refused, by reason.',
    '',
    '## What the receiver adds',
    '',
    originOf(origin),
    '',
    '## What is never sent',
    '',
    `Host names, user names, paths, command lines, network addresses, e-mail addresses, environment variables, and anything typed by a person${exceptionOf(facts)}. The library drops what is not declared above, and so does the receiving side, from the same list. The receiver forgets the network address of a report before anything is stored.`,
    '',
    '## A whole report',
    '',
    '```json',
    exampleReport,
    '```',
  ].join('\n')}\n`
}

/** Attributes that the gateway can derive from the sender's IP address. */
export const ORIGINS = ['country', 'region', 'network'] as const

export type Origin = (typeof ORIGINS)[number]

/** Texts of the page, with the attribute names of the gateway's GeoIP processor. */
const ADDED: Readonly<Record<Origin, string>> = {
  country: 'the country (`geo.country.iso_code`, such as `DE`)',
  region: 'the region (`geo.region.iso_code`, such as `DE-BY`)',
  network:
    'the network and its operator (`usage.origin.asn` and `usage.origin.network`, such as `64496` and `Example Net`)',
}

function originOf(origin: readonly Origin[] | undefined): string {
  if (origin?.length === 0) return 'Nothing: what is stored is the report.'
  const added = ORIGINS.filter((one) => origin === undefined || origin.includes(one)).map((one) => ADDED[one])
  const list = `${added.slice(0, -1).join(', ')}${added.length > 1 ? ' and ' : ''}${added.at(-1)}`
  return origin === undefined
    ? `Where its makers have that on, to each report ${list} that it came from, by the network address of the connection. They are in no report in the local log: only the receiver knows them.`
    : `To each report ${list} that it came from, by the network address of the connection. They are in no report in the local log: only the receiver knows them.`
}

function holdOf(overruling: readonly string[] = [], prefix: string): string {
  const names: Readonly<Record<string, string>> = {
    variable: `the variable ${code(`${prefix}_TELEMETRY`)}`,
    flag: 'the command-line flag',
    'locked-configuration': 'the configuration, where it is locked',
  }
  return overruling.length === 0
    ? 'a no, whoever says it, always holds'
    : `a no holds, whoever says it, except that a yes of ${overruling.map((one) => names[one] ?? one).join(' or ')} overrules one that was chosen in the product before`
}

const HEADS = ['name', 'what', 'why', 'level', 'since', 'example']

const exampleOf = ({ example }: Fact) =>
  example === undefined ? '' : code(typeof example === 'object' ? JSON.stringify(example) : String(example))

/** Lists the contributions with their versions: `since` of their facts refers to these. */
const contributionsOf = ({ contributions = {} }: Catalog) =>
  Object.entries(contributions)
    .map(([prefix, version]) => `, ${code(`${prefix}.*`)} version ${version}`)
    .join('')

/** Names the metadata facts: their values are the only ones that an operator writes. */
function exceptionOf(facts: ReadonlyArray<[string, Fact]>): string {
  const names = facts.flatMap(([name, fact]) =>
    fact.kind === 'attribute' && fact.type === 'metadata' ? [code(name)] : [],
  )
  return names.length === 0 ? '' : `, but for what the operator sets as ${names.join(' or ')}`
}

/** Describes the possible values of a fact in words. */
function whatOf(fact: Fact): string {
  const parts = [kindOf(fact)]
  if (fact.kind === 'attribute') {
    if (fact.whenUnknown === 'Unknown') parts.push('`Unknown` where it is not known')
    if (fact.whenUnknown === null) parts.push('empty where it is not known')
    if (fact.type === 'version' && fact.round) parts.push(`only ${fact.round}`)
    if ('randomize' in fact && fact.randomize)
      parts.push(randomizedIn(fact.type === 'enum' ? fact.values.length : 2, fact.randomize.epsilon))
  } else {
    if (!hasNoDimensions(fact)) parts.push(alternativesOf(fact).map(dimensionsOf).join('; or '))
    if (fact.round === 'log2') parts.push('rounded down to a power of two')
    else if (fact.round && 'steps' in fact.round) parts.push(`in steps: ${fact.round.steps.join(', ')}`)
    else if (fact.round) parts.push(`to the nearest ${fact.round.percent} %`)
    if (fact.max !== undefined) parts.push(`at most ${fact.max}`)
    if (fact.min !== undefined) parts.push(`at least ${fact.min}`)
  }
  if (fact.expires) parts.push(`until ${fact.expires}`)
  return parts.join('; ')
}

const dimensionsOf = (by: Dimensions) =>
  Object.entries(by)
    .map(([key, values]) => `by ${key}: ${values.map(code).join(', ')}`)
    .join('; ')

function kindOf(fact: Fact): string {
  switch (fact.kind) {
    case 'gauge':
      return `a number (${code(fact.unit)})`
    case 'count':
      return `how often since ${fact.temporality === 'cumulative' ? 'the counting began, with consent' : 'the last report'} (${code(fact.unit)})`
    case 'attribute':
      return attributeOf(fact)
  }
}

function attributeOf(fact: AttributeFact): string {
  switch (fact.type) {
    case 'enum':
      return `one of ${fact.values.map(code).join(', ')}`
    case 'boolean':
      return 'true or false'
    case 'version':
      return 'a version number'
    case 'string':
      return `a text that matches ${code(fact.pattern)}`
    case 'metadata':
      return `keys and values that the operator has set to be reported, at most ${fact.maxEntries ?? DEFAULT_LIMITS.maxEntries}`
    case 'uuids':
      return `random ids of related installations, at most ${fact.maxItems ?? DEFAULT_LIMITS.maxItems}`
    case 'map':
      return `for each of at most ${fact.maxEntries ?? DEFAULT_LIMITS.maxEntries} ${fact.keys === 'uuid' ? 'random ids' : `of ${fact.keys.map(code).join(', ')}`} one of ${fact.values.map(code).join(', ')}`
  }
}

function randomizedIn(values: number, epsilon: number): string {
  const truth = Math.exp(epsilon) / (Math.exp(epsilon) + values - 1)
  return `randomized (ε = ${epsilon}): true in ${Math.round(truth * 100)} % of installations`
}

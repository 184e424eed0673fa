import {
  alternativesOf,
  type Catalog,
  type CountFact,
  type Fact,
  type GaugeFact,
  REPORT_METRICS,
  type ReportMetric,
  reportedNumber,
} from '../../catalog/index.ts'
import { exactly, literal, matches, number, oneOfCondition, pointAttribute, type Rule } from './ottl.ts'

type NumberFact = GaugeFact | CountFact

/**
 * What a data point must be, each a line: of a declared fact, with exactly the attributes that it has, and a number that it can
 * have. Facts that are alike share a line.
 */
export function declaredPoints(catalogs: readonly Catalog[]): Rule {
  const alike = new Map<string, Set<string>>()
  for (const [name, fact] of catalogs.flatMap(numberFacts)) {
    const shape = [...shapeOf(fact), ...rangeOf(fact)].join(' and ')
    alike.set(shape, (alike.get(shape) ?? new Set()).add(name))
  }
  return (
    [...alike]
      .map(([shape, names]) => [shape, [...names].sort()] as const)
      // Those first that match most often.
      .sort(([a, ofA], [b, ofB]) => ofB.length - ofA.length || compare(ofA[0], ofB[0]) || compare(a, b))
      .map(([shape, names]) => `${isNamed(names)} and ${shape}`)
  )
}

const OWN_METRICS = Object.entries<ReportMetric>(REPORT_METRICS)

/** The same for what a report counts of itself, whatever the product. */
export function reportPoints(): Rule {
  const plain = OWN_METRICS.filter(([, { by }]) => by === undefined).map(([name]) => name)
  const apart = OWN_METRICS.flatMap(([name, { by }]) => (by ? [{ name, by }] : []))
  return [
    [isNamed(plain), ...noAttributes(), ...range(0, Infinity)],
    ...apart.map(({ name, by }) => [
      isNamed([name]),
      'Len(datapoint.attributes) == 1',
      oneOfCondition(pointAttribute(by.name), by.values),
      ...range(0, Infinity),
    ]),
  ].map((conditions) => conditions.join(' and '))
}

const OWN_UNITS = [...new Set(OWN_METRICS.map(([, { unit }]) => unit))].sort()

/** Every unit that a metric may have, the most frequent first: none of them is a text that somebody typed. */
export function unitsOf(catalogs: readonly Catalog[]): string[] {
  const units = [...catalogs.flatMap(numberFacts).map(([, { unit }]) => unit), ...OWN_UNITS, '']
  return Object.entries(Object.groupBy(units, (unit) => unit))
    .sort(([a, ofA = []], [b, ofB = []]) => ofB.length - ofA.length || compare(a, b))
    .map(([unit]) => unit)
}

function numberFacts({ facts }: Catalog): [string, NumberFact][] {
  return Object.entries<Fact>(facts).filter(
    (entry): entry is [string, NumberFact] => entry[1].kind !== 'attribute',
  )
}

function isNamed(names: readonly string[]): string {
  const [only = ''] = names
  return names.length === 1 ? `metric.name == ${literal(only)}` : matches('metric.name', exactly(names))
}

function shapeOf(fact: NumberFact): string[] {
  const blocks = alternativesOf(fact)
  const keys = Object.keys(blocks[0] ?? {})
  if (keys.length === 0) return noAttributes()
  const values = blocks.map((block) =>
    Object.entries(block)
      .map(([key, declared]) => inBrackets(oneOfCondition(pointAttribute(key), declared)))
      .join(' and '),
  )
  const combinations = values.length === 1 ? values : [`(${values.join(' or ')})`]
  return [`Len(datapoint.attributes) == ${keys.length}`, ...combinations]
}

function noAttributes(): string[] {
  return ['Len(datapoint.attributes) == 0']
}

/** What can be reported of a fact: its own bounds, as they are after rounding. */
function rangeOf(fact: NumberFact): string[] {
  const bound = (value: number | undefined, otherwise: number) =>
    value === undefined ? otherwise : reportedNumber(fact, value)
  const steps = typeof fact.round === 'object' && 'steps' in fact.round ? [0, ...fact.round.steps] : undefined
  const lowest = steps ? Math.min(...steps) : fact.kind === 'count' ? 0 : -Infinity
  const highest = steps ? Math.max(...steps) : Infinity
  return range(Math.min(bound(fact.min, lowest), highest), bound(fact.max, highest))
}

/** A point has a fraction or a whole number, and is asked for both: the one that it has not is zero. */
function range(lowest: number, highest: number): string[] {
  const within = (path: string) => [
    ...(lowest > -Infinity ? [`${path} >= ${number(lowest)}`] : []),
    ...(highest < Infinity ? [`${path} <= ${number(highest)}`] : []),
  ]
  if (lowest <= 0 && highest >= 0) return [...within(DOUBLE), ...within(INT)]
  return [`(${within(DOUBLE).join(' and ')} or ${within(INT).join(' and ')})`]
}

/** What no point may have, of whatever fact: no number, or one above what 64 bits hold. A comparison with NaN is false. */
export const notNumberCondition = () =>
  `not (${DOUBLE} >= ${number(-LARGEST)} and ${DOUBLE} <= ${number(LARGEST)})`

const LARGEST = 1e19

const DOUBLE = 'datapoint.value_double'
const INT = 'datapoint.value_int'

const inBrackets = (condition: string) => (condition.includes(' or ') ? `(${condition})` : condition)

const compare = (a = '', b = '') => (a < b ? -1 : a > b ? 1 : 0)

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
 * Returns the conditions of which a data point must meet one: it belongs to a declared fact, has exactly the attributes of that fact, and
 * a number within its bounds. Facts with the same attributes and bounds share a condition.
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
      // The conditions that match most often come first.
      .sort(([a, ofA], [b, ofB]) => ofB.length - ofA.length || compare(ofA[0], ofB[0]) || compare(a, b))
      .map(([shape, names]) => `${isNamed(names)} and ${shape}`)
  )
}

const OWN_METRICS = Object.entries<ReportMetric>(REPORT_METRICS)

/** Returns such conditions for the metrics that every report has, whatever the product. */
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

/** Returns every unit that a metric may have, the most frequent first. A unit comes from the catalog, never from an input. */
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

/** Returns the conditions for the bounds of a fact's values. */
const rangeOf = (fact: NumberFact): string[] => range(...boundsOf(fact))

/** Returns the lowest and the highest value of a fact after rounding. */
export function boundsOf(fact: NumberFact): [lowest: number, highest: number] {
  const bound = (value: number | undefined, otherwise: number) =>
    value === undefined ? otherwise : reportedNumber(fact, value)
  const steps = typeof fact.round === 'object' && 'steps' in fact.round ? [0, ...fact.round.steps] : undefined
  const lowest = steps ? Math.min(...steps) : fact.kind === 'count' ? 0 : -Infinity
  const highest = steps ? Math.max(...steps) : Infinity
  return [Math.min(bound(fact.min, lowest), highest), bound(fact.max, highest)]
}

/** Compares both number fields of a point, the floating-point number and the integer: the one that is not set is zero. */
function range(lowest: number, highest: number): string[] {
  const within = (path: string) => [
    ...(lowest > -Infinity ? [`${path} >= ${number(lowest)}`] : []),
    ...(highest < Infinity ? [`${path} <= ${number(highest)}`] : []),
  ]
  if (lowest <= 0 && highest >= 0) return [...within(DOUBLE), ...within(INT)]
  return [`(${within(DOUBLE).join(' and ')} or ${within(INT).join(' and ')})`]
}

/** Returns the condition for points without a number, with NaN, or with one beyond 64 bits. A comparison with NaN is false. */
export const notNumberCondition = () =>
  `not (${DOUBLE} >= ${number(-LARGEST)} and ${DOUBLE} <= ${number(LARGEST)})`

/** Largest number that a point may have. */
export const LARGEST = 1e19

const DOUBLE = 'datapoint.value_double'
const INT = 'datapoint.value_int'

const inBrackets = (condition: string) => (condition.includes(' or ') ? `(${condition})` : condition)

const compare = (a = '', b = '') => (a < b ? -1 : a > b ? 1 : 0)

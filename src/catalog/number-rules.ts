import { describeValue, parseDuration } from '../platform/index.ts'
import { alternativesOf } from './dimensions.ts'
import { type Report, wordsRule } from './rules.ts'
import type { CountFact, Dimensions, GaugeFact } from './types.ts'

/** Reports each mistake in the declaration of a gauge fact or a count fact. */
export function numberRules(fact: GaugeFact | CountFact, report: Report): void {
  if (
    typeof fact.unit !== 'string' ||
    !/^(?:1|[A-Za-z%][A-Za-z0-9%/*.^-]*|\{[a-z][a-z0-9_ -]*\}(?:\/[A-Za-z]+)?)$/.test(fact.unit)
  ) {
    report(
      'unit',
      `is ${describeValue(fact.unit)}; write it as OpenTelemetry does: 'By', 's', '1', or a noun such as '{user}'`,
    )
  }
  if (fact.round !== undefined) roundRule(fact.round, report)
  for (const bound of ['min', 'max'] as const) {
    if (fact[bound] !== undefined && !Number.isFinite(fact[bound])) {
      report(bound, `is ${describeValue(fact[bound])}; use a finite number`)
    }
  }
  if (fact.min !== undefined && fact.max !== undefined && fact.min > fact.max) {
    report('min', `is ${fact.min}, above max, which is ${fact.max}; swap them`)
  }
  exampleRule(fact, report)
  gaugeRules(fact, report)
  countRule('temporality', ['delta', 'cumulative'], fact, report)
  countRule('total', ['source', 'process'], fact, report)
  if (fact.by !== undefined) byRule(fact.by, report)
  bucketsRule(fact, report)
}

/** Checks the options that only gauge facts have. */
function gaugeRules(fact: GaugeFact | CountFact, report: Report) {
  const { combine, fresh } = fact as { readonly combine?: unknown; readonly fresh?: unknown }
  const isGauge = fact.kind === 'gauge'
  if (combine !== undefined && !(isGauge && COMBINATIONS.includes(combine)))
    report('combine', `is ${describeValue(combine)}; use 'last', 'sum' or 'max', and for gauges only`)
  const time = parseDuration(fresh) ?? Number.NaN
  if (fresh !== undefined && !(isGauge && time >= 10 * MINUTE && time <= 30 * 24 * 60 * MINUTE))
    report('fresh', `is ${describeValue(fresh)}; use '10m' to '30d', and for gauges only`)
}

const MINUTE = 60_000

const COMBINATIONS: readonly unknown[] = ['last', 'sum', 'max']

/** Checks an option that only count facts have, with one of two words. */
function countRule(
  option: 'temporality' | 'total',
  words: readonly [string, string],
  fact: GaugeFact | CountFact,
  report: Report,
) {
  const word: unknown = (fact as Partial<CountFact>)[option]
  if (word === undefined || (fact.kind === 'count' && (words as readonly unknown[]).includes(word))) return
  report(option, `is ${describeValue(word)}; use '${words[0]}' or '${words[1]}', and for counts only`)
}

/** Checks the dimension of the buckets: the gateway, the store and the page know its words as those of any other dimension. */
function bucketsRule(fact: GaugeFact | CountFact, report: Report) {
  const key: unknown = (fact as Partial<CountFact>).buckets
  if (key === undefined) return
  if (fact.kind !== 'count' || typeof key !== 'string')
    return report('buckets', `is ${describeValue(key)}; name a dimension, and for counts only`)
  for (const alternative of alternativesOf(fact)) {
    const words: unknown = Object(alternative)[key]
    const isGood =
      Array.isArray(words) &&
      words.length > 1 &&
      words.at(-1) === 'inf' &&
      isAscending(words.slice(0, -1).map(boundOf))
    if (!isGood)
      return report(
        'buckets',
        `is '${key}', and that dimension is ${describeValue(words)}; list upper bounds in ascending order, and 'inf' at the end`,
      )
  }
}

const boundOf = (word: unknown) =>
  typeof word === 'string' && /^\d+(?:\.\d+)?$/.test(word) ? Number(word) : Number.NaN

const isAscending = (bounds: readonly number[]) =>
  bounds.every((bound, index) => (index === 0 ? bound >= 0 : bound > (bounds[index - 1] as number)))

function exampleRule(fact: GaugeFact | CountFact, report: Report) {
  if (fact.kind === 'gauge' && fact.example === undefined) {
    report('example', 'is missing; give a number as it would be reported')
  } else if (fact.example !== undefined && !Number.isFinite(fact.example)) {
    report('example', `is ${describeValue(fact.example)}; give a finite number`)
  } else if (fact.kind === 'count' && Number(fact.example) < 0) {
    report('example', `is ${describeValue(fact.example)}; a count is never below zero`)
  }
}

function roundRule(round: unknown, report: Report) {
  const steps = (round as { steps?: unknown } | null)?.steps
  const percent = (round as { percent?: unknown } | null)?.percent
  const ascending =
    Array.isArray(steps) &&
    steps.length > 0 &&
    steps.every((step, index) => Number.isFinite(step) && (index === 0 || step > steps[index - 1]))
  if (round === 'log2' || ascending || (Number(percent) > 0 && Number(percent) <= 50)) return
  report(
    'round',
    `is ${describeValue(round)}; use 'log2', { steps } in ascending order, or { percent } above 0 and up to 50`,
  )
}

function byRule(by: unknown, report: Report) {
  if (!Array.isArray(by)) return dimensionsRule('by', by, report)
  if (by.length === 0) {
    return report('by', 'is an empty list; list at least one alternative, or leave it out')
  }
  let sound = true
  for (const [index, alternative] of by.entries()) {
    dimensionsRule(`by[${index}]`, alternative, (path, message) => {
      sound = false
      report(path, message)
    })
  }
  if (sound) alternativesRule(by, report)
}

function dimensionsRule(path: string, by: unknown, report: Report) {
  if (typeof by !== 'object' || by === null || Array.isArray(by)) {
    return report(
      path,
      `is ${describeValue(by)}; pass an object of dimensions, each with its list of values, or leave it out`,
    )
  }
  for (const [key, values] of Object.entries(by)) {
    if (!/^[a-z][a-z0-9_]*(\.[a-z0-9_]+)*$/.test(key)) {
      report(
        `${path}['${key}']`,
        'is not a dimension name; use lower-case words joined by dots or underscores',
      )
    }
    wordsRule(`${path}['${key}']`, values, report)
  }
}

/** Checks that all alternatives have the same keys, and that no combination is in two alternatives: it would be counted in both. */
function alternativesRule(alternatives: readonly Dimensions[], report: Report) {
  const [first, ...others] = alternatives.map((one) => Object.keys(one).join("', '"))
  for (const [index, keys] of others.entries()) {
    if (keys === first) continue
    const [own, firsts] = [keys, first].map((some) => (some === '' ? 'none' : `'${some}'`))
    return report(
      `by[${index + 1}]`,
      `has the dimensions ${own}, and by[0] has ${firsts}; name the same ones in the same order`,
    )
  }
  for (const [later, one] of alternatives.entries()) {
    for (const [earlier, other] of alternatives.slice(0, later).entries()) {
      const common = commonTo(one, other)
      if (common === undefined) continue
      report(`by[${later}]`, `has ${common}, and so has by[${earlier}]; leave it in one of them`)
      break
    }
  }
}

/** Returns the first combination that is in both alternatives, in words; `undefined` when they have no combination in common. */
function commonTo(one: Dimensions, other: Dimensions): string | undefined {
  const common = Object.entries(one).map(
    ([key, values]) => [key, values.find((value) => other[key]?.includes(value))] as const,
  )
  if (common.length === 0) return 'no dimensions'
  return common.every(([, value]) => value !== undefined)
    ? common.map(([key, value]) => `${key} '${value}'`).join(' with ')
    : undefined
}

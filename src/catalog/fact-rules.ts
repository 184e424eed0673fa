import { type Mistake, whatWasGot } from '../host/index.ts'
import { isExpiry } from './expiry.ts'
import { isPermittedConvention, refusedConvention } from './semantic-conventions.ts'
import type { Dimensions, Fact } from './types.ts'
import { attributeProblem } from './values.ts'

/** What the rules of a fact need to know of its catalog. */
export interface CatalogFrame {
  readonly version: number
  readonly levels: readonly string[]
  /** Left out while the prefix itself is wrong: then names are not held against it. */
  readonly prefix?: string
}

/** Words that a fact's table, dimension or value may hold at most; the gateway's limits follow from these. */
const LONGEST_NAME = 128
const LONGEST_VALUE = 64
const MOST_SERIES = 2_000

/** Every mistake of one declared fact. */
export function mistakesOfFact(name: string, fact: Fact, frame: CatalogFrame): Mistake[] {
  const at = `facts['${name}']`
  if (typeof fact !== 'object' || fact === null) {
    return [{ place: at, message: `is ${whatWasGot(fact)}; pass an object with kind, why and since` }]
  }
  const found: Mistake[] = []
  const report = (place: string, message: string) =>
    found.push({ place: place === '' ? at : `${at}.${place}`, message })

  nameRule(name, frame, report)
  commonRules(fact, frame, report)
  switch (fact.kind) {
    case 'attribute':
      attributeRules(fact, report)
      break
    case 'gauge':
    case 'count':
      numberRules(fact, report)
      break
    default:
      report('kind', `is ${whatWasGot((fact as Fact).kind)}; use 'attribute', 'gauge' or 'count'`)
  }
  return found
}

type Report = (place: string, message: string) => void

function nameRule(name: string, { prefix }: CatalogFrame, report: Report) {
  const refused = refusedConvention(name)
  if (refused) return report('', `'${name}' is never reported: it ${refused}; remove it`)
  if (name.length > LONGEST_NAME || !/^[a-z][a-z0-9_]*(\.[a-z0-9_]+)+$/.test(name)) {
    return report(
      '',
      `'${name}' is not a fact name; use lower-case words joined by dots, at most ${LONGEST_NAME} characters`,
    )
  }
  if (prefix !== undefined && !name.startsWith(`${prefix}.`) && !isPermittedConvention(name)) {
    report('', `'${name}' lacks the prefix; call it '${prefix}.${name}'`)
  }
}

function commonRules(fact: Fact, { version, levels }: CatalogFrame, report: Report) {
  if (typeof fact.why !== 'string' || fact.why.trim().length < 3) {
    report('why', 'is missing; say in a sentence what the maintainer learns from it, the operator reads it')
  }
  if (!Number.isInteger(fact.since) || fact.since < 1) {
    report(
      'since',
      `is ${whatWasGot(fact.since)}; name the catalog version that added the fact, a whole number from 1`,
    )
  } else if (Number.isInteger(version) && fact.since > version) {
    report('since', `is ${fact.since}, but the catalog is at version ${version}; raise the catalog's version`)
  }
  if (fact.expires !== undefined && !isExpiry(fact.expires)) {
    report(
      'expires',
      `is ${whatWasGot(fact.expires)}; use a day such as '2027-06-30' or a version such as '3.0.0'`,
    )
  }
  if (fact.review !== undefined && !/^https?:\/\/\S+$/.test(String(fact.review))) {
    report('review', `is ${whatWasGot(fact.review)}; give an http or https address`)
  }
  if (!Array.isArray(levels)) return
  if (fact.level === undefined && levels.length > 1) {
    report('level', `is missing; use one of ${listOf(levels)}`)
  } else if (fact.level !== undefined && !levels.includes(fact.level)) {
    report('level', `is ${whatWasGot(fact.level)}; use one of ${listOf(levels)}`)
  }
}

function attributeRules(fact: Extract<Fact, { kind: 'attribute' }>, report: Report) {
  let sound = true
  const reportUnsound: Report = (place, message) => {
    sound = false
    report(place, message)
  }
  switch (fact.type) {
    case 'enum':
      wordsRule('values', fact.values, reportUnsound)
      break
    case 'string':
      stringRules(fact.pattern, fact.maxLength, reportUnsound)
      break
    case 'boolean':
    case 'version':
      break
    default:
      return report(
        'type',
        `is ${whatWasGot((fact as { type?: unknown }).type)}; use 'string', 'enum', 'boolean' or 'version'`,
      )
  }
  if (fact.whenUnknown !== undefined && !['absent', 'Unknown', null].includes(fact.whenUnknown)) {
    report('whenUnknown', `is ${whatWasGot(fact.whenUnknown)}; use 'absent', 'Unknown' or null`)
  }
  if (fact.type === 'version' && fact.round !== undefined && !['major', 'major.minor'].includes(fact.round)) {
    report('round', `is ${whatWasGot(fact.round)}; use 'major' or 'major.minor'`)
  }
  if ('randomize' in fact && fact.randomize !== undefined) randomizeRule(fact.randomize, report)
  if (fact.example === undefined) return report('example', 'is missing; give a value as it would be reported')
  // What a broken rule makes of the example tells nothing about the example.
  if (sound && attributeProblem(fact, fact.example) !== undefined)
    report(
      'example',
      `is ${whatWasGot(fact.example)}, which the fact itself would refuse; give a value that it takes`,
    )
}

function stringRules(pattern: unknown, maxLength: unknown, report: Report) {
  if (typeof pattern !== 'string' || pattern === '') {
    report(
      'pattern',
      'is missing; give the regular expression that the whole value must match, so that free text cannot get in',
    )
  } else if (safely(() => new RegExp(pattern, 'u')) === undefined) {
    report('pattern', `${whatWasGot(pattern)} is not a regular expression; correct it`)
  }
  if (
    maxLength !== undefined &&
    !(Number.isInteger(maxLength) && Number(maxLength) >= 1 && Number(maxLength) <= 128)
  ) {
    report('maxLength', `is ${whatWasGot(maxLength)}; use a whole number from 1 to 128`)
  }
}

function numberRules(fact: Extract<Fact, { kind: 'gauge' | 'count' }>, report: Report) {
  if (
    typeof fact.unit !== 'string' ||
    !/^(?:1|[A-Za-z%][A-Za-z0-9%/*.^-]*|\{[a-z][a-z0-9_ -]*\}(?:\/[A-Za-z]+)?)$/.test(fact.unit)
  ) {
    report(
      'unit',
      `is ${whatWasGot(fact.unit)}; write it as OpenTelemetry does: 'By', 's', '1', or a noun such as '{user}'`,
    )
  }
  if (fact.round !== undefined) roundRule(fact.round, report)
  for (const bound of ['min', 'max'] as const) {
    if (fact[bound] !== undefined && !Number.isFinite(fact[bound])) {
      report(bound, `is ${whatWasGot(fact[bound])}; use a finite number`)
    }
  }
  if (fact.min !== undefined && fact.max !== undefined && fact.min > fact.max) {
    report('min', `is ${fact.min}, above max, which is ${fact.max}; swap them`)
  }
  if (fact.kind === 'gauge' && fact.example === undefined) {
    report('example', 'is missing; give a number as it would be reported')
  } else if (fact.example !== undefined && !Number.isFinite(fact.example)) {
    report('example', `is ${whatWasGot(fact.example)}; give a finite number`)
  } else if (fact.kind === 'count' && Number(fact.example) < 0) {
    report('example', `is ${whatWasGot(fact.example)}; a count is never below zero`)
  }
  if (fact.by !== undefined) dimensionRules(fact.by, report)
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
    `is ${whatWasGot(round)}; use 'log2', { steps } in ascending order, or { percent } above 0 and up to 50`,
  )
}

function randomizeRule(randomize: { readonly epsilon: number }, report: Report) {
  const epsilon: unknown = randomize?.epsilon
  if (typeof epsilon === 'number' && epsilon >= 0.1 && epsilon <= 10) return
  report('randomize.epsilon', `is ${whatWasGot(epsilon)}; use a number from 0.1 to 10, such as 1.1`)
}

function dimensionRules(by: Dimensions, report: Report) {
  if (typeof by !== 'object' || by === null || Array.isArray(by) || Object.keys(by).length === 0) {
    return report(
      'by',
      `is ${whatWasGot(by)}; pass an object of dimensions, each with its list of values, or leave it out`,
    )
  }
  let series = 1
  for (const [key, values] of Object.entries(by)) {
    if (!/^[a-z][a-z0-9_]*(\.[a-z0-9_]+)*$/.test(key)) {
      report(`by['${key}']`, 'is not a dimension name; use lower-case words joined by dots or underscores')
    }
    wordsRule(`by['${key}']`, values, report)
    series *= Array.isArray(values) ? values.length : 1
  }
  if (series > MOST_SERIES) {
    report('by', `makes ${series} series; keep it to ${MOST_SERIES} by shorter lists or fewer dimensions`)
  }
}

function wordsRule(place: string, words: unknown, report: Report) {
  if (!Array.isArray(words) || words.length === 0) {
    return report(place, `is ${whatWasGot(words)}; list the allowed values`)
  }
  for (const [index, word] of words.entries()) {
    if (typeof word !== 'string' || word === '' || word.length > LONGEST_VALUE || word.trim() !== word) {
      report(
        `${place}[${index}]`,
        `is ${whatWasGot(word)}; use a text of 1 to ${LONGEST_VALUE} characters without spaces around it`,
      )
    } else if (words.indexOf(word) !== index) {
      report(`${place}[${index}]`, `'${word}' is listed twice; name each value once`)
    }
  }
}

const listOf = (words: readonly string[]) => words.map((word) => `'${word}'`).join(', ')

/** The value, or `undefined` where making it throws: a half-written fact must not end the search for mistakes. */
function safely<T>(make: () => T): T | undefined {
  try {
    return make()
  } catch {
    return undefined
  }
}

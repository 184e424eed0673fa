import { describeValue } from '../platform/index.ts'
import { acceptValue } from './attributes.ts'
import { MAP_CHARACTER } from './map.ts'
import { patternProblem } from './patterns.ts'
import { type Report, wholeNumberRule, wordsRule } from './rules.ts'
import type { AttributeFact } from './types.ts'

/** Reports each mistake in the declaration of an attribute fact. */
export function attributeRules(fact: AttributeFact, report: Report): void {
  let sound = true
  const reportUnsound: Report = (path, message) => {
    sound = false
    report(path, message)
  }
  switch (fact.type) {
    case 'enum':
      wordsRule('values', fact.values, reportUnsound)
      break
    case 'string':
      patternRule(fact.pattern, reportUnsound)
      wholeNumberRule('maxLength', fact.maxLength, 1_024, reportUnsound)
      break
    case 'metadata':
      wholeNumberRule('maxLength', fact.maxLength, 256, reportUnsound)
      wholeNumberRule('maxEntries', fact.maxEntries, 64, reportUnsound)
      break
    case 'uuids':
      wholeNumberRule('maxItems', fact.maxItems, 64, reportUnsound)
      break
    case 'map':
      if (fact.keys !== 'uuid') plainWordsRule('keys', fact.keys, reportUnsound)
      plainWordsRule('values', fact.values, reportUnsound)
      wholeNumberRule('maxEntries', fact.maxEntries, 64, reportUnsound)
      break
    case 'boolean':
    case 'version':
      break
    default:
      return report(
        'type',
        `is ${describeValue((fact as { type?: unknown }).type)}; use 'string', 'enum', 'boolean', 'version', 'metadata', 'uuids' or 'map'`,
      )
  }
  if (fact.type === 'metadata' && fact.whenUnknown !== undefined) {
    report('whenUnknown', 'has no meaning for metadata, whose entries are there or not; leave it out')
  } else if (fact.whenUnknown !== undefined && !['absent', 'Unknown', null].includes(fact.whenUnknown)) {
    report('whenUnknown', `is ${describeValue(fact.whenUnknown)}; use 'absent', 'Unknown' or null`)
  }
  if (fact.type === 'version' && fact.round !== undefined && !['major', 'major.minor'].includes(fact.round)) {
    report('round', `is ${describeValue(fact.round)}; use 'major' or 'major.minor'`)
  }
  if ('randomize' in fact && fact.randomize !== undefined) randomizeRule(fact.randomize, report)
  if (fact.example === undefined) return report('example', 'is missing; give a value as it would be reported')
  // While a rule of the fact is broken, its example cannot be checked.
  const { value, problems } = sound ? acceptValue(fact, fact.example) : { value: '', problems: [] }
  if (value === undefined || problems.length > 0)
    report(
      'example',
      `is ${describeValue(fact.example)}, which the fact itself would refuse; give a value that it takes`,
    )
}

/** Checks a closed list of the words of a map. */
function plainWordsRule(path: string, words: unknown, report: Report) {
  wordsRule(path, words, report)
  for (const [index, word] of (Array.isArray(words) ? words : []).entries())
    if (typeof word === 'string' && !PLAIN.test(word))
      report(`${path}[${index}]`, `is ${describeValue(word)}; use letters, digits, spaces and _ . : / - only`)
}

const PLAIN = new RegExp(`^${MAP_CHARACTER}*$`)

function patternRule(pattern: unknown, report: Report) {
  if (typeof pattern !== 'string' || pattern === '') {
    report(
      'pattern',
      'is missing; give the regular expression that the whole value must match, so that free text cannot get in',
    )
    return
  }
  const problem = patternProblem(pattern)
  if (problem !== undefined) report('pattern', `${describeValue(pattern)} ${problem}`)
}

function randomizeRule(randomize: { readonly epsilon: number }, report: Report) {
  const epsilon: unknown = randomize?.epsilon
  if (typeof epsilon === 'number' && epsilon >= 0.1 && epsilon <= 10) return
  report('randomize.epsilon', `is ${describeValue(epsilon)}; use a number from 0.1 to 10, such as 1.1`)
}

import { describeValue, type Mistake, unknownName } from '../platform/index.ts'
import { attributeRules } from './attribute-rules.ts'
import { isExpiry } from './expiry.ts'
import { FACT_NAMES } from './fact-names.ts'
import { numberRules } from './number-rules.ts'
import type { Report } from './rules.ts'
import { isPermittedConvention, refusedConvention } from './semantic-conventions.ts'
import type { Fact } from './types.ts'

/** Parts of a catalog that the rules of a fact depend on. */
export interface CatalogFrame {
  readonly version: number
  readonly levels: readonly string[]
  /** Prefix of the catalog; absent when the prefix is invalid: then names are not compared with it. */
  readonly prefix?: string
}

const MAX_NAME_LENGTH = 128

/** Returns every mistake in one declared fact. */
export function mistakesOfFact(name: string, fact: Fact, frame: CatalogFrame): Mistake[] {
  const at = `facts['${name}']`
  if (typeof fact !== 'object' || fact === null) {
    return [{ path: at, message: `is ${describeValue(fact)}; pass an object with kind, why and since` }]
  }
  const found: Mistake[] = []
  const report = (path: string, message: string) =>
    found.push({ path: path === '' ? at : `${at}.${path}`, message })

  nameRule(name, frame, report)
  for (const one of Object.keys(fact))
    if (!Object.hasOwn(FACT_NAMES, one)) report(one, unknownName(one, FACT_NAMES))
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
      report('kind', `is ${describeValue((fact as Fact).kind)}; use 'attribute', 'gauge' or 'count'`)
  }
  return found
}

/** Returns every mistake in the list of removed facts. */
export function mistakesOfRemoved(removed: unknown, facts: Readonly<Record<string, unknown>>): Mistake[] {
  if (!Array.isArray(removed)) {
    const message = `is ${describeValue(removed)}; list the names of the facts that earlier versions had, or leave it out`
    return [{ path: 'removed', message }]
  }
  return removed.flatMap((name: unknown, index) => {
    const path = `removed[${index}]`
    if (typeof name !== 'string' || !isName(name))
      return [{ path, message: `is ${describeValue(name)}; give the name of a fact` }]
    if (!Object.hasOwn(facts, name)) return []
    return [{ path, message: `'${name}' is a fact of this catalog; take it out of either` }]
  })
}

const isName = (name: string) =>
  name.length <= MAX_NAME_LENGTH && /^[a-z][a-z0-9_]*(\.[a-z0-9_]+)+$/.test(name)

function nameRule(name: string, { prefix }: CatalogFrame, report: Report) {
  const refused = refusedConvention(name)
  if (refused) return report('', `'${name}' is never reported: it ${refused}; remove it`)
  if (!isName(name)) {
    return report(
      '',
      `'${name}' is not a fact name; use lower-case words joined by dots, at most ${MAX_NAME_LENGTH} characters`,
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
  if (fact.allowed !== undefined && (typeof fact.allowed !== 'string' || fact.allowed.trim().length < 3)) {
    report(
      'allowed',
      `is ${describeValue(fact.allowed)}; say in words what the values can be, or leave it out`,
    )
  }
  if (!Number.isInteger(fact.since) || fact.since < 1) {
    report(
      'since',
      `is ${describeValue(fact.since)}; name the catalog version that added the fact, a whole number from 1`,
    )
  } else if (Number.isInteger(version) && fact.since > version) {
    report('since', `is ${fact.since}, but the catalog is at version ${version}; raise the catalog's version`)
  }
  if (fact.expires !== undefined && !isExpiry(fact.expires)) {
    report(
      'expires',
      `is ${describeValue(fact.expires)}; use a day such as '2027-06-30' or a version such as '3.0.0'`,
    )
  }
  if (fact.review !== undefined && !/^https?:\/\/\S+$/.test(String(fact.review))) {
    report('review', `is ${describeValue(fact.review)}; give an http or https address`)
  }
  if (!Array.isArray(levels)) return
  if (fact.level === undefined && levels.length > 1) {
    report('level', `is missing; use one of ${listOf(levels)}`)
  } else if (fact.level !== undefined && !levels.includes(fact.level)) {
    report('level', `is ${describeValue(fact.level)}; use one of ${listOf(levels)}`)
  }
}

const listOf = (words: readonly string[]) => words.map((word) => `'${word}'`).join(', ')

import type { Catalog, Fact } from '../../catalog/index.ts'
import type { Mistake } from '../../platform/index.ts'
import { type Condition, readCondition } from './conditions.ts'
import { isAboutVersions } from './questions/releases.ts'

/** Kinds of facts that a question is about. */
const KINDS: Readonly<Record<string, readonly Fact['kind'][]>> = {
  breakdown: ['attribute'],
  cross: ['attribute'],
  adoption: ['attribute'],
  distribution: ['gauge'],
  totals: ['count'],
  effect: ['count', 'gauge'],
}

/**
 * Returns what is wrong with the arguments of a question by the catalog. The store would find nothing of a fact or a value that is
 * misspelt, and that would look like an answer: nobody uses it.
 */
export function catalogMistakes(
  question: string,
  values: Readonly<Record<string, unknown>>,
  catalog: Catalog,
): Mistake[] {
  const {
    fact,
    by,
    what,
    where = [],
  } = values as Readonly<Record<'fact' | 'by' | 'what', string | undefined>> & {
    readonly where?: readonly string[]
  }
  const found = [
    ...Object.entries({ fact, by }).map(
      ([path, name]) => [path, name && factMistake(name, catalog, KINDS[question])] as const,
    ),
    [
      'what',
      what && !isAboutVersions(what) ? conditionMistake(readCondition(what), catalog) : undefined,
    ] as const,
    ...where.map((each) => ['where', conditionMistake(readCondition(each), catalog)] as const),
  ]
  return found.flatMap(([path, message]) => (message ? [{ path, message }] : []))
}

/** Names without the product's prefix are not the catalog's to know. */
function factMistake(name: string, catalog: Catalog, kinds?: readonly Fact['kind'][]): string | undefined {
  const fact = catalog.facts[name]
  if (fact === undefined) {
    if (!name.startsWith(`${catalog.prefix}.`) || catalog.removed?.includes(name) || isEntry(name, catalog))
      return undefined
    const known = Object.entries(catalog.facts).flatMap(([other, { kind }]) =>
      kinds === undefined || kinds.includes(kind) ? [other] : [],
    )
    return `is '${name}', which the catalog does not have; use ${listed(known)}`
  }
  if (kinds === undefined || kinds.includes(fact.kind)) return undefined
  return `is '${name}', a fact of the kind ${fact.kind}; use one of the kind ${kinds.join(' or ')}`
}

function conditionMistake({ fact: name, operator, values }: Condition, catalog: Catalog): string | undefined {
  const mistake = factMistake(name, catalog)
  const fact = catalog.facts[name]
  if (mistake !== undefined || fact === undefined || values.length === 0) return mistake
  if (operator === '>=' || operator === '<')
    return fact.kind === 'attribute'
      ? `compares '${name}', which is not a number; use ${name}=<value>`
      : undefined
  if (fact.kind !== 'attribute')
    return `is about '${name}', which is a number; use ${name}, ${name}>=8 or ${name}<8`
  if (fact.type !== 'enum' && fact.type !== 'boolean') return undefined
  const declared = fact.type === 'enum' ? fact.values : ['true', 'false']
  const unknown = values.find((value) => !declared.includes(value) && value !== fact.whenUnknown)
  return unknown === undefined
    ? undefined
    : `has '${unknown}', which is not a value of '${name}' in the catalog; use ${listed(declared)}`
}

/** Each entry of a metadata fact has its own name. */
const isEntry = (name: string, catalog: Catalog) =>
  Object.entries(catalog.facts).some(
    ([other, fact]) => fact.kind === 'attribute' && fact.type === 'metadata' && name.startsWith(`${other}.`),
  )

/** Returns words in a list, of which the first twelve are named. */
export const listed = (words: readonly string[]): string =>
  words.length > 12
    ? `${words.slice(0, 12).join(', ')} or one of ${words.length - 12} more`
    : words.join(', ')

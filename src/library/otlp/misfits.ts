import {
  acceptValue,
  attributesOf,
  type Catalog,
  type Fact,
  factNameOf,
  isDeclaredSet,
  isOwnName,
  type Moment,
  type PermittedFacts,
  reportedNumber,
  valuesIn,
  type Withheld,
  withholdingReason,
} from '../../catalog/index.ts'
import type { ReportContent } from './read-report.ts'

/** What a report is held against. */
export interface DeclaredNow extends Moment {
  readonly catalog: Catalog
  readonly permitted: PermittedFacts
}

/** Why something does not belong into a report any more: consent does not reach it, or the catalog does not have it so. */
export type Misfit = Withheld | 'undeclared'

/**
 * The attributes and metrics of a report that would not be in one that is made now, or would say less there: the catalog has lost
 * them, or takes other values, and whatever consent does not reach. A report may be older than the catalog that it is sent under.
 */
export function misfitsIn({ attributes, metrics }: ReportContent, now: DeclaredNow): Map<string, Misfit> {
  const misfits = new Map<string, Misfit>()
  const fitting = fittingAttributes(attributes, now)
  for (const [name, value] of Object.entries(attributes)) {
    if (isOwnName(name) || fitting.get(name) === JSON.stringify(value)) continue
    misfits.set(name, misfitOf(factNameOf(now.catalog, name), now))
  }
  for (const { name, points } of metrics) {
    if (isOwnName(name)) continue
    const fact = reportedFact(name, now)
    if (!fact || !points?.every((point) => fits(fact, point))) misfits.set(name, misfitOf(name, now))
  }
  return misfits
}

/** What facts make of these attributes today, as JSON. Randomized answers stay what they are. */
function fittingAttributes(attributes: ReportContent['attributes'], now: DeclaredNow): Map<string, string> {
  const fitting = new Map<string, string>()
  for (const [name, given] of valuesIn(now.catalog, attributes)) {
    const fact = now.catalog.facts[name]
    if (fact?.kind !== 'attribute') continue
    const withheld = withholdingReason(now.catalog, name, now.permitted, now)
    // An empty value says only that there is such a fact, and stands there also above the level of consent.
    const isEmpty = given === null && fact.whenUnknown === null && withheld === 'level'
    if (withheld !== undefined && !isEmpty) continue
    const { value } = acceptValue(fact, given)
    if (value === undefined) continue
    for (const [attribute, part] of attributesOf(name, value)) fitting.set(attribute, JSON.stringify(part))
  }
  return fitting
}

function reportedFact(name: string, { catalog, permitted, ...moment }: DeclaredNow): Fact | undefined {
  const fact = Object.hasOwn(catalog.facts, name) ? catalog.facts[name] : undefined
  return withholdingReason(catalog, name, permitted, moment) === undefined ? fact : undefined
}

function fits(fact: Fact, { attributes, value }: { attributes: Record<string, unknown>; value: number }) {
  return fact.kind !== 'attribute' && isDeclaredSet(fact, attributes) && reportedNumber(fact, value) === value
}

function misfitOf(name: string | undefined, { catalog, permitted, ...moment }: DeclaredNow): Misfit {
  if (name === undefined || !Object.hasOwn(catalog.facts, name)) return 'undeclared'
  return withholdingReason(catalog, name, permitted, moment) ?? 'undeclared'
}

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

/** Current catalog and consent, with which a report is compared. */
export interface DeclaredNow extends Moment {
  readonly catalog: Catalog
  readonly permitted: PermittedFacts
}

/** Reason why a report must not contain something any more: consent does not permit it, or the catalog does not declare it. */
export type Misfit = Withheld | 'undeclared'

/**
 * Returns the attributes and metrics of a report that a report of now would not contain, or with less detail: the catalog does not
 * declare them or their values any more, or consent does not permit them. A report may be older than the current catalog.
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

/** Returns the attributes as the current facts would report them, as JSON. Randomized answers do not change. */
function fittingAttributes(attributes: ReportContent['attributes'], now: DeclaredNow): Map<string, string> {
  const fitting = new Map<string, string>()
  for (const [name, given] of valuesIn(now.catalog, attributes)) {
    const fact = now.catalog.facts[name]
    if (fact?.kind !== 'attribute') continue
    const withheld = withholdingReason(now.catalog, name, now.permitted, now)
    // An empty value only says that there is such a fact, and is reported also above the level of consent.
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

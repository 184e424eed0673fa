import { alternativesOf } from './dimensions.ts'
import { isExpired, type Moment } from './expiry.ts'
import { contributionOf, rankOf } from './permitted-facts.ts'
import type { Catalog, Fact, NumberFact } from './types.ts'
import { DEFAULT_LIMITS } from './values.ts'

/** An error or a warning from a check of a catalog. */
export interface Finding {
  readonly severity: 'error' | 'warning'
  readonly path: string
  /** End of a sentence, after `path`: the fault and its fix. */
  readonly message: string
}

/** Time before an expiry at which the warning begins, in milliseconds. */
const NOTICE = 30 * 86_400_000

/** Returns an error for each expired fact, and a warning for each fact that expires within 30 days. */
export function expiryFindings(catalog: Catalog, moment: Moment): Finding[] {
  return Object.entries(catalog.facts).flatMap(([name, fact]): Finding[] => {
    const path = `facts['${name}'].expires`
    if (isExpired(fact, moment)) {
      return [
        {
          severity: 'error',
          path,
          message: `was ${fact.expires}, the fact is not collected any more; remove it or give it a later expiry`,
        },
      ]
    }
    if (isExpired(fact, { ...moment, at: moment.at + NOTICE })) {
      return [
        {
          severity: 'warning',
          path,
          message: `is ${fact.expires}, within 30 days; remove the fact or give it a later expiry`,
        },
      ]
    }
    return []
  })
}

/**
 * Returns an error for each undeclared change since a released catalog. Consent covers what a fact meant when it was given. A fact whose
 * meaning has changed, or that now needs a lower level of consent, is a new fact: its `since` must be above the released version.
 */
export function changeFindings(released: Catalog, catalog: Catalog): Finding[] {
  return [...removalFindings(released, catalog), ...meaningFindings(released, catalog)]
}

/** Requires removed facts to be listed: without the list, an operator who excludes a removed fact seems to have misspelt its name. */
function removalFindings(released: Catalog, catalog: Catalog): Finding[] {
  const known = new Set([...Object.keys(catalog.facts), ...(catalog.removed ?? [])])
  return [...Object.keys(released.facts), ...(released.removed ?? [])]
    .filter((name) => !known.has(name))
    .map((name) => ({
      severity: 'error',
      path: 'removed',
      message: `lacks '${name}', a fact of an earlier version; add it, or whoever withholds it by name reports nothing at all after the upgrade`,
    }))
}

function meaningFindings(released: Catalog, catalog: Catalog): Finding[] {
  return Object.entries(catalog.facts).flatMap(([name, fact]): Finding[] => {
    const before = released.facts[name]
    const version = releasedVersion(released, catalog, name)
    if (fact.since > version) return []
    if (before === undefined) {
      return [
        {
          severity: 'error',
          path: `facts['${name}'].since`,
          message: `is ${fact.since}, but the released catalog of version ${version} does not have the fact; use ${version + 1}`,
        },
      ]
    }
    return meaningChanges(released, before, catalog, fact).map((what) => ({
      severity: 'error',
      path: `facts['${name}'].${what}`,
      message: `has changed since version ${version}, so it is a new fact for those who agreed to the old one; set since to ${version + 1}, or take the change back`,
    }))
  })
}

/** Returns the released version of the catalog that a fact comes from: the product's own, or a contribution's. */
function releasedVersion(released: Catalog, catalog: Catalog, name: string): number {
  const prefix = contributionOf(catalog, name)
  return prefix === undefined ? released.version : (released.contributions?.[prefix] ?? 0)
}

/** Default values: writing one out does not change a fact. */
const DEFAULTS: Readonly<Record<string, unknown>> = {
  ...DEFAULT_LIMITS,
  temporality: 'delta',
  total: 'source',
}

/** Returns the changed options that widen or alter the meaning of a fact. */
function meaningChanges(released: Catalog, before: Fact, catalog: Catalog, after: Fact): string[] {
  const written = (fact: Fact, key: string) =>
    JSON.stringify(
      key === 'by' ? alternativesOf(fact as NumberFact) : (Reflect.get(fact, key) ?? DEFAULTS[key]),
    )
  const same = (key: string) => written(before, key) === written(after, key)
  const changed = [
    'kind',
    'type',
    'unit',
    'by',
    'temporality',
    'total',
    'combine',
    'values',
    'keys',
    'pattern',
    'maxLength',
    'maxEntries',
    'maxItems',
    'round',
    'min',
    'max',
    'randomize',
  ].filter((key) => !same(key))
  return rankOf(catalog, after) < rankOf(released, before) ? [...changed, 'level'] : changed
}

import { type Mistake, UsageConfigurationError } from '../platform/index.ts'
import { checkedCatalog, combined, mistakesTogether } from './define.ts'
import { frozenCopy } from './frozen.ts'
import type { Catalog, Fact, Facts } from './types.ts'

/** Largest number of contributions. The gateway accepts as many in `usage.catalog.contributions`. */
const MAX_CONTRIBUTIONS = 32

/**
 * Combines the product's catalog with the catalogs of its contributors, such as plugins. Each contribution has its own facts, prefix and
 * version. The result has the product's version, prefix and levels. A contribution may use the product's levels, in the same order; the
 * facts of a contribution that names no level belong to the highest one. Consent given before a contribution existed does not cover it.
 *
 * @throws {UsageConfigurationError} that lists every mistake: prefixes that overlap, facts without the prefix, unknown levels, too
 * many series.
 */
export function combineCatalogs(product: Catalog, parts: readonly Catalog[]): Catalog {
  const base = checkedCatalog(product)
  const contributions = parts.map((one) => checkedCatalog(one))
  if (contributions.length === 0) return base
  const mistakes = contributions.flatMap((contribution, index) =>
    [
      ...prefixMistakes(contribution, base, contributions.slice(0, index)),
      ...levelMistakes(contribution, base),
      ...factMistakes(contribution),
    ].map(({ path, message }) => ({ path: `contributions[${index}].${path}`, message })),
  )
  const facts: Facts = frozenCopy(
    Object.assign({}, base.facts, ...contributions.map((one) => factsAt(one, base.levels))),
  )
  const versions = {
    ...base.contributions,
    ...Object.fromEntries(contributions.map((one) => [one.prefix, one.version])),
  }
  const removed = [base, ...contributions].flatMap((one) => one.removed ?? [])
  const count = Object.keys(versions).length
  if (count > MAX_CONTRIBUTIONS) {
    const message = `are ${count}, and ${MAX_CONTRIBUTIONS} is the most; put some of them into one`
    mistakes.push({ path: 'contributions', message })
  }
  if (mistakes.length === 0) mistakes.push(...mistakesTogether(facts))
  if (mistakes.length > 0) throw new UsageConfigurationError('The combined usage catalog', mistakes)
  return combined({ ...base, facts, ...(removed.length > 0 && { removed }), contributions: versions })
}

/** Finds prefixes that overlap: the name of a fact alone must identify the catalog that declares it. */
function prefixMistakes(
  { prefix, contributions }: Catalog,
  base: Catalog,
  earlier: readonly Catalog[],
): Mistake[] {
  if (contributions !== undefined) {
    return [
      {
        path: 'contributions',
        message: 'are there already; combine its parts with the product, each by itself',
      },
    ]
  }
  if (isWithin(base.prefix, prefix)) {
    const message = `is '${prefix}', and the product's own is '${base.prefix}'; use another one, such as '${base.prefix}.plugin'`
    return [{ path: 'prefix', message }]
  }
  const inUse = [...Object.keys(base.contributions ?? {}), ...earlier.map((one) => one.prefix)]
  const overlapping = inUse.find((other) => isWithin(prefix, other) || isWithin(other, prefix))
  if (overlapping !== undefined) {
    const message = `is '${prefix}', which overlaps '${overlapping}' of another contribution; give each its own prefix`
    return [{ path: 'prefix', message }]
  }
  const own = Object.keys(base.facts).find((name) => isWithin(name, prefix))
  return own === undefined
    ? []
    : [
        {
          path: 'prefix',
          message: `is '${prefix}', and the product has the fact '${own}' there; rename one of them`,
        },
      ]
}

function levelMistakes(contribution: Catalog, base: Catalog): Mistake[] {
  if (namesNoLevel(contribution)) return []
  const ranks = contribution.levels.map((level) => base.levels.indexOf(level))
  if (ranks.every((rank, index) => rank >= 0 && (index === 0 || rank > (ranks[index - 1] as number))))
    return []
  const [own, all] = [contribution.levels, base.levels].map((levels) => levels.join(', '))
  return [
    {
      path: 'levels',
      message: `are ${own}, and the product's are ${all}; use some of these, in this order`,
    },
  ]
}

const factMistakes = ({ prefix, facts }: Catalog): Mistake[] =>
  Object.keys(facts)
    .filter((name) => !name.startsWith(`${prefix}.`))
    .map((name) => ({
      path: `facts['${name}']`,
      message: `lacks the prefix of its contribution; call it '${prefix}.${name}', common names are the product's to report`,
    }))

/** Returns the facts of a contribution, each with one of the product's levels. */
function factsAt(contribution: Catalog, levels: readonly string[]): Facts {
  const level = namesNoLevel(contribution) ? levels.at(-1) : contribution.levels[0]
  return Object.fromEntries(
    Object.entries<Fact>(contribution.facts).map(([name, fact]) => [
      name,
      { level: level as string, ...fact },
    ]),
  )
}

/** Tells whether the catalog declares no levels. `defineCatalog` then adds the single level `full`. */
const namesNoLevel = ({ levels, facts }: Catalog) =>
  levels.join() === 'full' && Object.values<Fact>(facts).every((fact) => fact.level === undefined)

const isWithin = (name: string, prefix: string) => name === prefix || name.startsWith(`${prefix}.`)

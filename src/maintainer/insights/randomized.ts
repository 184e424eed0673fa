import type { Catalog } from '../../catalog/index.ts'
import type { Cell } from './cells.ts'

/**
 * Replaces the observed numbers of a randomized fact by unbiased estimates: of N installations that reported one of k values, the true
 * number of a value is (observed - N q) / (p - q), where p is the probability that the true value is reported, and q that of each other.
 * An estimate is a whole number, not below 0 and not above N.
 */
export function estimated(
  cells: readonly Cell[],
  facts: readonly string[],
  catalog: Catalog | undefined,
): { readonly cells: readonly Cell[]; readonly notes: readonly string[] } {
  const [name = ''] = facts
  const fact = catalog?.facts[name]
  if (facts.length !== 1 || !fact || !('randomize' in fact) || fact.randomize === undefined) {
    const isUnknown = catalog === undefined && facts.length > 0
    return {
      cells,
      notes: isUnknown
        ? [
            'Without the catalog it is not known which values are rounded or randomized, and from which level on they are reported.',
          ]
        : [],
    }
  }
  const values: readonly string[] = fact.type === 'enum' ? fact.values : ['true', 'false']
  const p = Math.exp(fact.randomize.epsilon) / (Math.exp(fact.randomize.epsilon) + values.length - 1)
  const q = (1 - p) / (values.length - 1)
  const isValue = (cell: Cell) => cell.part === 'value' && values.includes(cell.a)
  const all = Map.groupBy(cells.filter(isValue), ({ b }) => b)
  const reported = (b: string) => (all.get(b) ?? []).reduce((sum, { n }) => sum + n, 0)
  const total = reported('')
  const error = (1.96 * Math.sqrt(total / 4)) / (p - q)
  if (all.size === 0)
    return {
      cells,
      notes: [
        `Values of ${name} are randomized before they are sent (epsilon ${fact.randomize.epsilon}), and the numbers of this answer are as they were reported, not estimates: \`breakdown ${name}\` estimates them.`,
      ],
    }
  const seen = new Set(cells.filter(isValue).map(({ a }) => a))
  const rest = all.has('')
    ? values.filter((value) => !seen.has(value)).map((a) => ({ part: 'value', a, b: '', n: 0 }))
    : []
  return {
    cells: [...cells, ...rest].map((cell) =>
      isValue(cell)
        ? {
            ...cell,
            n: Math.round(Math.min(reported(cell.b), Math.max(0, (cell.n - reported(cell.b) * q) / (p - q)))),
          }
        : cell,
    ),
    notes: [
      `Values of ${name} are randomized before they are sent (epsilon ${fact.randomize.epsilon}); the numbers are unbiased estimates` +
        (all.has('') ? `, each with a 95 % interval of at most ± ${Math.ceil(error)} installations.` : '.'),
    ],
  }
}

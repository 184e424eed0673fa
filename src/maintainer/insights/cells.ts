/**
 * Number that a query returns, by three words. It is a number of installations, or a measure (a sum, a mean) of a group of
 * installations. On a cluster every shard returns its own, and they are summed.
 */
export interface Cell {
  readonly part: string
  readonly a: string
  readonly b: string
  readonly n: number
}

/** Cells that may be shown. */
export interface Cells {
  /** Number of a cell: 0 if there is no such cell, `undefined` if it is withheld. */
  get(part: string, a?: string, b?: string): number | undefined
  /** Cells of a part that are not withheld. */
  of(part: string): readonly Cell[]
  /** Number of groups that are withheld. */
  readonly withheld: number
  /** `true` if numbers of installations are rounded down to a multiple of the smallest group, and measures to two digits. */
  readonly isRounded: boolean
}

/** Parts about filters: how many installations they leave out, and how many of the values that they name are rare. */
const OF_FILTERS = new Set(['without', 'rare'])

/**
 * Withholds groups of fewer than `k` installations. If there is one, or if a filter parts one from the others, then every number of the
 * answer is rounded down to a multiple of `k`. So the size of a small group does not follow from the others: each of them is known up to
 * `k - 1`, in this answer and in any other one that would tell it.
 *
 * @param measures Parts whose cells are measures, each with the part that has the number of installations behind it; an empty text where
 *   the question itself has seen to that.
 */
export function withoutSmallGroups(
  cells: readonly Cell[],
  k: number,
  measures: Readonly<Record<string, string>> = {},
): Cells {
  const counts = cells.filter(({ part }) => measures[part] === undefined)
  const isSmall = (n: number) => n > 0 && n < k
  const isRounded = counts.some(({ part, n }) => (part === 'rare' ? n > 0 && k > 1 : isSmall(n)))
  const groups = counts.filter(({ part }) => !OF_FILTERS.has(part))
  const small = new Set(groups.filter(({ n }) => isSmall(n)).map(keyOf))
  const shown = new Map<string, Cell>()
  for (const cell of groups) {
    if (small.has(keyOf(cell))) continue
    shown.set(keyOf(cell), { ...cell, n: isRounded ? cell.n - (cell.n % k) : cell.n })
  }
  for (const cell of cells) {
    const base = measures[cell.part]
    if (base === undefined) continue
    if (base !== '' && !shown.has(keyOf({ ...cell, part: base }))) {
      small.add(keyOf(cell))
      continue
    }
    shown.set(keyOf(cell), { ...cell, n: isRounded && base !== '' ? Number(cell.n.toPrecision(2)) : cell.n })
  }
  return {
    get(part, a = '', b = '') {
      const key = keyOf({ part, a, b, n: 0 })
      return small.has(key) ? undefined : (shown.get(key)?.n ?? 0)
    },
    of: (part) => [...shown.values()].filter((cell) => cell.part === part),
    withheld: groups.filter((cell) => small.has(keyOf(cell))).length,
    isRounded,
  }
}

const keyOf = ({ part, a, b }: Cell) => JSON.stringify([part, a, b])

/** Returns the cells with one more, `rest`: what of a total is in no cell of a part. */
export function withRest(cells: readonly Cell[], part: string, total: string, rest: string): Cell[] {
  const all = sumOf(cells.filter((cell) => cell.part === total))
  const n = all - sumOf(cells.filter((cell) => cell.part === part || cell.part === 'other'))
  return n > 0 ? [...cells, { part: rest, a: '', b: '', n }] : [...cells]
}

export const sumOf = (cells: readonly Cell[]): number => cells.reduce((sum, { n }) => sum + n, 0)

/** Returns the first of sorted groups up to which at least this share of all is reached. */
export function quantileOf<G extends { readonly n: number }>(
  sorted: readonly G[],
  share: number,
): G | undefined {
  const least = share * sorted.reduce((sum, { n }) => sum + n, 0)
  let reached = 0
  for (const group of sorted) {
    reached += group.n
    if (reached >= least) return group
  }
  return undefined
}

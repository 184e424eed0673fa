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
  /** `true` if numbers are rounded: all are, unless `k` is 1. */
  readonly isRounded: boolean
}

/**
 * Withholds groups of fewer than `k` installations, and rounds every other number down to a multiple of `k`, whether there is a small group
 * or not: other answers have other filters and other periods, and the difference of two exact numbers would be the size of a group that
 * neither of them shows. A measure is rounded to so many digits that `k` average installations cannot be seen in it, and to two at least.
 *
 * @param measures Parts whose cells are measures, each with the part that has the number of installations behind it; an empty text where
 *   the question itself has seen to that.
 */
export function withoutSmallGroups(
  cells: readonly Cell[],
  k: number,
  measures: Readonly<Record<string, string>> = {},
): Cells {
  const groups = new Map(
    cells.filter(({ part }) => measures[part] === undefined).map((cell) => [keyOf(cell), cell]),
  )
  const small = new Set([...groups].filter(([, { n }]) => n > 0 && n < k).map(([key]) => key))
  const shown = new Map<string, Cell>()
  for (const [key, cell] of groups) if (!small.has(key)) shown.set(key, { ...cell, n: cell.n - (cell.n % k) })
  const withheld = small.size
  for (const cell of cells) {
    const base = measures[cell.part]
    if (base === undefined) continue
    const key = base === '' ? undefined : keyOf({ ...cell, part: base })
    if (key !== undefined && !shown.has(key)) small.add(keyOf(cell))
    else {
      const installations = key === undefined ? undefined : groups.get(key)?.n
      shown.set(keyOf(cell), { ...cell, n: measureOf(cell.n, k, installations) })
    }
  }
  return {
    get(part, a = '', b = '') {
      const key = keyOf({ part, a, b, n: 0 })
      return small.has(key) ? undefined : (shown.get(key)?.n ?? 0)
    },
    of: (part) => [...shown.values()].filter((cell) => cell.part === part),
    withheld,
    isRounded: k > 1,
  }
}

function measureOf(n: number, k: number, installations: number | undefined): number {
  if (k === 1 || installations === undefined) return n
  return Number(n.toPrecision(Math.min(15, Math.max(2, Math.floor(Math.log10(installations / k))))))
}

const keyOf = ({ part, a, b }: Cell) => JSON.stringify([part, a, b])

/** Returns the cells with one more, `rest`: what of a total is in no cell of a part. */
export function withRest(cells: readonly Cell[], part: string, total: string, rest: string): Cell[] {
  const all = sumOf(cells.filter((cell) => cell.part === total))
  const n = all - sumOf(cells.filter((cell) => cell.part === part || cell.part === 'other'))
  return n > 0 ? [...cells, { part: rest, a: '', b: '', n }] : [...cells]
}

export const sumOf = (cells: readonly Pick<Cell, 'n'>[]): number => cells.reduce((sum, { n }) => sum + n, 0)

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

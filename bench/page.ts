import type { Figure } from './figure.ts'

/** Writes a Markdown table. */
export function table(head: readonly string[], rows: ReadonlyArray<readonly string[]>): string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)]
}

/** Formats a number with three significant digits, without exponents: `0.83`, `38.9`, `73,000`. */
export function digits(value: number): string {
  if (Number.isNaN(value)) return '–'
  return value.toLocaleString('en-US', { maximumSignificantDigits: Math.abs(value) < 1 ? 2 : 3 })
}

export const withUnit = ({ median }: Figure, unit: string): string => `${digits(median)} ${unit}`

export const range = ({ min, max }: Figure): string => `${digits(min)}–${digits(max)}`

/** Formats the ratio of a peer to this library, as `17×`. */
export const times = (peer: number, ours: number): string => `${digits(peer / ours)}×`

/** Budget of the design. */
export interface Budget {
  readonly what: string
  readonly limit: number
  readonly unit: string
  /** Explanation that is printed if the budget is missed: the attempts, and the floor. */
  readonly floor: string
}

export const verdict = (value: number, { limit, unit }: Pick<Budget, 'limit' | 'unit'>): string =>
  `${value <= limit ? 'met' : '**missed**'}: ≤ ${digits(limit)} ${unit}`

/** Returns a paragraph for each reason why budgets were missed. */
export function missed(budgets: ReadonlyArray<readonly [value: number, Budget]>): string[] {
  const over = budgets.filter(([value, { limit }]) => !(value <= limit))
  return [...Map.groupBy(over, ([, { floor }]) => floor)].flatMap(([floor, group]) => [
    '',
    `${group.map(([value, { what, limit, unit }]) => `**${what}: ${digits(value)} ${unit} of ${digits(limit)}.**`).join(' ')} ${floor}`,
  ])
}

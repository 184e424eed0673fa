import type { Dimensions, NumberFact } from './types.ts'

/** Returns the dimensions of a fact as a list of alternatives. A fact without dimensions has one alternative without keys. */
export function alternativesOf({ by }: Pick<NumberFact, 'by'>): readonly Dimensions[] {
  if (by === undefined) return [{}]
  return isList(by) ? by : [by]
}

/** Returns `true` when a fact is a single number: `by` is left out, or has no keys. */
export const hasNoDimensions = (fact: Pick<NumberFact, 'by'>): boolean =>
  alternativesOf(fact).every((block) => Object.keys(block).length === 0)

/** Returns the largest number of series of a fact: one for each combination of dimension values. */
export const seriesOf = (fact: Pick<NumberFact, 'by'>): number =>
  alternativesOf(fact).reduce((sum, block) => sum + sizeOf(block), 0)

const sizeOf = (block: Dimensions) =>
  Object.values(block).reduce((product, values) => product * values.length, 1)

/** `Array.isArray` does not narrow to a read-only array. */
const isList = (by: Dimensions | readonly Dimensions[]): by is readonly Dimensions[] => Array.isArray(by)

/** Returns `true` when a fact declares the series with these attributes. */
export function isDeclaredSet(
  fact: Pick<NumberFact, 'by'>,
  attributes: Readonly<Record<string, unknown>>,
): boolean {
  const size = Object.keys(attributes).length
  return alternativesOf(fact).some((by) => {
    const dimensions = Object.entries(by)
    return (
      dimensions.length === size &&
      dimensions.every(([key, values]) => values.includes(attributes[key] as string))
    )
  })
}

import type { Dimensions, NumberFact } from './types.ts'

/** The combinations of a fact's dimensions as a list of blocks. A fact without dimensions has one block without keys. */
export function alternativesOf({ by }: Pick<NumberFact, 'by'>): readonly Dimensions[] {
  if (by === undefined) return [{}]
  return isList(by) ? by : [by]
}

/** Whether a fact is one number: `by` is left out, or names nothing. */
export const hasNoDimensions = (fact: Pick<NumberFact, 'by'>): boolean =>
  alternativesOf(fact).every((block) => Object.keys(block).length === 0)

/** How many series a fact may have at most: one for each combination. */
export const seriesOf = (fact: Pick<NumberFact, 'by'>): number =>
  alternativesOf(fact).reduce((sum, block) => sum + sizeOf(block), 0)

const sizeOf = (block: Dimensions) =>
  Object.values(block).reduce((product, values) => product * values.length, 1)

/** `Array.isArray` does not narrow to a list that is read only. */
const isList = (by: Dimensions | readonly Dimensions[]): by is readonly Dimensions[] => Array.isArray(by)

/** Returns whether a series with these attributes is one that a fact declares. */
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

/** A list of words, followed by `other`. */
export type WithOther<L extends readonly string[]> = readonly [...L, 'other']

export const listWithOther = <const L extends readonly string[]>(list: L): WithOther<L> =>
  [...new Set([...list, 'other'])] as unknown as WithOther<L>

/** Returns the word if it is in the list; `other` for every other word; `undefined` for an empty text or another type. */
export function oneOf<L extends readonly string[]>(list: L, value: unknown): L[number] | undefined {
  if (typeof value !== 'string' || value === '') return undefined
  return list.includes(value) ? value : 'other'
}

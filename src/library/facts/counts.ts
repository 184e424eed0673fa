/**
 * Numbers by series: what was counted, what was dropped, the share that a report carries. Plain data that several processes and several
 * versions of a catalog understand, so the keys are words and not positions in an array.
 */
export type Counts = ReadonlyMap<string, number>

/** The key of one series. The order in which its dimensions are declared does not matter. */
export function seriesKey(name: string, attributes: Readonly<Record<string, string>>): string {
  const sorted = Object.entries(attributes).sort(([a], [b]) => (a < b ? -1 : 1))
  return `${name}${JSON.stringify(Object.fromEntries(sorted))}`
}

/** The name of the fact in a key. */
export const factIn = (key: string): string => key.slice(0, key.indexOf('{'))

/** Name and attributes in a key; `undefined` where it is not one. */
export function parseSeriesKey(
  key: string,
): { readonly name: string; readonly attributes: Readonly<Record<string, string>> } | undefined {
  try {
    return { name: factIn(key), attributes: JSON.parse(key.slice(key.indexOf('{'))) }
  } catch {
    return undefined
  }
}

export function sumOf(...all: readonly Counts[]): Counts {
  const sum = new Map<string, number>()
  for (const counts of all) for (const [key, amount] of counts) sum.set(key, (sum.get(key) ?? 0) + amount)
  return sum
}

/** The first less the second. Nothing falls below zero, and what is zero is left out. */
export function difference(from: Counts, subtracted: Counts): Counts {
  const rest = [...from].map(([key, amount]) => [key, amount - (subtracted.get(key) ?? 0)] as const)
  return new Map(rest.filter(([, amount]) => amount > 0))
}

export const countsToJson = (counts: Counts): Record<string, number> => Object.fromEntries(counts)

/** From what was stored; `undefined` where that is something else. */
export function countsFromJson(data: unknown): Counts | undefined {
  if (typeof data !== 'object' || data === null || Array.isArray(data)) return undefined
  const entries = Object.entries(data)
  const good = entries.every(
    ([key, amount]) => key.includes('{') && Number.isFinite(amount) && (amount as number) >= 0,
  )
  return good ? new Map(entries as Array<[string, number]>) : undefined
}

/**
 * Numbers by series: counts, drops, the share of a report. Keys are texts and not array indices, so that several processes and versions
 * of a catalog can exchange them.
 */
export type Counts = ReadonlyMap<string, number>

/** Returns the key of a series. It does not depend on the order of the dimensions. */
export function seriesKey(name: string, attributes: Readonly<Record<string, string>>): string {
  const sorted = Object.entries(attributes).sort(([a], [b]) => (a < b ? -1 : 1))
  return `${name}${JSON.stringify(Object.fromEntries(sorted))}`
}

/** Returns the name of the fact in a key. */
export const factIn = (key: string): string => key.slice(0, key.indexOf('{'))

/** Returns name and attributes of a key; `undefined` if the text is not a key. */
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

/** Subtracts counts. Leaves out series at or below zero. */
export function difference(from: Counts, subtracted: Counts): Counts {
  const rest = [...from].map(([key, amount]) => [key, amount - (subtracted.get(key) ?? 0)] as const)
  return new Map(rest.filter(([, amount]) => amount > 0))
}

export const countsToJson = (counts: Counts): Record<string, number> => Object.fromEntries(counts)

/** Parses stored counts; returns `undefined` for other data. */
export function countsFromJson(data: unknown): Counts | undefined {
  if (typeof data !== 'object' || data === null || Array.isArray(data)) return undefined
  const entries = Object.entries(data)
  const good = entries.every(
    ([key, amount]) => key.includes('{') && Number.isFinite(amount) && (amount as number) >= 0,
  )
  return good ? new Map(entries as Array<[string, number]>) : undefined
}

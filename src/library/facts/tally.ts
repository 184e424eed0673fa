/**
 * Amounts by fact and dimensions: what was counted, what was dropped, what a report has taken. Plain data that several
 * processes and several versions of a catalog understand, so the keys are words and not places in an array.
 */
export type Tally = ReadonlyMap<string, number>

/** The key of one series. The order in which its dimensions are declared does not matter. */
export function tallyKey(name: string, attributes: Readonly<Record<string, string>>): string {
  const sorted = Object.entries(attributes).sort(([a], [b]) => (a < b ? -1 : 1))
  return `${name}${JSON.stringify(Object.fromEntries(sorted))}`
}

/** Name and attributes of such a key; `undefined` where it is none. */
export function tallyKeyParts(
  key: string,
): { readonly name: string; readonly attributes: Readonly<Record<string, string>> } | undefined {
  const place = key.indexOf('{')
  try {
    return { name: key.slice(0, place), attributes: JSON.parse(key.slice(place)) }
  } catch {
    return undefined
  }
}

export function sumOf(...tallies: readonly Tally[]): Tally {
  const sum = new Map<string, number>()
  for (const tally of tallies) for (const [key, amount] of tally) sum.set(key, (sum.get(key) ?? 0) + amount)
  return sum
}

/** What is left of the first. Nothing falls below zero, and what is zero is gone. */
export function difference(from: Tally, taken: Tally): Tally {
  const rest = [...from].map(([key, amount]) => [key, amount - (taken.get(key) ?? 0)] as const)
  return new Map(rest.filter(([, amount]) => amount > 0))
}

export const tallyAsData = (tally: Tally): Record<string, number> => Object.fromEntries(tally)

/** From what was stored; `undefined` where that is no tally. */
export function tallyFromData(data: unknown): Tally | undefined {
  if (typeof data !== 'object' || data === null || Array.isArray(data)) return undefined
  const entries = Object.entries(data)
  const good = entries.every(
    ([key, amount]) => key.includes('{') && Number.isFinite(amount) && (amount as number) >= 0,
  )
  return good ? new Map(entries as Array<[string, number]>) : undefined
}

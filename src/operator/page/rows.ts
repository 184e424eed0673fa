/** Rows of the table of a report: what was asked, why, and what the answer is. */
import type { Fact, Preview } from './client.ts'

export interface Row {
  readonly name: string
  readonly why: string
  readonly level?: string
  /** Values with the words that tell them apart; none if the fact has no value. */
  readonly values: ReadonlyArray<{ readonly label: string; readonly value: unknown }>
}

/** Returns the facts of a report in the order of the catalog, and those that only the report knows at the end. */
export function rowsOf({ attributes, points }: Preview['facts'], facts: readonly Fact[]): readonly Row[] {
  const described = new Map(facts.map((fact) => [fact.name, fact]))
  const values = new Map<string, Array<{ label: string; value: unknown }>>()
  const add = (name: string, label: string, value: unknown) => {
    const list = values.get(name) ?? []
    list.push({ label, value })
    values.set(name, list)
  }
  for (const [name, value] of Object.entries(attributes)) add(name, '', value)
  for (const { name, attributes: by, value } of points) add(name, Object.values(by).join(', '), value)
  const order = [...described.keys(), ...values.keys()]
  return [...new Set(order)]
    .filter((name) => values.has(name))
    .map((name) => {
      const { why = '', level } = described.get(name) ?? {}
      return { name, why, ...(level !== undefined && { level }), values: values.get(name) ?? [] }
    })
}

/** Returns a name as people read it: `acme.db.version` with the prefix `acme` becomes `Db version`. */
export function titleOf(name: string, prefix: string): string {
  const own = name.startsWith(`${prefix}.`) ? name.slice(prefix.length + 1) : name
  const words = own.replaceAll(/[._-]+/g, ' ')
  return words.charAt(0).toUpperCase() + words.slice(1)
}

import type { ConsentInputs } from './types.ts'

/** The facts that the operator withholds, and the names among them that no fact has. */
export interface Exclusions {
  readonly excluded: readonly string[]
  readonly unknown: readonly string[]
}

/** The variables that withhold single facts: old names keep working. */
export const exclusionVariables = ({ prefix, legacyPrefixes = [] }: ConsentInputs): string[] =>
  [prefix, ...legacyPrefixes].map((one) => `${one}_TELEMETRY_EXCLUDE`)

/**
 * Reads `<PREFIX>_TELEMETRY_EXCLUDE`: names of facts, parted by commas or spaces; `acme.db.*` stands for all below it.
 * Upper and lower case are the same.
 */
export function readExclusions(inputs: ConsentInputs): Exclusions {
  const { environment, facts } = inputs
  if (facts === undefined) return { excluded: [], unknown: [] }
  const lists = exclusionVariables(inputs).map((name) => environment[name] ?? '')
  const words = lists
    .join(',')
    .toLowerCase()
    .split(/[\s,]+/)
  const excluded = new Set<string>()
  const unknown: string[] = []
  for (const word of words) {
    if (word === '') continue
    const meant = facts.filter((fact) =>
      word.endsWith('.*') ? fact.startsWith(word.slice(0, -1)) : fact === word,
    )
    for (const fact of meant) excluded.add(fact)
    if (meant.length === 0) unknown.push(word)
  }
  return { excluded: [...excluded].sort(), unknown }
}

import type { NamedInputs } from './variables.ts'

/** Facts that the operator excludes, and names that no fact has or had. */
export interface Exclusions {
  readonly excluded: readonly string[]
  /** First unknown name in each variable that has one, by variable. */
  readonly unknown: ReadonlyMap<string, string>
}

/**
 * Reads `<PREFIX>_TELEMETRY_EXCLUDE`, also under old prefixes: names of facts, separated by commas or spaces. `acme.db.*` excludes all
 * facts below `acme.db`. Upper and lower case are the same.
 */
export function readExclusions({ names, environment, facts, formerFacts = [] }: NamedInputs): Exclusions {
  const excluded = new Set<string>()
  const unknown = new Map<string, string>()
  // While no fact is known, no name is wrong.
  if (facts === undefined) return { excluded: [], unknown }
  for (const variable of names.EXCLUDE) {
    for (const word of new Set(environment[variable]?.toLowerCase().split(/[\s,]/))) {
      if (word === '') continue
      const meant = factsMeantBy(word, facts)
      for (const fact of meant) excluded.add(fact)
      const isKnown = meant.length > 0 || factsMeantBy(word, formerFacts).length > 0
      if (!isKnown && !unknown.has(variable)) unknown.set(variable, word)
    }
  }
  return { excluded: [...excluded].sort(), unknown }
}

function factsMeantBy(word: string, facts: readonly string[]): readonly string[] {
  return facts.filter((fact) => (word.endsWith('.*') ? fact.startsWith(word.slice(0, -1)) : fact === word))
}

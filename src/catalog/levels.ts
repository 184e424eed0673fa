import type { Catalog, Fact } from './types.ts'

/** Whether consent of a level reaches a fact. `undefined` stands for every level. */
export function reaches(catalog: Catalog, fact: Fact, level: string | undefined): boolean {
  if (level === undefined) return true
  // A fact without a level belongs to the only level of its catalog.
  const place = fact.level === undefined ? 0 : catalog.levels.indexOf(fact.level)
  return place <= catalog.levels.indexOf(level)
}

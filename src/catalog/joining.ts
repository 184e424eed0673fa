import type { Mistake } from '../platform/index.ts'
import type { Catalog, Fact } from './types.ts'
import { UUID } from './uuids.ts'

/**
 * Returns a mistake for each fact that would link the reports of one installation, such as the id of a node, for a product whose
 * identity mode forbids linking.
 *
 * @param catalog value from the maintainer, not checked yet.
 */
export function joiningFacts(catalog: Pick<Catalog, 'facts'> | undefined, mode: string): Mistake[] {
  return Object.entries(catalog?.facts ?? {}).flatMap(([name, fact]) =>
    isId(fact)
      ? [
          {
            path: `facts['${name}']`,
            message: `holds ids, by which reports can be joined, and identity.mode is '${mode}'; remove the fact, or use the mode 'stable'`,
          },
        ]
      : [],
  )
}

/** Recognizes a fact of type `string` as an id by its example: the packs declare ids of nodes in this way. */
const isId = (fact: Fact | undefined): boolean =>
  fact?.kind === 'attribute' &&
  (fact.type === 'uuids' ||
    (fact.type === 'map' && fact.keys === 'uuid') ||
    (fact.type === 'string' && ID.test(String(fact.example))))

const ID = new RegExp(`^${UUID}$`, 'i')

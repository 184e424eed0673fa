import type { Mistake } from '../platform/index.ts'
import type { Catalog, Fact } from './types.ts'
import { UUID } from './uuids.ts'

/**
 * The facts by which reports can be joined, each a mistake in a product whose reports are not to be: the ids of installations, nodes
 * and the like, which stay the same in each report.
 *
 * @param catalog may be anything.
 */
export function joiningFacts(catalog: Pick<Catalog, 'facts'> | undefined, mode: string): Mistake[] {
  return Object.entries(catalog?.facts ?? {}).flatMap(([name, fact]) =>
    isId(fact)
      ? [
          {
            place: `facts['${name}']`,
            message: `holds ids, by which reports can be joined, and identity.mode is '${mode}'; remove the fact, or use the mode 'stable'`,
          },
        ]
      : [],
  )
}

/** A text is an id where its example is one: those that the packs declare for nodes are. */
const isId = (fact: Fact | undefined): boolean =>
  fact?.kind === 'attribute' &&
  (fact.type === 'uuids' || (fact.type === 'string' && ID.test(String(fact.example))))

const ID = new RegExp(`^${UUID}$`, 'i')

/**
 * The facts of the last notice to the operator, in the state store. A yes that covers every version is compared with them, so that
 * the notice can name new facts. They are also the facts that a choice covers if it was stored without its facts.
 */

import type { Scopes } from '../../catalog/index.ts'
import { parseOwn, TextDecoder } from '../../platform/index.ts'
import { ENTRIES, type StateStore } from '../../state/index.ts'

/** Resolves to the facts of the last notice; `undefined` if there was no notice yet, or they cannot be read. */
export async function readAnnounced(store: StateStore): Promise<Scopes | undefined> {
  try {
    const { format, facts } = parseOwn(new TextDecoder().decode(await store.read(ENTRIES.announced)))
    return format === FORMAT && areScopes(facts) ? facts : undefined
  } catch {
    return undefined
  }
}

/** Stores the facts of a notice. Never rejects: if they are not stored, the next start names the same facts again. */
export async function writeAnnounced(store: StateStore, facts: Scopes): Promise<void> {
  await store.write(ENTRIES.announced, `${JSON.stringify({ format: FORMAT, facts })}\n`).catch(() => {})
}

export const areScopes = (value: unknown): value is Scopes =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const FORMAT = 1

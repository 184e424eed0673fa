/**
 * The facts as the operator was last told of them, in the state store: what a yes that covers every version is held against, so
 * that the notice can name what is new; and what a choice covers that was stored before choices said so themselves.
 */

import type { Scopes } from '../../catalog/index.ts'
import { parseOwn, TextDecoder } from '../../platform/index.ts'
import { ENTRIES, type StateStore } from '../../state/index.ts'

/** `undefined` where nobody was told yet, or it cannot be read. */
export async function readAnnounced(store: StateStore): Promise<Scopes | undefined> {
  try {
    const { format, facts } = parseOwn(new TextDecoder().decode(await store.read(ENTRIES.announced)))
    return format === FORMAT && areScopes(facts) ? facts : undefined
  } catch {
    return undefined
  }
}

/** Never rejects: where it is not written, the next start tells the same again. */
export async function writeAnnounced(store: StateStore, facts: Scopes): Promise<void> {
  await store.write(ENTRIES.announced, `${JSON.stringify({ format: FORMAT, facts })}\n`).catch(() => {})
}

export const areScopes = (value: unknown): value is Scopes =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const FORMAT = 1

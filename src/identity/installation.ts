/**
 * The installation id: why there is one, and what it is.
 *
 * Without it the maintainer cannot tell ten installations from one that reports ten times. It is a random UUID
 * (RFC 9562, version 4), made when a report may be sent for the first time and never before; it is derived from nothing,
 * and kept in the state store only. Whoever opts out has none: it is not made, and not read.
 */
import { type Clock, randomUuid } from '../host/index.ts'
import { ENTRIES, type StateStore } from '../state/index.ts'

export interface Installation {
  /** The id for a report that may be sent; nothing is stored yet. The same one until {@link Installation.keep} or a restart. */
  propose(): Promise<string>
  /** Stores the proposed id, once. Call it when a report that carries it is accepted for delivery. */
  keep(): Promise<void>
  /** Deletes the id. The next one that is proposed is another. */
  forget(): Promise<void>
}

export function createInstallation(store: StateStore, clock: Clock): Installation {
  let proposed: string | undefined
  return {
    async propose() {
      proposed = (await readId(store)) ?? proposed ?? randomUuid()
      return proposed
    },
    async keep() {
      // An id that another process has stored meanwhile stands: both go on with it.
      if (proposed === undefined || (await readId(store)) !== undefined) return
      const createdAt = new Date(clock.now()).toISOString()
      await store.write(ENTRIES.installation, `${JSON.stringify({ id: proposed, createdAt })}\n`)
    },
    async forget() {
      proposed = undefined
      await store.remove(ENTRIES.installation)
    },
  }
}

/** The stored id; `undefined` where there is none or it is not a random UUID: then a new one takes its place. */
async function readId(store: StateStore): Promise<string | undefined> {
  try {
    const bytes = await store.read(ENTRIES.installation)
    if (!bytes) return undefined
    const { id } = JSON.parse(new TextDecoder().decode(bytes))
    return typeof id === 'string' && UUID_V4.test(id) ? id : undefined
  } catch {
    return undefined
  }
}

const UUID_V4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

/**
 * The installation id: why there is one, and what it is.
 *
 * Without it the maintainer cannot tell ten installations from one that reports ten times. It is a random UUID
 * (RFC 9562, version 4), made when a report may be sent for the first time and never before; it is derived from nothing,
 * and kept in the state store only. Whoever opts out has none: it is not made, and not read.
 *
 * Beside it stands a secret that never leaves: the noise that randomized facts are lied with, always in the same way.
 */
import { type Clock, randomUuid } from '../host/index.ts'
import { ENTRIES, type StateStore } from '../state/index.ts'

/** Who an installation is. */
export interface Identity {
  readonly id: string
  /** A secret of the installation, as random as a UUID, that stays the same as long as the id. */
  readonly noise: string
}

export interface Installation {
  /** The id for a report that may be sent; nothing is stored yet. The same one until {@link Installation.keep} or a restart. */
  propose(): Promise<string>
  /** The secret beside the id, stored and deleted with it. */
  noise(): Promise<string>
  /** Stores the proposed id, once. Call it when a report that carries it is accepted for delivery. */
  keep(): Promise<void>
  /** Deletes the id and the secret. The next ones that are proposed are others. */
  forget(): Promise<void>
}

export function createInstallation(store: StateStore, clock: Clock): Installation {
  let proposed: Identity | undefined

  async function current(): Promise<Identity> {
    proposed = (await readIdentity(store)) ?? proposed ?? { id: randomUuid(), noise: randomUuid() }
    return proposed
  }

  return {
    propose: async () => (await current()).id,
    noise: async () => (await current()).noise,
    async keep() {
      // An id that another process has stored meanwhile stands: both go on with it.
      if (proposed === undefined || (await readIdentity(store)) !== undefined) return
      const createdAt = new Date(clock.now()).toISOString()
      await store.write(ENTRIES.installation, `${JSON.stringify({ ...proposed, createdAt })}\n`)
    },
    async forget() {
      proposed = undefined
      await store.remove(ENTRIES.installation)
    },
  }
}

/** What is stored; `undefined` where there is nothing, or no random UUID: then a new one takes its place. */
async function readIdentity(store: StateStore): Promise<Identity | undefined> {
  try {
    const bytes = await store.read(ENTRIES.installation)
    if (!bytes) return undefined
    const { id, noise } = JSON.parse(new TextDecoder().decode(bytes))
    if (!isUuid(id)) return undefined
    return { id, noise: isUuid(noise) ? noise : id }
  } catch {
    return undefined
  }
}

const isUuid = (value: unknown): value is string => typeof value === 'string' && UUID_V4.test(value)

const UUID_V4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

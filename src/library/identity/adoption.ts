/**
 * Adoption of the id that an installation had before this library. It happens at most once, when the first id would be made. An entry
 * beside the id outlives it: `begun` before any id is stored, and `over` before one is deleted, so that no process and no crash brings an
 * erased id back.
 */
import { REPORT_ATTRIBUTES } from '../../catalog/index.ts'
import { askHost, type Clock, parseOwn, TextDecoder } from '../../platform/index.ts'
import { ENTRIES, type StateStore } from '../../state/index.ts'
import type { IdentityPolicy } from './policy.ts'

export interface Adoption {
  /** Resolves to the id to adopt; `undefined` if there is none, or adoption is over. Never rejects. */
  take(): Promise<string | undefined>
  /** Notes that an id is about to be stored. Rejects when the store rejects. */
  begin(): Promise<void>
  /** Notes that the id is about to be deleted. After an opt-out before any id was stored, writes nothing. Rejects when the store rejects. */
  end(why: Deletion): Promise<void>
}

/** Reason for which an id is deleted. */
export type Deletion = 'erasure' | 'opt-out'

export interface AdoptionOptions {
  readonly store: StateStore
  readonly clock: Pick<Clock, 'after'>
  readonly adopt: IdentityPolicy['adopt']
  /** Receives the reason why an id is not adopted, as a sentence. */
  readonly warn: (text: string) => void
}

export function createAdoption({ store, clock, adopt, warn }: AdoptionOptions): Adoption {
  let isOver = adopt === undefined

  /** Returns the stage of the adoption; `undefined` if it has not begun. An entry that cannot be read counts as over. */
  async function stage(): Promise<'begun' | 'over' | undefined> {
    try {
      const bytes = await store.read(ENTRIES.adoption)
      if (bytes === undefined) return undefined
      return parseOwn(new TextDecoder().decode(bytes)).stage === 'begun' ? 'begun' : 'over'
    } catch {
      return 'over'
    }
  }

  return {
    async take() {
      if (isOver || (await stage()) === 'over') return undefined
      const answer = await askHost(() => (typeof adopt === 'function' ? adopt() : adopt), {
        clock,
        within: ANSWER_TIMEOUT,
      })
      if (answer.failure) {
        warn(`${NOT_ADOPTED}: identity.adopt failed (${answer.error.message}).`)
        return undefined
      }
      if (answer.value === undefined || answer.value === '') return undefined
      const id = adoptableId(answer.value)
      // Without the value: ids of installations are kept out of logs.
      if (id === undefined) warn(`${NOT_ADOPTED}: identity.adopt gave something that is not a UUID.`)
      return id
    },
    async begin() {
      if (adopt !== undefined) await store.create(ENTRIES.adoption, textOf('begun'))
    },
    async end(why) {
      if (adopt === undefined) return
      const now = await stage()
      if (why === 'opt-out' && now === undefined) return
      isOver = true
      await store.write(ENTRIES.adoption, textOf('over'))
    },
  }
}

/** Longest time of the host's function, in milliseconds. */
const ANSWER_TIMEOUT = 10_000

const NOT_ADOPTED = 'The usage telemetry gives this installation a new id'

const textOf = (stage: 'begun' | 'over') => `${JSON.stringify({ stage })}\n`

/** Returns a UUID of any version (RFC 9562) in lower case; `undefined` for everything else, the UUIDs of only zeros or ones included. */
function adoptableId(value: unknown): string | undefined {
  const id = typeof value === 'string' ? value.trim().toLowerCase() : ''
  return ANY_UUID.test(id) ? id : undefined
}

/** Ids that a gateway takes: see the format of a report. */
export const ANY_UUID = new RegExp(REPORT_ATTRIBUTES['service.instance.id'].pattern)

import { Date, ownOf, parseOwn, TextDecoder } from '../../platform/index.ts'
import type { StateStore } from '../../state/index.ts'

/** What is stored of an installation. */
export interface Entry {
  /** A random UUID; in the mode `stable` only. */
  readonly id: string | undefined
  /** A secret, as random as a UUID. */
  readonly noise: string
  /** When it was made: ISO 8601. */
  readonly createdAt: string
  /** The marker of the machine that it was made on: a hash of the secret and of what tells that machine from others. */
  readonly machine: string | undefined
  /** The id that this installation had before it was copied here. */
  readonly lineage: string | undefined
}

/** What of an entry can be used. */
export type Found = Partial<Entry>

/** What is stored under a name; empty where it cannot be read or understood, `undefined` where there is nothing. */
export async function readEntry(store: StateStore, name: string): Promise<Found | undefined> {
  try {
    const bytes = await store.read(name)
    return bytes && parseEntry(bytes)
  } catch {
    return {}
  }
}

/** One text for one entry: two entries are the same when their texts are. */
export const entryText = ({ id, noise, createdAt, machine, lineage }: Found): string =>
  `${JSON.stringify({ id, noise, createdAt, machine, lineage })}\n`

/** Throws what `JSON.parse` throws. */
function parseEntry(bytes: Uint8Array): Found {
  if (bytes.length > LONGEST) return {}
  const { id, noise, createdAt, machine, lineage } = parseOwn(new TextDecoder().decode(bytes))
  return ownOf<Found>({
    ...(isUuid(id) && { id }),
    ...(isTime(createdAt) && { createdAt }),
    ...(isUuid(lineage) && { lineage }),
    // A marker says nothing without its secret.
    ...(isUuid(noise) && { noise, ...(isMarker(machine) && { machine }) }),
  })
}

const isUuid = (value: unknown): value is string => typeof value === 'string' && UUID_V4.test(value)

const isTime = (value: unknown): value is string =>
  typeof value === 'string' && Number.isFinite(Date.parse(value))

const isMarker = (value: unknown): value is string => typeof value === 'string' && MARKER.test(value)

const UUID_V4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

const MARKER = /^[0-9a-f]{64}$/

/** The longest entry that is looked at, in bytes. A whole one has 250. */
const LONGEST = 4_096

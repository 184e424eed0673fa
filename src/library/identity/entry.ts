import { uuidPattern } from '../../catalog/index.ts'
import { Date, ownOf, parseOwn, TextDecoder } from '../../platform/index.ts'
import type { StateStore } from '../../state/index.ts'
import { ANY_UUID } from './adoption.ts'

/** Stored data of an installation. */
export interface Entry {
  /** A random UUID; in the mode `stable` only. */
  readonly id: string | undefined
  /** A secret, as random as a UUID. */
  readonly secret: string
  /** Time of creation (ISO 8601). */
  readonly createdAt: string
  /** Marker of the machine on which the entry was created: a hash of the secret and the machine id. */
  readonly machine: string | undefined
  /** Id of the installation that this one is a copy of. */
  readonly lineage: string | undefined
  /** `true` if the installation had the id before this library. */
  readonly adopted: true | undefined
}

/** Valid parts of a stored entry. */
export type Found = Partial<Entry>

/** Stands for an entry without a valid part. */
export const NOTHING_VALID: Found = ownOf({})

/** Reads the entry of a name. Resolves to {@link NOTHING_VALID} when the entry cannot be read or parsed, to `undefined` when none exists. */
export async function readEntry(store: StateStore, name: string): Promise<Found | undefined> {
  try {
    const bytes = await store.read(name)
    return bytes && parseEntry(bytes)
  } catch {
    return NOTHING_VALID
  }
}

/** Returns the stored form of an entry. Two entries are equal when their texts are equal. */
export const entryText = ({ id, secret, createdAt, machine, lineage, adopted }: Found): string =>
  `${JSON.stringify({ id, secret, createdAt, machine, lineage, adopted })}\n`

/** Parses an entry. Throws a `SyntaxError` on invalid JSON. */
function parseEntry(bytes: Uint8Array): Found {
  if (bytes.length > LONGEST) return NOTHING_VALID
  const { id, secret, createdAt, machine, lineage, adopted } = parseOwn(new TextDecoder().decode(bytes))
  return ownOf<Found>({
    ...(isUuid(id) && { id }),
    ...(adopted === true && isAdoptable(id) && { id, adopted }),
    ...(isTime(createdAt) && { createdAt }),
    ...(isAdoptable(lineage) && { lineage }),
    // A marker cannot be compared without its secret.
    ...(isUuid(secret) && { secret, ...(isMarker(machine) && { machine }) }),
  })
}

const isUuid = (value: unknown): value is string => typeof value === 'string' && UUID_V4.test(value)

/** An adopted id is a UUID of any version. */
const isAdoptable = (value: unknown): value is string => typeof value === 'string' && ANY_UUID.test(value)

const isTime = (value: unknown): value is string =>
  typeof value === 'string' && Number.isFinite(Date.parse(value))

const isMarker = (value: unknown): value is string => typeof value === 'string' && MARKER.test(value)

const UUID_V4 = new RegExp(uuidPattern('4'))

const MARKER = /^[0-9a-f]{64}$/

/** Longest entry that is parsed, in bytes. A complete one has 250. */
const LONGEST = 4_096

/**
 * The choice of an administrator, kept in the state store: who decided what, when, and under which versions. A history that
 * is only ever added to; its last line is the choice that holds. No address, no account, nothing but the name that the
 * product gives to `by`.
 *
 * What cannot be read is a no: a torn line, a file of a newer version, a directory in the file's place. It stays where it
 * is, is copied aside with the next decision, and that decision is added behind it.
 */
import type { StateStore } from '../state/index.ts'
import type { ConsentState } from './types.ts'

export interface StoredChoice {
  /** When, as ISO 8601 in UTC. */
  readonly at: string
  readonly state: ConsentState
  /** The level that was chosen; absent: the fullest. */
  readonly level?: string
  /** Who decided, as the product names people. */
  readonly by: string
  /** The version of the product that asked. */
  readonly productVersion: string
  /** The version of the catalog that was shown: a yes does not reach facts that were added later. */
  readonly catalogVersion: number
}

export interface ChoiceHistory {
  /** Every decision that can be read, oldest first. */
  readonly choices: readonly StoredChoice[]
  /** Why the newest decision cannot be known, as the end of a sentence; then the answer is no. */
  readonly problem?: string
}

/** The entry of the state store that holds the history. */
export const CONSENT_ENTRY = 'consent.jsonl'

/** The form of a line. A higher one is of a newer version of this library, and not understood. */
const FORMAT = 1

/** Reads the history. Never rejects and never writes. */
export async function readHistory(store: StateStore): Promise<ChoiceHistory> {
  let bytes: Uint8Array | undefined
  try {
    bytes = await store.read(CONSENT_ENTRY)
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException | null)?.code ?? String(error)
    return { choices: [], problem: `cannot be read (${reason})` }
  }
  if (bytes === undefined) return { choices: [] }
  const lines = new TextDecoder()
    .decode(bytes)
    .split('\n')
    .filter((line) => line.trim() !== '')
  const read = lines.map(parseLine)
  const choices = read.filter((choice) => choice !== undefined)
  if (lines.length === 0) return { choices, problem: 'is empty' }
  if (read.at(-1) === undefined) return { choices, problem: 'ends with a line that cannot be understood' }
  return { choices }
}

/** Adds a decision. What could not be read before is copied aside first. */
export async function addChoice(store: StateStore, choice: StoredChoice): Promise<void> {
  const before = await store.read(CONSENT_ENTRY).catch(() => undefined)
  const { problem } = await readHistory(store)
  if (before && problem) await store.write(`consent.${choice.at.replaceAll(/\D/g, '')}.unreadable`, before)
  const torn = before !== undefined && before.length > 0 && before.at(-1) !== LINE_FEED
  await store.append(CONSENT_ENTRY, `${torn ? '\n' : ''}${JSON.stringify({ format: FORMAT, ...choice })}`)
}

const LINE_FEED = 0x0a

function parseLine(line: string): StoredChoice | undefined {
  try {
    const { format, at, state, level, by, productVersion, catalogVersion } = JSON.parse(line)
    const good =
      format === FORMAT &&
      typeof at === 'string' &&
      !Number.isNaN(Date.parse(at)) &&
      ['enabled', 'disabled', 'undecided'].includes(state) &&
      (level === undefined || typeof level === 'string') &&
      typeof by === 'string' &&
      typeof productVersion === 'string' &&
      Number.isInteger(catalogVersion)
    return good
      ? { at, state, ...(level !== undefined && { level }), by, productVersion, catalogVersion }
      : undefined
  } catch {
    return undefined
  }
}

/**
 * The choices of administrators in the state store: who decided what, when, and under which versions. The history only grows, and the
 * last choice applies. Of the person, only the name is stored that the product gives as `by`: no address, no account.
 *
 * A history that cannot be read is a no: a torn line, a file of a newer version, a directory instead of the file. It is left alone
 * until the next choice, which copies it aside and is added at its end.
 */
import type { Scopes } from '../../catalog/index.ts'
import { Buffer, codeOf, Date, errorOf, ownOf, parseOwn, TextDecoder } from '../../platform/index.ts'
import { ENTRIES, isOutOfReach, type StateStore, stateErrorReason } from '../../state/index.ts'
import { areScopes } from './announced.ts'
import { countingLines, type Line } from './conditional.ts'
import type { ConsentState, StoredOpinion } from './types.ts'
import { printable } from './words.ts'

/** One line of the history. */
export interface StoredChoice {
  /** Time of the choice, as ISO 8601 in UTC. */
  readonly at: string
  readonly state: ConsentState
  /** Level that was chosen. Default: the highest. */
  readonly level?: string
  /** Person who decided, as the product names people. */
  readonly by: string
  /** Version of the product that asked. */
  readonly productVersion: string
  /** Version of the catalog that the person saw: a yes does not cover facts that were added later. */
  readonly catalogVersion: number
  /** Versions of the contributions to the catalog, by prefix: a yes does not cover a contribution that was added later. */
  readonly contributions?: Readonly<Record<string, number>>
  /** Facts that the choice covers, as they were declared then; or the time of an earlier choice with the same facts. */
  readonly facts?: Scopes | string
  /** `true` for the product's seed from the first start. Every choice comes before a seed. */
  readonly seed?: true
}

export interface ChoiceHistory {
  /** Choices that can be read, oldest first. */
  readonly choices: readonly StoredChoice[]
  /** Choice that applies now; absent if nobody has chosen. */
  readonly current?: StoredOpinion
  /** Content of the entry; absent if the entry does not exist or cannot be read. */
  readonly bytes?: Uint8Array
  /** Lines that count, oldest first. Default: none. */
  readonly lines?: readonly ChoiceLine[]
  /** Error of reading the entry. */
  readonly error?: NodeJS.ErrnoException
}

/** Store and name of an entry with a history of choices. */
export interface HistoryLocation {
  readonly store: Pick<StateStore, 'location' | 'read'>
  readonly entry: string
}

/**
 * Resolves to the latest no among histories under other names. A history that cannot be read is a no as well, but a no that can be read
 * comes before it.
 */
export async function latestNoIn(locations: readonly HistoryLocation[]): Promise<StoredOpinion | undefined> {
  const found = await Promise.all(
    locations.map(async ({ store, entry }) => {
      const { current } = await readHistory(store, entry)
      if (!current || hasProblem(current)) return current
      return current.state === 'disabled' && !current.seed
        ? ownOf({ ...current, location: `${store.location}/${entry}` })
        : undefined
    }),
  )
  const noes = found.filter((one) => one !== undefined)
  const read = noes.flatMap((one) => (hasProblem(one) ? [] : [one]))
  return read.sort((a, b) => (a.at < b.at ? 1 : -1))[0] ?? noes[0]
}

/** Format of a line. A line with a higher format is from a newer version of this library, and cannot be read. */
const FORMAT = 1

/** Reads the history. Never rejects and never writes. */
export async function readHistory(
  store: HistoryLocation['store'],
  entry: string = ENTRIES.consent,
): Promise<ChoiceHistory> {
  const location = { store, entry }
  let bytes: Uint8Array | undefined
  try {
    bytes = await store.read(entry)
  } catch (thrown) {
    const error = errorOf(thrown)
    const history = unreadableHistory(location, [], `cannot be read (${printable(stateErrorReason(error))})`)
    return ownOf({ ...history, error })
  }
  return ownOf(bytes === undefined ? { choices: [] } : { ...historyFrom(location, bytes), bytes })
}

/**
 * Adds a choice to the history that was read before. Content that could not be parsed is copied aside first. A file that this user may
 * not read, and an entry that is not a file, is moved aside. Rejects when the choice cannot be stored.
 */
export async function addChoice(
  store: StateStore,
  choice: StoredChoice | ConditionalChoice,
  { current, bytes, error }: ChoiceHistory,
): Promise<void> {
  // A store that did not answer to a read does not answer to a write.
  if (codeOf(error) === 'ETIMEDOUT') throw error
  const aside = `consent.${choice.at.replaceAll(/\D/g, '')}.unreadable`
  if (bytes && current && hasProblem(current)) await store.write(aside, bytes)
  const moves = isOutOfReach(error)
  if (moves) await store.rename?.(ENTRIES.consent, aside)
  try {
    await store.append(ENTRIES.consent, lineOf(choice))
  } catch (failure) {
    // Moved back, because an unreadable history is a no, and a missing one is not.
    if (moves) await store.rename?.(aside, ENTRIES.consent)
    throw failure
  }
}

/** Returns the line of a choice. */
export const lineOf = (choice: StoredChoice | ConditionalChoice) =>
  JSON.stringify({ format: FORMAT, ...choice })

/** Choice that counts only directly after a line. */
export interface ConditionalChoice extends StoredChoice {
  readonly after: string
  /** Word that tells this line from the same choice of another process. */
  readonly token: string
}

/** Line of the history. */
interface ChoiceLine extends Line {
  /** Absent if the line cannot be read. */
  readonly choice?: StoredChoice | undefined
  readonly token?: string | undefined
}

function historyFrom(location: HistoryLocation, bytes: Uint8Array): ChoiceHistory {
  // One character for each byte, so that invalid UTF-8 affects its own line only.
  const written = Buffer.from(bytes)
    .toString('latin1')
    .split('\n')
    .filter((line) => line.trim() !== '')
  const lines = countingLines(written.map(parseLine))
  const choices = lines.flatMap(({ choice }) => (choice ? [choice] : []))
  if (written.length === 0) return unreadableHistory(location, choices, 'is empty')
  if (lines.at(-1)?.choice === undefined)
    return { ...unreadableHistory(location, choices, 'ends with a line that cannot be read'), lines }
  // Any choice comes before the seed; of several seeds, the first one applies.
  const current = choices.findLast(({ seed }) => !seed) ?? (choices[0] as StoredChoice)
  const { facts: _, ...choice } = current
  const facts = factsOf(current, choices)
  const held = { ...choice, ...(facts && { facts }), heldSince: heldSince(choices, current) }
  return { choices, lines, current: ownOf(held) }
}

/** Returns the facts that a choice covers; none if it refers to a choice that cannot be read. */
function factsOf({ facts }: StoredChoice, choices: readonly StoredChoice[]): Scopes | undefined {
  if (typeof facts !== 'string') return facts
  const found = choices.filter((one) => one.at === facts && typeof one.facts === 'object')
  return found.length === 1 ? (found[0]?.facts as Scopes) : {}
}

/** Returns the facts in the form for the store: in full, or the time of an earlier choice with the same facts. */
export function factsToStore(facts: Scopes, choices: readonly StoredChoice[]): Scopes | string {
  const text = JSON.stringify(facts)
  const at = choices.findLast((one) => JSON.stringify(one.facts) === text)?.at
  return at !== undefined && choices.filter((one) => one.at === at).length === 1 ? at : facts
}

/** Returns the time of the first of the choices in a row that say the same as the current one. */
function heldSince(choices: readonly StoredChoice[], current: StoredChoice): string {
  const made = choices.filter(({ seed }) => !seed)
  const subject = subjectOf(current, choices)
  const other = made.findLastIndex((choice) => subjectOf(choice, choices) !== subject)
  return (made[other + 1] ?? current).at
}

function subjectOf(choice: StoredChoice, choices: readonly StoredChoice[]): string {
  const { state, level, catalogVersion, contributions } = choice
  return JSON.stringify([state, level, catalogVersion, contributions, factsOf(choice, choices)])
}

/** Returns `true` for a stored choice that cannot be read. */
export const hasProblem = <T extends object>(stored: T): stored is Extract<T, { readonly problem: string }> =>
  Object.hasOwn(stored, 'problem')

function unreadableHistory(
  { store, entry }: HistoryLocation,
  choices: readonly StoredChoice[],
  what: string,
): ChoiceHistory {
  const problem = `in ${store.location}/${entry} ${what}, so it counts as a no; choose again, or restore what was there`
  return { choices, current: ownOf({ problem }) }
}

const UTF_8 = new TextDecoder('utf-8', { fatal: true })

function parseLine(text: string): ChoiceLine {
  try {
    const {
      format,
      at,
      state,
      level,
      by,
      productVersion,
      catalogVersion,
      contributions,
      facts,
      seed,
      ...only
    } = parseOwn(UTF_8.decode(Buffer.from(text, 'latin1')))
    const { after, token } = ownOf<Record<string, unknown>>(only)
    const good =
      format === FORMAT &&
      new Date(at).toISOString() === at &&
      ['enabled', 'disabled', 'undecided'].includes(state) &&
      (level === undefined || typeof level === 'string') &&
      typeof by === 'string' &&
      typeof productVersion === 'string' &&
      Number.isInteger(catalogVersion) &&
      (contributions === undefined || areVersions(contributions)) &&
      (facts === undefined || typeof facts === 'string' || areScopes(facts)) &&
      [after, token].every((word) => word === undefined || typeof word === 'string')
    if (!good) return { text }
    const optional = {
      ...(level !== undefined && { level }),
      ...(contributions && { contributions }),
      ...(facts !== undefined && { facts }),
      ...(seed === true && { seed: true as const }),
    }
    const choice = ownOf({ at, state, by, productVersion, catalogVersion, ...optional })
    return ownOf<ChoiceLine>({
      text,
      choice,
      ...(typeof after === 'string' && { after }),
      ...(typeof token === 'string' && { token }),
    })
  } catch {
    return { text }
  }
}

const areVersions = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && Object.values(value).every(Number.isInteger)

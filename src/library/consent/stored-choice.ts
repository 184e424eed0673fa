/**
 * The choice of an administrator, kept in the state store: who decided what, when, and under which versions. A history that
 * is only ever added to; its last choice is the one that holds. No address, no account, nothing but the name that the
 * product gives to `by`.
 *
 * What cannot be read is a no: a torn line, a file of a newer version, a directory in the file's place. It stays where it
 * is, is copied aside with the next choice, and that choice is added behind it.
 */
import type { Scopes } from '../../catalog/index.ts'
import { Buffer, Date, errorOf, ownOf, parseOwn, TextDecoder } from '../../platform/index.ts'
import { ENTRIES, isOutOfReach, type StateStore, stateErrorReason } from '../../state/index.ts'
import { areScopes } from './announced.ts'
import type { ConsentState, StoredOpinion } from './types.ts'
import { printable } from './words.ts'

/** One line of the history. */
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
  /** The versions of the catalogs that contributed to it, by prefix: a yes does not reach one that came later. */
  readonly contributions?: Readonly<Record<string, number>>
  /** The facts that it covers, as they were; or the time of the choice that has them, where they were the same. */
  readonly facts?: Scopes | string
  /** Whether it is the product's seed from the first start. A seed never stands against a choice. */
  readonly seed?: true
}

export interface ChoiceHistory {
  /** Everything that can be read, oldest first. */
  readonly choices: readonly StoredChoice[]
  /** What holds now; absent where nobody has chosen. */
  readonly current?: StoredOpinion
  /** What lies in the store; absent where nothing does, or it cannot be read. */
  readonly bytes?: Uint8Array
  /** Why it cannot be read. */
  readonly error?: NodeJS.ErrnoException
}

/** Where choices are kept, and under which name. */
export interface ChoicePlace {
  readonly store: Pick<StateStore, 'location' | 'read'>
  readonly entry: string
}

/**
 * The no that holds in other places, where choices were made under other names: the latest. What cannot be read there is a no as well,
 * unless one can be read.
 */
export async function noElsewhere(places: readonly ChoicePlace[]): Promise<StoredOpinion | undefined> {
  const found = await Promise.all(
    places.map(async ({ store, entry }) => {
      const { current } = await readHistory(store, entry)
      if (!current || hasProblem(current)) return current
      return current.state === 'disabled' && !current.seed
        ? { ...current, location: `${store.location}/${entry}` }
        : undefined
    }),
  )
  const noes = found.filter((one) => one !== undefined)
  const read = noes.flatMap((one) => (hasProblem(one) ? [] : [one]))
  return read.sort((a, b) => (a.at < b.at ? 1 : -1))[0] ?? noes[0]
}

/** The form of a line. A higher one is of a newer version of this library, and not understood. */
const FORMAT = 1

/** Reads the history. Never rejects and never writes. */
export async function readHistory(
  store: ChoicePlace['store'],
  entry: string = ENTRIES.consent,
): Promise<ChoiceHistory> {
  const place = { store, entry }
  let bytes: Uint8Array | undefined
  try {
    bytes = await store.read(entry)
  } catch (thrown) {
    const error = errorOf(thrown)
    const history = unknowable(place, [], `cannot be read (${printable(stateErrorReason(error))})`)
    return ownOf({ ...history, error })
  }
  return ownOf(bytes === undefined ? { choices: [] } : { ...historyFrom(place, bytes), bytes })
}

/**
 * Adds a choice to the history that was read before. What could not be understood is copied aside first; a file that this
 * user may not read, or what is no file, is moved aside. Rejects where the choice does not reach the store.
 */
export async function addChoice(
  store: StateStore,
  choice: StoredChoice,
  { current, bytes, error }: ChoiceHistory,
): Promise<void> {
  // It would not answer to a write either.
  if (error?.code === 'ETIMEDOUT') throw error
  const aside = `consent.${choice.at.replaceAll(/\D/g, '')}.unreadable`
  if (bytes && current && hasProblem(current)) await store.write(aside, bytes)
  const moves = error !== undefined && isOutOfReach(error)
  if (moves) await store.rename?.(ENTRIES.consent, aside)
  try {
    await store.append(ENTRIES.consent, JSON.stringify({ format: FORMAT, ...choice }))
  } catch (failure) {
    // Back: what cannot be read is a no, what is not there is nothing.
    if (moves) await store.rename?.(aside, ENTRIES.consent)
    throw failure
  }
}

function historyFrom(place: ChoicePlace, bytes: Uint8Array): ChoiceHistory {
  // One character for each byte: what is not UTF-8 spoils its own line only.
  const lines = Buffer.from(bytes)
    .toString('latin1')
    .split('\n')
    .filter((line) => line.trim() !== '')
  const read = lines.map(parseLine)
  const choices = read.filter((choice) => choice !== undefined)
  if (lines.length === 0) return unknowable(place, choices, 'is empty')
  if (read.at(-1) === undefined)
    return unknowable(place, choices, 'ends with something that cannot be understood')
  // The first seed is what the product started with; it steps back as soon as somebody has chosen.
  const current = choices.findLast(({ seed }) => !seed) ?? choices[0]
  if (!current) return { choices }
  const { facts: _, ...choice } = current
  const facts = factsOf(current, choices)
  return { choices, current: { ...choice, ...(facts && { facts }), heldSince: heldSince(choices, current) } }
}

/** The facts that a choice covers; none where they are with a choice that cannot be read. */
function factsOf({ facts }: StoredChoice, choices: readonly StoredChoice[]): Scopes | undefined {
  if (typeof facts !== 'string') return facts
  const found = choices.filter((one) => one.at === facts && typeof one.facts === 'object')
  return found.length === 1 ? (found[0]?.facts as Scopes) : {}
}

/** The facts as a choice writes them down: once, and then by the time of the choice that has them. */
export function factsToStore(facts: Scopes, choices: readonly StoredChoice[]): Scopes | string {
  const text = JSON.stringify(facts)
  const at = choices.findLast(
    (one) => typeof one.facts === 'object' && JSON.stringify(one.facts) === text,
  )?.at
  return at !== undefined && choices.filter((one) => one.at === at).length === 1 ? at : facts
}

/** When what holds now was chosen first: a yes that only confirms the one before it begins nothing new. */
function heldSince(choices: readonly StoredChoice[], current: StoredChoice): string {
  const earlier = choices.filter(({ seed }) => !seed).slice(0, -1)
  const subject = subjectOf(current, choices)
  const other = earlier.findLastIndex((choice) => subjectOf(choice, choices) !== subject)
  return (earlier[other + 1] ?? current).at
}

function subjectOf(choice: StoredChoice, choices: readonly StoredChoice[]): string {
  const { state, level, catalogVersion, contributions } = choice
  return JSON.stringify([state, level, catalogVersion, contributions, factsOf(choice, choices)])
}

/** Whether a choice is there that cannot be read. */
export const hasProblem = <T extends object>(stored: T): stored is Extract<T, { readonly problem: string }> =>
  Object.hasOwn(stored, 'problem')

function unknowable(
  { store, entry }: ChoicePlace,
  choices: readonly StoredChoice[],
  what: string,
): ChoiceHistory {
  const problem = `in ${store.location}/${entry} ${what}, so it counts as a no; choose again, or restore what was there`
  return { choices, current: { problem } }
}

const UTF_8 = new TextDecoder('utf-8', { fatal: true })

function parseLine(line: string): StoredChoice | undefined {
  try {
    const text = UTF_8.decode(Buffer.from(line, 'latin1'))
    const { format, at, state, level, by, productVersion, catalogVersion, contributions, facts, seed } =
      parseOwn(text)
    const good =
      format === FORMAT &&
      new Date(at).toISOString() === at &&
      ['enabled', 'disabled', 'undecided'].includes(state) &&
      (level === undefined || typeof level === 'string') &&
      typeof by === 'string' &&
      typeof productVersion === 'string' &&
      Number.isInteger(catalogVersion) &&
      (contributions === undefined || areVersions(contributions)) &&
      (facts === undefined || typeof facts === 'string' || areScopes(facts))
    if (!good) return undefined
    const optional = {
      ...(level !== undefined && { level }),
      ...(contributions && { contributions }),
      ...(facts !== undefined && { facts }),
      ...(seed === true && { seed: true as const }),
    }
    return ownOf({ at, state, by, productVersion, catalogVersion, ...optional })
  } catch {
    return undefined
  }
}

const areVersions = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && Object.values(value).every(Number.isInteger)

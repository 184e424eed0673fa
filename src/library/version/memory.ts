import { isAddress, isAdvisoryId, isPlainLine, isSeverity, isTime, isVersion } from '../../feed/index.ts'
import { memberOf, ownOf, parseOwn, TextDecoder, URL } from '../../platform/index.ts'
import { ENTRIES, type StateStore } from '../../state/index.ts'
import type { Findings } from './findings.ts'
import type { Acknowledgement } from './notice.ts'

/** Stored state of the version checks. Times are ISO 8601. */
export interface VersionMemory {
  /** Findings of the last feed, or header, for the version that ran then. */
  readonly findings?: Findings | undefined
  /** Time at which the newest feed was made: an older one is refused. */
  readonly issued?: string | undefined
  /** `ETag` of the stored feed. */
  readonly etag?: string | undefined
  /** Address that the stored feed came from. */
  readonly from?: string | undefined
  /** Address of a feed from a header. */
  readonly headerFeed?: string | undefined
  /** Time before which the schedule makes no check. */
  readonly notBefore?: string | undefined
  readonly lastCheckAt?: string | undefined
  readonly failures: { readonly unreachable: number; readonly refused: number }
  /** Failure of the last check. */
  readonly lastFailure?: string | undefined
  /** Failure that was logged: the same one is not logged again. */
  readonly loggedFailure?: string | undefined
  /** Notice that was logged last. */
  readonly logged?: string | undefined
  /** Time at which the notice was last printed on a terminal, and its text. */
  readonly printedAt?: string | undefined
  /** Texts and notice for the next start; absent if it has to load the version checks. Not checked here: the start checks them. */
  readonly start?: object | undefined
}

export const EMPTY_MEMORY: VersionMemory = Object.freeze({ failures: { unreachable: 0, refused: 0 } })

/** Reads the stored state. What is damaged or not there is read as empty. Never rejects. */
export async function readMemory(store: StateStore): Promise<VersionMemory> {
  try {
    const bytes = await store.read(ENTRIES.version)
    if (!bytes) return EMPTY_MEMORY
    const { format, findings, failures, start, ...rest } = parseOwn(new TextDecoder().decode(bytes))
    if (format !== FORMAT || !areFailures(failures)) return EMPTY_MEMORY
    const texts = Object.entries(rest).filter(([name, value]) => MEMBERS.get(name)?.(value))
    return ownOf({
      ...EMPTY_MEMORY,
      ...Object.fromEntries(texts),
      failures,
      ...(isFindings(findings) && { findings }),
      ...(typeof start === 'object' && { start }),
    })
  } catch {
    return EMPTY_MEMORY
  }
}

/** Writes the state. Rejects if it cannot be written. */
export const writeMemory = (store: StateStore, memory: VersionMemory): Promise<void> =>
  store.write(ENTRIES.version, `${JSON.stringify({ format: FORMAT, ...memory })}\n`)

const FORMAT = 1

type Check = (value: unknown) => boolean

const isText =
  (max: number): Check =>
  (value) =>
    isPlainLine(value, max)

/** Checks of the members that are texts. */
const MEMBERS: ReadonlyMap<string, Check> = new Map<string, Check>([
  ['issued', isTime],
  ['etag', isText(128)],
  ['from', (value) => isText(2_000)(value) && URL.canParse(value as string)],
  ['headerFeed', (value) => isText(2_000)(value) && URL.canParse(value as string)],
  ['notBefore', isTime],
  ['lastCheckAt', isTime],
  ['lastFailure', isText(500)],
  ['loggedFailure', isText(500)],
  ['logged', isText(10_000)],
  ['printedAt', isTime],
])

const areFailures = (value: unknown): value is VersionMemory['failures'] =>
  typeof value === 'object' &&
  value !== null &&
  (['unreachable', 'refused'] as const).every((name) =>
    Number.isSafeInteger(memberOf(value as VersionMemory['failures'], name)),
  )

/** Checks findings as if they came from the network: another program may have written them. */
function isFindings(value: unknown): value is Findings {
  if (typeof value !== 'object' || value === null) return false
  const { version, source, latest, latestInLine, isOutdated, endOfLife, advisories, message, url } =
    value as Findings
  return (
    isText(64)(version) &&
    (source === 'feed' || source === 'header') &&
    isOptional(latest, isVersion) &&
    isOptional(latestInLine, isVersion) &&
    isOptional(isOutdated, (one) => typeof one === 'boolean') &&
    isOptional(endOfLife, isTime) &&
    isOptional(message, isText(500)) &&
    isOptional(url, isAddress) &&
    Array.isArray(advisories) &&
    advisories.every(isAdvisory)
  )
}

const isAdvisory = (value: unknown): boolean => {
  if (typeof value !== 'object' || value === null) return false
  const { id, severity, fixedIn, summary, url } = value as Findings['advisories'][number]
  return (
    isAdvisoryId(id) &&
    isSeverity(severity) &&
    Array.isArray(fixedIn) &&
    fixedIn.every(isVersion) &&
    isOptional(summary, isText(300)) &&
    isOptional(url, isAddress)
  )
}

const isOptional = (value: unknown, isGood: Check) => value === undefined || isGood(value)

/** Reads the acknowledgements, oldest first. Lines that are damaged are left out. Never rejects. */
export async function readAcknowledgements(store: StateStore): Promise<readonly Acknowledgement[]> {
  const bytes = await store.read(ENTRIES.versionAcknowledged).catch(() => undefined)
  if (!bytes) return []
  return new TextDecoder().decode(bytes).split('\n').flatMap(acknowledgementIn)
}

function acknowledgementIn(line: string): Acknowledgement[] {
  try {
    const { id, by, until } = parseOwn(line)
    return isAdvisoryId(id) && isPlainLine(by, 128) && isTime(until) ? [{ id, by, until }] : []
  } catch {
    return []
  }
}

/** Stores an acknowledgement. Rejects if it cannot be written. */
export const appendAcknowledgement = (
  store: StateStore,
  at: string,
  acknowledgement: Acknowledgement,
): Promise<void> => store.append(ENTRIES.versionAcknowledged, JSON.stringify({ at, ...acknowledgement }))

/** Deletes everything that is stored of the version checks. Tries all of it, then rejects with the first error. */
export async function forgetVersions(store: StateStore): Promise<void> {
  const entries = [ENTRIES.version, ENTRIES.versionFeed, ENTRIES.versionAcknowledged, ENTRIES.versionSchedule]
  const removed = await Promise.allSettled(entries.map((entry) => store.remove(entry)))
  const failed = removed.find((one) => one.status === 'rejected')
  if (failed) throw failed.reason
}

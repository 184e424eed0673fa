/**
 * The installation id: why there is one, and what it is.
 *
 * Without it the maintainer cannot tell ten installations from one that reports ten times. It is made when a report may be sent for
 * the first time and never before, and kept in the state store only. Whoever opts out has none: it is not made, and not read.
 * A product takes as little of it as it can do with:
 *
 * - `stable`: a random UUID (RFC 9562, version 4), derived from nothing. The reports of one installation can be joined.
 * - `rotating`: another UUID each period (version 8). Reports can be joined within a period, and with nothing before or after it.
 * - `none`: no id; only how old the installation is, in five steps. Reports cannot be joined at all.
 *
 * In the last two nothing else that the library adds joins them either: times are those of the day, the id of a report too, and
 * each report has a time of day of its own. What facts say is the catalog's: ids are refused, numbers are for the catalog to round.
 *
 * Beside it stands a secret that never leaves: the noise that randomized facts are lied with, always in the same way, and that the
 * ids of the periods are derived from. The machine id is neither stored nor sent: only a hash of it with that secret is kept, so
 * that a directory copied to another machine becomes an installation of its own instead of counting as the first one.
 */
import { askHostNow, type Clock, createMutex, Date, ownOf, randomUuid } from '../../platform/index.ts'
import { ENTRIES, type StateStore } from '../../state/index.ts'
import { type Age, ageOf } from './age.ts'
import { markerOf, periodId } from './derive.ts'
import { type Entry, entryText, type Found, readEntry } from './entry.ts'
import { systemMachine } from './machine.ts'
import type { IdentityPolicy } from './policy.ts'

/** What a report says of who sends it. */
export interface Identified {
  /** In the modes `stable` and `rotating`. */
  readonly id?: string
  /** In the mode `none`: less than a day, 7 days, 30 days, 183 days, or older. */
  readonly age?: Age
  /** In the mode `stable`, where the policy wants it: the id of the installation that this one is a copy of. */
  readonly lineage?: string
}

export interface Installation {
  /**
   * Who a report that may be sent is from; nothing is stored yet. The same until {@link Installation.keep} or a restart: before that,
   * several processes propose different ones. A report that leaves is made after `keep`.
   */
  propose(): Promise<Identified>
  /** The secret beside the id, stored and deleted with it. */
  noise(): Promise<string>
  /**
   * Stores what was proposed, once; nothing where nothing was. Of several processes that keep at once all propose the same after it.
   * Rejects when the store does.
   */
  keep(): Promise<void>
  /** Whether what is stored was made on another machine, and so is of another installation. Never rejects. */
  isCopy(): Promise<boolean>
  /** Whether the next start proposes the same as this one. Makes nothing, and never rejects. */
  isKept(): Promise<boolean>
  /**
   * Deletes the id and the secret, for all processes. The next ones that are proposed are others; here also where the store rejects,
   * and then this does.
   */
  forget(): Promise<void>
  /**
   * The id that is stored now, without making one: for an erasure request. The one of the current period in the mode `rotating`,
   * none where the entry is a copy of another installation's.
   */
  stored(): Promise<string | undefined>
}

/** Where those that replace an entry agree on the next one. */
const NEXT = `${ENTRIES.installation}.next`

const MONTH = 30 * 86_400_000

export function createInstallation(
  store: StateStore,
  clock: Clock,
  policy: IdentityPolicy = {},
): Installation {
  const {
    mode = 'stable',
    period = MONTH,
    copies = 'renew',
    lineage = false,
    machine = systemMachine,
  } = policy
  const runExclusive = createMutex()
  /** What was proposed last, whether it is stored or not. */
  let last: Entry | undefined
  /** Whether there was an entry then. */
  let seen = false
  /** What was to be deleted, and lies in the store perhaps. */
  let gone: string | undefined
  /** Asked once, and not before something may be sent. */
  let here: { readonly machine: string | undefined } | undefined

  /** What should be stored, and whether it is: `whole`. */
  async function look(): Promise<{ entry: Entry; whole: boolean }> {
    const found = await read()
    // Another process has forgotten it: that holds here too.
    if (found === undefined && seen) last = undefined
    seen = found !== undefined
    last = complete(found ?? {})
    return { entry: last, whole: isSame(found, last) }
  }

  /** What was deleted here is not found again, and replaced as soon as that can be written. */
  async function read(): Promise<Found | undefined> {
    const found = await readEntry(store, ENTRIES.installation)
    return found && entryText(found) === gone ? {} : found
  }

  async function isKept(): Promise<boolean> {
    const found = await read()
    if (found === undefined || isCopied(found)) return false
    return found.noise !== undefined && (found.id !== undefined || mode !== 'stable')
  }

  /** Keeps of what was found what is valid and has to be there, and makes the rest. */
  function complete(found: Found): Entry {
    const current = currentMachine()
    const base = ownOf(baseOf(found, isCopied(found)))
    const noise = base.noise ?? randomUuid()
    return {
      id: mode === 'stable' ? (base.id ?? randomUuid()) : undefined,
      noise,
      createdAt: base.createdAt ?? new Date(clock.now()).toISOString(),
      machine: current === undefined ? base.machine : markerOf(noise, current),
      lineage: mode === 'stable' && lineage ? base.lineage : undefined,
    }
  }

  /** A copy goes on with what this process has proposed before. So does an entry that was damaged. */
  function baseOf(found: Found, copied: boolean): Found {
    if (copied) return last ?? { lineage: found.id }
    return found.noise === undefined || found.noise === last?.noise ? { ...last, ...found } : found
  }

  function isCopied({ noise, machine: marker }: Found): boolean {
    const current = currentMachine()
    if (noise === undefined || marker === undefined || current === undefined) return false
    return marker !== markerOf(noise, current)
  }

  function currentMachine(): string | undefined {
    here ??= { machine: copies === 'keep' ? undefined : askForMachine(machine) }
    return here.machine
  }

  async function keep(): Promise<void> {
    if (last === undefined) return
    const { entry, whole } = await look()
    if (whole) return
    if (!seen && (await store.create(ENTRIES.installation, entryText(entry)))) seen = true
    else await replace()
  }

  /**
   * Puts another entry in the place of one that cannot be used. Those that do it at once take the one of them that made the next
   * entry first. It goes only after the entry is whole again, so that whoever then finds that it is not has read the same next one.
   * A process that dies on the way leaves it to the others to finish.
   */
  async function replace(): Promise<void> {
    const { entry, whole } = await look()
    if (whole) return
    await store.create(NEXT, entryText(entry))
    const next = await readEntry(store, NEXT)
    const now = await look()
    if (!now.whole) {
      const usable = next !== undefined && isSame(next, complete(next))
      await store.write(ENTRIES.installation, entryText(usable ? next : now.entry))
    }
    await store.remove(NEXT)
  }

  /** Who opts out has no id, so it is not read but where it cannot be removed. */
  async function remove(name: string): Promise<void> {
    try {
      await store.remove(name)
    } catch (error) {
      const found = await readEntry(store, name)
      // A file system that is read-only refuses also what would change nothing.
      if (found === undefined) return
      if (name === ENTRIES.installation) gone = entryText(found)
      throw error
    }
  }

  async function identify({ id, noise, createdAt, lineage }: Entry): Promise<Identified> {
    if (mode === 'none') return { age: ageOf(createdAt, clock.now()) }
    if (mode === 'rotating') return { id: periodId(noise, clock.now(), period) }
    return { ...(id !== undefined && { id }), ...(lineage !== undefined && { lineage }) }
  }

  async function stored(): Promise<string | undefined> {
    const found = await read()
    if (found === undefined || isCopied(found)) return undefined
    if (found.id !== undefined || mode !== 'rotating' || found.noise === undefined) return found.id
    return periodId(found.noise, clock.now(), period)
  }

  return {
    propose: () => runExclusive(async () => identify((await look()).entry)),
    noise: () => runExclusive(async () => (await look()).entry.noise),
    keep: () => runExclusive(keep),
    isCopy: () => runExclusive(async () => isCopied((await read()) ?? {})),
    isKept: () => runExclusive(isKept),
    forget: () =>
      runExclusive(async () => {
        last = undefined
        await remove(NEXT)
        await remove(ENTRIES.installation)
        gone = undefined
      }),
    stored: () => runExclusive(stored),
  }
}

/** What tells this machine from others; `undefined` where nobody knows. A function of the product's may give anything. */
export function askForMachine(machine: () => string | undefined): string | undefined {
  const answer: unknown = askHostNow(machine)
  return typeof answer === 'string' && answer !== '' ? answer : undefined
}

const isSame = (found: Found | undefined, entry: Entry): boolean =>
  found !== undefined && entryText(found) === entryText(entry)

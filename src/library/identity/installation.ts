/**
 * The installation id: its purpose and its modes.
 *
 * Without an id the maintainer cannot tell ten installations from one that reports ten times. The id is created when a report may be sent
 * for the first time, never earlier, and stored only in the state store. After an opt-out no id is created or read. A product chooses the
 * mode that reveals no more than it needs:
 *
 * - `stable`: a random UUID (RFC 9562, version 4). The reports of one installation can be linked.
 * - `rotating`: another UUID each period (version 8). Reports can be linked within a period, but not across periods.
 * - `none`: no id, only the age of the installation in five ranges. Reports cannot be linked.
 *
 * In `rotating` and `none`, nothing else that the library adds links reports either: timestamps and the ids of reports are only precise to
 * the day, and each report is sent at a different time of day. The catalog is responsible for the facts: facts with ids are refused in
 * these modes; the maintainer decides how numbers are rounded.
 *
 * An installation that had an id before this library may keep it (`adoption.ts`).
 *
 * The entry also has a secret that is never sent. It seeds the randomization of facts, and the ids of periods are derived from it. The
 * machine id is neither stored nor sent; only its hash with the secret is stored, so that a state directory copied to another machine
 * becomes a new installation.
 */
import { askHostNow, type Clock, createMutex, Date, ownOf, randomUuid } from '../../platform/index.ts'
import { ENTRIES, type StateStore } from '../../state/index.ts'
import { createAdoption, type Deletion } from './adoption.ts'
import { type Age, ageOf } from './age.ts'
import { markerOf, periodId } from './derive.ts'
import { type Entry, entryText, type Found, NOTHING_VALID, readEntry } from './entry.ts'
import { systemMachine } from './machine.ts'
import type { IdentityPolicy } from './policy.ts'

/** Identity of an installation in a report. */
export interface Identified {
  /** Id of the installation, in the modes `stable` and `rotating`. */
  readonly id?: string
  /** Age in the mode `none`: less than a day, 7 days, 30 days, 183 days, or older. */
  readonly age?: Age
  /** Id of the installation that this one is a copy of; only in the mode `stable`, with `lineage: true`. */
  readonly lineage?: string
}

export interface Installation {
  /**
   * Resolves to the identity for a report that may be sent, without storing it. The proposal is the same until {@link Installation.keep} or
   * a restart. Before `keep`, several processes may propose different identities, so a report for sending is composed after `keep`.
   */
  propose(): Promise<Identified>
  /** Resolves to the secret, which is stored and deleted together with the id. */
  secret(): Promise<string>
  /**
   * Stores the proposed identity unless it is already stored. Does nothing if no identity was proposed. After several processes have called
   * `keep` at the same time, all of them propose the same identity. Rejects when the store rejects.
   */
  keep(): Promise<void>
  /** Resolves to `true` when the stored entry was created on another machine, and so belongs to another installation. Never rejects. */
  isCopy(): Promise<boolean>
  /** Resolves to `true` when the identity is stored, so that the next start proposes it again. Creates nothing. Never rejects. */
  isKept(): Promise<boolean>
  /**
   * Deletes the id and the secret, for all processes. The next proposal is a new identity. Rejects when the store rejects; in this process
   * the next proposal is a new identity even then. Default: an erasure.
   */
  forget(why?: Deletion): Promise<void>
  /**
   * Resolves to the stored id, for an erasure request; in the mode `rotating` to the id of the current period. Creates no id. Resolves to
   * `undefined` when no id is stored or the entry belongs to another installation.
   */
  stored(): Promise<string | undefined>
  /** Resolves to what is stored, for the status; `undefined` as with `stored`. Creates nothing. Never rejects. */
  kept(): Promise<KeptInstallation | undefined>
}

/** Stored installation, for the operator. */
export interface KeptInstallation {
  /** Id in the reports; in the mode `rotating`, that of the current period. Absent in the mode `none`. */
  readonly id?: string
  /** Time when the id was made or adopted, as ISO 8601. */
  readonly createdAt?: string
  /** `true` if the installation had the id before this library. */
  readonly adopted: boolean
}

/** Name under which processes that replace an entry at the same time agree on its replacement. */
const NEXT = `${ENTRIES.installation}.next`

const MONTH = 30 * 86_400_000

export function createInstallation(
  store: StateStore,
  clock: Clock,
  policy: IdentityPolicy = {},
  warn: (text: string) => void = () => {},
): Installation {
  const {
    mode = 'stable',
    period = MONTH,
    copies = 'renew',
    lineage = false,
    machine = systemMachine,
  } = policy
  const adoption = createAdoption({ store, clock, adopt: mode === 'stable' ? policy.adopt : undefined, warn })
  const runExclusive = createMutex()
  /** Last proposed entry, stored or not. */
  let proposed: Entry | undefined
  /** `true` when the store had an entry when the identity was last proposed. */
  let existed = false
  /** Text of an entry that was erased, but could not be removed from the store. */
  let unremoved: string | undefined
  /** Machine id of this machine, read once, and not before a report may be sent. */
  let localMachine: { readonly machine: string | undefined } | undefined

  /** Resolves to the entry that should be stored; `isStored` is `true` when the store has exactly this entry. */
  async function refresh(): Promise<{ entry: Entry; isStored: boolean }> {
    const found = await read()
    // Another process has erased the entry: the proposal of this process must not be used any more.
    if (found === undefined && existed) proposed = undefined
    existed = found !== undefined
    const adopted = existed || proposed ? undefined : await adoption.take()
    proposed = complete(found ?? (adopted === undefined ? NOTHING_VALID : { id: adopted, adopted: true }))
    return { entry: proposed, isStored: isSame(found, proposed) }
  }

  /** Reads the stored entry. An erased entry that is still in the store counts as damaged, and so is replaced by the next `keep`. */
  async function read(): Promise<Found | undefined> {
    const found = await readEntry(store, ENTRIES.installation)
    return found && entryText(found) === unremoved ? NOTHING_VALID : found
  }

  async function isKept(): Promise<boolean> {
    const found = await read()
    if (found === undefined || isCopied(found)) return false
    return found.secret !== undefined && (found.id !== undefined || mode !== 'stable')
  }

  /** Completes the valid parts of a stored entry with new values. */
  function complete(found: Found): Entry {
    const current = currentMachine()
    const base = ownOf(baseOf(found, isCopied(found)))
    const secret = base.secret ?? randomUuid()
    return {
      id: mode === 'stable' ? (base.id ?? randomUuid()) : undefined,
      secret,
      createdAt: base.createdAt ?? new Date(clock.now()).toISOString(),
      machine: current === undefined ? base.machine : markerOf(secret, current),
      lineage: mode === 'stable' && lineage ? base.lineage : undefined,
      adopted: mode === 'stable' ? base.adopted : undefined,
    }
  }

  /** Chooses the values to complete: a copied entry and a damaged one are replaced by the previous proposal of this process. */
  function baseOf(found: Found, copied: boolean): Found {
    if (copied) return proposed ?? { lineage: found.id }
    if (found.secret !== undefined && found.secret !== proposed?.secret) return found
    // `adopted` belongs to the id.
    return { ...proposed, ...(found.id !== undefined && { adopted: undefined }), ...found }
  }

  function isCopied({ secret, machine: marker }: Found): boolean {
    const current = currentMachine()
    if (secret === undefined || marker === undefined || current === undefined) return false
    return marker !== markerOf(secret, current)
  }

  function currentMachine(): string | undefined {
    localMachine ??= { machine: copies === 'keep' ? undefined : askForMachine(machine) }
    return localMachine.machine
  }

  async function keep(): Promise<void> {
    if (proposed === undefined) return
    const { entry, isStored } = await refresh()
    if (isStored) return
    await adoption.begin()
    if (!existed && (await store.create(ENTRIES.installation, entryText(entry)))) existed = true
    else await replace()
  }

  /**
   * Replaces an unusable entry. Of several processes that do so at the same time, the first one to create `NEXT` determines the new entry.
   * `NEXT` is removed only after the entry is complete: a process that still finds the entry incomplete has then read the same `NEXT`. If a
   * process ends before the removal, another one completes the replacement.
   */
  async function replace(): Promise<void> {
    const { entry, isStored } = await refresh()
    if (isStored) return
    await store.create(NEXT, entryText(entry))
    const next = await readEntry(store, NEXT)
    const now = await refresh()
    if (!now.isStored) {
      const usable = next !== undefined && isSame(next, complete(next))
      await store.write(ENTRIES.installation, entryText(usable ? next : now.entry))
    }
    await store.remove(NEXT)
  }

  /** Removes an entry. Reads the entry only if the removal fails: after an opt-out nothing else may read the id. */
  async function remove(name: string): Promise<void> {
    try {
      await store.remove(name)
    } catch (error) {
      const found = await readEntry(store, name)
      // A read-only file system refuses even the removal of a file that does not exist.
      if (found === undefined) return
      if (name === ENTRIES.installation) unremoved = entryText(found)
      throw error
    }
  }

  async function identify({ id, secret, createdAt, lineage }: Entry): Promise<Identified> {
    if (mode === 'none') return { age: ageOf(createdAt, clock.now()) }
    if (mode === 'rotating') return { id: periodId(secret, clock.now(), period) }
    return { ...(id !== undefined && { id }), ...(lineage !== undefined && { lineage }) }
  }

  async function stored(): Promise<string | undefined> {
    const found = await read()
    if (found === undefined || isCopied(found)) return undefined
    if (found.id !== undefined || mode !== 'rotating' || found.secret === undefined) return found.id
    return periodId(found.secret, clock.now(), period)
  }

  async function kept(): Promise<KeptInstallation | undefined> {
    const found = await read()
    if (found?.secret === undefined || isCopied(found)) return undefined
    const id = mode === 'none' ? undefined : await stored()
    return {
      ...(id !== undefined && { id }),
      ...(found.createdAt !== undefined && { createdAt: found.createdAt }),
      adopted: found.adopted === true,
    }
  }

  return {
    propose: () => runExclusive(async () => identify((await refresh()).entry)),
    secret: () => runExclusive(async () => (await refresh()).entry.secret),
    keep: () => runExclusive(keep),
    isCopy: () => runExclusive(async () => isCopied((await read()) ?? NOTHING_VALID)),
    isKept: () => runExclusive(isKept),
    forget: (why = 'erasure') =>
      runExclusive(async () => {
        proposed = undefined
        // The id is deleted also if that cannot be noted, on a full disk perhaps; the failure is reported then.
        const ended = await adoption.end(why).then(
          () => [],
          (error) => [error],
        )
        await remove(NEXT)
        await remove(ENTRIES.installation)
        unremoved = undefined
        for (const error of ended) throw error
      }),
    kept: () => runExclusive(kept).catch(() => undefined),
    stored: () => runExclusive(stored),
  }
}

/** Calls the product's function for the machine id. Returns `undefined` when it throws or does not return a non-empty text. */
export function askForMachine(machine: () => string | undefined): string | undefined {
  const answer: unknown = askHostNow(machine)
  return typeof answer === 'string' && answer !== '' ? answer : undefined
}

const isSame = (found: Found | undefined, entry: Entry): boolean =>
  found !== undefined && entryText(found) === entryText(entry)

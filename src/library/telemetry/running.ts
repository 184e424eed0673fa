import { createDeferred, Date, errorOf, keepingProcessAlive, ownOf, tellHost } from '../../platform/index.ts'
import { stateErrorReason } from '../../state/index.ts'
import {
  type Choice,
  type Consent,
  type GivenConsentOptions,
  nameOfChooser,
  type Verdict,
} from '../consent/index.ts'
import type { Ledger } from '../ledger/index.ts'
import type { EndingProcess } from '../short-lived/index.ts'
import { createConsentOf } from './consent-of.ts'
import type { Contributions } from './contributions.ts'
import { createCounting } from './counting.ts'
import { createDurability } from './durability.ts'
import type { Listeners } from './listeners.ts'
import { createMeterOwner } from './meter-owner.ts'
import type { UsageRecorder } from './recorder.ts'
import { createReportRunner } from './report-runner.ts'
import { failedPreview, failedReport, isForTheHost } from './safety-net.ts'
import type { Settings } from './settings.ts'
import {
  announce,
  type ConsequencesOfChange,
  disclosureOf,
  isAnotherDecision,
  logChange,
  refuseUnwanted,
  updateSinks,
  warnOfChange,
} from './start.ts'
import type { UsageTelemetry } from './surface.ts'
import { createVersions } from './versions.ts'

/** Longest time that `start` waits for its writes, in milliseconds, once the decision has been read. */
const START_BUDGET = 5_000

/** Longest time that `shutdown` waits for the network, in milliseconds, before it leaves the rest to the next start. */
const SHUTDOWN_BUDGET = 40

/** Longest time that `shutdown` waits for the disk, in milliseconds: the counts are only in memory, and `process.exit()` may follow. */
const DISK_BUDGET = 5_000

/** Time after a start before what an inspection needs is stored, in milliseconds: the host is busy starting. */
const RECORD_DELAY = 10_000

/** Creates what decides about consent, instead of the sources. */
export type CreateConsent = (options: GivenConsentOptions) => Consent

/** Part of a telemetry that depends on the environment. */
export interface Running
  extends Omit<
    UsageTelemetry,
    keyof UsageRecorder | 'contribute' | 'reader' | 'consent' | 'on' | 'explain' | 'catalog'
  > {
  readonly consent: Omit<UsageTelemetry['consent'], 'on'>
  /** Decides again after a contribution was added or removed. */
  reconsider(): void
  /** Persists the counts. Never rejects. */
  persist(): Promise<void>
  /** Logs a warning. */
  readonly warn: (text: string) => void
}

/** Creates the part of a telemetry that depends on the environment. Called when the host first uses something of it. */
export function createRunning(
  settings: Settings,
  contributions: Contributions,
  listeners: Listeners,
  createConsent: CreateConsent | undefined,
): Running {
  const { logger, clock } = settings
  const durability = createDurability(settings)
  const consent =
    createConsent?.({ ...settings, inputs: settings.consentInputs }) ??
    createConsentOf(settings, contributions, durability, settings.readEnvironment)
  const verdict = () => consent.verdict()
  const counting = createCounting({ settings, contributions, verdict, refreshConsent })
  const { stores, providers: own, hasFeeds: hasReader } = contributions
  const owner = createMeterOwner({ logger, stores: stores.all, own, hasReader })
  const beforeReport = owner.lookAtReport
  const readVerdict = () => consent.read()
  const runner = createReportRunner({
    ...{ settings, contributions, counting, verdict, readVerdict, refreshConsent, logTrouble, beforeReport },
    tell: listeners.tell,
    hearing: (transport) => versions.hearing(transport),
  })
  const versions = createVersions(settings, { verdict, readVerdict, maySend: runner.maySend })
  const disclosing = { ...settings, versionsOf: versions.disclosed }

  let starting: Promise<Verdict> | undefined
  let isRecorded = false
  let stopping: Promise<void> | undefined
  /** `true` from a start to the shutdown, unless the start was refused. */
  let planned = false
  let withdrawing: Promise<void> = Promise.resolve()
  /** `true` if the last no could not delete all data that it had to delete. */
  let isLeft = false

  /** `true` from the notice of the start until the shutdown: later changes of consent are logged. */
  let isAnnounced = false
  /** Settles when the choice that somebody makes here right now is stored. Before the start, only a choice is logged. */
  let choosing: Promise<void> | undefined
  /** `true` if whoever makes that choice shows it. */
  let isQuiet = false

  consent.on('change', (now, before) => {
    const deleted = deleteAfterNo(now)
    const replanned = planned ? runner.plan(now).catch(logTrouble) : undefined
    // The notice at the start said that nothing is sent, so the operator gets the notice of this verdict.
    const isNews = ownOf(before).disabledBy === 'circumstance' && now.state !== 'disabled'
    if (planned && !isNews) warnOfChange(now, before, settings)
    if (planned && isNews) announce(now, disclosing)
    else if ((isAnnounced || (choosing && !isQuiet)) && isAnotherDecision(now, before)) {
      void Promise.all([deleted, replanned, choosing])
        .then(() => {
          // A choice that has been stored meanwhile is no longer called unstored.
          const latest = consent.verdict().state === now.state ? consent.verdict() : now
          logChange(latest, disclosing, consequencesOf(latest))
        })
        .catch(logTrouble)
    }
    if (isAnnounced) updateSinks(now, disclosing)
    void versions.apply().catch(logTrouble)
    for (const listener of listeners.change) tellHost(() => listener(now, before))
  })

  function consequencesOf(now: Verdict): ConsequencesOfChange {
    if (now.state === 'disabled') {
      const { disabledBy, unstored } = ownOf(now)
      // A choice that is not stored ends with the process, and what it deletes is made again by the next one.
      const isLasting = disabledBy === 'person' && !unstored
      return { isDeleted: isLasting && !isLeft && !settings.policy.keepInstallation }
    }
    const due = runner.due()
    return { dueAt: due === undefined ? undefined : new Date(due).toISOString() }
  }

  /** Decides again: a list of withheld facts may name facts of a plugin, which come and go. */
  function reconsider(): void {
    const now = consent.reconsider()
    if (now) void counting.applyVerdict(now).catch(logTrouble)
  }

  /** Ends everything in progress after a no. Deletes the data of the installation if a person said the no. */
  function deleteAfterNo(now: Verdict): Promise<void> {
    withdrawing = runner.applyVerdict(now).then(
      () => {
        isLeft = false
      },
      (error) => {
        isLeft = true
        logger.warn(
          `No usage report is sent, but what is stored of the installation in ${settings.state.location} could not be deleted ` +
            `(${stateErrorReason(error)}). Delete it, or make it writable and opt out again.`,
        )
      },
    )
    return withdrawing
  }

  /** Reads the stored choice and the product's version, and applies the verdict. */
  async function refreshConsent(): Promise<Verdict> {
    settings.product.readVersion()
    let now = await consent.refresh()
    // A store that failed may work again, or fail now. Checked last, because under a no the id is not read.
    if (now.source === 'state' || (now.state === 'enabled' && settings.state.failure() !== undefined)) {
      await durability.check()
      now = consent.reconsider() ?? now
    }
    await counting.applyVerdict(now)
    if (now.state === 'undecided') await runner.refresh()
    return now
  }

  async function choose(decision: string, choice: Choice): Promise<Verdict> {
    // The consent under which counts were made so far has to be known. A no covers no counts, and does not wait for a store.
    if (decision !== 'disabled') await refreshConsent()
    const chosen = createDeferred<void>()
    choosing = chosen.promise
    isQuiet = ownOf(choice).quiet === true
    try {
      const now = await consent.set(decision, choice).finally(() => {
        if (choosing === chosen.promise) choosing = undefined
        chosen.resolve()
      })
      await counting.applyVerdict(now)
      await withdrawing
      if (isLeft) await deleteAfterNo(now)
      return now
    } catch (error) {
      // Not awaited: a store that did not take the choice may not answer for a long time.
      void counting.applyVerdict(consent.verdict()).catch(logTrouble)
      throw error
    }
  }

  async function begin(before: Promise<void> | undefined): Promise<Verdict> {
    await before
    await versions.prepare()
    // Before anything is written: a refused start leaves nothing behind.
    refuseUnwanted(await refreshConsent(), settings)
    const rest = startReporting()
    // If the store takes longer, the host goes on, and the rest of the start follows by itself.
    if (!(await inTime(rest, START_BUDGET))) {
      rest.catch(logTrouble)
      return consent.verdict()
    }
    return rest
  }

  async function startReporting(): Promise<Verdict> {
    // The id is read only if something may be sent.
    if (consent.verdict().state === 'enabled') await durability.check()
    let now = await consent.begin()
    await deleteAfterNo(now)
    planned = stopping === undefined
    if (planned) {
      clock.after(RECORD_DELAY, () => void record())
      counting.start()
      await runner.plan(now)
    }
    // The notice depends on whether anything could be stored.
    if (settings.state.failure() !== undefined && now.state !== 'disabled') {
      await durability.check()
      now = consent.reconsider() ?? now
    }
    announce(now, disclosing, consent.unannounced())
    isAnnounced = planned
    if (planned) await versions.start()
    // A process that sends at its end prints the report there.
    if (settings.debug && settings.delivery === 'inline')
      void keepingProcessAlive(printPreview).catch(logTrouble)
    if (planned && settings.identity.createWhen === 'first-launch') {
      const { launch } = await import('./own-installation.ts')
      await launch(settings, now, runner.maySend)
    }
    owner.look()
    return now
  }

  /** Stores what an inspection needs of this host, once: some time after the start, or at its end. */
  async function record(isStarted = planned): Promise<void> {
    if (isRecorded || !isStarted) return
    isRecorded = true
    const { recordHost } = await import('./host-entry.ts')
    await recordHost(settings, contributions, verdict()).catch(logTrouble)
  }

  /** Loads the log without the reporter, because reading the log needs no SDK. */
  async function ledger(): Promise<Ledger> {
    const { createLedger } = await import('../ledger/index.ts')
    return createLedger(settings.state, { clock })
  }

  function logTrouble(error: unknown): void {
    logger.error(`The usage telemetry has failed: ${errorOf(error).message}`)
  }

  const inCase =
    <R>(result: (error: unknown) => R) =>
    (error: unknown) => {
      logTrouble(error)
      return result(error)
    }

  async function end(): Promise<void> {
    const { delivery, isInFiles } = settings
    const isStarted = planned
    const sends = isStarted && delivery !== 'inline'
    const grace = runner.grace()
    planned = false
    isAnnounced = false
    starting = undefined
    const persisted = Promise.all([counting.stop(), record(isStarted)]).then(() => {})
    // A short-lived process sends after its counts are persisted, and its runner stops after that, unless it was started again meanwhile.
    const sent = sends && flush(delivery, persisted)
    if (!sent) versions.stop()
    const stopped = sent
      ? sent.catch(logTrouble).then(() => (planned ? undefined : runner.stop()))
      : runner.stop(grace)
    const budget = sends
      ? typeof delivery === 'object'
        ? delivery.within
        : DISK_BUDGET
      : (grace ?? SHUTDOWN_BUDGET)
    const persisting = isInFiles ? DISK_BUDGET : SHUTDOWN_BUDGET
    await Promise.all([inTime(persisted, Math.max(persisting, budget)), inTime(stopped, budget)])
  }

  /** Prints the report that would be made now, if the operator wants to see it. */
  async function printPreview(): Promise<void> {
    if (!settings.debug) return
    settings.debug(`${JSON.stringify((await runner.preview()).json, undefined, 2)}\n`)
  }

  /** Sends what is due and what waits, or has a child process do it. */
  async function flush(delivery: EndingProcess['delivery'], persisted: Promise<void>): Promise<void> {
    const { flushAtEnd } = await import('./flush-at-end.ts')
    await flushAtEnd(settings, contributions, {
      ...{ delivery, runner, refreshConsent, persisted, stopCounting: counting.stop },
      versions: await versions.loadAtEnd(),
      printPreview: settings.debug && printPreview,
    })
  }

  /** Returns whether a step has come to its end within so many milliseconds. */
  async function inTime(step: Promise<unknown>, budget: number): Promise<boolean> {
    const over = createDeferred<boolean>()
    const timer = clock.after(budget, () => over.resolve(false))
    const ended = () => true
    const isInTime = await Promise.race([step.then(ended, ended), over.promise])
    timer.cancel()
    return isInTime
  }

  return {
    reconsider,
    warn: logger.warn,
    observe(provider) {
      let isRemoved = false
      let remove = () => {}
      void import('./observe.ts')
        .then(({ observeTelemetry }) => {
          if (!isRemoved)
            remove = observeTelemetry(provider, settings, verdict, contributions.stores, versions)
        })
        .catch((error) => logger.warn(`The usage telemetry cannot be observed: ${errorOf(error).message}`))
      return () => {
        isRemoved = true
        tellHost(remove)
      }
    },
    persist: () => keepingProcessAlive(counting.persist).catch(logTrouble),
    start() {
      const before = stopping
      stopping = undefined
      starting ??= begin(before).catch((error) => {
        starting = undefined
        if (isForTheHost(error)) throw error
        logTrouble(error)
        return consent.verdict()
      })
      return starting
    },
    shutdown() {
      stopping ??= keepingProcessAlive(end).catch(logTrouble)
      return stopping
    },
    preview: (options) => keepingProcessAlive(() => runner.preview(options)).catch(inCase(failedPreview)),
    report: () => keepingProcessAlive(runner.report).catch(inCase(failedReport)),
    export: (save) => keepingProcessAlive(() => runner.export(save)).catch(inCase(failedReport)),
    async forget(chooser) {
      const by = nameOfChooser(chooser)
      return keepingProcessAlive(async () => {
        if (settings.versionCheck) await (await versions.load()).forget()
        return runner.forget(by)
      })
    },
    async status() {
      const verdict = await refreshConsent()
      const version = settings.versionCheck && (await (await versions.load()).status())
      const disclosure = disclosureOf(verdict, disclosing, consent.unannounced())
      const { makeStatus } = await import('./make-status.ts')
      // After a shutdown none is scheduled, though the time of the next one is stored.
      const dueAt = runner.due() ?? (planned || stopping ? undefined : 'stored')
      return makeStatus(settings, contributions, { verdict, disclosure, version, dueAt })
    },
    consent: {
      verdict() {
        // The configuration may have been reloaded, and the development profile left.
        const { configured, development } = settings.policy
        if (typeof configured === 'function' || typeof development === 'function') reconsider()
        return consent.verdict()
      },
      set: (decision, chooser) => keepingProcessAlive(() => choose(decision, chooser)),
      history: () => consent.history(),
    },
    ledger: {
      async *entries(options) {
        yield* (await ledger()).entries(options)
      },
      last: async (outcome) => (await ledger()).last(outcome),
      check: async () => (await ledger()).check(),
    },
    version: {
      notice: versions.notice,
      check: () => keepingProcessAlive(async () => (await versions.load()).check()),
      acknowledge: (id, choice) =>
        keepingProcessAlive(async () => (await versions.load()).acknowledge(id, choice)),
    },
  }
}

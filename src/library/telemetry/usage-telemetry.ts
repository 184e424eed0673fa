import type { Facts } from '../../catalog/index.ts'
import {
  createDeferred,
  Date,
  errorOf,
  inOwnContext,
  keepingProcessAlive,
  outsideHostContext,
  silentLogger,
  tellHost,
  unsuitableRuntime,
} from '../../platform/index.ts'
import {
  type Chooser,
  type Consent,
  type ConsentListener,
  createConsent,
  createGivenConsent,
  type GiveVerdict,
  nameOfChooser,
  type Verdict,
} from '../consent/index.ts'
import type { FactStore } from '../facts/index.ts'
import type { Ledger } from '../ledger/index.ts'
import { type Contributions, createContributions } from './contributions.ts'
import { createCounting } from './counting.ts'
import { deliveryStatus } from './delivery-status.ts'
import { createDurability, type Durability } from './durability.ts'
import { createLoop } from './loop.ts'
import { createMeterOwner } from './meter-owner.ts'
import { createRemoved, createUnsuitable } from './nothing.ts'
import { checkOptions } from './option-rules.ts'
import type { UsageTelemetryOptions } from './options.ts'
import { outsideContext } from './outside-context.ts'
import { createRecorder, type UsageRecorder } from './recorder.ts'
import { failedPreview, failedReport, isForTheHost } from './safety-net.ts'
import { clockOf, packagingOf, type Settings, settle } from './settings.ts'
import { sendAtTheEnd } from './short-lived.ts'
import { disclosureOf, refuseUnwanted, tell } from './start.ts'
import { factsUnder, stateUnder } from './status.ts'
import type { UsageTelemetry } from './surface.ts'

/** How long `start` waits for what it writes, in milliseconds, once it knows what was decided. */
const START_BUDGET = 5_000

/** How long `shutdown` waits for what has to do with the network, in milliseconds, before it leaves the rest to the next start. */
const SHUTDOWN_BUDGET = 40

/** How long it waits until the disk of this machine has what was counted: nobody else has it, and `process.exit()` may follow. */
const DISK_BUDGET = 5_000

/**
 * Makes the usage telemetry of a product. Writes nothing yet, and loads no package.
 *
 * @throws {UsageConfigurationError} that lists every mistake in the options.
 */
export function createUsageTelemetry<F extends Facts>(options: UsageTelemetryOptions<F>): UsageTelemetry<F> {
  return createPluggable(options).usage
}

/** A telemetry, and what plugs it into an OpenTelemetry SDK of the host's own. */
export interface Pluggable<F extends Facts> {
  readonly usage: UsageTelemetry<F>
  /** Stores what was counted. Sends nothing, and never rejects. */
  persist(): Promise<void>
}

/**
 * Makes a usage telemetry as {@link createUsageTelemetry} does. `giveVerdict` decides in the place of the sources of consent, except
 * that a no of the environment, the flag or the configuration holds all the same. Default: the sources decide.
 */
export function createPluggable<F extends Facts>(
  options: UsageTelemetryOptions<F>,
  giveVerdict?: GiveVerdict,
): Pluggable<F> {
  const runtime = unsuitableRuntime()
  if (runtime !== undefined) return { usage: createUnsuitable(options, runtime), persist: async () => {} }
  return outsideHostContext(() => makeUsageTelemetry(options, giveVerdict))
}

function makeUsageTelemetry<F extends Facts>(
  given: UsageTelemetryOptions<F>,
  giveVerdict?: GiveVerdict,
): Pluggable<F> {
  const options = checkOptions(given)
  const packaging = packagingOf(options)
  if (packaging?.state === 'none')
    return { usage: createRemoved(settle(options, packaging)), persist: async () => {} }
  const createdAt = clockOf(options).now()
  const contributions = createContributions(options.catalog, options.identity)
  const listeners = new Set<ConsentListener>()
  let running: Running | undefined
  /** Begins with what the environment says when something is first asked that depends on it: at the start, or before. */
  const now = (): Running => {
    running ??= inOwnContext(() =>
      run(settle(options, packaging, createdAt), contributions, listeners, giveVerdict),
    )
    return running
  }

  const usage: UsageTelemetry<F> = outsideContext<F>({
    ...createRecorder<F>(contributions.stores.all[0] as FactStore),
    contribute(part) {
      const { store, remove } = contributions.add(part)
      running?.reconsider()
      const contribution = {
        ...createRecorder(store),
        remove() {
          remove()
          running?.reconsider()
        },
      }
      contributions.providers.add(contribution)
      return contribution
    },
    async reader() {
      const { createFeed, FactReader } = await import('../bridge/index.ts')
      const reader = new FactReader(createFeed(usage, contributions.catalog), () => now().persist())
      contributions.feeds.add(() => reader.pull())
      return reader
    },
    async start() {
      const starts = now()
      try {
        return await starts.start()
      } catch (error) {
        // A start that is refused leaves nothing behind: the next one goes by what the environment says then.
        if (running === starts) running = undefined
        throw error
      }
    },
    shutdown: async () => now().shutdown(),
    preview: async () => now().preview(),
    report: async () => now().report(),
    forget: async (chooser) => now().forget(chooser),
    status: async () => now().status(),
    consent: {
      verdict: () => now().consent.verdict(),
      set: async (decision, chooser) => now().consent.set(decision, chooser),
      history: async () => now().consent.history(),
      on(_, listener) {
        listeners.add(listener)
        return () => void listeners.delete(listener)
      },
    },
    ledger: {
      entries: (options) => now().ledger.entries(options),
      last: async (outcome) => now().ledger.last(outcome),
      check: async () => now().ledger.check(),
    },
  })
  contributions.providers.add(usage)
  return { usage, persist: async () => now().persist() }
}

/** What depends on the environment. */
interface Running extends Omit<UsageTelemetry, keyof UsageRecorder | 'contribute' | 'reader' | 'consent'> {
  readonly consent: Omit<UsageTelemetry['consent'], 'on'>
  /** A contribution has come or gone. */
  reconsider(): void
  /** Stores what was counted. Never rejects. */
  persist(): Promise<void>
}

function run(
  settings: Settings,
  contributions: Contributions,
  listeners: Set<ConsentListener>,
  giveVerdict: GiveVerdict | undefined,
): Running {
  const { logger, clock } = settings
  const durability = createDurability(settings)
  const consent = giveVerdict
    ? createGivenConsent(giveVerdict, { ...settings, inputs: settings.consentInputs })
    : createConsentOf(settings, contributions, durability, settings.readEnvironment)
  const verdict = () => consent.verdict()
  const counting = createCounting({ settings, contributions, verdict, ask })
  const owner = createMeterOwner({ logger, stores: contributions.stores.all, own: contributions.providers })
  const beforeReport = owner.lookAtReport
  const loop = createLoop({ settings, contributions, counting, verdict, ask, logTrouble, beforeReport })

  let starting: Promise<Verdict> | undefined
  let stopping: Promise<void> | undefined
  /** Whether reports are planned: from a start that was not refused to the shutdown. */
  let planned = false
  let withdrawing: Promise<void> = Promise.resolve()
  /** Whether something is left of what the last no was to delete. */
  let isLeft = false

  consent.on('change', (now, before) => {
    void heed(now)
    if (planned) {
      void loop.plan(now).catch(logTrouble)
      // The notice at the start has said that nothing is sent.
      if (before.disabledBy === 'circumstance' && now.state !== 'disabled') tell(now, settings)
    }
    for (const listener of listeners) tellHost(() => listener(now, before))
  })

  /** A list of withheld facts may name those of a plugin, which come and go. */
  function reconsider(): void {
    const now = consent.reconsider()
    if (now) void counting.heed(now).catch(logTrouble)
  }

  function heed(now: Verdict): Promise<void> {
    withdrawing = loop.heed(now).then(
      () => {
        isLeft = false
      },
      (error) => {
        isLeft = true
        const { code, message } = errorOf(error)
        logger.warn(
          `No usage report is sent, but what is stored of the installation in ${settings.state.location} could not be deleted ` +
            `(${code ?? message}). Delete it, or make it writable and opt out again.`,
        )
      },
    )
    return withdrawing
  }

  async function ask(): Promise<Verdict> {
    let now = await consent.refresh()
    // What failed may be mended, and what worked may fail. Asked last: under a no, no id is looked for.
    if (now.source === 'state' || (now.state === 'enabled' && settings.state.failure() !== undefined)) {
      await durability.check()
      now = consent.reconsider() ?? now
    }
    await counting.heed(now)
    if (now.state === 'undecided') await loop.look()
    return now
  }

  async function choose(decision: string, chooser: Chooser): Promise<Verdict> {
    // Under which consent it was counted so far has to be known. A no covers nothing, and does not wait for a store.
    if (decision !== 'disabled') await ask()
    try {
      const now = await consent.set(decision, chooser)
      await counting.heed(now)
      await withdrawing
      if (isLeft) await heed(now)
      return now
    } catch (error) {
      // Not waited for: a store that did not take the choice may not answer for long.
      void counting.heed(consent.verdict()).catch(logTrouble)
      throw error
    }
  }

  async function begin(before: Promise<void> | undefined): Promise<Verdict> {
    await before
    // Before anything is written: a start that is refused leaves nothing behind.
    refuseUnwanted(await ask(), settings)
    const rest = goOn()
    // A store that takes longer has the rest of the start go on without the host.
    if (!(await inTime(rest, START_BUDGET))) {
      rest.catch(logTrouble)
      return consent.verdict()
    }
    return rest
  }

  async function goOn(): Promise<Verdict> {
    // Before something may be sent, no id is looked for.
    if (consent.verdict().state === 'enabled') await durability.check()
    let now = await consent.begin()
    await heed(now)
    planned = stopping === undefined
    if (planned) {
      counting.start()
      await loop.plan(now)
    }
    // What is announced depends on whether anything could be stored.
    if (settings.state.failure() !== undefined && now.state !== 'disabled') {
      await durability.check()
      now = consent.reconsider() ?? now
    }
    tell(now, settings, consent.unannounced())
    owner.look()
    return now
  }

  /** Without the SDK: who reads the log does not report. */
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
    const { delivery, directory } = settings
    const sends = planned && delivery !== 'inline'
    planned = false
    starting = undefined
    const kept = counting.stop()
    // What a short-lived process sends is written down before. It is the loop that sends, unless it was started again meanwhile.
    const sent = sends && sendAtTheEnd({ settings, contributions, counting, loop, ask }, kept)
    const stopped = sent
      ? sent.catch(logTrouble).then(() => (planned ? undefined : loop.stop()))
      : loop.stop()
    const budget = sends ? (typeof delivery === 'object' ? delivery.within : DISK_BUDGET) : SHUTDOWN_BUDGET
    const keeping = directory === undefined ? SHUTDOWN_BUDGET : DISK_BUDGET
    await Promise.all([inTime(kept, Math.max(keeping, budget)), inTime(stopped, budget)])
  }

  /** Whether a step has come to its end within so many milliseconds. */
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
    persist: () => keepingProcessAlive(counting.keep).catch(logTrouble),
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
    preview: () => keepingProcessAlive(loop.preview).catch(inCase(failedPreview)),
    report: () => keepingProcessAlive(loop.report).catch(inCase(failedReport)),
    async forget(chooser) {
      const by = nameOfChooser(chooser)
      return keepingProcessAlive(() => loop.forget(by))
    },
    async status() {
      const verdict = await ask()
      const disclosure = disclosureOf(verdict, settings, consent.unannounced())
      const due = loop.due()
      return {
        verdict,
        ...(disclosure !== undefined && { disclosure }),
        ...(due !== undefined && { nextReportAt: new Date(due).toISOString() }),
        delivery: await deliveryStatus(settings),
        facts: factsUnder(verdict, { ...settings, catalog: contributions.catalog() }),
        state: stateUnder(settings),
      }
    },
    consent: {
      verdict: () => consent.verdict(),
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
  }
}

/**
 * The verdict that a product would come to, from the same options, without starting anything: nothing is written, sent or
 * planned. For `acme telemetry explain`, and for trying out what a variable would do.
 *
 * @throws {UsageConfigurationError} that lists every mistake in the options.
 */
export function explainConsent<F extends Facts>(options: UsageTelemetryOptions<F>): Promise<Verdict> {
  const runtime = unsuitableRuntime()
  if (runtime !== undefined) return createUnsuitable({ ...options, logger: silentLogger }, runtime).start()
  const settings = settle(checkOptions(options))
  if (settings.packaging?.state === 'none') return createRemoved(settings).start()
  const contributions = createContributions(settings.catalog, settings.identity)
  return createConsentOf(settings, contributions, createDurability(settings)).refresh()
}

function createConsentOf(
  { policy, consentInputs, state, oldPlaces, clock, product, catalog, logger }: Settings,
  contributions: Contributions,
  durability: Durability,
  readEnvironment?: Settings['readEnvironment'],
): Consent {
  return createConsent({
    inputs: {
      ...consentInputs,
      // Read anew with every verdict: contributions come and go.
      get facts() {
        return Object.keys(contributions.catalog().facts)
      },
      get formerFacts() {
        return contributions.formerFacts()
      },
    },
    definitions: () => contributions.catalog().facts,
    contributions: () => contributions.catalog().contributions ?? {},
    store: state,
    clock,
    productVersion: product.version,
    catalogVersion: catalog.version,
    elsewhere: oldPlaces,
    ...(readEnvironment && { readEnvironment }),
    stateProblem: durability.problem,
    warn: logger.warn,
    sticky: policy.sticky,
    automation: policy.automation,
  })
}

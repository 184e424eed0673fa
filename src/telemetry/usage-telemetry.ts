import type { Catalog, Facts } from '../catalog/index.ts'
import { type Chooser, type Consent, createConsent, nameOfChooser, type Verdict } from '../consent/index.ts'
import { type FactStore, forgetCounts } from '../facts/index.ts'
import { keepingProcessAlive, outsideHostContext } from '../host/index.ts'
import { createInstallation } from '../identity/index.ts'
import { createSchedule } from '../schedule/index.ts'
import { ENTRIES } from '../state/index.ts'
import { createContributions } from './contributions.ts'
import { createCounting } from './counting.ts'
import { createNothing } from './nothing.ts'
import type { UsageTelemetryOptions } from './options.ts'
import { createRecorder } from './recorder.ts'
import type { Reporter } from './reporter.ts'
import { resolveOptions, type Settings } from './settings.ts'
import { disclosureOf, refuseUnwanted, tell } from './start.ts'
import { factsUnder } from './status.ts'
import type { ReportResult, UsageTelemetry } from './surface.ts'

const NO_BYTES = new Uint8Array()

/** What `shutdown` waits for, in milliseconds, before it leaves the rest to the next start. */
const SHUTDOWN_BUDGET = 40

/**
 * Makes the usage telemetry of a product. Writes nothing yet, and loads no package.
 *
 * @throws {UsageConfigurationError} that lists every mistake in the options.
 */
export function createUsageTelemetry<F extends Facts>(options: UsageTelemetryOptions<F>): UsageTelemetry<F> {
  const settings = resolveOptions(options)
  if (settings.packaging?.state === 'none') return createNothing(settings)
  const { logger, clock, state, undecidedDelay, initialDelay } = settings
  const contributions = createContributions(settings.catalog)
  const consent = createConsentOf(settings, contributions.catalog)
  const counting = createCounting({ settings, contributions, verdict: () => consent.verdict(), ask })
  const decidableFrom = clock.monotonic() + undecidedDelay
  const maySend = ({ state }: Verdict) =>
    state === 'enabled' || (state === 'undecided' && clock.monotonic() >= decidableFrom)
  const schedule = createSchedule({ clock, store: state, interval: settings.interval, run: reportOnSchedule })

  let loading: Promise<Reporter> | undefined
  let starting: Promise<Verdict> | undefined
  let stopping: Promise<void> | undefined

  /** Whether reports are planned: from a start that was not refused to the shutdown. */
  let planned = false
  let withdrawing: Promise<void> = Promise.resolve()

  consent.on('change', (now) => {
    if (now.state === 'disabled') withdrawing = withdraw().catch(logTrouble)
    if (planned) void plan(now).catch(logTrouble)
  })

  async function ask(): Promise<Verdict> {
    const now = await consent.refresh()
    await counting.heed(now)
    return now
  }

  async function choose(decision: string, chooser: Chooser): Promise<Verdict> {
    await ask()
    const now = await consent.set(decision, chooser)
    await counting.heed(now)
    await withdrawing
    return now
  }

  /** The SDK is loaded here, with the first report. */
  function reporter(): Promise<Reporter> {
    loading ??= outsideHostContext(async () => {
      const { createReporter } = await import('./reporter.ts')
      return createReporter({ settings, contributions, counting, verdict: ask, maySend })
    })
    return loading
  }

  async function begin(): Promise<Verdict> {
    // Before anything is written: a start that is refused leaves nothing behind.
    refuseUnwanted(await ask(), settings)
    const now = await consent.begin()
    tell(now, settings)
    if (now.state === 'disabled') await withdraw()
    planned = stopping === undefined
    if (planned) {
      counting.start()
      await plan(now)
    }
    return now
  }

  /** When the first report under a verdict is due. */
  function plan({ state }: Verdict): Promise<void> {
    const wait = state === 'undecided' ? Math.max(decidableFrom - clock.monotonic(), 0) : 0
    return outsideHostContext(() => schedule.start(Math.max(initialDelay, wait)))
  }

  /** A no takes effect at once. The SDK is not loaded for it where no report can be under way or waiting. */
  async function withdraw(): Promise<void> {
    const waiting = loading !== undefined || (await state.list(ENTRIES.outbox)).length > 0
    if (waiting) return (await reporter()).withdraw()
    await forgetCounts(state)
    if (!settings.policy.keepInstallation) await createInstallation(state, clock).forget()
  }

  async function report(): Promise<ReportResult> {
    if (settings.policy.whileDisabled === 'nothing') {
      const { state, because } = await ask()
      if (state === 'disabled')
        return { outcome: 'suppressed', reportId: '', reason: because, bytes: NO_BYTES }
    }
    const { at: _, ...result } = await (await reporter()).report()
    await schedule.reported()
    return result
  }

  async function forget(chooser: Chooser): Promise<ReportResult> {
    const by = nameOfChooser(chooser)
    const { at: _, ...result } = await (await reporter()).forget(by)
    await counting.restart()
    return result
  }

  async function reportOnSchedule(): Promise<void> {
    await report().catch(logTrouble)
  }

  function logTrouble(error: unknown): void {
    logger.error(`The usage telemetry has failed: ${error instanceof Error ? error.message : String(error)}`)
  }

  async function end(): Promise<void> {
    schedule.stop()
    planned = false
    starting = undefined
    const ended = Promise.allSettled([counting.stop(), loading?.then((running) => running.shutdown())])
    await Promise.race([ended, new Promise<void>((resolve) => clock.after(SHUTDOWN_BUDGET, resolve))])
  }

  return {
    ...createRecorder<F>(contributions.stores.all[0] as FactStore),
    contribute(part) {
      const { store, remove } = contributions.add(part)
      return { ...createRecorder(store), remove }
    },
    start() {
      stopping = undefined
      starting ??= begin().catch((error) => {
        starting = undefined
        throw error
      })
      return starting
    },
    shutdown() {
      stopping ??= keepingProcessAlive(end)
      return stopping
    },
    preview: () => keepingProcessAlive(async () => (await reporter()).preview()),
    report: () => keepingProcessAlive(report),
    forget: (chooser) => keepingProcessAlive(() => forget(chooser)),
    async status() {
      const verdict = await ask()
      const disclosure = disclosureOf(verdict, settings)
      const due = schedule.due()
      return {
        verdict,
        ...(disclosure !== undefined && { disclosure }),
        ...(due !== undefined && { nextReportAt: new Date(due).toISOString() }),
        facts: factsUnder(verdict, { ...settings, catalog: contributions.catalog() }),
      }
    },
    consent: {
      verdict: () => consent.verdict(),
      set: (decision, chooser) => keepingProcessAlive(() => choose(decision, chooser)),
      history: () => consent.history(),
      on: (event, listener) => consent.on(event, listener),
    },
    ledger: {
      async *entries() {
        const { ledgerOf } = await import('./reporter.ts')
        yield* ledgerOf(settings).entries()
      },
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
  const settings = resolveOptions(options)
  if (settings.packaging?.state === 'none') return createNothing(settings).start()
  return createConsentOf(settings, () => settings.catalog).refresh()
}

function createConsentOf(
  { policy, consentInputs, state, clock, product, catalog }: Settings,
  combined: () => Catalog,
): Consent {
  return createConsent({
    inputs: {
      ...consentInputs,
      // Read anew with every verdict: contributions come and go.
      get facts() {
        return Object.keys(combined().facts)
      },
    },
    contributions: () => combined().contributions ?? {},
    store: state,
    clock,
    productVersion: product.version,
    catalogVersion: catalog.version,
    sticky: policy.sticky,
    automation: policy.automation,
  })
}

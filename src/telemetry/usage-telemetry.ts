import type { Facts } from '../catalog/index.ts'
import { type Chooser, type Consent, createConsent, type Verdict } from '../consent/index.ts'
import { type CountCell, createFactStore, createMeter, discardCounts } from '../facts/index.ts'
import { keepingProcessAlive, outsideHostContext } from '../host/index.ts'
import { createInstallation } from '../identity/index.ts'
import { createSchedule } from '../schedule/index.ts'
import { ENTRIES } from '../state/index.ts'
import { createNothing } from './nothing.ts'
import type { UsageTelemetryOptions } from './options.ts'
import type { Reporter } from './reporter.ts'
import { resolveOptions, type Settings } from './settings.ts'
import { disclosureOf, refuseUnwanted, tell } from './start.ts'
import { factsUnder } from './status.ts'
import type { ReportResult, UsageTelemetry } from './surface.ts'

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
  const { catalog, logger, clock, state, undecidedDelay, initialDelay } = settings
  const facts = createFactStore(catalog)
  const meter = createMeter(facts)
  const consent = createConsentOf(settings)
  const window = { since: clock.now() }
  const decidableFrom = clock.monotonic() + undecidedDelay
  const maySend = ({ state }: Verdict) =>
    state === 'enabled' || (state === 'undecided' && clock.monotonic() >= decidableFrom)
  const schedule = createSchedule({ clock, store: state, interval: settings.interval, run: reportOnSchedule })

  let loading: Promise<Reporter> | undefined
  let starting: Promise<Verdict> | undefined
  let stopping: Promise<void> | undefined

  /** Whether the stored choice has been read: what changes after that has changed under the eyes of this process. */
  let known = false
  /** Whether reports are planned: from a start that was not refused to the shutdown. */
  let planned = false
  let withdrawing: Promise<void> = Promise.resolve()

  consent.on('change', (now) => {
    if (now.state === 'disabled') withdrawing = withdraw().catch(logTrouble)
    // What was counted before a yes is never reported. Only the first one that is read may be older than the process.
    else if (known || Date.parse(now.since ?? '') >= window.since) {
      discardCounts(facts)
      window.since = clock.now()
    }
    if (planned) void plan(now).catch(logTrouble)
  })

  async function ask(): Promise<Verdict> {
    const now = await consent.refresh()
    known = true
    return now
  }

  async function choose(decision: string, chooser: Chooser): Promise<Verdict> {
    await ask()
    const now = await consent.set(decision, chooser)
    await withdrawing
    return now
  }

  /** The SDK is loaded here, with the first report. */
  function reporter(): Promise<Reporter> {
    loading ??= outsideHostContext(async () => {
      const { createReporter } = await import('./reporter.ts')
      return createReporter({ settings, facts, verdict: ask, maySend, window })
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
    if (planned) await plan(now)
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
    if (waiting) await (await reporter()).withdraw()
    else if (!settings.policy.keepInstallation) await createInstallation(state, clock).forget()
  }

  async function report(): Promise<ReportResult> {
    const { at: _, ...result } = await (await reporter()).report()
    await schedule.reported()
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
    const current = loading
    if (!current) return
    const ended = current.then((running) => running.shutdown()).catch(() => {})
    await Promise.race([ended, new Promise<void>((resolve) => clock.after(SHUTDOWN_BUDGET, resolve))])
  }

  return {
    getMeter: () => meter,
    set: (name, value) => facts.set(name, value),
    use({ sources }) {
      for (const [name, source] of Object.entries(sources)) {
        if (Object.hasOwn(catalog.facts, name)) facts.set(name, source)
      }
    },
    counter(name) {
      const cell: CountCell | undefined = facts.counts.get(name)
      const drop = () =>
        facts.drops.add(Object.hasOwn(catalog.facts, name) ? 'wrong_instrument' : 'undeclared')
      return cell ?? { add: drop, bind: () => ({ add: drop }) }
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
    async status() {
      const verdict = await ask()
      const disclosure = disclosureOf(verdict, settings)
      const due = schedule.due()
      return {
        verdict,
        ...(disclosure !== undefined && { disclosure }),
        ...(due !== undefined && { nextReportAt: new Date(due).toISOString() }),
        facts: factsUnder(verdict, settings),
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
  return createConsentOf(settings).refresh()
}

function createConsentOf({ policy, consentInputs, state, clock, product, catalog }: Settings): Consent {
  return createConsent({
    inputs: consentInputs,
    store: state,
    clock,
    productVersion: product.version,
    catalogVersion: catalog.version,
    sticky: policy.sticky,
    automation: policy.automation,
  })
}

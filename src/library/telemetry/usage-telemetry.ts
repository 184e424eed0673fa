import type { Catalog, Facts } from '../../catalog/index.ts'
import {
  inOwnContext,
  outsideHostContext,
  safeLogger,
  silentLogger,
  unsuitableRuntime,
} from '../../platform/index.ts'
import type { Verdict } from '../consent/index.ts'
import { createMistakes, type FactStore } from '../facts/index.ts'
import { createContributions } from './contributions.ts'
import { type DescribedTelemetryOptions, withDescription } from './description.ts'
import { createListeners } from './listeners.ts'
import { mistakeText } from './mistake-text.ts'
import { createRemoved, createUnsuitable } from './nothing.ts'
import { checkOptions } from './option-rules.ts'
import type { UsageTelemetryOptions } from './options.ts'
import { outsideContext } from './outside-context.ts'
import { createRecorder } from './recorder.ts'
import { type CreateConsent, createRunning, type Running } from './running.ts'
import { clockOf, type Effects, packagingOf, resolveSettings } from './settings.ts'
import type { UsageTelemetry } from './surface.ts'

/**
 * Creates the usage telemetry of a product. Writes nothing yet, and loads no package.
 *
 * @throws {UsageConfigurationError} that lists every mistake in the options.
 */
export function createUsageTelemetry<F extends Facts>(
  options: UsageTelemetryOptions<F> | DescribedTelemetryOptions<F>,
): UsageTelemetry<F> {
  return createPluggable(options).usage
}

/** Telemetry with what the host's own OpenTelemetry SDK needs of it. */
export interface Pluggable<F extends Facts> {
  readonly usage: UsageTelemetry<F>
  /** Persists the counts. Sends nothing, and never rejects. */
  persist(): Promise<void>
}

/**
 * Creates a usage telemetry as {@link createUsageTelemetry} does. `createConsent` creates what decides instead of the sources of consent.
 * Default: the sources decide. `effects` is for tests.
 */
export function createPluggable<F extends Facts>(
  options: UsageTelemetryOptions<F> | DescribedTelemetryOptions<F>,
  createConsent?: CreateConsent,
  effects?: Effects,
): Pluggable<F> {
  const runtime = unsuitableRuntime()
  if (runtime !== undefined)
    return { usage: createUnsuitable(withDescription(options), runtime), persist: async () => {} }
  return outsideHostContext(() => makeUsageTelemetry(options, createConsent, effects))
}

function makeUsageTelemetry<F extends Facts>(
  given: UsageTelemetryOptions<F> | DescribedTelemetryOptions<F>,
  createConsent?: CreateConsent,
  effects?: Effects,
): Pluggable<F> {
  const options = checkOptions(given)
  const packaging = packagingOf(options)
  if (packaging?.state === 'none')
    return { usage: createRemoved(resolveSettings(options, packaging)), persist: async () => {} }
  const clock = clockOf(options)
  const createdAt = clock.now()
  const { debug } = safeLogger(options.logger ?? silentLogger)
  const mistakes = createMistakes((dropped) => debug(mistakeText(dropped)))
  const contributions = createContributions(options.catalog, options.identity, mistakes, () => clock.now())
  const listeners = createListeners()
  let running: Running | undefined
  /** `true` while `running` is created: the product's `consent.configured` is called then, and may ask for the verdict. */
  let isCreating = false
  /** Returns the part that depends on the environment. The first call reads the environment: at the start, or before. */
  const now = (): Running => {
    if (running) return running
    if (isCreating) throw new Error('The verdict was asked for by what decides about it.')
    isCreating = true
    try {
      running = inOwnContext(() =>
        createRunning(
          resolveSettings(options, packaging, createdAt, mistakes, effects),
          contributions,
          listeners,
          createConsent,
        ),
      )
    } finally {
      isCreating = false
    }
    return running
  }

  const usage: UsageTelemetry<F> = outsideContext<F>({
    ...createRecorder<F>(contributions.stores.all[0] as FactStore),
    contribute<P extends Facts>(part: Catalog<P>) {
      const { store, remove } = contributions.add(part)
      running?.reconsider()
      const contribution = {
        ...createRecorder<P>(store),
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
      const pull = (timeout?: number) => reader.pull(timeout)
      const reader = new FactReader(
        contributions.catalog(),
        createFeed(usage, contributions.catalog),
        () => now().persist(),
        () => contributions.removeFeed(pull),
      )
      contributions.addFeed(pull)
      return reader
    },
    observe(provider) {
      if (contributions.providers.has(provider)) {
        now().warn(
          'usage.observe() was given a usage telemetry. Pass a MeterProvider of the product: nothing about the telemetry is reported.',
        )
        return () => {}
      }
      return now().observe(provider)
    },
    async start() {
      const starts = now()
      try {
        return await starts.start()
      } catch (error) {
        // A refused start leaves nothing behind: the next start reads the environment again.
        if (running === starts) running = undefined
        throw error
      }
    },
    shutdown: async () => now().shutdown(),
    preview: async (options) => now().preview(options),
    report: async () => now().report(),
    export: async (save) => now().export(save),
    explain: async (hypothesis) =>
      (await import('./hypothesis.ts')).verdictUnder(hypothesis, options, contributions, createdAt),
    catalog: contributions.catalog,
    forget: async (chooser) => now().forget(chooser),
    status: async () => now().status(),
    on: listeners.on,
    consent: {
      verdict: () => now().consent.verdict(),
      set: async (decision, chooser) => now().consent.set(decision, chooser),
      history: async () => now().consent.history(),
      on(_, listener) {
        listeners.change.add(listener)
        return () => void listeners.change.delete(listener)
      },
    },
    ledger: {
      entries: (options) => now().ledger.entries(options),
      last: async (outcome) => now().ledger.last(outcome),
      check: async () => now().ledger.check(),
    },
    version: {
      // Before the start the environment is not read.
      notice: () => running?.version.notice(),
      check: async () => now().version.check(),
      acknowledge: async (id, choice) => now().version.acknowledge(id, choice),
    },
  })
  contributions.providers.add(usage)
  return { usage, persist: async () => now().persist() }
}

/**
 * Returns the verdict that a product would come to with these options. Starts, writes, sends and schedules nothing. For a command such as `acme telemetry
 * explain`, and to try out a variable.
 *
 * @throws {UsageConfigurationError} that lists every mistake in the options.
 */
export function explainConsent<F extends Facts>(
  options: UsageTelemetryOptions<F> | DescribedTelemetryOptions<F>,
): Promise<Verdict> {
  const runtime = unsuitableRuntime()
  if (runtime !== undefined)
    return createUnsuitable({ ...withDescription(options), logger: silentLogger }, runtime).start()
  const checked = checkOptions(options)
  const contributions = createContributions(checked.catalog, checked.identity)
  return import('./hypothesis.ts').then(({ verdictOf }) => verdictOf(checked, contributions))
}

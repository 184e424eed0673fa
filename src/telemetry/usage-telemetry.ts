import type { Meter, MeterOptions, MeterProvider } from '@opentelemetry/api'
import type { DimensionsOf, Facts, NameOf, ValueOf } from '../catalog/index.ts'
import { decideConsent, disclosureText, type Verdict } from '../consent/index.ts'
import type { DeliveryResult, LedgerEntry } from '../delivery/index.ts'
import {
  type BoundCounter,
  type CountCell,
  createFactStore,
  createMeter,
  type FactSource,
} from '../facts/index.ts'
import { keepingProcessAlive, outsideHostContext } from '../host/index.ts'
import { createSchedule } from '../schedule/index.ts'
import { resolveOptions, type UsageTelemetryOptions } from './options.ts'
import type { Preview, Reporter } from './reporter.ts'

/** Counts the events of one count fact. Never throws; what is not declared is dropped and counted. */
export interface UsageCounter<A> {
  /** Adds `amount`, zero or more, under the fact's dimensions. */
  add(amount: number, attributes: DimensionsOf<A>): void
  /** The counter of one combination, for hot paths: an addition, no allocation. */
  bind(attributes: DimensionsOf<A>): BoundCounter
}

/** What became of a report that was asked for. */
export type ReportResult = Omit<DeliveryResult, 'at'>

/**
 * The usage telemetry of a product: an OpenTelemetry `MeterProvider` that the host may register, and what the operator needs
 * to see and decide. Nothing here throws into the host but {@link UsageTelemetry.start}, for the maintainer's mistakes.
 */
export interface UsageTelemetry<F extends Facts = Facts> extends MeterProvider {
  /**
   * Sets an attribute fact, or a gauge fact without dimensions. A function is asked when a report is made, and has a second
   * to answer; `undefined` unsets.
   */
  set<N extends NameOf<F, 'attribute' | 'gauge'>>(name: N, value: FactSource<ValueOf<F[N]>> | undefined): void
  counter<N extends NameOf<F, 'count'>>(name: N): UsageCounter<F[N]>
  /** A meter over the catalog's gauge and count facts. Its name and version do not matter: names are the catalog's. */
  getMeter(name: string, version?: string, options?: MeterOptions): Meter
  /** Tells the operator what will happen, and plans the first report. No network; returns the verdict. */
  start(): Promise<Verdict>
  /** Ends all that is under way, within 50 ms whatever the network does. What waits to be sent stays in the state store. */
  shutdown(): Promise<void>
  /** The report that would be made now, in every state of consent. Changes nothing. */
  preview(): Promise<Preview>
  /** Makes a report now, and sends it if the verdict lets it. */
  report(): Promise<ReportResult>
  readonly consent: {
    /** Whether reports are sent, which source decided, and what every other source said. */
    verdict(): Verdict
  }
  readonly ledger: {
    /** Every report there was, oldest first, with its bytes, also those that were not sent. */
    entries(): AsyncGenerator<LedgerEntry, void, void>
  }
}

/** What `shutdown` waits for, in milliseconds, before it leaves the rest to the next start. */
const SHUTDOWN_BUDGET = 40

/**
 * Makes the usage telemetry of a product. Reads and writes nothing yet, and loads no package.
 *
 * @throws {UsageConfigurationError} that lists every mistake in the options.
 */
export function createUsageTelemetry<F extends Facts>(options: UsageTelemetryOptions<F>): UsageTelemetry<F> {
  const settings = resolveOptions(options)
  const { catalog, prefix, environment, logger, clock, state, undecidedDelay } = settings
  const facts = createFactStore(catalog)
  const meter = createMeter(facts)
  const decidableFrom = clock.monotonic() + undecidedDelay

  const verdict = (): Verdict =>
    decideConsent({
      ...settings.consent,
      prefix,
      environment,
      levels: catalog.levels,
      endpointProblem: settings.endpointProblem,
    })
  const maySend = ({ state }: Verdict) =>
    state === 'enabled' || (state === 'undecided' && clock.monotonic() >= decidableFrom)
  const schedule = createSchedule({ clock, store: state, interval: settings.interval, run: reportOnSchedule })

  let loading: Promise<Reporter> | undefined
  let starting: Promise<Verdict> | undefined
  let stopping: Promise<void> | undefined

  /** The SDK is loaded here, with the first report. */
  function reporter(): Promise<Reporter> {
    loading ??= outsideHostContext(async () => {
      const { createReporter } = await import('./reporter.ts')
      return createReporter({ settings, facts, verdict, maySend })
    })
    return loading
  }

  async function report(): Promise<ReportResult> {
    const { at: _, ...result } = await (await reporter()).report()
    await schedule.reported()
    return result
  }

  async function reportOnSchedule(): Promise<void> {
    try {
      await report()
    } catch (error) {
      logger.error(
        `The usage report could not be made: ${error instanceof Error ? error.message : String(error)}`,
      )
    }
  }

  async function begin(): Promise<Verdict> {
    const now = verdict()
    for (const warning of now.warnings) logger.warn(warning)
    const receiver = new URL(settings.endpoint).host
    const { title, homepage } = settings
    logger.info(
      disclosureText(now, { title, homepage, receiver, optOutVariable: `${prefix}_TELEMETRY_OPTOUT` }),
    )
    await outsideHostContext(() =>
      schedule.start(Math.max(settings.initialDelay, now.state === 'undecided' ? undecidedDelay : 0)),
    )
    return now
  }

  async function end(): Promise<void> {
    schedule.stop()
    starting = undefined
    const current = loading
    if (!current) return
    const ended = current.then((running) => running.shutdown()).catch(() => {})
    await Promise.race([ended, new Promise<void>((resolve) => clock.after(SHUTDOWN_BUDGET, resolve))])
  }

  return {
    getMeter: () => meter,
    set: (name, value) => facts.set(name, value),
    counter(name) {
      const cell: CountCell | undefined = facts.counts.get(name)
      const drop = () =>
        facts.drops.add(Object.hasOwn(catalog.facts, name) ? 'wrong_instrument' : 'undeclared')
      return cell ?? { add: drop, bind: () => ({ add: drop }) }
    },
    start() {
      stopping = undefined
      starting ??= begin()
      return starting
    },
    shutdown() {
      stopping ??= keepingProcessAlive(end)
      return stopping
    },
    preview: () => keepingProcessAlive(async () => (await reporter()).preview()),
    report: () => keepingProcessAlive(report),
    consent: { verdict },
    ledger: {
      async *entries() {
        const { ledgerOf } = await import('./reporter.ts')
        yield* ledgerOf(settings).entries()
      },
    },
  }
}

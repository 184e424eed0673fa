import type { Meter, MeterOptions, MeterProvider } from '@opentelemetry/api'
import type { DimensionsOf, Facts, NameOf, ValueOf } from '../catalog/index.ts'
import type { Consent, Verdict } from '../consent/index.ts'
import type { DeliveryResult, LedgerEntry } from '../delivery/index.ts'
import type { BoundCounter, FactSource } from '../facts/index.ts'
import type { Preview } from './reporter.ts'
import type { UsageStatus } from './status.ts'

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
   * to answer; `undefined` unsets. (An async function for an enum fact needs `as const` behind a literal.)
   */
  set<N extends NameOf<F, 'attribute' | 'gauge'>>(name: N, value: FactSource<ValueOf<F[N]>> | undefined): void
  /**
   * Takes the values of a fact pack from `otel-usage/packs`: its functions are asked when a report is made. Facts of the pack
   * that the catalog does not declare are left alone.
   */
  use(pack: { readonly sources: Readonly<Record<string, () => unknown>> }): void
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
  /** Everything that the faces show. */
  status(): Promise<UsageStatus>
  /** Whether reports are sent, who has decided, and the way to decide anew. */
  readonly consent: Pick<Consent, 'verdict' | 'set' | 'history' | 'on'>
  readonly ledger: {
    /** Every report there was, oldest first, with its bytes, also those that were not sent. */
    entries(): AsyncGenerator<LedgerEntry, void, void>
  }
}

import type { Meter, MeterProvider } from '@opentelemetry/api'
import type { DimensionsOf, Facts, NameOf, ValueOf } from '../../catalog/index.ts'
import {
  type BoundCounter,
  createMeter,
  type FactFunction,
  type FactSource,
  type FactStore,
  type SourcedOf,
} from '../facts/index.ts'

/** Counts the events of one count fact. Never throws; what is not declared is dropped and counted. */
export interface UsageCounter<A> {
  /** Adds `amount`, zero or more, under the fact's dimensions. */
  add(amount: number, attributes: DimensionsOf<A>): void
  /** The counter of one combination, for hot paths: an addition, no allocation. */
  bind(attributes: DimensionsOf<A>): BoundCounter
}

/** The ways in which a host tells the facts of one catalog. None of them throws. */
export interface UsageRecorder<F extends Facts = Facts> extends MeterProvider {
  /**
   * Sets an attribute fact, or a gauge fact without dimensions. A function is asked when a report is made, and has a second
   * to answer; `undefined` unsets. (An async function for an enum fact needs `as const` behind a literal.)
   *
   * A function for a gauge fact with dimensions gives all of its values:
   * `usage.set('acme.nodes', () => [{ value: 3, attributes: { state: 'leader' } }])`.
   */
  set<N extends NameOf<F, 'attribute' | 'gauge'>>(
    name: N,
    value: FactSource<ValueOf<F[N]>> | FactFunction<SourcedOf<F[N]>> | undefined,
  ): void
  /**
   * Takes the values of a fact pack from `otel-usage/packs`: its functions are asked when a report is made. Facts of the pack
   * that the catalog does not declare are left alone.
   */
  use(pack: { readonly sources: Readonly<Record<string, () => unknown>> }): void
  counter<N extends NameOf<F, 'count'>>(name: N): UsageCounter<F[N]>
  /** A meter over the catalog's gauge and count facts. Its name and version do not matter: names are the catalog's. */
  getMeter(name: string, version?: string): Meter
}

export function createRecorder<F extends Facts>(facts: FactStore): UsageRecorder<F> {
  const meter = createMeter(facts)
  const declared = (name: unknown) => typeof name === 'string' && Object.hasOwn(facts.catalog.facts, name)
  return {
    getMeter: () => meter,
    set: (name, value) => facts.set(name, value),
    use(pack) {
      try {
        for (const [name, source] of Object.entries(pack.sources)) if (declared(name)) facts.set(name, source)
      } catch {
        // What is no pack, or has getters that throw.
        facts.drops.add('invalid_value')
      }
    },
    counter(name) {
      const cell = facts.counts.get(name)
      if (cell) {
        facts.asked.numbers = true
        return cell
      }
      const drop = () => facts.drops.add(declared(name) ? 'wrong_instrument' : 'undeclared')
      return { add: drop, bind: () => ({ add: drop }) }
    },
  }
}

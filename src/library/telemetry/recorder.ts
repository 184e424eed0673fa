import type { Meter, MeterProvider } from '@opentelemetry/api'
import type { DimensionBlocks, DimensionsOf, Facts, NameOf, ValueOf } from '../../catalog/index.ts'
import type { Date } from '../../platform/index.ts'
import {
  type BoundCounter,
  createMeter,
  type FactFunction,
  type FactSource,
  type FactStore,
  type GaugePoint,
  type SourcedOf,
} from '../facts/index.ts'

/**
 * Counts the events of one count fact. Never throws; what is not declared is dropped and counted.
 *
 * `counter('acme.runs').add()` counts one event of a fact without dimensions; one with dimensions needs them:
 * `counter('acme.commands').add(1, { command: 'find' })`.
 */
export interface UsageCounter<A> {
  /**
   * Adds `amount`, zero or more, under the fact's dimensions. Default: 1. Of the dimensions' values the compiler checks literals; any other
   * `string` is checked when it is counted.
   */
  add<T extends string = never>(...event: CountedEvent<A, T>): void
  /** Returns the counter of one combination, for hot paths: an addition, no allocation. */
  bind<T extends string = never>(...attributes: Dimensioned<A, T>): BoundCounter
  /**
   * Observes the running total of a source that counts by itself, such as another process, by its name. What the source has counted
   * since its last observation is counted, by whichever process of the installation observes it, and once over all of them.
   *
   * A source that is seen for the first time is the baseline, unless `since` shows that it began after the counting did. It begins again
   * when `since` is later, or the total smaller.
   *
   * @param source name of the source, 1 to 128 characters, which stays in the state store
   */
  observe<T extends string = never>(source: string, observation: ObservedSource<A, T>): void
}

/** Running total of a source. Of several values of the dimensions, each has its own total. */
export type ObservedSource<A, T extends string = never> = {
  /** Events that the source has counted since it began, a number of zero or more. */
  readonly total: number
  /**
   * Time at which the source began to count, the same for each observation until it begins again: a date, its text as ISO 8601, or
   * milliseconds since 1970. Default: unknown; then only one process at a time may observe the source.
   */
  readonly since?: Date | string | number | undefined
} & ([] extends Dimensioned<A>
  ? { readonly attributes?: DimensionsOf<A> }
  : { readonly attributes: UncheckedDimensions<DimensionsOf<A>, T> })

/** Arguments of {@link UsageCounter.add}: an amount, and the dimensions of a fact that has some. */
export type CountedEvent<A, T extends string = never> =
  [] extends Dimensioned<A>
    ? [amount?: number, attributes?: DimensionsOf<A>]
    : [amount: number, attributes: UncheckedDimensions<DimensionsOf<A>, T>]

/** Attributes of a count. Optional if the fact has no dimensions, or the compiler does not know its catalog. */
export type Dimensioned<A, T extends string = never> =
  Readonly<Record<string, never>> extends DimensionsOf<A>
    ? [attributes?: DimensionsOf<A>]
    : [attributes: UncheckedDimensions<DimensionsOf<A>, T>]

/** Combination of dimension values, each a literal that the fact declares, or any `string` that is not a literal. */
export type UncheckedDimensions<D, T extends string> = D extends unknown
  ? { readonly [K in keyof D]: D[K] | (T & (string extends T ? string : never)) }
  : never

/** Functions by which a host records the facts of one catalog. None of them throws. */
export interface UsageRecorder<F extends Facts = Facts> extends MeterProvider {
  /**
   * Sets an attribute fact, or a gauge fact without dimensions. A function is called when a report is made, and has a second
   * to return (`facts.sourceTimeout`); `undefined` removes the value.
   *
   * A function for a gauge fact with dimensions returns all of its values:
   * `usage.set('acme.nodes', () => [{ value: 3, attributes: { state: 'leader' } }])`.
   *
   * Of an enum fact and of dimensions the compiler checks literals; any other `string`, such as one from a database, is checked when
   * it is set or returned, and a word that the fact does not declare is dropped and counted.
   */
  set<N extends NameOf<F, 'attribute' | 'gauge'>, T = never, const W extends string = never, const D = never>(
    name: N,
    value:
      | FactSource<ValueOf<F[N]>>
      | FactFunction<SourcedOf<F[N]>>
      | UncheckedWord<F[N], T>
      | FactFunction<UncheckedWord<F[N], W>>
      | FactFunction<ReadonlyArray<GaugePoint<D>> & UncheckedPoints<F[N], D>>
      | undefined,
  ): void
  /**
   * Takes the values of a fact pack from `otel-usage/packs`: its functions are called when a report is made. Facts of the pack
   * that the catalog does not declare are ignored.
   */
  use(pack: { readonly sources: Readonly<Record<string, () => unknown>> }): void
  /** Returns the counter of a count fact. */
  counter<N extends NameOf<F, 'count'>>(name: N): UsageCounter<F[N]>
  /** Returns a meter for the gauge and count facts of the catalog. Its name and version have no effect. */
  getMeter(name: string, version?: string): Meter
}

/** Text for an enum fact, if the compiler knows only that it is a `string`. */
export type UncheckedWord<A, T> = T &
  (A extends { readonly type: 'enum' } ? (string extends T ? string : never) : never)

/** Values of a gauge fact with dimensions, each word a literal that the fact declares, or a `string` that is not a literal in `D`. */
export type UncheckedPoints<A, D> = A extends { readonly kind: 'gauge'; readonly by: DimensionBlocks }
  ? ReadonlyArray<GaugePoint<UncheckedWords<DimensionsOf<A>, D>>>
  : never

/** Combination of dimension values `C`, each a declared literal, or any `string` if the value in `D` is not a literal. */
export type UncheckedWords<C, D> = C extends unknown
  ? { readonly [K in keyof C]: C[K] | (K extends keyof D ? (string extends D[K] ? string : never) : never) }
  : never

export function createRecorder<F extends Facts>(facts: FactStore): UsageRecorder<F> {
  const meter = createMeter(facts)
  const declared = (name: unknown) => typeof name === 'string' && Object.hasOwn(facts.catalog.facts, name)
  return {
    getMeter: () => meter,
    set: (name: string, value: unknown) => facts.set(name, value),
    use(pack) {
      try {
        for (const [name, source] of Object.entries(pack.sources)) if (declared(name)) facts.set(name, source)
      } catch {
        // Not a pack, or one with getters that throw.
        facts.drops.add('invalid_value', 'usage.use()')
      }
    },
    counter(name) {
      const cell = facts.counts.get(name)
      if (cell) {
        facts.usage.usesNumbers = true
        return cell
      }
      const drop = () => facts.drops.add(declared(name) ? 'wrong_instrument' : 'undeclared', name)
      return { add: drop, bind: () => ({ add: drop }), observe: drop }
    },
  }
}

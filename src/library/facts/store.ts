import type { BatchObservableCallback, Observable, ObservableCallback } from '@opentelemetry/api'
import {
  acceptValue,
  type Catalog,
  type DimensionBlocks,
  type DimensionsOf,
  type FactValue,
  type GaugeFact,
  type ValueOf,
} from '../../catalog/index.ts'
import { CountCell, GaugeCell, type Recording } from './cells.ts'
import { createDrops, type Drops } from './drops.ts'
import type { Mistakes } from './mistakes.ts'

/** Value, or a function that returns it when a report is made. */
export type FactSource<V> = V | FactFunction<V>

/** Function that is called when a report is made. It returns the value of a fact, or a promise of the value; `undefined` if the fact has no value. */
export type FactFunction<V> = () => V | undefined | Promise<V | undefined>

/** Value of a gauge fact with dimensions. */
export interface GaugePoint<D = Readonly<Record<string, string>>> {
  readonly value: number
  readonly attributes: D
}

/** Return value of a fact's function: its value, or all values of a gauge fact with dimensions. */
export type SourcedOf<A> = A extends { readonly kind: 'gauge'; readonly by: DimensionBlocks }
  ? ReadonlyArray<GaugePoint<DimensionsOf<A>>> | (string extends keyof DimensionsOf<A> ? ValueOf<A> : never)
  : ValueOf<A> | (GaugeFact extends A ? readonly GaugePoint[] : never)

/** Observable instrument of the host, and the cell for its observations. */
export interface ObservedInstrument {
  /** Name in lower case, as in the catalog. */
  readonly name: string
  readonly cell: GaugeCell | CountCell | undefined
}

/** Callback of the host that observes one instrument or several. */
export type Observation =
  | { readonly instrument: ObservedInstrument; readonly callback: ObservableCallback }
  | { readonly instruments: ReadonlySet<Observable>; readonly callback: BatchObservableCallback }

/** Values and sources of the facts of one catalog. Plain data in memory. */
export interface FactStore {
  readonly catalog: Catalog
  readonly drops: Drops
  readonly attributes: ReadonlyMap<string, FactSource<FactValue>>
  readonly gaugeSources: ReadonlyMap<string, () => unknown>
  readonly gauges: ReadonlyMap<string, GaugeCell>
  readonly counts: ReadonlyMap<string, CountCell>
  readonly observations: Set<Observation>
  /** Instruments and facts that the host has used. */
  readonly usage: StoreUsage
  /** Instruments by the observables that the host has, for its batch callbacks. */
  readonly instruments: WeakMap<Observable, ObservedInstrument>
  /** Sets an attribute or gauge fact, or the function that returns it; `undefined` unsets it. Never throws. */
  set(name: string, source: unknown): void
}

/** Instruments and facts that the host has used, for a warning when its metrics go to the wrong meter provider. */
export interface StoreUsage {
  /** `true` after the host has set a gauge fact, or created an instrument for a gauge or count fact. */
  usesNumbers: boolean
  /** First few instrument names without a fact. */
  readonly undeclaredNames: Set<string>
}

export function createFactStore(catalog: Catalog, recording: Recording, mistakes?: Mistakes): FactStore {
  const drops = createDrops(mistakes)
  const attributes = new Map<string, FactSource<FactValue>>()
  const gaugeSources = new Map<string, () => unknown>()
  const gauges = new Map<string, GaugeCell>()
  const counts = new Map<string, CountCell>()
  const asked: StoreUsage = { usesNumbers: false, undeclaredNames: new Set() }
  for (const [name, fact] of Object.entries(catalog.facts)) {
    if (fact.kind === 'gauge') gauges.set(name, new GaugeCell(name, fact, drops, recording))
    if (fact.kind === 'count') counts.set(name, new CountCell(name, fact, drops, recording))
  }

  return {
    catalog,
    drops,
    attributes,
    gaugeSources,
    gauges,
    counts,
    observations: new Set(),
    usage: asked,
    instruments: new WeakMap(),
    set(name, source) {
      const fact =
        typeof name === 'string' && Object.hasOwn(catalog.facts, name) ? catalog.facts[name] : undefined
      if (fact === undefined) return drops.add('undeclared', name)
      if (fact.kind === 'count') return drops.add('wrong_instrument', name)
      if (fact.kind === 'gauge') {
        asked.usesNumbers = true
        gaugeSources.delete(name)
        const cell = gauges.get(name) as GaugeCell
        if (typeof source === 'function') gaugeSources.set(name, source as () => unknown)
        else if (source === undefined) cell.values.fill(Number.NaN)
        else cell.record(source as number, undefined)
        return
      }
      if (source === undefined) return void attributes.delete(name)
      if (typeof source === 'function') return void attributes.set(name, source as () => FactValue)
      const { value, problems } = acceptValue(fact, source)
      for (const problem of problems) drops.add(problem, name)
      if (value !== undefined) attributes.set(name, value)
      else if (problems.length === 0) attributes.delete(name)
    },
  }
}

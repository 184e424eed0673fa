import {
  type AttributeValue,
  DROP_REASONS,
  type DropReason,
  type Fact,
  reportedNumber,
} from '../../catalog/index.ts'
import type { Clock } from '../../platform/index.ts'
import { ownOf } from '../../platform/index.ts'
import { askAll, type Collection } from './ask.ts'
import type { CountCell, GaugeCell } from './cells.ts'
import { type Counts, seriesKey } from './counts.ts'
import { createDrops } from './drops.ts'
import { preventReentry } from './reentry.ts'
import {
  combinedGauge,
  type GaugeValue,
  type GaugeValues,
  gaugeValueAt,
  type OtherGaugeValues,
} from './shared-gauges.ts'
import type { FactStore } from './store.ts'
import { DROPPED, type FactStores } from './stores.ts'
import { DEFAULT_TIMEOUTS, type SourceTimeouts } from './timeouts.ts'

/** Totals of sources that outlive the process, as observed in one round. */
export interface SourceTotals {
  readonly observed: Counts
  /** Returns `true` for a fact that consent does not permit: increases of its source meanwhile are not counted. */
  readonly isWithheld: (name: string) => boolean
}

/** Number in a report. */
export interface FactPoint {
  readonly name: string
  readonly unit: string
  readonly kind: 'gauge' | 'count'
  readonly attributes: Readonly<Record<string, string>>
  readonly value: number
}

/** Facts of one moment, checked against the catalog. */
export interface FactSnapshot {
  /** Attribute facts by name, in the order of the names. */
  readonly attributes: Readonly<Record<string, AttributeValue>>
  /** Gauge and count facts, in the order of the names. */
  readonly points: readonly FactPoint[]
  /** Totals of this process, counts and drops, of the facts that consent permits. Not rounded; they only grow. */
  readonly totals: Counts
  /** Totals that sources outside of the process gave in this round. */
  readonly observed: Counts
  /** Number of values that were dropped and are in no report yet, by reason. Includes this round. */
  readonly dropped: Readonly<Partial<Record<DropReason, number>>>
  /** Facts whose source threw, was too slow or gave a wrong value, with the reason. */
  readonly absent: ReadonlyMap<string, DropReason>
}

/** Result of one round, before it is known which counts are pending. */
export interface Collected {
  /** Totals of this process, counts and drops, of the facts that consent permits. Not rounded; they only grow. */
  readonly totals: Counts
  readonly sources: SourceTotals
  /** Facts without a value because their source threw, was too slow or gave a wrong value; with the reason. */
  readonly absent: ReadonlyMap<string, DropReason>
  /** Returns `true` for a series of counts that the catalog declares. Another process may have another catalog. */
  declares(key: string): boolean
  /** Returns the values of the gauges that are combined over the processes, as this process has them. */
  gauges(): GaugeValues
  /**
   * Returns the facts with the given counts, and with the values of gauges in other processes. Default: the totals of this process, and
   * no other process.
   */
  snapshot(reported?: Counts, others?: OtherGaugeValues): FactSnapshot
}

export interface CollectOptions extends Partial<SourceTimeouts> {
  readonly clock: Clock
  /** Returns `true` for a fact that consent permits. The source of another fact is not called. */
  readonly includes: (name: string, fact: Fact) => boolean
}

/**
 * Asks all sources of the stores at once, each with a time limit, and resolves to the answers. Never rejects; a late answer is ignored.
 * If a source calls it while it is being asked, it resolves to the stored values without asking.
 */
export async function collectFacts(
  stores: Pick<FactStores, 'all' | 'totals'>,
  options: CollectOptions,
): Promise<Collected> {
  const { sourceTimeout, reportTimeout } = ownOf({ ...DEFAULT_TIMEOUTS, ...options })
  const collections = stores.all.map((store) => openCollection(store, options))
  const budget = Math.min(sourceTimeout, reportTimeout)
  await preventReentry(stores, async () => {
    await Promise.all(collections.map((collection) => askAll(collection, budget)))
  })
  const totals = stores.totals((name) => collections.some(({ included }) => included.has(name)))
  const observed = new Map(collections.flatMap(sourceTotalsIn))
  return {
    totals,
    sources: {
      observed,
      isWithheld: (name) =>
        collections.some(({ store, included }) => store.counts.has(name) && !included.has(name)),
    },
    absent: new Map(collections.flatMap(({ absent }) => [...absent])),
    declares: createDeclares(collections),
    gauges: () => new Map(collections.flatMap(sharedGaugesIn)),
    snapshot: (reported = totals, others = NO_GAUGES) => ({
      ...snapshotOf(collections, totals, { reported, others }),
      observed,
    }),
  }
}

/** Creates the function that knows all declared series of counts. It looks for them when it is first called. */
function createDeclares(collections: readonly Collection[]): (key: string) => boolean {
  let declared: ReadonlySet<string> | undefined
  return (key) => {
    declared ??= new Set([
      ...DROP_REASONS.map((reason) => seriesKey(DROPPED, { reason })),
      ...collections.flatMap(({ store }) => [...store.counts.values()].flatMap((cell) => cell.keys())),
    ])
    return declared.has(key)
  }
}

/** Returns the totals from this round that outlive the process. */
function sourceTotalsIn({ totals }: Collection): Array<[string, number]> {
  return [...totals].flatMap(([cell, values]) =>
    cell.fact.total === 'process'
      ? []
      : [...values].flatMap(
          (total, index): Array<[string, number]> =>
            Number.isNaN(total) ? [] : [[cell.keys()[index] as string, total]],
        ),
  )
}

function openCollection(store: FactStore, { clock, includes }: CollectOptions): Collection {
  const facts = Object.entries(store.catalog.facts)
  return {
    store,
    clock,
    included: new Map(facts.filter(([name, fact]) => includes(name, fact))),
    attributes: new Map(),
    observed: new Map(),
    totals: new Map(),
    totalsBefore: new Map([...store.counts.values()].map((cell) => [cell, cell.totals])),
    absent: new Map(),
    drops: createDrops(store.drops.mistakes),
  }
}

function snapshotOf(
  collections: readonly Collection[],
  totals: Counts,
  known: { readonly reported: Counts; readonly others: OtherGaugeValues },
): Omit<FactSnapshot, 'observed'> {
  const attributes = collections.flatMap(({ attributes, included }) => [
    ...attributes,
    ...placeholders(included, attributes),
  ])
  return {
    attributes: Object.fromEntries(attributes.sort(([a], [b]) => (a < b ? -1 : 1))),
    points: collections
      .flatMap((collection) => pointsIn(collection, known))
      .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0)),
    totals,
    dropped: droppedOf(collections, known.reported),
    absent: new Map(collections.flatMap(({ absent }) => [...absent])),
  }
}

const NO_GAUGES: OtherGaugeValues = new Map()

function pointsIn(
  { store, included, observed, clock }: Collection,
  { reported, others }: { readonly reported: Counts; readonly others: OtherGaugeValues },
): FactPoint[] {
  const now = clock.now()
  return [...included.keys()].flatMap((name) => {
    const over = observed.get(name)
    const gauge = store.gauges.get(name)
    if (gauge) {
      const keyAt = (index: number) => seriesKey(name, gauge.series.attributesAt(index))
      return pointsOf(name, gauge, (index) => {
        const own = gaugeValueAt(gauge, index, now, over?.[index])
        return combinedGauge(gauge.fact, own, others.size > 0 ? (others.get(keyAt(index)) ?? []) : [])
      })
    }
    const count = store.counts.get(name)
    return count ? pointsOf(name, count, (index) => reported.get(count.keys()[index] as string) ?? 0) : []
  })
}

/** Returns placeholders for unknown values, for facts that declare one. */
function placeholders(
  included: ReadonlyMap<string, Fact>,
  known: ReadonlyMap<string, AttributeValue>,
): Array<[string, AttributeValue]> {
  return [...included].flatMap(([name, fact]): Array<[string, AttributeValue]> => {
    if (fact.kind !== 'attribute' || known.has(name)) return []
    return fact.whenUnknown === 'Unknown' || fact.whenUnknown === null ? [[name, fact.whenUnknown]] : []
  })
}

/** Returns the numbers of one fact: gauges that have a value, and counts above zero. */
function pointsOf(
  name: string,
  cell: GaugeCell | CountCell,
  valueAt: (index: number) => number,
): FactPoint[] {
  const { fact, series } = cell
  const points: FactPoint[] = []
  for (let index = 0; index < series.size; index++) {
    const value = valueAt(index)
    if (Number.isNaN(value)) continue
    const reported = reportedNumber(fact, value)
    if (reported === 0 && (fact.omitZero ?? fact.kind === 'count')) continue
    const attributes = series.attributesAt(index)
    points.push({ name, unit: fact.unit, kind: fact.kind, attributes, value: reported })
  }
  return points
}

/** Returns the values of the gauges that are combined over the processes. */
function sharedGaugesIn({
  store,
  included,
  observed,
  clock,
}: Collection): Array<readonly [string, readonly GaugeValue[]]> {
  const now = clock.now()
  return [...store.gauges].flatMap(([name, gauge]) => {
    if (gauge.fact.combine === undefined || !included.has(name)) return []
    return [...gauge.values.keys()].flatMap((index) => {
      const value = gaugeValueAt(gauge, index, now, observed.get(name)?.[index])
      return value ? [[seriesKey(name, gauge.series.attributesAt(index)), [value]] as const] : []
    })
  })
}

function droppedOf(
  collections: readonly Collection[],
  reported: Counts,
): Partial<Record<DropReason, number>> {
  return Object.fromEntries(
    DROP_REASONS.flatMap((reason) => {
      const now = collections.reduce((sum, { drops }) => sum + drops.counts()[reason], 0)
      const amount = (reported.get(seriesKey(DROPPED, { reason })) ?? 0) + now
      return amount > 0 ? [[reason, amount]] : []
    }),
  )
}

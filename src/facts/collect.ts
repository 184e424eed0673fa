import { type AttributeValue, type DropReason, type Fact, reportedNumber } from '../catalog/index.ts'
import type { Clock } from '../host/index.ts'
import { askAll, type Collection } from './ask.ts'
import type { CountCell, GaugeCell } from './cells.ts'
import { createDrops } from './drops.ts'
import { onceAtATime } from './reentry.ts'
import type { FactStore } from './store.ts'

/** One number of a report. */
export interface FactPoint {
  readonly name: string
  readonly unit: string
  readonly kind: 'gauge' | 'count'
  readonly attributes: Readonly<Record<string, string>>
  readonly value: number
}

/** The facts of one moment, checked against the catalog. */
export interface FactSnapshot {
  /** Attribute facts by name, in the order of the names. */
  readonly attributes: Readonly<Record<string, AttributeValue>>
  /** Gauge and count facts, in the order of the names. */
  readonly points: readonly FactPoint[]
  /** The counts as they were added up, before any rounding: what {@link settle} takes out again. */
  readonly counts: ReadonlyMap<string, Float64Array>
  /** What has been dropped since the last accepted report, by reason: what {@link settle} takes out again. */
  readonly dropped: Readonly<Record<DropReason, number>>
  /** What was dropped while asking for this snapshot, by reason. */
  readonly droppedNow: Readonly<Record<DropReason, number>>
  /** Facts that were held back because consent does not reach them. */
  readonly withheld: number
  /** Facts whose source threw, was too slow or gave a wrong value, with the reason. */
  readonly absent: ReadonlyMap<string, DropReason>
}

export interface CollectOptions {
  readonly clock: Clock
  /** Whether consent reaches a fact. Facts that it does not reach are not even asked for. */
  readonly includes: (name: string, fact: Fact) => boolean
  /** What one source may take, in milliseconds. Default: 1,000. */
  readonly factBudget?: number
  /** What all sources together may take, in milliseconds. Default: 10,000. */
  readonly reportBudget?: number
}

/**
 * Asks every source at once, each within its budget, and returns what came. Never rejects; a late answer is ignored.
 * Called by a source that is being asked, it returns what is there without asking.
 */
export async function collectFacts(store: FactStore, options: CollectOptions): Promise<FactSnapshot> {
  const collection = openCollection(store, options)
  const budget = Math.min(options.factBudget ?? 1_000, options.reportBudget ?? 10_000)
  await onceAtATime(store, () => askAll(collection, budget))
  return snapshotOf(collection)
}

/** Takes the counts of an accepted report out of the store: from now on that report answers for them. */
export function settle(store: FactStore, snapshot: FactSnapshot): void {
  for (const [name, taken] of snapshot.counts) {
    const values = store.counts.get(name)?.values
    taken.forEach((amount, index) => {
      // Not below zero: the counts may have been discarded while the report was on its way.
      if (values) values[index] = Math.max(0, values[index]! - amount)
    })
  }
  store.drops.subtract(snapshot.dropped)
}

/** Forgets every count: what happened before a yes is never reported. */
export function discardCounts(store: FactStore): void {
  for (const cell of store.counts.values()) cell.discard()
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
    drops: createDrops(),
  }
}

function snapshotOf({ store, included, attributes, observed, absent, drops }: Collection): FactSnapshot {
  const points: FactPoint[] = []
  const counts = new Map<string, Float64Array>()
  for (const name of [...included.keys()].sort()) {
    const gauge = store.gauges.get(name)
    if (gauge) points.push(...pointsOf(name, gauge, observed.get(name)))
    const count = store.counts.get(name)
    if (!count) continue
    const taken = count.values.slice()
    counts.set(name, taken)
    points.push(...pointsOf(name, count, taken))
  }
  return {
    attributes: Object.fromEntries(
      [...attributes, ...unknowns(included, attributes)].sort(([a], [b]) => (a < b ? -1 : 1)),
    ),
    points,
    counts,
    dropped: store.drops.counts(),
    droppedNow: drops.counts(),
    withheld: Object.keys(store.catalog.facts).length - included.size,
    absent,
  }
}

/** What stands for the values that are not known, where a fact wants something to. */
function unknowns(
  included: ReadonlyMap<string, Fact>,
  known: ReadonlyMap<string, AttributeValue>,
): Array<[string, AttributeValue]> {
  return [...included].flatMap(([name, fact]): Array<[string, AttributeValue]> => {
    if (fact.kind !== 'attribute' || known.has(name)) return []
    return fact.whenUnknown === 'Unknown' || fact.whenUnknown === null ? [[name, fact.whenUnknown]] : []
  })
}

/** The numbers of one fact: gauges that have a value, and counts that are not zero. */
function pointsOf(
  name: string,
  cell: GaugeCell | CountCell,
  observed: Float64Array | undefined,
): FactPoint[] {
  const { fact, series } = cell
  const points: FactPoint[] = []
  for (let index = 0; index < series.size; index++) {
    const value = observed && !Number.isNaN(observed[index]!) ? observed[index]! : cell.values[index]!
    if (Number.isNaN(value)) continue
    const reported = reportedNumber(fact, value)
    if (reported === 0 && (fact.omitZero ?? fact.kind === 'count')) continue
    const attributes = series.attributesAt(index)
    points.push({ name, unit: fact.unit, kind: fact.kind, attributes, value: reported })
  }
  return points
}

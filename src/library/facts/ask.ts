import {
  type AttributeFact,
  type AttributeValue,
  acceptValue,
  attributesOf,
  type DropReason,
  type Fact,
} from '../../catalog/index.ts'
import { askHost, type Clock, ownOf } from '../../platform/index.ts'
import { CountCell, isCount } from './cells.ts'
import { createDrops, type Drops } from './drops.ts'
import type { MeasurementAttributes } from './series.ts'
import type { FactStore, Observation, ObservedInstrument } from './store.ts'

/** Values collected so far in one round. */
export interface Collection {
  readonly store: FactStore
  readonly clock: Clock
  readonly included: ReadonlyMap<string, Fact>
  /** Resource attributes by name: of a metadata fact, one for each entry. */
  readonly attributes: Map<string, AttributeValue>
  /** Observed gauge values, which replace recorded ones. New in each round, so that no value is stale. */
  readonly observed: Map<string, Float64Array>
  /** Totals that observable counters gave in this round. */
  readonly totals: Map<CountCell, Float64Array>
  /** Totals at the start of this round. */
  readonly totalsBefore: ReadonlyMap<CountCell, Float64Array | undefined>
  readonly absent: Map<string, DropReason>
  /** Drops of this round, separate from the store's, so that a preview leaves no trace there. */
  readonly drops: Drops
}

/**
 * Asks all included sources at once, each with a limit of `budget` milliseconds. Never rejects. A source that is registered meanwhile is
 * asked in the next round: a source that registers itself again would otherwise be asked without end.
 */
export async function askAll(collection: Collection, budget: number): Promise<void> {
  const { store, included } = collection
  const asked: Promise<void>[] = []
  for (const [name, source] of [...store.attributes]) {
    if (included.has(name)) asked.push(askAttribute(collection, name, source, budget))
  }
  for (const [name, source] of [...store.gaugeSources]) {
    if (included.has(name)) asked.push(askGauge(collection, name, source, budget))
  }
  for (const observation of [...store.observations]) {
    asked.push(askObservation(collection, observation, budget))
  }
  await Promise.all(asked)
  for (const [cell, totals] of collection.totals) {
    if (cell.fact.total === 'process') cell.observeTotals(totals, collection.totalsBefore.get(cell))
  }
}

async function askAttribute(
  collection: Collection,
  name: string,
  source: unknown,
  budget: number,
): Promise<void> {
  const fact = collection.included.get(name) as AttributeFact
  const answer =
    typeof source === 'function'
      ? await ask(collection, source as () => unknown, budget)
      : { reason: undefined, value: source }
  if (answer.reason) return markAbsent(collection, name, answer.reason)
  if (answer.value === undefined) return
  const { value, problems } = acceptValue(fact, answer.value)
  for (const problem of problems) collection.drops.add(problem, name)
  if (value !== undefined) {
    for (const [attribute, part] of attributesOf(name, value)) collection.attributes.set(attribute, part)
  } else if (problems[0]) collection.absent.set(name, problems[0])
}

async function askGauge(
  collection: Collection,
  name: string,
  source: () => unknown,
  budget: number,
): Promise<void> {
  const answer = await ask(collection, source, budget)
  if (answer.reason) return markAbsent(collection, name, answer.reason)
  if (answer.value === undefined) return
  const list = listIn(answer.value)
  if (list) return takePoints(collection, name, list)
  if (typeof answer.value !== 'number' || !Number.isFinite(answer.value))
    return markAbsent(collection, name, 'invalid_value')
  const series = collection.store.gauges.get(name)?.series
  const index = series?.indexOf(undefined) ?? -1
  if (!series || index < 0) return markAbsent(collection, name, 'invalid_attribute')
  valuesOf(collection.observed, name, series.size)[index] = answer.value
}

/** Longest accepted list. A longer one is refused unread, because reading it would take the host's time. */
const MAX_LIST_LENGTH = 10_000

function listIn(value: unknown): readonly unknown[] | undefined {
  try {
    return Array.isArray(value) && value.length <= MAX_LIST_LENGTH ? Array.from(value) : undefined
  } catch {
    return undefined
  }
}

/** Takes all values of a gauge fact with dimensions, as its source gives them: {@link GaugePoint}. */
function takePoints(collection: Collection, name: string, points: readonly unknown[]): void {
  const instrument = { name, cell: collection.store.gauges.get(name) }
  for (const point of points) {
    try {
      const { value, attributes } = ownOf(Object(point))
      takeObservation(collection, instrument, value, attributes)
    } catch {
      collection.drops.add('invalid_value', name)
    }
  }
}

/** Asks one callback. Its observations count only if it ends in time and without an error. */
async function askObservation(
  collection: Collection,
  observation: Observation,
  budget: number,
): Promise<void> {
  const { store, included } = collection
  const names =
    'instruments' in observation
      ? [...observation.instruments].map((one) => store.instruments.get(one)?.name ?? '')
      : [observation.instrument.name]
  if (!names.some((name) => included.has(name) || !Object.hasOwn(store.catalog.facts, name))) return

  // Kept apart until the callback has ended, in fixed arrays, because it may observe without end.
  const collected = {
    ...collection,
    observed: new Map(),
    totals: new Map(),
    drops: createDrops(store.drops.mistakes),
  }
  let open = true
  const take = (
    instrument: ObservedInstrument | undefined,
    value: number,
    attributes: MeasurementAttributes,
  ) => {
    if (open) takeObservation(collected, instrument, value, attributes)
  }
  const answer = await ask(
    collection,
    () =>
      'instruments' in observation
        ? observation.callback({
            observe: (one, value, attributes) =>
              take(
                observation.instruments.has(one) ? store.instruments.get(one) : undefined,
                value,
                attributes,
              ),
          })
        : observation.callback({
            observe: (value, attributes) => take(observation.instrument, value, attributes),
          }),
    budget,
  )
  open = false
  if (answer.reason) for (const name of names) markAbsent(collection, name, answer.reason)
  else merge(collected, collection)
}

function merge(collected: Collection, collection: Collection): void {
  for (const [name, values] of collected.observed) {
    for (const [index, value] of values.entries()) {
      if (!Number.isNaN(value)) valuesOf(collection.observed, name, values.length)[index] = value
    }
  }
  for (const [cell, totals] of collected.totals) {
    for (const [index, total] of totals.entries()) {
      if (!Number.isNaN(total)) takeTotal(collection, cell, index, total)
    }
  }
  collection.drops.addAll(collected.drops)
}

function takeObservation(
  collection: Collection,
  instrument: ObservedInstrument | undefined,
  value: number,
  attributes: MeasurementAttributes,
): void {
  const { drops } = collection
  const { catalog } = collection.store
  const name = instrument?.name ?? ''
  const cell = instrument?.cell
  if (!cell) return drops.add(Object.hasOwn(catalog.facts, name) ? 'wrong_instrument' : 'undeclared', name)
  if (!collection.included.has(name)) return
  try {
    if (!(cell instanceof CountCell ? isCount(value) : Number.isFinite(value)))
      return drops.add('invalid_value', name)
    const index = cell.series.indexOf(attributes)
    if (index < 0) return drops.add('invalid_attribute', name)
    if (cell.series.hasUndeclared(attributes)) drops.add('invalid_attribute', name)
    if (cell instanceof CountCell) takeTotal(collection, cell, index, value)
    else valuesOf(collection.observed, name, cell.series.size)[index] = value
  } catch {
    drops.add('invalid_attribute', name)
  }
}

/** Takes a total. Totals of several attribute sets that share an overflow word are added up. */
function takeTotal({ totals }: Collection, cell: CountCell, index: number, total: number): void {
  const values = valuesOf(totals, cell, cell.series.size)
  const others = cell.series.isOverflow(index) ? values[index]! : Number.NaN
  values[index] = Number.isNaN(others) ? total : others + total
}

function valuesOf<K>(all: Map<K, Float64Array>, key: K, size: number): Float64Array {
  let values = all.get(key)
  if (!values) {
    values = new Float64Array(size).fill(Number.NaN)
    all.set(key, values)
  }
  return values
}

function markAbsent({ drops, absent }: Collection, name: string, reason: DropReason): void {
  drops.add(reason, name)
  absent.set(name, reason)
}

type Answer = { readonly reason: undefined; readonly value: unknown } | { readonly reason: DropReason }

async function ask({ clock }: Collection, source: () => unknown, budget: number): Promise<Answer> {
  const answer = await askHost(source, { clock, within: budget })
  return answer.failure ? { reason: answer.failure } : { reason: undefined, value: answer.value }
}

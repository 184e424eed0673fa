import type {
  BatchObservableCallback,
  Counter,
  Gauge,
  Histogram,
  Meter,
  Observable,
  ObservableCallback,
  UpDownCounter,
} from '@opentelemetry/api'
import { alternativesOf, type DropReason } from '../../catalog/index.ts'
import { ownOf } from '../../platform/index.ts'
import type { MeasurementAttributes } from './series.ts'
import type { FactStore, Observation, ObservedInstrument } from './store.ts'

/**
 * Creates a meter of the OpenTelemetry API. Measurements go to the gauge and count facts of the same name. An instrument with an
 * undeclared name drops its measurements and counts them. Never throws.
 *
 * | instrument | fact |
 * |---|---|
 * | gauge, observable gauge, up-down counter, observable up-down counter | gauge |
 * | counter, observable counter | count |
 * | histogram | count with `buckets`: each value is one event in its bucket; other facts drop it |
 */
export function createMeter(store: FactStore): Meter {
  return {
    createGauge: (name) =>
      recordInto(store, name, (cell, value, attributes) => cell.record(value, attributes)),
    createUpDownCounter(name) {
      const { record } = recordInto(store, name, (cell, value, attributes) => cell.adjust(value, attributes))
      return { add: record } satisfies UpDownCounter
    },
    createCounter(name) {
      const cell = store.counts.get(canonical(name))
      note(store, name, cell)
      if (!cell) return { add: dropping(store, name) } satisfies Counter
      return {
        // OpenTelemetry has no default for the amount, so a missing one is invalid.
        add: (amount: number | undefined, attributes) =>
          cell.add(amount ?? Number.NaN, attributes as MeasurementAttributes),
      } satisfies Counter
    },
    createHistogram(name) {
      const cell = store.counts.get(canonical(name))
      const add = cell && bucketCounter(cell)
      note(store, name, add && cell)
      return { record: add ?? dropping(store, name) } satisfies Histogram
    },
    createObservableGauge: (name) => observe(store, name, store.gauges),
    createObservableUpDownCounter: (name) => observe(store, name, store.gauges),
    createObservableCounter: (name) => observe(store, name, store.counts),
    addBatchObservableCallback(callback: BatchObservableCallback, observables: Observable[]) {
      if (!Array.isArray(observables) || findBatch(store, callback, observables)) return
      store.observations.add(ownOf({ callback, instruments: new Set(observables) }))
    },
    removeBatchObservableCallback(callback: BatchObservableCallback, observables: Observable[]) {
      const found = Array.isArray(observables) && findBatch(store, callback, observables)
      if (found) store.observations.delete(found)
    },
  }
}

type CountCell = NonNullable<ReturnType<FactStore['counts']['get']>>

/** Returns a function that counts a value in its bucket; `undefined` if the fact has no buckets. */
function bucketCounter(cell: CountCell): Histogram['record'] | undefined {
  const key = cell.fact.buckets
  if (key === undefined) return undefined
  const [{ [key]: words = [] } = {}] = alternativesOf(cell.fact)
  const bounds = words.map((word) => (word === 'inf' ? Infinity : Number(word)))
  return (value, attributes) => {
    const isMeasured = typeof value === 'number' && value >= 0
    const word = isMeasured ? words[bounds.findIndex((bound) => value <= bound)] : undefined
    if (word === undefined) return cell.add(Number.NaN)
    cell.add(1, withWord(attributes as MeasurementAttributes, key, word))
  }
}

/** Returns the attributes with one more. Without it if they cannot be read: the count refuses that. */
function withWord(attributes: MeasurementAttributes, key: string, word: string): MeasurementAttributes {
  try {
    return { ...attributes, [key]: word }
  } catch {
    return undefined
  }
}

/** Returns an instrument name in lower case, because OpenTelemetry ignores case in names; `''` if it is not a text. */
const canonical = (name: unknown): string => (typeof name === 'string' ? name.toLowerCase() : '')

/** Notes the instrument, so that a warning is possible when a host's metrics go to the wrong meter provider. */
function note({ usage: asked, catalog }: FactStore, name: unknown, cell: ObservedInstrument['cell']): void {
  if (cell) asked.usesNumbers = true
  else if (asked.undeclaredNames.size < MAX_UNDECLARED_NAMES && INSTRUMENT_NAME.test(canonical(name)))
    if (!Object.hasOwn(catalog.facts, canonical(name))) asked.undeclaredNames.add(canonical(name))
}

const MAX_UNDECLARED_NAMES = 3

/** https://opentelemetry.io/docs/specs/otel/metrics/api/#instrument-name-syntax */
const INSTRUMENT_NAME = /^[a-z][a-z0-9_.\-/]{0,254}$/

type GaugeCell = NonNullable<ReturnType<FactStore['gauges']['get']>>

function recordInto(
  store: FactStore,
  name: string,
  apply: (cell: GaugeCell, value: number, attributes: MeasurementAttributes) => void,
): Gauge {
  const cell = store.gauges.get(canonical(name))
  note(store, name, cell)
  if (!cell) return { record: dropping(store, name) }
  return { record: (value, attributes) => apply(cell, value, attributes as MeasurementAttributes) }
}

/** Returns a function that counts a drop. The reason is determined once, not at each call. */
function dropping(store: FactStore, name: string): () => void {
  const reason: DropReason = Object.hasOwn(store.catalog.facts, canonical(name))
    ? 'wrong_instrument'
    : 'undeclared'
  return () => store.drops.add(reason, name)
}

function observe(
  store: FactStore,
  name: string,
  cells: ReadonlyMap<string, NonNullable<ObservedInstrument['cell']>>,
): Observable {
  const instrument: ObservedInstrument = { name: canonical(name), cell: cells.get(canonical(name)) }
  note(store, name, instrument.cell)
  const added = new Map<ObservableCallback, Observation>()
  const observable: Observable = {
    addCallback(callback) {
      if (added.has(callback)) return
      const observation: Observation = ownOf({ instrument, callback })
      added.set(callback, observation)
      store.observations.add(observation)
    },
    removeCallback(callback) {
      const observation = added.get(callback)
      if (!observation) return
      added.delete(callback)
      store.observations.delete(observation)
    },
  }
  store.instruments.set(observable, instrument)
  return observable
}

/** Finds an equal registration: the same callback and instruments count once, as in the OpenTelemetry SDK. */
function findBatch(store: FactStore, callback: BatchObservableCallback, observables: Observable[]) {
  for (const observation of store.observations) {
    if (!('instruments' in observation) || observation.callback !== callback) continue
    const { instruments } = observation
    if (instruments.size === observables.length && observables.every((one) => instruments.has(one)))
      return observation
  }
  return undefined
}

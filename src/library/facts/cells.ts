import type { CountFact, GaugeFact } from '../../catalog/index.ts'
import { Date, isTime, ownOf, parseDuration } from '../../platform/index.ts'
import { seriesKey } from './counts.ts'
import type { Drops } from './drops.ts'
import { createSeries, type MeasurementAttributes, type Series } from './series.ts'
import {
  createSourceLog,
  MAX_SOURCE_NAME,
  type SourceLog,
  type SourceRoom,
  type SourceRuns,
} from './source-runs.ts'

/** Count with fixed dimension values. `add` is the hot path: one addition, no allocation. */
export interface BoundCounter {
  /** Adds `amount`, a finite number of zero or more. Default: 1. Never throws. */
  add(amount?: number): void
}

/** Running total of a source, for {@link CountCell.observe}. */
export interface SourceObservation {
  readonly total: number
  readonly since?: Date | string | number | undefined
  readonly attributes?: MeasurementAttributes
}

/** Switch for all measurements: a product may choose to collect nothing while it is disabled. */
export interface Recording {
  on: boolean
  /** Returns the current time, in milliseconds since 1970. */
  readonly now: () => number
  /** Room for the sources of all counters. */
  readonly room: SourceRoom
}

/** Counters of a count fact, one for each series. They only grow; `counts/` knows which amounts were reported. */
export class CountCell {
  readonly fact: CountFact
  readonly series: Series
  readonly values: Float64Array
  readonly #drops: Drops
  readonly #recording: Recording
  /** Last totals that observable counters gave, for computing the next increase. Replaced, never changed. */
  #totals: Float64Array | undefined
  #discarded = false
  /** Sources that were observed by name; absent before the first one. */
  #sources: SourceLog | undefined
  readonly #name: string
  #keys: readonly string[] | undefined

  constructor(name: string, fact: CountFact, drops: Drops, recording: Recording) {
    this.#name = name
    this.fact = fact
    this.series = createSeries(fact.by)
    this.values = new Float64Array(this.series.size)
    this.#drops = drops
    this.#recording = recording
  }

  add(amount = 1, attributes?: MeasurementAttributes): void {
    if (!this.#recording.on) return
    try {
      if (!isCount(amount)) return this.#drops.add('invalid_value', this.#name)
      const index = this.series.indexOf(attributes)
      if (index < 0) return this.#drops.add('invalid_attribute', this.#name)
      if (this.series.hasUndeclared(attributes)) this.#drops.add('invalid_attribute', this.#name)
      this.values[index]! += amount
    } catch {
      // Attributes with getters that throw, symbols and the like.
      this.#drops.add('invalid_attribute', this.#name)
    }
  }

  bind(attributes?: MeasurementAttributes): BoundCounter {
    const drops = this.#drops
    const name = this.#name
    const recording = this.#recording
    const values = this.values
    let index = -1
    try {
      index = this.series.indexOf(attributes)
    } catch {
      // As in add.
    }
    if (index < 0) return { add: () => drops.add('invalid_attribute', name) }
    if (this.series.hasUndeclared(attributes)) drops.add('invalid_attribute', name)
    return {
      add(amount = 1) {
        if (!recording.on) return
        if (isCount(amount)) values[index]! += amount
        else drops.add('invalid_value', name)
      },
    }
  }

  /** Observes the total of a source that counts by itself. */
  observe(source: string, observation: SourceObservation): void {
    if (!this.#recording.on) return
    try {
      const { total, since, attributes } = ownOf(observation)
      const at = this.#recording.now()
      const began = timeOf(since)
      if (!isCount(total) || (since !== undefined && !(began !== undefined && began <= at)))
        return this.#drops.add('invalid_value', this.#name)
      const index = this.series.indexOf(attributes)
      // Totals of several words that `other` catches would look like one total that falls.
      if (!isSourceName(source) || index < 0 || !isExactly(this.series.attributesAt(index), attributes))
        return this.#drops.add('invalid_attribute', this.#name)
      if (this.series.hasUndeclared(attributes)) this.#drops.add('invalid_attribute', this.#name)
      this.#sources ??= createSourceLog(this.#recording.room)
      if (!this.#sources.observe(source, index, { total, since: began, at }))
        this.#drops.add('too_many_sources', this.#name)
    } catch {
      this.#drops.add('invalid_attribute', this.#name)
    }
  }

  /** Returns the runs of the sources that were observed by name. */
  runs(): SourceRuns | undefined {
    return this.#sources?.runs(this.keys())
  }

  /** Forgets the sources that were observed by name. */
  forgetSources(): void {
    this.#sources?.clear()
  }

  /** Sets all counters to zero. From a running total, only later increases are counted. */
  discard(): void {
    this.values.fill(0)
    this.forgetSources()
    this.#totals = undefined
    this.#discarded = true
  }

  /** Returns the keys of the series, in their order. Computed at the first call. */
  readonly keys = (): readonly string[] => {
    this.#keys ??= Array.from(this.values, (_, index) =>
      seriesKey(this.#name, this.series.attributesAt(index)),
    )
    return this.#keys
  }

  get totals(): Float64Array | undefined {
    return this.#totals
  }

  /**
   * Adds the increase of the running totals of one round (`NaN`: not observed). A total that fell has started again from zero. `before`
   * are the totals at the start of the round: if another round was faster, nothing is added, and the next round includes it.
   */
  observeTotals(totals: Float64Array, before: Float64Array | undefined): void {
    if (this.#totals !== before) return
    const first = before === undefined && this.#discarded
    const next = before?.slice() ?? new Float64Array(this.series.size)
    for (const [index, total] of totals.entries()) {
      if (Number.isNaN(total)) continue
      const last = next[index]!
      if (!first) this.values[index]! += total >= last ? total - last : total
      next[index] = total
    }
    this.#totals = next
  }
}

const isSourceName = (source: unknown): boolean =>
  typeof source === 'string' &&
  source !== '' &&
  source.length <= MAX_SOURCE_NAME &&
  !/[\p{Cc}\p{Cs}]/u.test(source)

/** Returns the time of a date, of a text or of a number, in milliseconds since 1970; `undefined` for anything else. */
function timeOf(given: SourceObservation['since']): number | undefined {
  const time = typeof given === 'string' ? Date.parse(given) : Number(given)
  return isTime(time) && time >= 0 ? time : undefined
}

const isExactly = (declared: Readonly<Record<string, string>>, attributes: MeasurementAttributes) =>
  Object.entries(declared).every(([key, value]) => String(attributes?.[key]) === value)

/** Latest values of a gauge fact; `NaN` for a series without a value. */
export class GaugeCell {
  readonly fact: GaugeFact
  readonly series: Series
  readonly values: Float64Array
  /** Times of the values, in milliseconds since 1970, infinite for those that hold; absent where they do not matter. */
  readonly times: Float64Array | undefined
  /** Time for which a value is fresh, in milliseconds; `undefined` if that is not declared. */
  readonly fresh: number | undefined
  readonly #drops: Drops
  readonly #recording: Recording
  readonly #name: string

  constructor(name: string, fact: GaugeFact, drops: Drops, recording: Recording) {
    this.#name = name
    this.fact = fact
    this.series = createSeries(fact.by)
    this.values = new Float64Array(this.series.size).fill(Number.NaN)
    this.fresh = fact.fresh === undefined ? undefined : parseDuration(fact.fresh)
    if (fact.combine || fact.fresh !== undefined) this.times = new Float64Array(this.series.size)
    this.#drops = drops
    this.#recording = recording
  }

  record(value: number, attributes: MeasurementAttributes): void {
    this.#change(value, attributes, () => value)
  }

  /** Adds `delta` to the value, as an up-down counter does. Begins at 0. */
  adjust(delta: number, attributes: MeasurementAttributes): void {
    this.#change(delta, attributes, (current) => (Number.isNaN(current) ? delta : current + delta), true)
  }

  #change(
    input: number,
    attributes: MeasurementAttributes,
    next: (current: number) => number,
    holds = false,
  ): void {
    if (!this.#recording.on) return
    try {
      if (!Number.isFinite(input)) return this.#drops.add('invalid_value', this.#name)
      const index = this.series.indexOf(attributes)
      if (index < 0) return this.#drops.add('invalid_attribute', this.#name)
      if (this.series.hasUndeclared(attributes)) this.#drops.add('invalid_attribute', this.#name)
      const value = next(this.values[index]!)
      if (!Number.isFinite(value)) return this.#drops.add('invalid_value', this.#name)
      this.values[index] = value
      if (this.times) this.times[index] = holds ? Number.POSITIVE_INFINITY : this.#recording.now()
    } catch {
      this.#drops.add('invalid_attribute', this.#name)
    }
  }
}

/** Returns `true` for an amount that can be added to a count: a number, whole or fractional, of at least zero. */
export const isCount = (value: unknown): value is number =>
  typeof value === 'number' && value >= 0 && value <= Number.MAX_SAFE_INTEGER

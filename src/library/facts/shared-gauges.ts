import type { GaugeFact } from '../../catalog/index.ts'
import type { GaugeCell } from './cells.ts'

/** Value of a gauge in one process, for the report of any process. */
export interface GaugeValue {
  readonly value: number
  /** Time at which it was recorded or observed, in milliseconds since 1970. */
  readonly at: number
  /** Time from which it is out of date, in milliseconds since 1970. */
  readonly until: number
}

/** Values of gauges, by the key of the series. */
export type GaugeValues = ReadonlyMap<string, readonly GaugeValue[]>

/** Value of a gauge in another process. */
export interface OtherGaugeValue extends GaugeValue {
  /** `true` if the process has ended: then its value is in no sum. */
  readonly isEnded: boolean
}

/** Values of gauges in other processes, by the key of the series. */
export type OtherGaugeValues = ReadonlyMap<string, readonly OtherGaugeValue[]>

/** Time for which a value is fresh after its process was last heard of, in milliseconds, where the fact does not say how long it is. */
const DEFAULT_FRESH = 3_600_000

/**
 * Returns the value of a gauge in this process at one moment; `undefined` without a value, or if the value is out of date.
 *
 * @param observed value that the source of the gauge has given in this round
 */
export function gaugeValueAt(
  { values, times, fresh }: GaugeCell,
  index: number,
  now: number,
  observed = Number.NaN,
): GaugeValue | undefined {
  const isObserved = !Number.isNaN(observed)
  const value = isObserved ? observed : (values[index] as number)
  if (Number.isNaN(value)) return undefined
  // What an up-down counter adds up to holds while its process runs.
  const at = isObserved ? now : Math.min(times?.[index] ?? now, now)
  const until = fresh === undefined ? now + DEFAULT_FRESH : at + fresh
  return until > now ? { value, at, until } : undefined
}

/** Returns the value of a gauge over all processes; `NaN` if no process has a value. */
export function combinedGauge(
  { combine }: GaugeFact,
  own: GaugeValue | undefined,
  others: readonly OtherGaugeValue[],
): number {
  if (combine === 'sum') {
    const running = others.filter(({ isEnded }) => !isEnded)
    const values = [...(own ? [own] : []), ...running].map(({ value }) => value)
    return values.length > 0 ? values.reduce((sum, value) => sum + value, 0) : Number.NaN
  }
  const values: readonly GaugeValue[] = own ? [own, ...others] : others
  const isBetter = (one: GaugeValue, best: GaugeValue) =>
    combine === 'max' ? one.value > best.value : one.at > best.at
  const [first, ...more] = combine === undefined ? values.slice(0, own ? 1 : 0) : values
  return first ? more.reduce((best, one) => (isBetter(one, best) ? one : best), first).value : Number.NaN
}

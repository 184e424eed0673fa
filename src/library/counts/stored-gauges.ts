import { isTime } from '../../platform/index.ts'
import type { GaugeValues } from '../facts/index.ts'

/** Parses stored values; returns `undefined` for other data, and if there are none: a value that is lost costs one report. */
export function gaugesFromJson(data: unknown): GaugeValues | undefined {
  if (typeof data !== 'object' || data === null) return undefined
  const gauges = Object.entries(data).map(
    ([key, values]) => [key, Array.isArray(values) ? values : [values]] as const,
  )
  const isGood = gauges.every(([key, values]) => key.includes('{') && values.every(isStored))
  if (!isGood) return undefined
  return new Map(
    gauges.map(([key, values]) => [key, values.map(([value, at, until]) => ({ value, at, until }))] as const),
  )
}

const isStored = (one: unknown): boolean =>
  Array.isArray(one) && one.length === 3 && Number.isFinite(one[0]) && isTime(one[1]) && isTime(one[2])

import { type Clock, Date } from '../../platform/index.ts'
import type { Verdict } from '../consent/index.ts'
import type { GaugeValue, GaugeValues, OtherGaugeValue, OtherGaugeValues } from '../facts/index.ts'
import { type Counter, type CounterEntry, MAX_PAUSE } from './counter-entry.ts'
import { isCovered } from './coverage.ts'
import { hasEnded } from './stored-counters.ts'

/** Returns the fresh values of gauges in other processes, as far as a verdict covers them. */
export function otherGauges(
  entries: readonly CounterEntry[],
  merged: readonly Counter[],
  verdict: Verdict,
  clock: Clock,
): OtherGaugeValues {
  const all = new Map<string, OtherGaugeValue[]>()
  const now = clock.now()
  const add = (counter: Counter, isEnded: boolean) => {
    if (!isCovered(counter, verdict)) return
    for (const [key, values] of counter.gauges ?? []) {
      const fresh = values.filter((value) => isFresh(value, now)).map((value) => ({ ...value, isEnded }))
      if (fresh.length > 0) all.set(key, [...(all.get(key) ?? []), ...fresh])
    }
  }
  // A process that was silent for so long goes on in another counter, which has its values then.
  for (const entry of entries) add(entry, hasEnded(entry, clock) || now - Date.parse(entry.at) > MAX_PAUSE)
  for (const counter of merged) add(counter, true)
  return all
}

/** Returns `true` if some values are fresh: then their counter stays. */
export const hasFreshGauges = ({ gauges }: Counter, now: number): boolean =>
  [...(gauges?.values() ?? [])].some((values) => values.some((value) => isFresh(value, now)))

/** Ignores a value from the future: the clock was set back after it. */
const isFresh = ({ at, until }: GaugeValue, now: number): boolean => until > now && at - now < MAX_PAUSE

/** Merges the values of ended processes: of each series the newest and the largest fresh one. Returns `undefined` if none is fresh. */
export function mergeGauges(
  one: GaugeValues = new Map(),
  other: GaugeValues = new Map(),
  now: number,
): GaugeValues | undefined {
  const merged = new Map<string, readonly GaugeValue[]>()
  for (const key of new Set([...one.keys(), ...other.keys()])) {
    const values = [...(one.get(key) ?? []), ...(other.get(key) ?? [])].filter((value) => isFresh(value, now))
    const newest = values.toSorted((a, b) => a.at - b.at).slice(-1)
    const largest = values.toSorted((a, b) => a.value - b.value).slice(-1)
    if (values.length > 0) merged.set(key, [...new Set([...newest, ...largest])])
  }
  return merged.size > 0 ? merged : undefined
}

import { isTime } from '../../platform/index.ts'
import type { SourceRun, SourceRuns } from '../facts/index.ts'

/** Parses stored runs; returns `undefined` if there are none, and `'corrupt'` for other data. */
export function runsFromJson(data: unknown): SourceRuns | 'corrupt' | undefined {
  if (data === undefined) return undefined
  if (!isRecord(data)) return 'corrupt'
  const series = Object.entries(data).map(([key, sources]) => [key, sourcesFromJson(sources)] as const)
  const isGood = series.every(([key, sources]) => key.includes('{') && sources !== undefined)
  return isGood ? new Map(series as Array<[string, ReadonlyMap<string, readonly SourceRun[]>]>) : 'corrupt'
}

function sourcesFromJson(data: unknown): ReadonlyMap<string, readonly SourceRun[]> | undefined {
  if (!isRecord(data)) return undefined
  const sources = Object.entries(data).map(([source, list]) => [source, runsOf(list)] as const)
  const isGood = sources.every(([, list]) => list !== undefined)
  return isGood ? new Map(sources as Array<[string, readonly SourceRun[]]>) : undefined
}

function runsOf(list: unknown): readonly SourceRun[] | undefined {
  if (!Array.isArray(list)) return undefined
  const runs = list.map((one: unknown): SourceRun | undefined => {
    if (!Array.isArray(one) || one.length !== 5) return undefined
    const [since, seen, from, total, at] = one
    if (since !== null && !isTime(since)) return undefined
    if (!isTime(seen) || !isTime(at) || !isAmount(from) || !isAmount(total)) return undefined
    return { since: since ?? undefined, seen, from, total, at }
  })
  return runs.every((run) => run !== undefined) ? runs : undefined
}

const isAmount = (value: unknown) => Number.isFinite(value) && Number(value) >= 0

const isRecord = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** What the data files of this folder are made of: a whole report of the original, and where each of its fields is in ours. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import type { Recorder, Refused } from '../../examples/mapping.ts'
import type { Catalog, Facts, ProductDescription, UsageTelemetry } from '../../src/index.ts'

/**
 * What one report says, by place: `acme.edition`, `acme.commands{command=find,result=ok}` (sorted), and for the beginning of a fact's counts
 * `acme.commands@start`. A value that is there and empty is `null`.
 */
export type Report = Readonly<Record<string, unknown>>

/**
 * How the original's value is read from our report: the place that holds it as it is, or a function that computes it from the report.
 * Where only a part of the original's value is kept, `kept` returns that part.
 */
export type Place =
  | string
  | ((report: Report) => unknown)
  | { readonly kept: (original: never) => unknown; readonly is: (report: Report) => unknown }

export interface SeedSystem<F extends Facts = Facts, O extends object = object> {
  /** Its folder in examples/. */
  readonly name: string
  readonly product: ProductDescription
  readonly catalog: Catalog<F>
  /** What it takes from the machine by itself. Default: nothing. */
  readonly packs?: ReadonlyArray<Parameters<UsageTelemetry['use']>[0]>
  /** A whole report, as the original would send it. */
  readonly original: O
  /** The id of the installation and the version of the product, which every report has by itself. Default of the id: none. */
  readonly frameOf: (document: Partial<O>) => {
    readonly id?: string | undefined
    readonly version?: string | undefined
  }
  /** When the counts of the original begin, in milliseconds since 1970. Default: 2026-01-02. */
  readonly since?: number
  /** The product's mapping, in its folder in examples/. */
  readonly host: (usage: Recorder, document: object) => readonly Refused[]
  /** The fields of the original that are refused, with the reason. */
  readonly refused: Readonly<Record<string, string>>
  /** The example documents of the product's own page, and which of their fields are refused. */
  readonly pages: ReadonlyArray<{
    readonly name: string
    readonly document: object
    readonly refused: Readonly<Record<string, string>>
  }>
  /** The place of every field by its path, parts joined by `/`. */
  readonly places: Readonly<Record<string, Place>>
  /** The same for fields whose names are open: a `*`, or a group of a regular expression, stands for a key, which the function is given. */
  readonly maps?: Readonly<Record<string, (...keys: string[]) => Place>>
  /** What is reported where the host sets nothing. */
  readonly unset: Report
}

/** A seed system whose types are checked where it is written, and forgotten for those who run them all. */
export const defineSeedSystem = <F extends Facts, O extends object>(system: SeedSystem<F, O>) =>
  system as unknown as SeedSystem

/** Returns the names in a file of `originals/`, which come from the original's own source. */
export const namesIn = (file: string): readonly string[] =>
  JSON.parse(readFileSync(path.join(import.meta.dirname, 'originals', file), 'utf8')).names

/** One field of the original with its value, and how that is read from our report. */
export interface Field {
  readonly path: string
  readonly value: unknown
  readonly place: Place | undefined
}

/** Every field of the original: down to those that have a place, or are not an object. */
export function fieldsOf({
  original,
  places,
  maps = {},
}: Pick<SeedSystem, 'original' | 'places' | 'maps'>): Field[] {
  const patterns = Object.entries(maps).map(
    ([path, place]) => [new RegExp(`^${path.replaceAll('*', '([^/]+)')}$`), place] as const,
  )
  const placeOf = (path: string): Place | undefined => {
    for (const [pattern, place] of patterns) {
      const keys = pattern.exec(path)
      if (keys) return place(...keys.slice(1))
    }
    return places[path]
  }
  const walk = (path: string, value: unknown): Field[] => {
    const place = placeOf(path)
    return place === undefined && typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.entries(value).flatMap(([key, child]) => walk(path === '' ? key : `${path}/${key}`, child))
      : [{ path, value, place }]
  }
  return walk('', original)
}

interface OtlpValue {
  readonly stringValue?: string
  readonly boolValue?: boolean
  readonly intValue?: number
  readonly arrayValue?: { readonly values: readonly OtlpValue[] }
}

interface OtlpReport {
  readonly resourceMetrics: ReadonlyArray<{
    readonly resource: {
      readonly attributes: ReadonlyArray<{ readonly key: string; readonly value: OtlpValue }>
    }
    readonly scopeMetrics: ReadonlyArray<{
      readonly metrics: ReadonlyArray<{
        readonly name: string
        readonly gauge: {
          readonly dataPoints: ReadonlyArray<{
            readonly attributes: ReadonlyArray<{ readonly key: string; readonly value: OtlpValue }>
            readonly startTimeUnixNano: string
            readonly asInt?: number
            readonly asDouble?: number
          }>
        }
      }>
    }>
  }>
}

/** A report by its places. */
export function placesOf(json: unknown): Report {
  const [{ resource, scopeMetrics } = { resource: { attributes: [] }, scopeMetrics: [] }] = (
    json as OtlpReport
  ).resourceMetrics
  const attributes = resource.attributes.map(({ key, value }) => [key, plainOf(value)] as const)
  const points = scopeMetrics.flatMap(({ metrics }) =>
    metrics.flatMap(({ name, gauge }) =>
      gauge.dataPoints.flatMap(({ attributes, startTimeUnixNano, asInt, asDouble }) => {
        const by = attributes
          .map(({ key, value }) => `${key}=${plainOf(value)}`)
          .sort()
          .join(',')
        return [
          [by ? `${name}{${by}}` : name, asInt ?? asDouble],
          [`${name}@start`, new Date(Number(startTimeUnixNano) / 1e6).toISOString()],
        ] as const
      }),
    ),
  )
  return Object.fromEntries([...attributes, ...points])
}

const plainOf = ({ stringValue, boolValue, intValue, arrayValue }: OtlpValue): unknown =>
  stringValue ?? boolValue ?? intValue ?? arrayValue?.values.map(plainOf) ?? null

/**
 * Sets the facts of a telemetry from a document that a product already has, such as the report of its present telemetry. Every field of the
 * document is reported, or refused by name with the reason, so that a new field of the document cannot get lost unnoticed.
 */
import type { MeterProvider } from '@opentelemetry/api'
import type { Catalog, CountFact, Fact, GaugeFact } from 'otel-usage'

/** A field whose value is not reported. */
export interface Refused {
  /** Path of the field, parts joined by `/`. */
  readonly field: string
  readonly reason: string
}

/** A value for a fact, and the dimensions that it belongs to. */
export type Value = readonly [fact: string, value: unknown, by?: Readonly<Record<string, string>>]

/**
 * The name of the fact that a field sets, or a function that returns the values of facts, or the reason why there are none. The function
 * is called with the value, and with each key that a `*` of the path stands for.
 */
export type Target = string | ((value: unknown, ...keys: string[]) => readonly Value[] | Refusal)

/** Reason why a field has no value for a fact. */
export interface Refusal {
  readonly refused: string
}

export const refused = (reason: string): Refusal => ({ refused: reason })

/** A field that every report has by itself: the product's version, or the id of the installation. */
export const ofEveryReport: Target = () => []

/** The part of a telemetry that is used, whatever its catalog. */
export interface Recorder extends MeterProvider {
  set(name: never, value: never): void
}

/**
 * Takes every field of a document.
 *
 * @param fields targets by path. A `*` stands for any single key; at the end of a path its value must not be an object. The first path that
 *   matches is used.
 */
export function takeDocument(
  usage: Recorder,
  { facts }: Catalog,
  document: unknown,
  fields: Readonly<Record<string, Target>>,
): Refused[] {
  const paths = Object.entries(fields).map(([path, target]) => [path.split('/'), target] as const)
  const points = new Map<string, Array<{ value: number; attributes: Readonly<Record<string, string>> }>>()
  const meter = usage.getMeter('document')
  const problems: Refused[] = []

  function take([name, given, by = {}]: Value): string | undefined {
    const fact = facts[name] as Fact
    if (fact.kind === 'attribute') {
      const { value, problem } = attributeOf(fact, given)
      if (problem === undefined) usage.set(name as never, value as never)
      return problem
    }
    const value = numberOf(given)
    if (value === undefined) return 'is not a number'
    if (!distinguishes(fact, by))
      return `is about ${Object.values(by).join(', ')}, which the catalog does not list`
    if (fact.kind === 'count' && fact.buckets !== undefined) meter.createHistogram(name).record(value, by)
    else if (fact.kind === 'count') meter.createCounter(name).add(value, by)
    else if (Object.keys(by).length === 0) usage.set(name as never, value as never)
    else points.set(name, [...(points.get(name) ?? []), { value, attributes: by }])
    return undefined
  }

  function takeField(path: readonly string[], value: unknown): void {
    const field = path.join('/')
    const [pattern, target] = paths.find(([pattern]) => matches(pattern, path, value)) ?? []
    if (pattern === undefined || target === undefined) {
      if (isRecord(value)) for (const [key, child] of Object.entries(value)) takeField([...path, key], child)
      else problems.push({ field, reason: 'has no fact in the catalog' })
      return
    }
    const keys = path.filter((_, index) => pattern[index] === '*')
    const values = typeof target === 'string' ? [[target, value] as const] : target(value, ...keys)
    const reasons = 'refused' in values ? [values.refused] : values.map(take)
    for (const reason of reasons) if (reason !== undefined) problems.push({ field, reason })
  }

  takeField([], document)
  for (const [name, list] of points) usage.set(name as never, (() => list) as never)
  return problems
}

/** Returns a number, also where it is written as text. */
export const numberOf = (value: unknown): number | undefined => {
  if (typeof value === 'string' && /^-?\d+(?:\.\d+)?$/.test(value)) return Number(value)
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined
}

/** Returns a boolean, also where it is written as text. */
export const booleanOf = (value: unknown): boolean | undefined =>
  value === 'true' ? true : value === 'false' ? false : typeof value === 'boolean' ? value : undefined

export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const matches = (pattern: readonly string[], path: readonly string[], value: unknown) =>
  pattern.length === path.length &&
  pattern.every((part, index) => part === '*' || part === path[index]) &&
  !(pattern.at(-1) === '*' && isRecord(value))

function attributeOf(
  fact: Extract<Fact, { kind: 'attribute' }>,
  given: unknown,
): { readonly value?: unknown; readonly problem?: string } {
  if (given === undefined) return {}
  switch (fact.type) {
    case 'boolean': {
      const value = booleanOf(given)
      return value === undefined && given !== fact.whenUnknown
        ? { problem: 'is not a boolean' }
        : { value: value ?? given }
    }
    case 'enum':
      return fact.values.includes(String(given)) || given === fact.whenUnknown
        ? { value: String(given) }
        : { problem: 'is not one of the words in the catalog' }
    case 'string': {
      const isAccepted =
        typeof given === 'string' &&
        given.length <= (fact.maxLength ?? 64) &&
        (new RegExp(`^(?:${fact.pattern})$`, 'u').test(given) || given === fact.whenUnknown)
      return isAccepted ? { value: given } : { problem: 'does not have the form that the catalog declares' }
    }
    default:
      return { value: given }
  }
}

/** Returns `true` if a fact has a series for these dimensions; the word `other` catches what is not listed. */
function distinguishes(fact: GaugeFact | CountFact, values: Readonly<Record<string, string>>): boolean {
  const { by = {}, buckets } = fact as CountFact
  const blocks = Array.isArray(by) ? by : [by]
  return blocks.some((block) => {
    const dimensions = Object.entries(block as Readonly<Record<string, readonly string[]>>)
    return dimensions.every(
      // The bucket follows from the value.
      ([key, words]) => key === buckets || words.includes(values[key] ?? '') || words.includes('other'),
    )
  })
}

/** Reads one item of `resourceMetrics` of OTLP/JSON: https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding */

/** Value of an attribute: a whole number as a bigint, an empty value as `null`. `undefined` is of another kind, which no catalog declares. */
export type ReceivedValue = string | boolean | bigint | null | readonly string[] | undefined

export interface ReceivedPoint {
  readonly attributes: ReadonlyMap<string, ReceivedValue>
  /** `true` if it has a key twice. */
  readonly isAmbiguous: boolean
  /** Time in seconds since 1970; `NaN` if the point has no time. */
  readonly at: number
  /** 0 if the point has no value, as the Collector reads it; `NaN` if the value is not a number. */
  readonly value: number
  /** `true` if it has flags or exemplars. */
  readonly hasMore: boolean
}

export interface ReceivedMetric {
  readonly name: string
  readonly unit: string
  /** `true` if it has a description or metadata. */
  readonly hasMore: boolean
  /** Absent if the metric is not a gauge. */
  readonly points?: readonly ReceivedPoint[]
}

export interface ReceivedResource {
  /** Values by key; of a key that is there twice, the first one. */
  readonly attributes: ReadonlyMap<string, ReceivedValue>
  /** Number of attributes, with those of a key that is there twice. */
  readonly size: number
  readonly metrics: readonly ReceivedMetric[]
}

/**
 * Returns the resource; `undefined` if the value is something else, or has two values where OTLP has one: which of them the Collector
 * would take depends on their order.
 */
export function readResource(value: unknown): ReceivedResource | undefined {
  try {
    return resourceOf(value)
  } catch (error) {
    if (error instanceof NotOtlp) return undefined
    throw error
  }
}

class NotOtlp extends Error {}

function resourceOf(value: unknown): ReceivedResource | undefined {
  const [resource, scopes] = [recordIn(value, 'resource'), listIn(value, 'scopeMetrics')]
  if (resource === undefined || scopes === undefined) return undefined
  const keyValues = listIn(resource, 'attributes') ?? []
  return {
    attributes: attributesOf(keyValues),
    size: keyValues.length,
    metrics: scopes.flatMap((scope) => (listIn(scope, 'metrics') ?? []).map(readMetric)),
  }
}

function readMetric(metric: unknown): ReceivedMetric {
  const [gauge, metadata] = [recordIn(metric, 'gauge'), listIn(metric, 'metadata')]
  if (gauge && OTHER_DATA.some((name) => isRecord(metric) && Object.hasOwn(metric, name))) throw new NotOtlp()
  return {
    name: textIn(metric, 'name'),
    unit: textIn(metric, 'unit'),
    hasMore: textIn(metric, 'description') !== '' || (metadata?.length ?? 0) > 0,
    ...(gauge && { points: (listIn(gauge, 'dataPoints') ?? []).map(readPoint) }),
  }
}

const OTHER_DATA = ['sum', 'histogram', 'exponentialHistogram', 'summary']

function readPoint(point: unknown): ReceivedPoint {
  const keyValues = listIn(point, 'attributes') ?? []
  const attributes = attributesOf(keyValues)
  const [double, int] = [memberOf(point, 'asDouble'), memberOf(point, 'asInt')]
  if (double !== undefined && int !== undefined) throw new NotOtlp()
  return {
    attributes,
    isAmbiguous: attributes.size < keyValues.length,
    at: secondsOf(memberOf(point, 'timeUnixNano')),
    value: numberOf(double ?? int ?? 0),
    hasMore:
      (listIn(point, 'exemplars')?.length ?? 0) > 0 ||
      ![undefined, 0].includes(memberOf(point, 'flags') as 0),
  }
}

function attributesOf(keyValues: readonly unknown[]): Map<string, ReceivedValue> {
  const attributes = new Map<string, ReceivedValue>()
  for (const each of keyValues) {
    const key = textIn(each, 'key')
    if (!attributes.has(key)) attributes.set(key, valueOf(memberOf(each, 'value') ?? {}))
  }
  return attributes
}

function valueOf(value: unknown): ReceivedValue {
  const entries = Object.entries(isRecord(value) ? value : { value })
  const [[kind, held] = ['', undefined]] = entries
  if (entries.length === 0) return null
  if (entries.length > 1) throw new NotOtlp()
  switch (kind) {
    case 'stringValue':
      return typeof held === 'string' ? held : notOtlp()
    case 'boolValue':
      return typeof held === 'boolean' ? held : notOtlp()
    case 'intValue':
      return wholeOf(held) ?? notOtlp()
    case 'arrayValue': {
      const texts = (listIn(held, 'values') ?? []).map((item) => memberOf(item, 'stringValue'))
      return texts.every((text) => typeof text === 'string') ? texts : undefined
    }
    default:
      return undefined
  }
}

function notOtlp(): never {
  throw new NotOtlp()
}

/** A number of 64 bits is a text in JSON. */
function wholeOf(value: unknown): bigint | undefined {
  const text = typeof value === 'number' ? String(value) : value
  return typeof text === 'string' && /^-?\d{1,19}$/.test(text) ? BigInt(text) : undefined
}

const secondsOf = (nanoseconds: unknown) => {
  const whole = wholeOf(nanoseconds)
  return whole === undefined ? Number.NaN : Number(whole / 1_000_000_000n)
}

const numberOf = (value: unknown) =>
  typeof value === 'number' ? value : Number(wholeOf(value) ?? Number.NaN)

const isRecord = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const memberOf = (value: unknown, name: string): unknown =>
  isRecord(value) && Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined

function recordIn(value: unknown, name: string): object | undefined {
  const member = memberOf(value, name)
  return isRecord(member) ? member : undefined
}

function listIn(value: unknown, name: string): readonly unknown[] | undefined {
  const member = memberOf(value, name)
  return Array.isArray(member) ? member : undefined
}

function textIn(value: unknown, name: string): string {
  const member = memberOf(value, name)
  return typeof member === 'string' ? member : ''
}

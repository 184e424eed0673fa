import { isOwnName } from '../../catalog/index.ts'
import {
  type AbortSignal,
  createDeferred,
  Date,
  type Duration,
  describeValue,
  parseDuration,
  parseOwn,
  TextDecoder,
  TextEncoder,
  UsageConfigurationError,
} from '../../platform/index.ts'
import type { SendResult, Transport } from '../transport/index.ts'
import type { FetchFeed } from '../version/index.ts'
import type { TestClock } from './test-clock.ts'

/**
 * Answer of the receiver in a test: a status of HTTP, with `Retry-After` if it has one; `refuse`, no connection is possible; `hang`, the
 * report arrives and no answer comes, until the attempt times out after 10 seconds.
 */
export type TestAnswer =
  | number
  | { readonly status: number; readonly retryAfter?: Duration }
  | 'refuse'
  | 'hang'

/** Report that has reached the receiver. */
export interface ReceivedReport {
  /** Time of the attempt by the clock of the test, as ISO 8601. */
  readonly at: string
  /** The same in every attempt to send one report. */
  readonly reportId: string
  /** `erasure`: a request to erase the installation, without facts. */
  readonly kind: 'report' | 'erasure'
  /** Answer of the receiver. */
  readonly answer: TestAnswer
  /**
   * Facts of the product by name, and a count or gauge with dimensions by its values too:
   * `{ 'acme.edition': 'community', 'acme.commands{command=login,result=ok}': 1 }`.
   */
  readonly facts: Readonly<Record<string, unknown>>
  /** Exact bytes, before compression. */
  readonly bytes: Uint8Array
  /** Parsed bytes: an OTLP `ExportMetricsServiceRequest`. */
  readonly json: unknown
}

/** Receiver in a test. It stands in for the gateway and for the network. */
export interface TestReceiver {
  /** Reports that have reached the receiver since the last reset, oldest first, whatever it answered. */
  list(): readonly ReceivedReport[]
  /** Returns the newest report; `undefined` if no report has reached the receiver. */
  last(): ReceivedReport | undefined
  /** Returns the number of attempts to reach the receiver since the last reset, those without a connection included. */
  attempts(): number
  /** Publishes a version feed at the address that the product names for its feed. `undefined` takes the feed away. Default: no feed. */
  feed(document: string | undefined): void
  /** Forgets the reports and attempts so far. */
  reset(): void
  /**
   * Sets the answer to every attempt from now on. At first it is 200.
   *
   * @throws {UsageConfigurationError} for an answer that no receiver gives.
   */
  answer(answer: TestAnswer): void
}

/** Receiver of a test, with the way to it. */
export interface ReceiverOfTest {
  readonly receiver: TestReceiver
  readonly transport: Transport
  readonly fetchFeed: FetchFeed
}

export function createTestReceiver(clock: TestClock): ReceiverOfTest {
  let received: ReceivedReport[] = []
  let attempts = 0
  let answer: TestAnswer = 200
  let feed: string | undefined

  const transport: Transport = {
    async send(bytes, signal, mayLeave = async () => true) {
      attempts++
      if (answer === 'refuse') return unavailable('the receiver cannot be reached (ECONNREFUSED)')
      if (signal?.aborted || !(await mayLeave()) || signal?.aborted) return CALLED_OFF
      const given = answer
      received.push(await reportIn(bytes, { at: new Date(clock.now()).toISOString(), answer: given }))
      if (given === 'hang') return silence(clock, signal)
      const { readAnswer } = await import('../transport/index.ts')
      return readAnswer(responseOf(given), clock.now())
    },
  }
  const fetchFeed: FetchFeed = async (_, { mayLeave }) => {
    const document = feed
    if (document === undefined) return { outcome: 'unavailable', reason: 'the test publishes none' }
    if (!(await mayLeave())) return { outcome: 'unavailable', reason: 'the attempt was called off' }
    return { outcome: 'fetched', body: new TextEncoder().encode(document) }
  }

  return {
    ...{ transport, fetchFeed },
    receiver: {
      list: () => [...received],
      last: () => received.at(-1),
      attempts: () => attempts,
      feed(document) {
        feed = document
      },
      reset() {
        received = []
        attempts = 0
      },
      answer(given) {
        answer = checked(given)
      },
    },
  }
}

/** Longest time of an attempt, in milliseconds, as over HTTP. */
const ATTEMPT_TIMEOUT = 10_000

const unavailable = (reason: string): SendResult => ({ outcome: 'unavailable', reason })

const CALLED_OFF = unavailable('the attempt was called off')

/** Resolves when the attempt times out, or is called off. */
function silence(clock: TestClock, signal: AbortSignal | undefined): Promise<SendResult> {
  const { promise, resolve } = createDeferred<SendResult>()
  const timer = clock.after(ATTEMPT_TIMEOUT, () =>
    resolve(unavailable('the receiver did not answer in time')),
  )
  signal?.addEventListener('abort', () => {
    timer.cancel()
    resolve(CALLED_OFF)
  })
  return promise
}

function responseOf(answer: Exclude<TestAnswer, 'refuse' | 'hang'>) {
  const { status, retryAfter } =
    typeof answer === 'number' ? { status: answer, retryAfter: undefined } : answer
  const seconds = retryAfter === undefined ? undefined : Math.ceil((parseDuration(retryAfter) ?? 0) / 1_000)
  return {
    status,
    headers: { 'content-length': '0', ...(seconds !== undefined && { 'retry-after': String(seconds) }) },
    body: new Uint8Array(),
  }
}

async function reportIn(
  bytes: Uint8Array,
  attempt: Pick<ReceivedReport, 'at' | 'answer'>,
): Promise<ReceivedReport> {
  const { isErasureRequest, readReport } = await import('../otlp/index.ts')
  const { attributes = {}, metrics = [] } = readReport(bytes) ?? {}
  const points = metrics.flatMap(({ name, points = [] }) =>
    points.map(({ attributes, value }): [string, unknown] => [`${name}${combination(attributes)}`, value]),
  )
  const named = [...Object.entries(attributes), ...points]
  return {
    ...attempt,
    reportId: String(attributes['usage.report.id']),
    kind: isErasureRequest(bytes) ? 'erasure' : 'report',
    facts: Object.fromEntries(named.filter(([name]) => !isOwnName(name.replace(/\{.*/, '')))),
    bytes: Uint8Array.from(bytes),
    json: parseOwn(new TextDecoder().decode(bytes)),
  }
}

const combination = (attributes: Readonly<Record<string, unknown>>): string => {
  const by = Object.entries(attributes).map(([name, value]) => `${name}=${value}`)
  return by.length > 0 ? `{${by.join(',')}}` : ''
}

function checked(answer: TestAnswer): TestAnswer {
  if (answer === 'refuse' || answer === 'hang') return answer
  const { status, retryAfter } = Object(typeof answer === 'number' ? { status: answer } : answer)
  const isStatus =
    Number.isInteger(status) && status >= 200 && status <= 599 && Math.floor(status / 100) !== 3
  if (isStatus && (retryAfter === undefined || parseDuration(retryAfter) !== undefined)) return answer
  const message =
    `is ${describeValue(answer)}; pass a status such as 200 or 503, ` +
    `{ status: 503, retryAfter: '5m' }, 'refuse' or 'hang'`
  throw new UsageConfigurationError('createTestTelemetry', [{ path: 'answer', message }])
}

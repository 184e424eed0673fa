/**
 * The Collector's queue in a file, as exporterhelper 0.161 keeps it: a request under each number, and under `qmv0` which numbers wait
 * to be read, and which are under way to the store.
 *
 * What the Collector does with those under way when it starts is why this file is here: it deletes all of them in one transaction,
 * and puts them back one by one in others (`enqueueNotDispatchedReqs` in exporterhelper's internal/queue/persistent_queue.go).
 * Whatever ends it in between, or keeps it from writing, loses them. So nothing is under way when it starts.
 */
import type { BoltFile, Edits } from './bolt-file.ts'
import { BoltDamage } from './bolt-page.ts'
import { fieldsOf, valuesAt } from './protobuf.ts'

/** The queue that gateway.yaml has. */
export const QUEUE_FILE = 'exporter_clickhouse__metrics'

/** Which numbers the queue has. */
export interface QueueState {
  /** The points that it counts, against its capacity. */
  readonly points: bigint
  readonly bytes: bigint
  /** The next one to be read. */
  readonly read: bigint
  /** The next one to be written. */
  readonly write: bigint
  /** Those that were read and not yet finished. */
  readonly underWay: readonly bigint[]
}

const STATE = 'qmv0'

/**
 * Reads what the queue has; `undefined` where there is none in the file, or one in the form of older Collectors (`ri`, `wi`), which
 * this one takes over.
 *
 * @throws {BoltDamage} where the Collector would begin with an empty one.
 */
export function queueState(file: BoltFile): QueueState | undefined {
  const bytes = file.get(STATE)
  if (bytes === undefined) {
    const isQueue = [...file.keys()].some((key) => /^\d+$/.test(key))
    if (isQueue && !file.has('wi'))
      throw new BoltDamage('it has reports, and not what says which of them wait')
    return undefined
  }
  const numbers = new Map<number, bigint>()
  const underWay: bigint[] = []
  try {
    for (const { number, value } of fieldsOf(bytes)) {
      if (number !== 5) numbers.set(number, value.readBigInt64LE())
      else for (let at = 0; at < value.length; at += 8) underWay.push(value.readBigUInt64LE(at))
    }
  } catch {
    throw new BoltDamage('what says which of its reports wait is not readable')
  }
  const of = (number: number) => numbers.get(number) ?? 0n
  return { points: of(1), bytes: of(2), read: of(3), write: of(4), underWay }
}

function stateBytes({ points, bytes, read, write }: QueueState): Buffer {
  const fields = [points, bytes, read, write].map((value, index) => {
    const field = Buffer.alloc(9)
    field.writeUInt8((index + 1) * 8 + 1, 0)
    field.writeBigInt64LE(value, 1)
    return field
  })
  return Buffer.concat(fields)
}

/**
 * Makes those under way the next ones to be read, in one transaction. They come to stand directly before the others: where they do
 * already, which is the rule, only the state changes. Returns how many requests they were.
 */
export function putBack(file: BoltFile): number {
  const state = queueState(file)
  if (state === undefined || state.underWay.length === 0) return 0
  const present = new Set(state.underWay.filter((number) => file.has(String(number))))
  const read = state.read - BigInt(present.size)
  const places = Array.from(present, (_, index) => read + BigInt(index)).filter(
    (place) => !present.has(place),
  )
  const movers = [...present].filter((number) => number < read)
  const edits = new Map<string, Buffer | undefined>([[STATE, stateBytes({ ...state, read, underWay: [] })]])
  for (const [index, number] of movers.entries()) {
    edits.set(String(places[index]), file.get(String(number)))
    edits.set(String(number), undefined)
  }
  file.apply(edits)
  return present.size
}

/** What was under way, as OTLP, and how to take it out of the queue. */
export interface UnderWay {
  /** The requests in one: Protocol Buffers can be put together so. */
  readonly request: Buffer
  readonly reports: number
  /** Takes them out of the queue, in one transaction. */
  takeOut(): void
}

/**
 * Reads what was under way; `undefined` where nothing was.
 *
 * @throws {RangeError} where one of the requests cannot be read.
 */
export function readUnderWay(file: BoltFile): UnderWay | undefined {
  const state = queueState(file)
  if (state === undefined || state.underWay.length === 0) return undefined
  const requests = state.underWay.flatMap((number) => {
    const item = file.get(String(number))
    return item === undefined ? [] : [otlpOf(item)]
  })
  const request = Buffer.concat(requests)
  const points = pointsIn(request)
  const takeOut = () => {
    const gone: Edits = new Map(state.underWay.map((number) => [String(number), undefined]))
    const less = (had: bigint, taken: number) => (had > BigInt(taken) ? had - BigInt(taken) : 0n)
    const rest = { points: less(state.points, points), bytes: less(state.bytes, request.length) }
    const empty = state.read === state.write
    const left = empty ? { points: 0n, bytes: 0n } : rest
    file.apply(new Map([...gone, [STATE, stateBytes({ ...state, ...left, underWay: [] })]]))
  }
  return { request, reports: reportsIn(request).length, takeOut }
}

/** In an item of the queue the request is the third field; the second is its context. Older Collectors kept the request alone. */
function otlpOf(item: Buffer): Buffer {
  const hasContext = item.length >= 5 && item[0] === 0x0d && item.readUInt32LE(1) === 1
  return hasContext ? (valuesAt(item, [3])[0] ?? Buffer.alloc(0)) : item
}

/** The reports of a request, each as a request of its own. */
export const reportsIn = (request: Buffer): Buffer[] => [...fieldsOf(request)].map(({ whole }) => whole)

/** resource_metrics, scope_metrics, metrics, gauge, data_points. */
const pointsIn = (request: Buffer): number => valuesAt(request, [1, 2, 2, 5, 1]).length

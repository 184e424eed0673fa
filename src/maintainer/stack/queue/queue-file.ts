/**
 * Queue of the Collector in a file, in the format of exporterhelper 0.161: each request under its number, and under `qmv0` the numbers that
 * wait and those that are being sent to the store.
 *
 * This file exists because of the start of the Collector: it deletes all requests that were being sent in one transaction, and puts them
 * back one by one in others (`enqueueNotDispatchedReqs` in exporterhelper's internal/queue/persistent_queue.go). If it ends in between, or
 * cannot write, they are lost. So none must be marked as being sent when it starts.
 */
import type { BoltFile, Edits } from './bolt-file.ts'
import { BoltDamage } from './bolt-page.ts'
import { fieldsOf, valuesAt } from './protobuf.ts'

/** File of the queue of gateway.yaml. */
export const QUEUE_FILE = 'exporter_clickhouse__metrics'

/** State of the queue: the numbers of its requests. */
export interface QueueState {
  /** Points that count against its capacity. */
  readonly points: bigint
  readonly bytes: bigint
  /** Number of the next request to read. */
  readonly read: bigint
  /** Number of the next request to write. */
  readonly write: bigint
  /** Numbers of requests that were read and not finished. */
  readonly dispatched: readonly bigint[]
}

const STATE = 'qmv0'

/**
 * Reads the state of the queue. Returns `undefined` if the file has no queue, or one in the format of older Collectors (`ri`, `wi`), which
 * the Collector converts.
 *
 * @throws {BoltDamage} if the Collector would start with an empty queue.
 */
export function queueState(file: BoltFile): QueueState | undefined {
  const bytes = file.get(STATE)
  if (bytes === undefined) {
    const isQueue = [...file.keys()].some((key) => /^\d+$/.test(key))
    if (isQueue && !file.has('wi')) throw new BoltDamage('it has reports, but no list of those that wait')
    return undefined
  }
  const numbers = new Map<number, bigint>()
  const dispatched: bigint[] = []
  try {
    for (const { number, value } of fieldsOf(bytes)) {
      if (number !== 5) numbers.set(number, value.readBigInt64LE())
      else for (let at = 0; at < value.length; at += 8) dispatched.push(value.readBigUInt64LE(at))
    }
  } catch {
    throw new BoltDamage('its list of waiting reports cannot be read')
  }
  const of = (number: number) => numbers.get(number) ?? 0n
  return { points: of(1), bytes: of(2), read: of(3), write: of(4), dispatched }
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
 * Marks the requests that were being sent as the next ones to read, in one transaction, and returns their number. They must have the numbers
 * directly before the others; they usually do, and then only the state changes.
 */
export function putBack(file: BoltFile): number {
  const state = queueState(file)
  if (state === undefined || state.dispatched.length === 0) return 0
  const present = new Set(state.dispatched.filter((number) => file.has(String(number))))
  const read = state.read - BigInt(present.size)
  const freeNumbers = Array.from(present, (_, index) => read + BigInt(index)).filter(
    (free) => !present.has(free),
  )
  const movers = [...present].filter((number) => number < read)
  const edits = new Map<string, Buffer | undefined>([[STATE, stateBytes({ ...state, read, dispatched: [] })]])
  for (const [index, number] of movers.entries()) {
    edits.set(String(freeNumbers[index]), file.get(String(number)))
    edits.set(String(number), undefined)
  }
  file.apply(edits)
  return present.size
}

/** Requests that were being sent, as OTLP. */
export interface Dispatched {
  /** All requests as one: concatenated messages in Protocol Buffers are merged. */
  readonly request: Buffer
  readonly reports: number
  /** Removes the requests from the queue, in one transaction. */
  takeOut(): void
}

/**
 * Reads the requests that were being sent; returns `undefined` if there were none.
 *
 * @throws {RangeError} if a request cannot be read.
 */
export function readDispatched(file: BoltFile): Dispatched | undefined {
  const state = queueState(file)
  if (state === undefined || state.dispatched.length === 0) return undefined
  const requests = state.dispatched.flatMap((number) => {
    const item = file.get(String(number))
    return item === undefined ? [] : [otlpOf(item)]
  })
  const request = Buffer.concat(requests)
  const points = pointsIn(request)
  const takeOut = () => {
    const gone: Edits = new Map(state.dispatched.map((number) => [String(number), undefined]))
    const less = (had: bigint, sent: number) => (had > BigInt(sent) ? had - BigInt(sent) : 0n)
    const rest = { points: less(state.points, points), bytes: less(state.bytes, request.length) }
    const empty = state.read === state.write
    const left = empty ? { points: 0n, bytes: 0n } : rest
    file.apply(new Map([...gone, [STATE, stateBytes({ ...state, ...left, dispatched: [] })]]))
  }
  return { request, reports: reportsIn(request).length, takeOut }
}

/** Returns the request in an item of the queue: its third field, after its context. Older Collectors stored only the request. */
function otlpOf(item: Buffer): Buffer {
  const hasContext = item.length >= 5 && item[0] === 0x0d && item.readUInt32LE(1) === 1
  return hasContext ? (valuesAt(item, [3])[0] ?? Buffer.alloc(0)) : item
}

/** Divides a request into one request for each report. */
export const reportsIn = (request: Buffer): Buffer[] => [...fieldsOf(request)].map(({ whole }) => whole)

/** Field numbers of resource_metrics, scope_metrics, metrics, gauge, data_points. */
const pointsIn = (request: Buffer): number => valuesAt(request, [1, 2, 2, 5, 1]).length

/**
 * A host application whose every step is ordered by the harness, over the channel of `fork`. It tells what became of each, and writes
 * down what must never happen to a host: `node host.ts '{"endpoint", "state", "troubles", "seed", …}'`.
 */
import { appendFileSync } from 'node:fs'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { createDirectoryStore, createUsageTelemetry, type StateStore } from 'otel-usage'
import { createFileLayer, type FileFunctions } from '../file-layer.ts'
import { catalog, product } from '../product.ts'
import { createClock } from './clock.ts'
import { troubleNames } from './names.ts'
import type { HostOptions, Order, Outcome } from './orders.ts'

const options: HostOptions = isMainThread ? JSON.parse(process.argv[2] ?? '{}') : workerData
/** The harness, or the thread that relays it. */
const port = isMainThread ? process : parentPort!
const tell = (message: object) => {
  if (!isMainThread) parentPort?.postMessage(message)
  // The harness may have gone its way.
  else if (process.connected) process.send?.(message, () => {})
}

const note = (kind: string, what: unknown) => {
  const text = String(what instanceof Error ? what.stack : what)
  appendFileSync(options.troubles, `${kind}: ${text.replaceAll('\n', ' ')}\n`)
}
process.on('unhandledRejection', (reason) => note('unhandled rejection', reason))
process.on('uncaughtExceptionMonitor', (error) => {
  if (error.message !== ON_PURPOSE) note('uncaught exception', error)
})

const ON_PURPOSE = 'The host fails on purpose.'

if (options.names) troubleNames(options.names)

/** With the file functions, which its declarations do not show to hosts. */
const createStore = createDirectoryStore as (directory: string, files: FileFunctions) => StateStore

if (options.threads && isMainThread) relay()
else await live()

async function live(): Promise<void> {
  const disk = createFileLayer(options)
  const clock = createClock(options.clock)
  const usage = createUsageTelemetry({
    product,
    catalog,
    endpoint: options.endpoint,
    ...(!options.homeless && { state: createStore(options.state, disk.files) }),
    consent: { default: 'enabled' },
    // A yes that counts also where the id of the installation cannot be stored.
    environment: options.chooses ? {} : { ACME_DB_TELEMETRY: 'on' },
    clock,
    schedule: { initialDelay: '24h', ...options.schedule },
    logger: logTo(options.log),
  })
  const counter = usage.counter('acme.steps')

  const carryOut: { [D in Order['do']]: (order: Extract<Order, { do: D }>) => unknown } = {
    count({ step: { lane, amount } }) {
      const by = { lane: lane as 'l0' }
      counter.add(amount, { ...by, part: 'first' })
      counter.add(amount, { ...by, part: 'second' })
    },
    report: async () => (await usage.report()).outcome,
    async choose({ decision }) {
      try {
        return (await usage.consent.set(decision, { by: 'alice' })).state
      } catch (error) {
        return (error as NodeJS.ErrnoException).code
      }
    },
    start: async () => void (await usage.start()),
    async shutdown() {
      const since = performance.now()
      await usage.shutdown()
      return performance.now() - since
    },
    setDisk: ({ trouble }) => disk.setTrouble(trouble),
    setClock: ({ offset }) => clock.set(offset),
    calls: () => disk.calls,
    leave: () => (isMainThread ? process.disconnect() : parentPort?.close()),
    exit: () => process.exit(0),
    throw: () => void setImmediate(() => fail()),
  }

  process.once('SIGTERM', async () => {
    await usage.shutdown()
    process.exit(143)
  })
  port.on('message', async (order: Order & { id: number }) => {
    try {
      const value = await carryOut[order.do](order as never)
      if (order.do !== 'leave') tell({ id: order.id, value } satisfies Outcome)
    } catch (error) {
      note(`${order.do} has thrown`, error)
      tell({ id: order.id, value: undefined })
    }
  })
  await usage.start()
  tell({ id: 0, value: undefined })
}

/** Threads that count in turn. What else they are told to do, they do at once, and the answer comes when all have done it. */
function relay(): void {
  const threads = options.threads ?? 1
  const open = new Map<number, number>()
  let turn = 0
  const workers = Array.from({ length: threads }, () => {
    const worker = new Worker(new URL(import.meta.url), { workerData: { ...options, threads: undefined } })
    worker.on('message', (message: Outcome) => {
      const left = (open.get(message.id) ?? threads) - 1
      open.set(message.id, left)
      if (left === 0) tell(message)
    })
    worker.on('error', (error) => note('a thread has failed', error))
    return worker
  })
  process.on('message', async (order: Order & { id: number }) => {
    if (order.do === 'exit') {
      for (const worker of workers) await worker.terminate()
      process.exit(0)
    }
    if (order.do === 'leave') process.disconnect()
    if (order.do === 'count') open.set(order.id, 1)
    const those = order.do === 'count' ? [workers[turn++ % threads]] : workers
    for (const worker of those) worker?.postMessage(order)
  })
}

function logTo(file: string | undefined) {
  const to = (level: string) => (message: string) =>
    file === undefined
      ? undefined
      : appendFileSync(file, `${process.pid} ${level}: ${message.slice(0, 300)}\n`)
  return { debug: to('debug'), info: to('info'), warn: to('warn'), error: to('error') }
}

function fail(): never {
  throw new Error(ON_PURPOSE)
}

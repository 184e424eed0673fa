import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { cpus, tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout } from 'node:timers/promises'
import {
  applySchema,
  type Collector,
  clickHouseEnvironment,
  connectClickHouse,
  freePort,
  type RunningClickHouse,
  type RunningCollector,
  startClickHouse,
  startCollector,
} from '../../src/gateway.ts'
import type { Environment } from '../../src/platform/index.ts'
import type { Loaded, LoadOptions } from './load.ts'
import type { Reports } from './reports.ts'

/** Measurement of one gateway under one load. */
export interface OneGateway {
  readonly collector: Collector
  readonly configs: readonly string[]
  readonly environment: Environment
  /** ClickHouse is not used, starts after the load, or runs from the start. */
  readonly store: 'none' | 'down' | 'up'
  readonly reports: Reports
  readonly connections: number
  readonly keepAlive: boolean
  readonly seconds: number
  readonly load: (options: LoadOptions) => Promise<Loaded>
}

export interface Measured extends Omit<Loaded, 'acknowledged'> {
  readonly acknowledged: number
  /** Number of those that are lost. */
  readonly missing: number
  /** Processor time of the Collector for a report, in microseconds. */
  readonly collectorCpu: number
  /** Largest memory of the Collector under load, in MB. */
  readonly memory: number
  /** Bytes on disk for a report, after the load. */
  readonly written: number
  readonly queued: number
  readonly backlog?: Backlog
}

/** Points in the queue after the load, and the time in which ClickHouse stored them. */
export interface Backlog {
  readonly rows: number
  readonly seconds: number
}

/** The same after a restart of the store, while the gateway keeps running. */
const PASSWORD = 'of-this-run'

/** Starts a gateway in an empty directory, sends reports, and checks where they are stored. */
export async function oneGateway(one: OneGateway): Promise<Measured> {
  const { collector, configs, store, reports, load, connections, keepAlive, seconds } = one
  const directory = await mkdtemp(path.join(tmpdir(), 'otel-usage-bench-'))
  await using started = new AsyncDisposableStack()
  started.defer(() => rm(directory, { recursive: true, force: true, maxRetries: 5 }))
  const ports = { httpPort: await freePort() }
  const clickHouse = async () => {
    const running = await startClickHouse({
      directory: path.join(directory, 'clickhouse'),
      environment: { ...one.environment, CLICKHOUSE_URL: undefined },
      password: PASSWORD,
      ...ports,
    })
    started.defer(() => running.stop())
    await applySchema(running)
    return running
  }
  let running = store === 'up' ? await clickHouse() : undefined
  const start = async () =>
    startCollector({
      collector,
      configs,
      environment: {
        ...one.environment,
        USAGE_GATEWAY_ENDPOINT: `127.0.0.1:${await freePort()}`,
        USAGE_GATEWAY_HEALTH_ENDPOINT: `127.0.0.1:${await freePort()}`,
        USAGE_GATEWAY_DIRECTORY: path.join(directory, 'gateway'),
        ...clickHouseEnvironment({ nativeEndpoint: `http://usage:${PASSWORD}@127.0.0.1:${ports.httpPort}` }),
      },
    })
  // One of the thousands of connections of a load may use a port that was free a moment ago.
  const gateway = await start().catch(start)
  started.defer(() => gateway.stop())

  await calm()
  const before = await statusOf(gateway)
  const watched = watch(gateway)
  const { acknowledged, ...loaded } = await load({
    url: gateway.url,
    ...{ reports, connections, keepAlive, seconds },
  })
  const over = performance.now()
  const memory = await watched.most()
  const { cpu } = await statusOf(gateway)
  const perReport = async (name: string) =>
    (await sizeOf(path.join(gateway.directory, name))) / Math.max(acknowledged.size, 1)
  const measured = {
    ...loaded,
    collectorCpu: ((cpu - before.cpu) * 1e6) / requestsOf(loaded),
    ...{ memory, written: await perReport('out'), queued: await perReport('queue') },
    acknowledged: acknowledged.size,
  }
  if (store === 'none') return { ...measured, missing: without(acknowledged, await writtenIds(gateway)) }

  const from = store === 'up' ? over : undefined
  running ??= await clickHouse()
  const backlog = await drained(running, acknowledged.size * reports.points, from)
  const stored = await storedIds(running)
  return {
    ...measured,
    missing: without(acknowledged, stored),
    backlog,
  }
}

/** Waits for a second in which the machine has little else to do; half a minute at most. */
async function calm(): Promise<void> {
  for (let waited = 0; waited < 30; waited++) {
    const before = processorTime()
    await setTimeout(1_000)
    const now = processorTime()
    if ((now.idle - before.idle) / (now.all - before.all) > 0.9) return
  }
}

function processorTime(): { idle: number; all: number } {
  const times = cpus().map(({ times }) => times)
  const idle = times.reduce((sum, { idle }) => sum + idle, 0)
  return { idle, all: times.reduce((sum, each) => sum + Object.values(each).reduce((a, b) => a + b, 0), 0) }
}

const requestsOf = ({ statuses }: Pick<Loaded, 'statuses'>) =>
  Math.max(
    Object.values(statuses).reduce((sum, count) => sum + count, 0),
    1,
  )

const without = (all: ReadonlySet<string>, found: ReadonlySet<string>) =>
  [...all].filter((id) => !found.has(id)).length

/** Reads processor time in seconds and memory in MB from the Collector's own metrics. */
async function statusOf({ metricsUrl }: RunningCollector): Promise<{ cpu: number; memory: number }> {
  const text = await (await fetch(metricsUrl)).text()
  const sample = (name: string) => Number(new RegExp(`^${name}(?:\\{.*\\})? (.*)$`, 'm').exec(text)?.[1])
  return {
    cpu: sample('otelcol_process_cpu_seconds'),
    memory: sample('otelcol_process_memory_rss') / 1e6,
  }
}

function watch(gateway: RunningCollector): { most(): Promise<number> } {
  const over = new AbortController()
  let most = 0
  const watching = (async () => {
    while (!over.signal.aborted) {
      most = Math.max(most, (await statusOf(gateway)).memory)
      await setTimeout(500, undefined, { signal: over.signal }).catch(() => {})
    }
  })()
  return {
    async most() {
      over.abort()
      await watching
      return Math.max(most, (await statusOf(gateway)).memory)
    },
  }
}

async function sizeOf(directory: string): Promise<number> {
  const names = await readdir(directory).catch(() => [])
  const sizes = await Promise.all(names.map((name) => stat(path.join(directory, name))))
  return sizes.reduce((sum, { size }) => sum + size, 0)
}

async function writtenIds({ directory }: RunningCollector): Promise<Set<string>> {
  const text = await readFile(path.join(directory, 'out/reports.jsonl'), 'latin1')
  const found = text.matchAll(/"usage\.report\.id","value":\{"stringValue":"([0-9a-f-]{36})"/g)
  return new Set([...found].map(([, id]) => id as string))
}

/**
 * Waits until the store has this number of rows. The time begins at the given moment, or with the first rows: the Collector checks only now
 * and then whether a ClickHouse that was down is reachable again.
 */
async function drained(clickHouse: RunningClickHouse, rows: number, from?: number): Promise<Backlog> {
  await using connection = await connected(clickHouse)
  const count = async () => {
    const [row] = await connection.query<{ n: string }>('SELECT count() AS n FROM points')
    return Number(row?.n)
  }
  const deadline = performance.now() + 300_000
  let [began, first] = [from, 0]
  if (from !== undefined) first = await count()
  for (let found = first; found < rows; ) {
    if (performance.now() > deadline)
      throw new Error(`${found} of ${rows} rows have arrived within five minutes.`)
    await setTimeout(100)
    found = await count()
    if (began === undefined && found > 0) [began, first] = [performance.now(), found]
  }
  return { rows: rows - first, seconds: (performance.now() - (began ?? performance.now())) / 1_000 }
}

async function storedIds(clickHouse: RunningClickHouse): Promise<Set<string>> {
  await using connection = await connected(clickHouse)
  const rows = await connection.query<{ id: string }>('SELECT DISTINCT toString(ReportId) AS id FROM points')
  return new Set(rows.map(({ id }) => id))
}

async function connected({ url }: RunningClickHouse) {
  const connection = await connectClickHouse({ url })
  return Object.assign(connection, { [Symbol.asyncDispose]: () => connection.close() })
}

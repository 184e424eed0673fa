import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rmdir, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { defineCatalog } from '../../src/catalog/index.ts'
import {
  clickHouseEnvironment,
  collectorConfig,
  freePort,
  type RunningClickHouse,
} from '../../src/gateway.ts'
import { collectorConfigFile } from '../../src/maintainer/package/package-files.ts'
import { answers } from '../../src/maintainer/stack/process/wait.ts'
import type { MemoryGroup } from './memory-group.ts'
import {
  nativeEndpointAt,
  report,
  rowsOf,
  runClickHouse,
  runGateway,
  send,
  theCollector,
  uuid,
} from './running-gateway.ts'
import { scratchDirectory, until } from './scratch.ts'

const about = { since: 1, why: 'to know' } as const
const text = { ...about, kind: 'attribute', type: 'string', pattern: '[a-z]+', maxLength: 1_024 } as const

/** As many facts as the largest report of all tests has: of each, the gateway takes one point. */
const names = Array.from({ length: 500 }, (_, index) => `acme.users_${index}`)

/** A product with so many of these facts. */
function productWith(facts: number) {
  const gauge = { ...about, kind: 'gauge', unit: '{user}', example: 1 } as const
  const catalog = defineCatalog({
    version: 1,
    prefix: 'acme',
    facts: {
      ...Object.fromEntries(names.slice(0, facts).map((name) => [name, gauge] as const)),
      'acme.text': { ...text, example: 'text' },
      'acme.other_text': { ...text, example: 'text' },
    },
  })
  return { name: 'acme-db', catalog }
}

/** A gateway at places that stay, so that it comes back where it was, and a ClickHouse that is not there yet. */
export async function aGateway(
  t: Parameters<typeof runGateway>[0],
  {
    environment = {},
    home,
    httpPort,
    memory,
    openFiles,
    onNotice,
    facts = 60,
  }: {
    environment?: Readonly<Record<string, string>>
    home?: string
    /** Where its store will be. */
    httpPort?: number
    /** A control group with a memory limit, into which `startCommand` goes. */
    memory?: MemoryGroup
    /** How many files and connections `startCommand` may have open. Default: no limit. */
    openFiles?: number
    onNotice?: (sentence: string) => void
    /**
     * Number of gauges that its product has, at most 500, and thus of points in the largest report. Default: 60. For the rules of 500, a
     * Collector takes more than half of its start.
     */
    facts?: number
  } = {},
) {
  const products = [productWith(facts)]
  const directory = await scratchDirectory(t)
  const ports = { httpPort: httpPort ?? (await freePort()) }
  const places = {
    USAGE_GATEWAY_ENDPOINT: `127.0.0.1:${await freePort()}`,
    USAGE_GATEWAY_HEALTH_ENDPOINT: `127.0.0.1:${await freePort()}`,
    USAGE_GATEWAY_METRICS_PORT: String(await freePort()),
    USAGE_GATEWAY_INNER_ENDPOINT: `127.0.0.1:${await freePort()}`,
    USAGE_GATEWAY_INNER_TOKEN: 'of-this-test',
    USAGE_GATEWAY_DIRECTORY: home ?? path.join(directory, 'gateway'),
  }
  const nativeEndpoint = nativeEndpointAt(ports.httpPort)
  const start = (more: Readonly<Record<string, string>> = {}) =>
    runGateway(t, {
      directory,
      products,
      nativeEndpoint,
      environment: { ...places, ...environment, ...more },
      ...(onNotice && { onNotice }),
    })
  const overlay = path.join(directory, 'overlay.yaml')
  await writeFile(overlay, '{}\n')
  await writeFile(path.join(directory, 'products.yaml'), collectorConfig(products))
  const startCommand = async () => {
    const bin = path.resolve(import.meta.dirname, '../../dist/bin.js')
    const configs = [collectorConfigFile('gateway.yaml'), path.join(directory, 'products.yaml'), overlay]
    const collector = [...(await theCollector()).command, ...configs.flatMap((file) => ['--config', file])]
    const guarded = [process.execPath, bin, 'gateway', 'guard', '--', ...collector]
    const command = openFiles ? ['sh', '-c', `ulimit -n ${openFiles}; exec "$@"`, 'sh', ...guarded] : guarded
    const [file = '', ...args] = memory ? memory.into(command) : command
    return spawn(file, args, {
      detached: true,
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, ...clickHouseEnvironment({ nativeEndpoint }), ...places, ...environment },
    })
  }
  const healthUrl = `http://${places.USAGE_GATEWAY_HEALTH_ENDPOINT}`
  return {
    start,
    /** Starts it by the command that units and images have, in a process group of its own. */
    startCommand,
    /** The same, and waits until it is ready. */
    runCommand: async () => {
      const running = await startCommand()
      const hasEnded = () => running.exitCode !== null || running.signalCode !== null
      t.after(() => hasEnded() || process.kill(-(running.pid as number), 'SIGKILL'))
      const ended = once(running, 'exit')
      let errors = ''
      running.stderr.on('data', (chunk) => {
        errors += chunk
      })
      await until('it is ready', () => answers(healthUrl))
      return {
        process: running,
        ended,
        errors: () => errors,
        /** Milliseconds until it has ended. */
        stop: async () => {
          const start = performance.now()
          running.kill('SIGTERM')
          assert.deepEqual(await ended, [0, null])
          return performance.now() - start
        },
      }
    },
    overlay,
    innerUrl: `http://${places.USAGE_GATEWAY_INNER_ENDPOINT}`,
    /** Sends behind the checks. */
    sendBehind: (body: Buffer, headers: Readonly<Record<string, string>>) =>
      send(`http://${places.USAGE_GATEWAY_INNER_ENDPOINT}`, body, {
        method: 'POST',
        headers: { ...headers, authorization: `Bearer ${places.USAGE_GATEWAY_INNER_TOKEN}` },
      }),
    directory: places.USAGE_GATEWAY_DIRECTORY,
    url: `http://${places.USAGE_GATEWAY_ENDPOINT}`,
    store: () => runClickHouse(t, directory, ports),
  }
}

/** Sends reports, each with an id of its own, and knows which of them were acknowledged. */
export function aSender(url: string, { keepAlive = true } = {}) {
  const acknowledged = new Set<string>()
  const refused: { status: number; retryAfter: string | undefined }[] = []
  const one = async (points = 1) => {
    const id = uuid('7')
    const gauges = names.slice(0, points).map((name) => ({ name, value: 3 }))
    const sent = report({ attributes: { 'usage.report.id': id }, gauges })
    const answer = await send(url, sent, keepAlive ? {} : { agent: false }).catch(() => undefined)
    if (answer?.status === 200) acknowledged.add(id)
    else if (answer !== undefined)
      refused.push({ status: answer.status, retryAfter: answer.headers['retry-after'] })
    return answer?.status
  }
  return {
    acknowledged,
    refused,
    one,
    /** Eight callers at a time, until they are told to stop; each waits so many milliseconds after an answer. Default: none. */
    load(pause = 0) {
      let isOver = false
      const callers = Array.from({ length: 8 }, async () => {
        while (!isOver) {
          const status = await one()
          const wait = status === undefined ? Math.max(pause, 10) : pause
          if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait))
        }
      })
      return {
        stop: async () => {
          isOver = true
          await Promise.all(callers)
        },
      }
    },
  }
}

export async function reportsIn(store: RunningClickHouse): Promise<Set<string>> {
  const rows = await rowsOf<{ id: string }>(
    store,
    "SELECT DISTINCT ResourceAttributes['usage.report.id'] AS id FROM points",
  )
  return new Set(rows.map(({ id }) => id))
}

/** Waits until all of them are there, and sees that each point of a report is there once. */
export async function allArrive(store: RunningClickHouse, acknowledged: ReadonlySet<string>): Promise<void> {
  let missing = acknowledged.size
  await until(
    'every acknowledged report is in the store',
    async () => {
      // The store is asked while it takes in all that has waited: it may hang up.
      const found = await reportsIn(store).catch(() => new Set())
      missing = [...acknowledged].filter((id) => !found.has(id)).length
      return missing === 0
    },
    60_000,
    // Each answer reads all points.
    200,
  ).catch((error: Error) => assert.fail(`${error.message}: ${missing} of ${acknowledged.size} are missing`))
  const [doubled] = await rowsOf<{ n: string }>(
    store,
    'SELECT count() AS n FROM (SELECT ReportId, MetricName, count() AS times FROM points FINAL GROUP BY ALL HAVING times > 1)',
  )
  assert.equal(Number(doubled?.n), 0)
}

/** A file system of six MiB. */
export async function aSmallDisk(t: Parameters<typeof runGateway>[0]): Promise<string> {
  const home = await mkdtemp(path.join(os.tmpdir(), 'otel-usage-disk-'))
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=6m', 'tmpfs', home])
  t.after(async () => {
    execFileSync('umount', ['--lazy', home])
    await rmdir(home)
  })
  return home
}

/** Tried, not guessed: a container may lack the right to mount. */
export function canMount(): boolean {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false
  try {
    const place = execFileSync('mktemp', ['-d'], { encoding: 'utf8' }).trim()
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', place], { stdio: 'ignore' })
    execFileSync('umount', [place])
    execFileSync('rmdir', [place])
    return true
  } catch {
    return false
  }
}

/** One installation of many processes, and what its receiver sees of it. Its minutes are three seconds. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { createUsageTelemetry } from 'otel-usage'
import { createPostgresStore } from 'otel-usage/postgres'
import type pg from 'pg'
import { attributesOf, numbersOf, type OtlpRequest, startReceiver } from '../support/receiver.ts'
import { createScratch } from '../support/scratch.ts'
import { createFastClock } from './hosts/fast-clock.ts'
import type { HostOptions } from './hosts/host.ts'
import { catalog, product } from './hosts/product.ts'

/** How many times as fast as usual time goes. */
const SPEED = 20

export const MINUTE = 60_000

/** A report as the receiver knows it: however often it comes, it is one. */
export interface Report {
  readonly id: string
  readonly installation: unknown
  /** When it was made, in milliseconds of the installation's time, from its beginning. */
  readonly at: number
  /** The process that has made it, as it knows itself. */
  readonly pid: number
  readonly steps: number
}

export interface Installation extends AsyncDisposable {
  readonly directory: string
  /** Every report that has come in, by the time it was made. */
  reports(): Report[]
  /** How many requests have come in, repeats included. */
  readonly requests: number
  /** Starts so many processes that know nothing of each other, by a command such as `unshare` if need be. */
  start(count: number, command?: readonly string[]): ChildProcess[]
  /** Starts the primary of four workers. */
  startCluster(): ChildProcess
  /** Until so many reports have come in. */
  reported(count: number): Promise<void>
  /** Lets minutes of the installation pass. */
  minutes(count: number): Promise<void>
  /** Requests are not answered from now on, until they all are. */
  hold(): { release(): void; readonly held: number }
  /** The next process that makes a report stops half-way; resolves with its id when it has. */
  stopNext(): Promise<number>
  /** Who sends at the moment, as the state directory says; `undefined` while nobody does. */
  sender(): number | undefined
  /** Ends the processes in order, has one last report made, and says how many steps were counted. */
  end(): Promise<number>
}

interface InstallationOptions {
  readonly schedule?: HostOptions['schedule']
  readonly database?: { readonly connection: pg.PoolConfig; readonly pool: pg.Pool; readonly scope: string }
}

export async function startInstallation({
  schedule,
  database,
}: InstallationOptions = {}): Promise<Installation> {
  const scratch = createScratch()
  const file = (name: string) => path.join(scratch.directory, name)
  const directory = file('state')
  let held: Array<() => void> | undefined
  const receiver = await startReceiver((_, response) => {
    const answer = () =>
      void response.writeHead(200, { 'content-type': 'application/json' }).end('{"partialSuccess":{}}')
    if (held) held.push(answer)
    else answer()
  })
  const origin = Date.now()
  const options: HostOptions = {
    endpoint: receiver.endpoint,
    origin,
    speed: SPEED,
    state: database ? { connection: database.connection, scope: database.scope } : directory,
    ...(schedule && { schedule }),
    troubles: file('troubles'),
    counted: file('counted'),
    stop: file('stop'),
  }
  const children: ChildProcess[] = []

  function launch(
    script: string,
    [command = process.execPath, ...words]: readonly string[] = [],
  ): ChildProcess {
    const node = [path.join(import.meta.dirname, 'hosts', script), JSON.stringify(options)]
    const args = command === process.execPath ? node : [...words, process.execPath, ...node]
    const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'inherit'] })
    children.push(child)
    return child
  }

  const textOf = (name: string) => (existsSync(file(name)) ? readFileSync(file(name), 'utf8') : '')

  function reports() {
    const all = receiver.received.map(({ json }) => reportIn(json))
    return [...new Map(all.map((report) => [report.id, report])).values()].sort((a, b) => a.at - b.at)
  }

  return {
    directory,
    reports,
    reported: (count) => until(() => reports().length >= count),
    get requests() {
      return receiver.received.length
    },
    start: (count, command) => Array.from({ length: count }, () => launch('host.ts', command)),
    startCluster: () => launch('cluster.ts'),
    minutes: (count) => setTimeout((count * MINUTE) / SPEED),
    hold() {
      const waiting: Array<() => void> = []
      held = waiting
      return {
        get held() {
          return waiting.length
        },
        release() {
          held = undefined
          for (const answer of waiting) answer()
        },
      }
    },
    async stopNext() {
      writeFileSync(file('stop'), '')
      while (textOf('stop.pid') === '' || existsSync(file('stop'))) await setTimeout(5)
      return Number(textOf('stop.pid'))
    },
    sender() {
      const leases = path.join(directory, 'leases')
      const [name] = existsSync(leases) ? readdirSync(leases).filter((one) => one.endsWith('.json')) : []
      return name && JSON.parse(readFileSync(path.join(leases, name), 'utf8')).pid
    },
    async end() {
      const ended = children.filter(isRunning).map(
        (child) =>
          new Promise((resolve) => {
            child.once('exit', resolve)
            for (const pid of innermost(child.pid ?? 0)) process.kill(pid, 'SIGTERM')
          }),
      )
      await Promise.all(ended)
      const usage = createUsageTelemetry({
        ...{ product, catalog, endpoint: receiver.endpoint, environment: {} },
        consent: { default: 'enabled' },
        state: database ? createPostgresStore(database) : directory,
        clock: createFastClock(origin, SPEED),
      })
      usage.set('acme.pid', 0)
      assert.equal((await usage.report()).outcome, 'sent')
      assert.equal(textOf('troubles'), '')
      return textOf('counted')
        .split('\n')
        .reduce((sum, line) => sum + Number(line), 0)
    },
    async [Symbol.asyncDispose]() {
      for (const child of children.filter(isRunning)) child.kill('SIGKILL')
      await receiver[Symbol.asyncDispose]()
      scratch[Symbol.dispose]()
    },
  }

  function reportIn(json: OtlpRequest): Report {
    const { 'usage.report.id': id, 'service.instance.id': installation } = attributesOf(json)
    const [time] = /"timeUnixNano":"\d+/.exec(JSON.stringify(json)) ?? []
    const { 'acme.pid': pid, 'acme.steps': steps } = numbersOf(json)
    const at = Number(time?.replace(/\D/g, '')) / 1e6 - Date.UTC(2026, 0, 1)
    return { id: String(id), installation, at, pid: pid ?? 0, steps: steps ?? 0 }
  }
}

/**
 * One report an interval: however one cuts the time, there are no more reports in it than intervals and one; half of one more with
 * the first, which is not on the grid yet. No two are at once. That a busy machine makes one late, it may.
 */
export function assertOneAnInterval(reports: readonly Report[]): void {
  const times = reports.map(({ at }) => at / MINUTE)
  const said = `reports at ${times.map((at) => at.toFixed(2)).join(', ')} intervals`
  for (const [first, from] of times.entries()) {
    for (const [more, until] of times.slice(first + 1).entries()) {
      const most = until - from + (first === 0 ? 1.6 : 1) + LATE
      assert.ok(more + 2 <= most && until - from > 0.25, said)
    }
  }
}

/** How late a report may be made because the machine has much to do, as a part of the interval. */
const LATE = 0.3

/** Until something is so, which takes a few intervals at most. */
export async function until(isSo: () => boolean): Promise<void> {
  const deadline = performance.now() + 60_000
  while (!isSo()) {
    assert.ok(performance.now() < deadline, `it did not come to this: ${isSo}`)
    await setTimeout(10)
  }
}

export const sumOf = (reports: readonly Report[]): number =>
  reports.reduce((sum, { steps }) => sum + steps, 0)

/** What a command such as `unshare` has started, which does not hand signals on; otherwise the process itself. */
function innermost(pid: number): number[] {
  const file = `/proc/${pid}/task/${pid}/children`
  const name = existsSync(file) ? readFileSync(`/proc/${pid}/comm`, 'utf8').trim() : ''
  return name === 'unshare' ? readFileSync(file, 'utf8').trim().split(' ').map(Number) : [pid]
}

const isRunning = ({ exitCode, signalCode }: ChildProcess) => exitCode === null && signalCode === null

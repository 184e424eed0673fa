/**
 * A server that counts a step each 20 ms until it is told to end (SIGTERM): `node host.ts '{"endpoint", "origin", …}'`. Nobody asks
 * for reports: they are made on schedule.
 */
import { appendFileSync, unlinkSync, writeFileSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { createUsageTelemetry } from 'otel-usage'
import { createPostgresStore } from 'otel-usage/postgres'
import pg from 'pg'
import { createFastClock } from './fast-clock.ts'
import { catalog, product } from './product.ts'

/** What the processes of one installation are started with. */
export interface HostOptions {
  readonly endpoint: string
  /** The beginning of the time that all processes have in common, in milliseconds of the system's clock. */
  readonly origin: number
  /** How fast that time goes. */
  readonly speed: number
  /** A state directory, or how to reach a database. */
  readonly state: string | { readonly connection: pg.PoolConfig; readonly scope: string }
  readonly schedule?: {
    readonly scope?: 'installation' | 'process'
    readonly firstPhase?: { readonly count: number; readonly interval: '1m' }
    readonly interval?: '1m' | '1h'
  }
  /** The file that what must not happen is written to. */
  readonly troubles: string
  /** The file that says how much each process has counted that has ended in order. */
  readonly counted: string
  /** Where this file is, a process that makes a report takes it away and stops half-way (SIGSTOP), its id left in `….pid`. */
  readonly stop: string
}

const options: HostOptions = JSON.parse(process.argv[2] ?? '{}')
const { endpoint, origin, speed, state, stop } = options
const trouble = (what: unknown) => appendFileSync(options.troubles, `${process.pid} ${String(what)}\n`)
process.on('unhandledRejection', trouble)

const pool = typeof state === 'object' ? new pg.Pool({ ...state.connection, max: 2 }) : undefined
pool?.on('error', () => {})

const usage = createUsageTelemetry({
  product,
  catalog,
  endpoint,
  state:
    pool && typeof state === 'object' ? createPostgresStore({ pool, scope: state.scope }) : String(state),
  consent: { default: 'enabled' },
  environment: {},
  clock: createFastClock(origin, speed),
  schedule: { interval: '1m', initialDelay: '10s', ...options.schedule },
  logger: { debug() {}, info() {}, warn: trouble, error: trouble },
})
usage.set('acme.pid', () => {
  if (isTaken(stop)) {
    writeFileSync(`${stop}.pid`, String(process.pid))
    process.kill(process.pid, 'SIGSTOP')
  }
  return process.pid
})
const steps = usage.counter('acme.steps').bind({})
let counted = 0
const work = setInterval(() => {
  steps.add(1)
  counted++
}, 20)

process.once('SIGTERM', async () => {
  clearInterval(work)
  appendFileSync(options.counted, `${counted}\n`)
  await usage.shutdown()
  // What a shutdown waits for passes as fast as everything here; a worker of a cluster dies with its connection to the primary.
  await setTimeout(1_500)
  await pool?.end()
  if (process.connected) process.disconnect()
})
// Loads what a report needs: where a day passes in a minute, that would take an hour.
await usage.preview()
await usage.start()

/** Takes a file away. Of two processes that try at once, one succeeds. */
function isTaken(file: string): boolean {
  try {
    unlinkSync(file)
    return true
  } catch {
    return false
  }
}

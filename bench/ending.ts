import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { pathToFileURL } from 'node:url'
import { type Conduct, type Endpoint, startEndpoint } from './endpoints.ts'
import { environmentOf } from './fresh-process.ts'

/** Host whose end is measured; see `one-exit.js`. */
export interface Host {
  /** File of the program, below `bench/`. Absent: Node.js alone. */
  readonly program?: string
  /** Argument of the program's `start`. */
  readonly how?: object
  /** Name of the call that counts. */
  readonly call?: string
  readonly report?: 'under way'
  /** Way to end. Default: the program's `shutdown`. */
  readonly end?: 'exit'
}

/** Result of the end of a process. */
export interface Ending {
  /** Time from the call that ends the process to its end, in milliseconds. */
  readonly latency: number
  /** `true` if the process had to be killed. */
  readonly killed: boolean
  /** Number of its counts that had arrived by then. */
  readonly delivered: number
  /** Runs the host again, a day later and with an endpoint that answers. Returns the number of counts that have arrived in the end. */
  again(): Promise<number>
}

/** Time after which a process is killed, in milliseconds. */
export const CAP = 70_000

/** Argument of one run of a host. */
export interface Order extends Omit<Host, 'report'> {
  readonly report?: 'under way' | 'awaited'
  /** Number of counts. */
  readonly counts: number
  readonly daysAhead?: number
  /** `true`: the host reports its start, and waits for a message. */
  readonly together?: true
}

/** Runs a host until it ends, in a separate process and home directory. Call `again`, which also deletes the directory. */
export async function endOf(host: Host, conduct: Conduct, counts: number): Promise<Ending> {
  const home = mkdtempSync(path.join(tmpdir(), 'otel-usage-bench-'))
  const first = await run({ ...host, counts }, conduct, home)
  return {
    ...first,
    async again() {
      const later = await run(aDayLater(host), 'ok', home)
      rmSync(home, { recursive: true, force: true })
      return first.delivered + later.delivered
    },
  }
}

/** Runs the same host on the next day: it counts nothing, and reports. */
export function aDayLater({ end: _, ...host }: Host): Order {
  return { ...host, daysAhead: 1, report: 'awaited', counts: 0 }
}

/** Starts a host whose state is below `home`. */
export function startHost({ program, how, ...order }: Order, { url, names }: Endpoint, home: string) {
  const argument = {
    ...order,
    ...(program && { program: pathToFileURL(path.join(import.meta.dirname, program)).href }),
    how: { state: 'on', directory: 'usage', endpoint: url, ...how },
    names,
  }
  return spawn(process.execPath, [SCRIPT, JSON.stringify(argument)], {
    cwd: home,
    env: environmentOf(home),
    stdio: 'pipe',
  })
}

async function run(order: Order, conduct: Conduct, home: string): Promise<Omit<Ending, 'again'>> {
  await using endpoint = await startEndpoint(conduct)
  const child = startHost(order, endpoint, home)
  const output = [text(child.stdout), text(child.stderr)] as const
  const cap = setTimeout(() => child.kill('SIGKILL'), CAP)
  await once(child, 'exit')
  const ended = process.hrtime.bigint()
  clearTimeout(cap)
  const [began, complaints] = await Promise.all(output)
  if (began === '') throw new Error(complaints)
  return {
    latency: Number(ended - BigInt(began.trim())) / 1e6,
    killed: child.signalCode === 'SIGKILL',
    delivered: endpoint.accepted,
  }
}

const SCRIPT = path.join(import.meta.dirname, 'one-exit.js')

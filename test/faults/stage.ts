import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { chmod } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createRandom, type Random } from '../support/random.ts'
import { createScratch } from '../support/scratch.ts'
import { AUTHORITY, type Certificate, type Endpoint, startEndpoint } from './endpoint.ts'
import type { HostOptions } from './hosts/orders.ts'
import { type Life, startLife } from './life.ts'
import { createTally, type Judgement } from './tally.ts'

/** One fault: what goes wrong while hosts count and report. Afterwards all is well, and every step must be accounted for. */
export interface Fault {
  readonly name: string
  readonly kind: 'kill' | 'disk' | 'network' | 'clock' | 'processes'
  /** What it does, in a sentence for the page. */
  readonly what: string
  readonly play: (stage: Stage) => Promise<void>
  /** The certificate that the endpoint shows, where it speaks TLS. */
  readonly secure?: Certificate
  /** Why it cannot be played here; `undefined` where it can. */
  readonly impossible?: () => string | undefined
}

/** Where a fault is played: a state directory, an endpoint, and hosts. */
export interface Stage {
  readonly random: Random
  /** The number of this run, from 0: what can be gone through one by one, is. */
  readonly run: number
  /** A directory for this run alone, and the hosts' state directory in it, which is not there yet. */
  readonly directory: string
  readonly state: string
  readonly endpoint: Endpoint
  /** Another life of the host. */
  life(options?: Partial<HostOptions> & { readonly user?: number }): Promise<Life>
  /**
   * All is well, and new hosts report until nothing is left to send.
   * @param endpoint where. Default: the endpoint of the stage
   */
  settle(endpoint?: string): Promise<void>
  /** Something is not as it has to be. */
  complain(what: string): void
  /** Done when the run is over, whatever becomes of it. */
  defer(action: () => void): void
}

/** What became of one run. */
export interface Result extends Judgement {
  readonly seed: number
  readonly lives: number
  readonly reports: number
  /** How many reports came in once more after they had been accepted. */
  readonly repeats: number
  readonly crashes: readonly string[]
  readonly unhandled: readonly string[]
  /** What else is not as it has to be. */
  readonly complaints: readonly string[]
  /** In milliseconds. */
  readonly took: number
}

export const isGood = (result: Result): boolean =>
  result.lost + result.doubled + result.torn === 0 &&
  [result.crashes, result.unhandled, result.complaints].every(({ length }) => length === 0)

export interface PlayOptions {
  /** A file for what the library logs in the hosts. */
  readonly log?: string | undefined
  /** The program of the hosts. Default: that of `startLife`. */
  readonly program?: string | undefined
}

/** Plays a fault once. The same seed takes the same choices; how processes take turns is up to the machine. */
export async function play(fault: Fault, seed: number, { log, program }: PlayOptions = {}): Promise<Result> {
  using scratch = createScratch()
  // A host may run as another user.
  await chmod(scratch.directory, 0o777)
  const random = createRandom(fault.name, seed)
  await using endpoint = await startEndpoint(createRandom(`${fault.name}'s endpoint`, seed), fault.secure)
  const state = path.join(scratch.directory, 'state')
  const troubles = path.join(scratch.directory, 'troubles')
  const tally = createTally()
  const lives: Life[] = []
  const crashes: string[] = []
  const complaints: string[] = []
  const began = performance.now()

  async function life({ user, ...options }: Parameters<Stage['life']>[0] = {}): Promise<Life> {
    const host = {
      ...{ endpoint: endpoint.url, state, troubles, seed: random.below(2 ** 31) },
      ...(log !== undefined && { log }),
      ...options,
    }
    const started = await startLife({
      ...{ host, user, tally: tally.open(!host.threads), environment: hostEnvironment, program },
      crash: (what) => crashes.push(what),
    })
    lives.push(started)
    return started
  }

  async function settle(url = endpoint.url): Promise<void> {
    await endpoint.open()
    endpoint.behave()
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      // Whatever a host has held that is gone or was stopped has run out, and so has what an endpoint has asked for.
      const last = await life({ endpoint: url, clock: { offset: 26 * 3_600_000 } })
      await last.report()
      await last.report()
      await last.end('shutdown')
      if (!isWaiting(state)) return
    }
    complaints.push(`the outbox is not empty after ${MAX_ATTEMPTS} more hosts`)
  }

  const complain = (what: string) => void complaints.push(what)
  using deferred = new DisposableStack()
  try {
    await fault.play({
      ...{ random, run: seed, directory: scratch.directory, state, endpoint, life, settle, complain },
      defer: (action) => deferred.defer(action),
    })
    await endLeftovers(lives)
    await settle()
  } finally {
    await endLeftovers(lives)
  }
  if (endpoint.changed > 0) complain(`${endpoint.changed} reports came again with other bytes`)
  return {
    seed,
    ...tally.judge(endpoint.arrived()),
    ...{ lives: lives.length, reports: endpoint.reports, repeats: endpoint.repeats },
    ...{ crashes, complaints, unhandled: linesOf(troubles) },
    took: performance.now() - began,
  }
}

/** How many hosts try to empty the outbox at the end. */
const MAX_ATTEMPTS = 4

const cache = path.join(tmpdir(), 'otel-usage-faults-cache')
mkdirSync(cache, { recursive: true, mode: 0o777 })

/** The environment of every host. */
export const hostEnvironment = {
  PATH: process.env['PATH'] ?? '',
  NODE_COMPILE_CACHE: cache,
  NODE_EXTRA_CA_CERTS: AUTHORITY,
}

async function endLeftovers(lives: readonly Life[]): Promise<void> {
  for (const life of lives.filter(({ hasEnded }) => !hasEnded)) {
    life.signal('SIGCONT')
    await life.end('SIGKILL')
  }
}

/** Whether reports wait in a state directory. */
export const isWaiting = (state: string): boolean => {
  const outbox = path.join(state, 'outbox')
  return existsSync(outbox) && readdirSync(outbox).some((name) => name.endsWith('.json'))
}

/** The lines of a file, none where there is no file. */
export const linesOf = (file: string): string[] =>
  existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : []

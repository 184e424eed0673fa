import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { setTimeout } from 'node:timers/promises'
import type { HostOptions, Order, Outcome } from './hosts/orders.ts'
import type { LifeTally } from './tally.ts'
import { MAX_STEPS } from './tally.ts'

/** How a life comes to its end. */
export type End =
  /** In order: a shutdown, and nothing more to do. */
  | 'shutdown'
  /** Nothing more to do, and no shutdown. */
  | 'leave'
  /** `process.exit()`, whatever is going on. */
  | 'exit'
  | 'throw'
  | 'SIGTERM'
  | 'SIGKILL'

/** A host, a process of its own. What it is told after its end comes to nothing. */
export interface Life {
  readonly pid: number
  readonly hasEnded: boolean
  /** It counts a step. */
  count(): Promise<void>
  /**
   * It makes a report. With the answer all steps so far are certain, unless nobody can know that they are on a disk (`unsure`). The
   * outcome, or `undefined` where it has come to its end.
   */
  report(options?: Unsure): Promise<string | undefined>
  /** Both. */
  step(options?: Unsure): Promise<string | undefined>
  order(order: Order): Promise<unknown>
  /** What it has written down is taken away: the steps so far may be lost. */
  waive(): void
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void
  end(how: End, options?: Unsure): Promise<void>
  /** Until it has ended by itself or by its file layer. */
  readonly ended: Promise<void>
}

interface Unsure {
  readonly unsure?: boolean
}

export interface LifeOptions {
  readonly host: HostOptions
  readonly tally: LifeTally
  /** The user that it runs as. Default: this one. */
  readonly user?: number | undefined
  readonly environment: Readonly<Record<string, string>>
  /** The program of the host. Default: `hosts/host.ts`, and the package as it is built. */
  readonly program?: string | undefined
  /** Told what should never be. */
  readonly crash: (what: string) => void
}

/** Starts a host, and waits until it is there or gone. */
export async function startLife(options: LifeOptions): Promise<Life> {
  const { host, tally, user, environment, program = HOST, crash } = options
  const child = spawn(process.execPath, [program, JSON.stringify(host)], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: environment,
    ...(user !== undefined && { uid: user, gid: user }),
  })
  /** Which exits are its own; nothing, before anybody has asked for one. */
  let expected: readonly Exit[] = host.stop ? [{ signal: 'SIGKILL' }] : []
  const answers = new Map<number, (value: unknown) => void>()
  let number = 0
  let isOver = false
  let isEnding = false
  const output = [child.stdout, child.stderr].map(textOf)
  child.on('error', () => {})
  child.on('message', ({ id, value }: Outcome) => {
    answers.get(id)?.(value)
    answers.delete(id)
  })

  const ended = once(child, 'close').then(() => {
    isOver = true
    for (const answer of answers.values()) answer(undefined)
    const { exitCode: code, signalCode: signal } = child
    const isExpected = expected.some((one) => (one.signal ? one.signal === signal : one.code === code))
    const said = output.map((text) => text()).join('')
    const isSilent = said === '' || (expected.some(({ says }) => says) && said.includes(ON_PURPOSE))
    if (!isExpected || !isSilent)
      crash(`the host has ended with ${signal ?? code}${said && ` and has said ${JSON.stringify(said)}`}`)
  })

  const answered = (id: number) =>
    new Promise<unknown>((resolve) => (isOver ? resolve(undefined) : answers.set(id, resolve)))

  function order(what: Order): Promise<unknown> {
    const id = ++number
    const outcome = answered(id)
    // To a process that has just ended.
    if (child.connected) child.send({ ...what, id }, () => {})
    return outcome
  }

  async function report({ unsure = false }: Unsure = {}): Promise<string | undefined> {
    const { steps } = tally
    const outcome = (await order({ do: 'report' })) as string | undefined
    if (outcome !== undefined && !unsure) tally.confirm(steps)
    return outcome
  }

  async function count(): Promise<void> {
    if (isOver || isEnding || tally.steps >= MAX_STEPS) return
    await order({ do: 'count', step: tally.begin() })
  }

  async function end(how: End, { unsure = false }: Unsure = {}): Promise<void> {
    if (isOver) return
    isEnding = true
    const { steps } = tally
    expected = [...expected, ...EXITS[how]]
    if (how === 'SIGKILL' || how === 'SIGTERM') child.kill(how)
    else if (how === 'shutdown') {
      const took = await order({ do: 'shutdown' })
      if (typeof took === 'number' && took > SHUTDOWN_TIMEOUT) crash(`a shutdown took ${Math.round(took)} ms`)
      void order({ do: 'leave' })
    } else void order({ do: how })
    const late = setTimeout(END_TIMEOUT, true, { ref: false })
    if ((await Promise.race([ended, late])) === true) {
      crash(`the host is still there ${END_TIMEOUT} ms after its end (${how})`)
      child.kill('SIGKILL')
      await ended
    } else if (how === 'shutdown' && child.exitCode === 0 && !unsure) tally.confirm(steps)
  }

  const life: Life = {
    pid: child.pid ?? 0,
    get hasEnded() {
      return isOver
    },
    count,
    report,
    async step(options) {
      await count()
      return report(options)
    },
    order,
    waive: () => tally.waive(),
    signal: (signal) => void child.kill(signal),
    end,
    ended,
  }
  // One that stands still while it starts is told what to do all the same.
  const still = host.stop?.signal === 'SIGSTOP' ? [setTimeout(1_000)] : []
  await Promise.race([answered(0), ...still])
  return life
}

export const HOST = path.join(import.meta.dirname, 'hosts/host.ts')

interface Exit {
  readonly code?: number
  readonly signal?: NodeJS.Signals
  /** Whether the host says why, on standard error. */
  readonly says?: boolean
}

const EXITS: Record<End, readonly Exit[]> = {
  shutdown: [{ code: 0 }],
  leave: [{ code: 0 }],
  exit: [{ code: 0 }],
  throw: [{ code: 1, says: true }],
  SIGTERM: [{ code: 143 }],
  SIGKILL: [{ signal: 'SIGKILL' }],
}

const ON_PURPOSE = 'The host fails on purpose.'

/**
 * The promise is 50 ms, and `npm run bench -- exit` measures it. The machine that runs the matrix is more than busy; one that
 * waited for an answer would take ten seconds.
 */
const SHUTDOWN_TIMEOUT = 8_000

/** Somebody may still wait for a report, which takes ten seconds at most, or the disk may be slow. */
const END_TIMEOUT = 20_000

function textOf(stream: ChildProcess['stdout']): () => string {
  let text = ''
  stream?.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
  })
  return () => text
}

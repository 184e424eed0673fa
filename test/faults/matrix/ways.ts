/** What the faults have in common. */
import { setTimeout } from 'node:timers/promises'
import type { Random } from '../../support/random.ts'
import type { Behaviour } from '../endpoint.ts'
import type { HostOptions } from '../hosts/orders.ts'
import type { End, Life } from '../life.ts'
import type { Stage } from '../stage.ts'

const ENDS: readonly End[] = ['shutdown', 'shutdown', 'leave', 'exit', 'SIGTERM', 'SIGKILL']

/** How hosts usually end, well or not. */
export const anyEnd = (random: Random): End => random.one(ENDS)

/** Answers with this status. Statuses that say never refuse the report, the others may come after it was accepted. */
export function answersWith(status: number, headers: Readonly<Record<string, string>> = {}): Behaviour {
  const isFinal = status >= 400 && status < 500 && status !== 407 && status !== 429
  return {
    answer({ response, take, refuse, random }) {
      if (isFinal) return refuse(status, headers)
      if (status >= 500 && random.chance(0.3)) take()
      response.writeHead(status, headers).end('no')
    },
  }
}

/** An endpoint as it is on a bad day: some reports are accepted, some refused, some put off. */
export const aBadDay: Behaviour = {
  answer({ response, random, accept, refuse }) {
    const status = random.one([200, 200, 503, 400])
    if (status === 200) accept()
    else if (status === 400) refuse(status)
    else response.writeHead(status).end('no')
  },
}

/** Counts and reports until it has done so often, or has ended. */
export async function work(life: Life, random: Random, steps: number, unsure = false): Promise<void> {
  for (let step = 0; step < steps && !life.hasEnded; step++) {
    await life.count()
    if (random.chance(0.7)) await life.report({ unsure })
  }
}

/**
 * A few lives, one after the other, of which none waits long for an endpoint that does not answer: they end in the middle
 * of it. One in eight waits until the library gives up.
 */
export async function impatientLives(stage: Stage, options: Partial<HostOptions> = {}): Promise<void> {
  const { random } = stage
  for (let lives = random.between(1, 2); lives > 0; lives--) {
    const life = await stage.life(options)
    const patience = random.chance(0.125) ? 12_000 : random.between(50, 700)
    const tired = setTimeout(patience, undefined, { ref: false })
    await Promise.race([work(life, random, random.between(1, 4)), tired])
    await life.end(anyEnd(random))
  }
}

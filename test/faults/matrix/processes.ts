import { setTimeout } from 'node:timers/promises'
import type { End, Life } from '../life.ts'
import type { Fault, Stage } from '../stage.ts'
import { aBadDay, anyEnd, work } from './ways.ts'

const severalLives = (stage: Stage, count: number): Promise<Life[]> =>
  Promise.all(Array.from({ length: count }, () => stage.life()))

/** In the middle of a report, that is accepted or not. */
const endsBy = (name: string, what: string, how: End): Fault => ({
  ...{ name, kind: 'processes', what },
  async play(stage) {
    const { endpoint, random } = stage
    endpoint.misbehave(aBadDay)
    for (let lives = 0; lives < 3; lives++) {
      const life = await stage.life()
      await Promise.race([work(life, random, 6), setTimeout(random.below(200))])
      await life.end(how)
    }
  },
})

/** A process that stands still with a certain call while others go on for as long as they have reports; then it goes on as well. */
async function sleepsAt(stage: Stage, call: 'link' | 'rename' | 'unlink'): Promise<void> {
  const { random, endpoint } = stage
  endpoint.misbehave(aBadDay)
  const at = random.between(1, 12)
  const zombie = await stage.life({
    stop: { call, at, when: random.one(['before', 'after']), signal: 'SIGSTOP' },
  })
  const zombieWorks = work(zombie, random, 4)
  await Promise.race([zombieWorks, setTimeout(random.between(100, 400))])
  for (let lives = 0; lives < 2; lives++) {
    // Later than the zombie's lease lasts.
    const life = await stage.life({ clock: { offset: random.one([0, 60_000, 3_600_000]) } })
    await work(life, random, 3)
    await life.end(anyEnd(random))
  }
  const continued = setInterval(() => zombie.signal('SIGCONT'), 20)
  await zombieWorks
  await zombie.end(random.one(['shutdown', 'SIGKILL']))
  clearInterval(continued)
}

const zombie = (name: string, what: string, call: 'link' | 'rename' | 'unlink'): Fault => ({
  ...{ name, kind: 'processes', what },
  play: (stage) => sleepsAt(stage, call),
})

export const processes: readonly Fault[] = [
  {
    name: 'two-writers',
    kind: 'processes',
    what: 'two hosts count and report on one directory',
    async play(stage) {
      const { random, endpoint } = stage
      endpoint.misbehave(aBadDay)
      const lives = await severalLives(stage, 2)
      await Promise.all(lives.map((life) => work(life, random, 6)))
      for (const life of lives) await life.end(anyEnd(random))
    },
  },
  {
    name: 'ten-writers',
    kind: 'processes',
    what: 'ten hosts count and report on one directory, and are killed one after the other',
    async play(stage) {
      const { random, endpoint } = stage
      endpoint.misbehave(aBadDay)
      const lives = await severalLives(stage, 10)
      const working = lives.map((life) => work(life, random, 4))
      for (const life of lives) {
        await setTimeout(random.below(60))
        await life.end(random.one(['SIGKILL', 'SIGKILL', 'exit', 'shutdown']))
      }
      await Promise.all(working)
    },
  },
  zombie(
    'zombie-making',
    'a host stands still (SIGSTOP) where it makes an entry, and goes on when others have reported',
    'link',
  ),
  zombie('zombie-writing', 'a host stands still where it replaces an entry', 'rename'),
  zombie('zombie-removing', 'a host stands still where it removes an entry', 'unlink'),
  {
    name: 'zombie-lease',
    kind: 'processes',
    what: 'a host stands still while it sends and holds the lease; others take over; then its answer comes',
    async play(stage) {
      const { random, endpoint } = stage
      const answers: Array<() => void> = []
      endpoint.misbehave({
        answer: ({ accept, response }) => {
          const answer = random.one([accept, () => void response.writeHead(503).end()])
          answers.push(answer)
        },
      })
      const holder = await stage.life()
      const requested = endpoint.requested()
      const step = holder.step()
      await requested
      holder.signal('SIGSTOP')
      endpoint.misbehave(aBadDay)
      const next = await stage.life({ clock: { offset: random.one([0, 30_000]) } })
      await work(next, random, 4)
      for (const answer of answers) answer()
      holder.signal('SIGCONT')
      await step
      await work(holder, random, 3)
      await Promise.all([next, holder].map((life) => life.end(anyEnd(random))))
    },
  },
  {
    name: 'threads',
    kind: 'processes',
    what: 'three worker threads report on one directory, and are terminated in the middle of it',
    async play(stage) {
      const { random, endpoint } = stage
      endpoint.misbehave(aBadDay)
      const life = await stage.life({ threads: 3 })
      await Promise.race([work(life, random, 6), setTimeout(random.between(50, 600))])
      await life.end(random.one(['exit', 'SIGKILL', 'shutdown']))
    },
  },
  endsBy('process-exit', 'the host calls process.exit() in the middle', 'exit'),
  endsBy('sigterm', 'the host is told to end in the middle (SIGTERM)', 'SIGTERM'),
  endsBy('uncaught', 'the host fails by an exception of its own in the middle', 'throw'),
  endsBy('left-alone', 'the host has nothing more to do, and ends without a shutdown', 'leave'),
  {
    name: 'starts-twice',
    kind: 'processes',
    what: 'the telemetry is started and shut down again and again in one process, also at once',
    async play(stage) {
      const { random, endpoint } = stage
      endpoint.misbehave(aBadDay)
      const life = await stage.life()
      for (let times = 0; times < 4; times++) {
        await life.count()
        void life.order({ do: random.one(['start', 'shutdown']) })
        if (random.chance(0.5)) void life.report()
        await life.order({ do: random.one(['start', 'shutdown']) })
      }
      await life.order({ do: 'start' })
      await life.step()
      await life.end('shutdown')
    },
  },
  {
    name: 'background',
    kind: 'processes',
    what: 'nobody asks for reports: what is counted is kept and reported by timers (40 times as fast), and the hosts are killed',
    async play(stage) {
      const { random, endpoint } = stage
      endpoint.misbehave(aBadDay)
      for (let lives = 0; lives < 3; lives++) {
        const life = await stage.life({
          clock: { speed: 40 },
          schedule: { initialDelay: '0s', interval: '1m' },
        })
        for (let step = 0; step < 6; step++) {
          await life.count()
          await setTimeout(random.below(1_000))
        }
        await life.end(random.one(['SIGKILL', 'shutdown']))
      }
    },
  },
]

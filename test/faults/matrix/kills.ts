import { setTimeout } from 'node:timers/promises'
import type { Call, Stop } from '../file-layer.ts'
import type { Fault, Stage } from '../stage.ts'
import { aBadDay, work } from './ways.ts'

/** How often a host that works as `diesAt` lets it makes each call, from its start on: the moments that are gone through. */
const MOMENTS: Readonly<Record<Exclude<Call, 'read' | 'mkdir'>, number>> & { mkdir: number } = {
  create: 44,
  write: 44,
  sync: 76,
  rename: 15,
  link: 18,
  unlink: 38,
  mkdir: 6,
}

/** A host ends with a certain call, the next one as well, at another moment, and the third goes on. */
async function diesAt(stage: Stage, stop: Omit<Stop, 'at'>, moments: number): Promise<void> {
  const { random, run } = stage
  stage.endpoint.misbehave(aBadDay)
  // All moments in turn, the first one in the middle of things.
  for (const at of [1 + ((run * 7 + 10) % moments), 1 + random.below(moments)]) {
    const life = await stage.life({ stop: { ...stop, at } })
    await work(life, random, 6)
    if (!life.hasEnded) await life.end(random.one(['shutdown', 'SIGKILL']))
  }
  const next = await stage.life()
  await work(next, random, 2)
  await next.end('shutdown')
}

const killedAt = (name: string, call: keyof typeof MOMENTS, when: Stop['when'], what: string): Fault => ({
  ...{ name, kind: 'kill', what },
  play: (stage) => diesAt(stage, { call, when }, MOMENTS[call]),
})

export const kills: readonly Fault[] = [
  killedAt('kill-before-create', 'create', 'before', 'killed before a file is opened to be written'),
  killedAt('kill-after-create', 'create', 'after', 'killed when a file is there and empty'),
  killedAt('kill-in-write', 'write', 'middle', 'killed with half of a write on the disk'),
  killedAt('kill-after-write', 'write', 'after', 'killed between a write and its fsync'),
  killedAt('kill-after-sync', 'sync', 'after', 'killed after an fsync, of a file or a directory'),
  killedAt('kill-before-rename', 'rename', 'before', 'killed before a rename'),
  killedAt('kill-after-rename', 'rename', 'after', 'killed after a rename'),
  killedAt('kill-before-link', 'link', 'before', 'killed before a link, by which an entry is made once'),
  killedAt('kill-after-link', 'link', 'after', 'killed after a link'),
  killedAt('kill-before-unlink', 'unlink', 'before', 'killed before a removal'),
  killedAt('kill-after-unlink', 'unlink', 'after', 'killed after a removal'),
  killedAt('kill-after-mkdir', 'mkdir', 'after', 'killed when a directory was made'),
  {
    name: 'power-loss',
    kind: 'kill',
    what: 'the power fails at any change: what was not synchronised is gone (emulated)',
    play: (stage) =>
      diesAt(stage, { call: 'any', when: stage.random.one(['before', 'after']), power: true }, 230),
  },
  {
    name: 'kill-any-time',
    kind: 'kill',
    what: 'killed from outside at a random time, one life after the other',
    async play(stage) {
      const { random, endpoint } = stage
      endpoint.misbehave(aBadDay)
      for (let lives = 0; lives < 3; lives++) {
        const life = await stage.life()
        await Promise.race([work(life, random, 8), setTimeout(random.below(250))])
        await life.end('SIGKILL')
      }
    },
  },
  {
    name: 'kill-at-start',
    kind: 'kill',
    what: 'killed while it starts, again and again, as in a crash loop',
    async play(stage) {
      const first = await stage.life()
      await work(first, stage.random, 2)
      await first.end('SIGKILL')
      for (let lives = 0; lives < 3; lives++) {
        const life = await stage.life({ schedule: { initialDelay: '0s' } })
        await Promise.race([life.step(), setTimeout(stage.random.below(60))])
        await life.end('SIGKILL')
      }
    },
  },
  {
    name: 'kill-in-request',
    kind: 'kill',
    what: 'killed while the endpoint has the report, accepted or not, and has not answered',
    async play(stage) {
      const { random, endpoint } = stage
      endpoint.misbehave({ answer: ({ take }) => random.chance(0.5) && take() })
      for (let lives = 0; lives < 2; lives++) {
        const life = await stage.life()
        const requested = endpoint.requested()
        void life.step()
        await requested
        await life.end('SIGKILL')
      }
    },
  },
]

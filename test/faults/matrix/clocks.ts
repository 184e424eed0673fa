import { setTimeout } from 'node:timers/promises'
import type { Fault } from '../stage.ts'
import { aBadDay, anyEnd, work } from './ways.ts'

const YEARS = 10 * 365 * 86_400_000

/** Hosts whose clocks are wrong, between hosts whose clocks are right. */
const wrongBy = (name: string, what: string, offsets: readonly number[]): Fault => ({
  ...{ name, kind: 'clock', what },
  async play(stage) {
    const { random, endpoint, run } = stage
    endpoint.misbehave(aBadDay)
    const wrong = offsets[run % offsets.length] ?? 0
    for (const offset of [0, wrong, 0, wrong]) {
      const life = await stage.life({ clock: { offset } })
      await work(life, random, 3)
      await life.end(anyEnd(random))
    }
  },
})

export const clocks: readonly Fault[] = [
  wrongBy('ten-years-ahead', 'the clock of every other life is ten years ahead', [YEARS]),
  wrongBy('ten-years-behind', 'the clock of every other life is ten years behind', [-YEARS]),
  wrongBy('odd-clocks', 'it is 1970, or a leap of a day, a month or an hour', [
    ...[-Date.now(), 86_400_000, -86_400_000, 31 * 86_400_000, -31 * 86_400_000, 3_600_000, -3_600_000],
  ]),
  {
    name: 'clock-jumps',
    kind: 'clock',
    what: 'the clock is set by up to ten years, in either direction, while hosts run',
    async play(stage) {
      const { random, endpoint } = stage
      endpoint.misbehave(aBadDay)
      const lives = [await stage.life(), await stage.life()]
      for (let step = 0; step < 5; step++) {
        for (const life of lives) {
          const offset = random.one([0, YEARS, -YEARS, random.between(-YEARS, YEARS)])
          const setting = life.order({ do: 'setClock', offset })
          if (random.chance(0.5)) await setting
          await Promise.race([life.step(), setTimeout(random.below(100))])
        }
      }
      for (const life of lives) await life.end(anyEnd(random))
    },
  },
]

/**
 * Once an interval, neither never nor more, whatever happens to the process and to the clock. In the time that really passes:
 *
 * 1. Two reports are more than half an interval apart; less only by as much as the wall clock was set forward between them.
 * 2. `n` intervals have no more than `n + 2` reports, and one more for each time that the clock was set meanwhile.
 * 3. A process that is there to report does so within an interval and a half (and jitter, and the longest timer). Each start takes its
 *    grace from that, and a clock that was set back may add two intervals.
 * 4. Where no clock is set and nothing but short restarts and naps happen, `n` intervals have `n` reports, one more or one less.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createMemoryStore } from '../../src/state/index.ts'
import { createHost, HOUR, MINUTE, SECOND, seeded } from './host.ts'
import { createMachine } from './machine.ts'

const INTERVAL = 4 * HOUR
const JITTER = 0.02
const INITIAL_DELAY = 5 * MINUTE

type Step =
  | { readonly do: 'run'; readonly for: number }
  | { readonly do: 'restart'; readonly after: number }
  | { readonly do: 'sleep'; readonly for: number; readonly monotonic: 'stands' | 'runs' }
  | { readonly do: 'set'; readonly by: number }
  | { readonly do: 'set while down'; readonly by: number }

/** What has happened by a moment, all of it adding up from the start. */
interface Moment {
  readonly at: number
  /** How long a process was running and the machine awake. */
  readonly awake: number
  readonly starts: number
  readonly setForward: number
  readonly sets: number
  readonly setsBack: number
}

const upTo = (most: number) =>
  fc.oneof(fc.integer({ min: 0, max: most }), fc.integer({ min: 0, max: most / 50 }))

const clockStep = fc
  .tuple(fc.constantFrom(1, -1), fc.oneof(upTo(3 * INTERVAL), fc.constant(3_000 * INTERVAL)))
  .map(([sign, by]) => sign * by)

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('run' as const), for: upTo(3 * INTERVAL) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('restart' as const), after: upTo(3 * INTERVAL) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('sleep' as const),
      for: upTo(3 * INTERVAL),
      monotonic: fc.constantFrom('stands' as const, 'runs' as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('set' as const), by: clockStep }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('set while down' as const), by: clockStep }) },
)

const anyLife = (step: fc.Arbitrary<Step>) =>
  fc.record({
    seed: fc.nat(),
    phase: fc.constantFrom('random' as const, 'start' as const),
    steps: fc.array(step, { minLength: 1, maxLength: 25 }),
  })

test('whatever happens, reports are half an interval apart, one an interval, and come while a process is there', async () => {
  await fc.assert(
    fc.asyncProperty(anyLife(anyStep), async ({ seed, phase, steps }) => {
      const { reports, end } = await liveThrough({ seed, phase }, steps)
      for (const [index, report] of reports.entries()) {
        for (const [further, later] of reports.slice(index + 1).entries()) {
          const gap = later.at - report.at
          if (further === 0) {
            const least = INTERVAL / 2 - (later.setForward - report.setForward)
            assert.ok(gap > least - 2, `${gap / INTERVAL} intervals between two reports`)
          }
          const most = gap / INTERVAL + 2 + (later.sets - report.sets)
          assert.ok(further + 2 <= most, `${further + 2} reports in ${gap / INTERVAL} intervals`)
        }
      }
      for (const [from, to] of pairs([NOTHING_YET, ...reports, end])) {
        const longest =
          (1.5 + 1 / 48 + JITTER) * INTERVAL +
          10 * MINUTE +
          (to.starts - from.starts) * 20 * SECOND +
          (to.setsBack - from.setsBack) * 2 * INTERVAL
        assert.ok(
          to.awake - from.awake <= longest,
          `none for ${(to.awake - from.awake) / INTERVAL} intervals`,
        )
      }
    }),
    { numRuns: 300 },
  )
})

const shortStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('run' as const), for: fc.integer({ min: HOUR, max: 12 * HOUR }) }),
  },
  fc.record({ do: fc.constant('restart' as const), after: fc.integer({ min: 0, max: HOUR / 3 }) }),
  fc.record({
    do: fc.constant('sleep' as const),
    for: fc.integer({ min: 0, max: HOUR / 3 }),
    monotonic: fc.constantFrom('stands' as const, 'runs' as const),
  }),
)

test('with nothing but short restarts and naps there are as many reports as intervals, one more or one less', async () => {
  await fc.assert(
    fc.asyncProperty(anyLife(shortStep), async ({ seed, phase, steps }) => {
      // Nothing short follows at once on something short: several in a row are a long one.
      const apart = steps.flatMap((step) => [step, { do: 'run', for: HOUR } as const])
      const { reports, end } = await liveThrough({ seed, phase }, apart)
      const intervals = (end.at - INITIAL_DELAY) / INTERVAL
      assert.ok(reports.length >= Math.floor(intervals) - 1, `${reports.length} in ${intervals} intervals`)
      assert.ok(reports.length <= Math.ceil(intervals) + 1, `${reports.length} in ${intervals} intervals`)
    }),
    { numRuns: 150 },
  )
})

const NOTHING_YET: Moment = { at: 0, awake: 0, starts: 0, setForward: 0, sets: 0, setsBack: 0 }

/** A life of an installation: the moments of its reports, and its end. */
async function liveThrough(
  { seed, phase }: { readonly seed: number; readonly phase: 'random' | 'start' },
  steps: readonly Step[],
) {
  const machine = createMachine()
  const store = createMemoryStore()
  const random = seeded(seed)
  const reports: Moment[] = []
  let past = NOTHING_YET
  let awakeSince = 0

  const now = (): Moment => ({
    ...past,
    at: machine.elapsed,
    awake: past.awake + machine.elapsed - awakeSince,
  })
  const start = async () => {
    const work = async () => void reports.push(now())
    const host = createHost({ machine, store, interval: INTERVAL, phase, jitter: JITTER, random, work })
    await host.schedule.start(INITIAL_DELAY)
    past = { ...past, starts: past.starts + 1 }
    return host
  }
  /** While nothing runs. */
  const pause = (milliseconds: number, monotonic?: 'stands' | 'runs') => {
    past = now()
    machine.sleep(milliseconds, monotonic)
    awakeSince = machine.elapsed
  }
  const set = (by: number) => {
    machine.setWall(by)
    past = {
      ...past,
      sets: past.sets + 1,
      setForward: past.setForward + Math.max(by, 0),
      setsBack: past.setsBack + (by < 0 ? 1 : 0),
    }
  }

  let host = await start()
  for (const step of steps) {
    if (step.do === 'run') await machine.run(step.for)
    if (step.do === 'sleep') pause(step.for, step.monotonic)
    if (step.do === 'set') set(step.by)
    if (step.do === 'restart' || step.do === 'set while down') {
      host.schedule.stop()
      if (step.do === 'restart') pause(step.after)
      else set(step.by)
      host = await start()
    }
  }
  host.schedule.stop()
  return { reports, end: now() }
}

const pairs = <T>(values: readonly T[]): Array<[T, T]> =>
  values.slice(1).map((value, index) => [values[index] as T, value])

/** Reports one interval after the first one, as the pages of the products say it ("one hour after startup, then every 24 hours"). */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  createHost,
  DAY,
  HOUR,
  live,
  MINUTE,
  restarted,
  SECOND,
  START as STARTED,
  seeded,
  YEAR,
} from './host.ts'

const START_PHASE = { phase: 'start', offset: 0.4 } as const

const hours = (times: readonly number[]) => times.map((at) => at / HOUR)

test('with an hour, a day and no jitter, reports come at hours 1, 25, 49 and 73 (was: 1, 31.5, 55.5 and 79.5)', async () => {
  const { machine, schedule, reports } = createHost(START_PHASE)
  await schedule.start(HOUR)
  await machine.run(80 * HOUR)
  assert.deepEqual(hours(reports), [1, 25, 49, 73])
})

test('restarts inside the interval do not move the reports', async () => {
  const host = createHost(START_PHASE)
  const reports = await live(host, { lives: 27, life: 3 * HOUR, initialDelay: HOUR }, START_PHASE)
  assert.deepEqual(hours(reports), [1, 25, 49, 73])
})

test('a process that starts less than half an hour before reports at its start, and the next one comes at its hour', async () => {
  const host = createHost(START_PHASE)
  await live(host, { lives: 1, life: 24.6 * HOUR, initialDelay: HOUR }, START_PHASE)
  const [early = 0, ...next] = await live(host, { lives: 1, life: 50 * HOUR }, START_PHASE)
  assert.ok(early >= 24.6 * HOUR + 10 * SECOND && early <= 24.6 * HOUR + 20 * SECOND)
  assert.deepEqual(hours(next), [49, 73])
})

test('a report that was due while no process ran is made after the start, and the next one a day after it was due', async () => {
  const first = createHost(START_PHASE)
  await first.schedule.start(HOUR)
  await first.machine.run(20 * HOUR)
  first.schedule.stop()
  first.machine.sleep(10 * HOUR)
  const second = restarted(first, START_PHASE)
  await second.schedule.start(HOUR)
  await second.machine.run(50 * HOUR)
  const [late, ...next] = second.reports as [number, ...number[]]
  assert.ok(late > 30 * HOUR && late <= 30 * HOUR + 20 * SECOND)
  assert.deepEqual(hours(next), [49, 73])
})

test('a machine that was asleep when a report was due makes it when it wakes; the rhythm stays', async () => {
  for (const monotonic of ['stands', 'runs'] as const) {
    const { machine, schedule, reports } = createHost(START_PHASE)
    await schedule.start(HOUR)
    await machine.run(20 * HOUR)
    machine.sleep(8 * HOUR, monotonic)
    await machine.run(60 * HOUR)
    const [first, late = 0, ...next] = reports
    assert.equal(first, HOUR)
    assert.ok(late >= 28 * HOUR && late <= 28 * HOUR + 10 * MINUTE, `${late / HOUR}`)
    assert.deepEqual(hours(next), [49, 73])
  }
})

test('an installation that was off for days reports once, and then within a day and each day', async () => {
  for (const pause of [3, 3.3, 3.7].map((days) => days * DAY)) {
    const host = createHost(START_PHASE)
    await live(host, { lives: 1, life: 2 * HOUR, pause, initialDelay: HOUR }, START_PHASE)
    const reports = await live(host, { lives: 1, life: 4 * DAY }, START_PHASE)
    const [late = 0, second = 0, third, fourth] = reports
    assert.ok(second - late > DAY / 2 && second - late <= DAY, `${(second - late) / HOUR}`)
    assert.deepEqual([third, fourth], [second + DAY, second + 2 * DAY])
  }
})

test('a clock that is set back, by an hour or by ten years, moves no report', async () => {
  for (const by of [HOUR, 13 * HOUR, 3 * DAY, 10 * YEAR]) {
    const { machine, schedule, reports } = createHost(START_PHASE)
    await schedule.start(HOUR)
    await machine.run(30 * HOUR)
    machine.setWall(-by)
    await machine.run(50 * HOUR)
    assert.deepEqual(hours(reports), [1, 25, 49, 73])
  }
})

test('a clock that is set forward during the initial delay moves no report', async () => {
  const { machine, schedule, reports } = createHost(START_PHASE)
  await schedule.start(HOUR)
  await machine.run(30 * MINUTE)
  machine.setWall(YEAR)
  await machine.run(50 * HOUR)
  assert.deepEqual(hours(reports), [1, 25, 49])
})

test('a clock that is set forward ten years makes one report too many, and then one a day', async () => {
  const { machine, schedule, reports } = createHost(START_PHASE)
  await schedule.start(HOUR)
  await machine.run(10 * HOUR)
  machine.setWall(10 * YEAR)
  await machine.run(4 * DAY)
  const [, extra = 0, ...next] = reports
  assert.ok(extra <= 10 * HOUR + 10 * MINUTE)
  const [second = 0] = next
  assert.ok(second - extra > DAY / 2 && second - extra <= DAY)
  assert.deepEqual(next, [second, second + DAY, second + 2 * DAY, second + 3 * DAY])
})

test('a clock that was set back ten years while no process ran does not silence an installation', async () => {
  const host = createHost(START_PHASE)
  await live(host, { lives: 1, life: 2 * HOUR, initialDelay: HOUR }, START_PHASE)
  host.machine.setWall(-10 * YEAR)
  const reports = await live(host, { lives: 1, life: 3.5 * DAY }, START_PHASE)
  assert.deepEqual(hours(reports), [26, 50, 74])
})

test('a report that takes long, or fails, does not make the next ones late', async () => {
  const host = createHost({
    ...START_PHASE,
    work: () => new Promise((resolve) => host.machine.after(10 * MINUTE, () => resolve())),
  })
  await host.schedule.start(HOUR)
  await host.machine.run(50 * HOUR)
  assert.deepEqual(hours(host.reports), [1, 25, 49])

  const attempts: number[] = []
  const failing = createHost({
    ...START_PHASE,
    async run() {
      attempts.push(failing.machine.elapsed)
      throw new Error('timeout')
    },
  })
  await failing.schedule.start(HOUR)
  await failing.machine.run(50 * HOUR)
  assert.deepEqual(hours(attempts), [1, 25, 49])
})

test('after a denser first phase the interval begins with its last report (TimescaleDB: twelve hourly, then daily)', async () => {
  const { machine, schedule, reports } = createHost({
    ...START_PHASE,
    firstPhase: { interval: HOUR, count: 12 },
  })
  await schedule.start(HOUR)
  await machine.run(3 * DAY)
  assert.deepEqual(hours(reports), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 36, 60])
})

test('a product that changes its phase keeps one report a day', async () => {
  const host = createHost()
  const daily = (phase: 'random' | 'start') => ({ offset: 0.4, phase })
  const random = await live(host, { lives: 1, life: 2.5 * DAY }, daily('random'))
  const start = await live(host, { lives: 1, life: 2.5 * DAY }, daily('start'))
  const again = await live(host, { lives: 1, life: 2.5 * DAY }, daily('random'))
  const all = [...random, ...start, ...again].slice(1)
  for (const [index, at] of all.slice(1).entries())
    assert.ok(at - (all[index] as number) >= DAY - 20 * SECOND && at - (all[index] as number) <= DAY + MINUTE)
})

test('processes of one installation make one report an interval together, at the hours of the first one', async () => {
  const first = createHost(START_PHASE)
  const hosts = [first, restarted(first, START_PHASE), restarted(first, START_PHASE)]
  for (const { schedule } of hosts) {
    await schedule.start(HOUR)
    await first.machine.run(MINUTE)
  }
  await first.machine.run(55 * HOUR)
  const all = hosts.flatMap(({ reports }) => reports).sort((a, b) => a - b)
  assert.deepEqual(new Set(hours(all)), new Set([1, 25, 49]))
})

test('a fleet of 1,000 that is started at once is spread over its jitter only, and by it; with the phase random over the day', async () => {
  const spreads = { start: [] as number[], random: [] as number[] }
  for (const [phase, dues] of Object.entries(spreads)) {
    for (let one = 0; one < 1_000; one++) {
      const { machine, schedule } = createHost({
        ...{ phase: phase as 'start' | 'random', jitter: 0.02, random: seeded(one) },
      })
      await schedule.start(HOUR)
      await machine.run(HOUR)
      dues.push((schedule.due() as number) - STARTED)
    }
  }
  const width = (dues: readonly number[]) => Math.max(...dues) - Math.min(...dues)
  const [late, early] = [Math.max(...spreads.start), Math.min(...spreads.start)]
  assert.ok(early >= 25 * HOUR && late <= 25 * HOUR + 0.02 * DAY, `${early / HOUR} to ${late / HOUR}`)
  assert.ok(width(spreads.start) > 0.018 * DAY, `${width(spreads.start) / MINUTE} minutes`)
  assert.ok(width(spreads.random) > 0.95 * DAY, `${width(spreads.random) / HOUR} hours`)
})

/** More reports at the beginning: TimescaleDB reports twelve times hourly to tell installations that are tried out from others. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createHost, DAY, HOUR, live, MINUTE, START, seeded, stored } from './host.ts'

const TIMESCALE = { interval: HOUR, count: 12 } as const

test('twelve reports are made hourly, and then one a day', async () => {
  const { machine, schedule, reports } = createHost({ firstPhase: TIMESCALE })
  await schedule.start(5 * MINUTE)
  await machine.run(3.5 * DAY)
  assert.deepEqual(
    reports.slice(1).map((at) => at / HOUR),
    [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 24, 48, 72],
  )
})

test('a report that failed is not one of the twelve', async () => {
  let attempts = 0
  const { machine, schedule } = createHost({
    firstPhase: TIMESCALE,
    run: async () => {
      attempts++
      throw new Error('timeout')
    },
  })
  await schedule.start(0)
  await machine.run(2 * DAY)
  assert.equal(attempts, 49)
})

test('the twelve reports are counted across restarts', async () => {
  const host = createHost({ firstPhase: TIMESCALE })
  const options = { firstPhase: TIMESCALE, jitter: 0.02, random: seeded(3) }
  const reports = await live(host, { lives: 48 * 4, life: 15 * MINUTE }, options)
  const early = reports.filter((at) => at < 14 * HOUR)
  assert.equal(early.length, 12)
  assert.ok(reports.length >= 13 && reports.length <= 14, `${reports.length}`)
  assert.equal((await stored(host.store))['reports'], reports.length)
})

test('a product that gives up its first phase, or changes its interval, reports in the new rhythm at once', async () => {
  const host = createHost({ firstPhase: TIMESCALE })
  await live(host, { lives: 1, life: 4.5 * HOUR }, { firstPhase: TIMESCALE })
  const daily = await live(host, { lives: 1, life: 3 * DAY })
  assert.ok(daily.length >= 2 && daily.length <= 3)
  assert.ok((daily[0] as number) >= 16 * HOUR)
  const hourly = await live(host, { lives: 1, life: 6 * HOUR }, { interval: HOUR })
  assert.ok(hourly.length >= 5 && hourly.length <= 6, `${hourly.length}`)
})

test('a fleet of 10,000 that is started in one minute is spread evenly over the day from the second report on', async () => {
  const seconds: number[] = []
  const minute = seeded(1)
  for (let one = 0; one < 10_000; one++) {
    const { machine, schedule } = createHost({ random: seeded(one), jitter: 0.02 })
    await machine.run(Math.floor(minute() * MINUTE))
    await schedule.start(5 * MINUTE)
    await machine.run(6 * MINUTE)
    seconds.push((schedule.due() as number) - START)
  }
  // 10,000 over the 1,440 minutes of a day are seven a minute; by chance alone the fullest has some twenty.
  const fullest = fullestMinute(seconds)
  assert.ok(fullest <= 22, `${fullest} in one minute`)
  for (const count of quartersOf(seconds)) assert.ok(Math.abs(count - 2_500) < 200, `${count} in six hours`)
})

test('a fleet is spread evenly over the day after its first phase too', async () => {
  const dues: number[] = []
  for (let one = 0; one < 2_000; one++) {
    const firstPhase = { interval: HOUR, count: 2 }
    const { machine, schedule } = createHost({ random: seeded(one), firstPhase })
    await schedule.start(5 * MINUTE)
    await machine.run(2 * HOUR)
    dues.push((schedule.due() as number) - START)
  }
  for (const count of quartersOf(dues)) assert.ok(Math.abs(count - 500) < 90, `${count} in six hours`)
})

test('a fleet that is back after an outage of days is spread over half a day again from the next report on', async () => {
  const nexts: number[] = []
  for (let one = 0; one < 1_000; one++) {
    const host = createHost({ random: seeded(one), jitter: 0.02 })
    const options = { random: seeded(one + 5_000), jitter: 0.02 }
    await live(host, { lives: 1, life: 6 * MINUTE, pause: 5 * DAY }, options)
    const reports = await live(host, { lives: 1, life: 1.1 * DAY }, options)
    nexts.push(reports[1] as number)
  }
  const fullest = fullestMinute(nexts)
  assert.ok(fullest <= 9, `${fullest} of 1,000 in one minute`)
})

function fullestMinute(times: readonly number[]): number {
  const minutes = Map.groupBy(times, (at) => Math.floor(at / MINUTE))
  return Math.max(...[...minutes.values()].map(({ length }) => length))
}

/** How many times lie in each quarter of the day. */
function quartersOf(times: readonly number[]): number[] {
  const counts = [0, 0, 0, 0]
  for (const time of times) counts[Math.floor(((time / DAY) % 1) * 4)]!++
  return counts
}

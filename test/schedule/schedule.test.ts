import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createFakeClock } from '../support/fake-clock.ts'
import { createHost, DAY, HOUR, MINUTE, restarted, START } from './host.ts'

test('the first report is made after the initial delay, and then one a day', async () => {
  const { clock, schedule, reports } = createHost()
  await schedule.start(5 * MINUTE)
  assert.equal(schedule.due(), START + 5 * MINUTE)
  await clock.advance(5 * MINUTE - 1)
  assert.deepEqual(reports, [])
  await clock.advance(3 * DAY)
  assert.deepEqual(reports, [5 * MINUTE, 5 * MINUTE + DAY, 5 * MINUTE + 2 * DAY])
  assert.equal(schedule.due(), START + 5 * MINUTE + 3 * DAY)
})

test('no initial delay is a report at once', async () => {
  const { clock, schedule, reports } = createHost()
  await schedule.start(0)
  await clock.advance(0)
  assert.deepEqual(reports, [0])
})

test('nothing is planned and no timer runs before the start', async () => {
  const { clock, schedule, reports } = createHost()
  assert.equal(schedule.due(), undefined)
  assert.equal(clock.waiting, 0)
  await clock.advance(10 * DAY)
  assert.deepEqual(reports, [])
})

test('a restart inside the interval does not report again (Dependency-Track: 23 hours)', async () => {
  const first = createHost()
  await first.schedule.start(0)
  await first.clock.advance(0)
  first.schedule.stop()
  await first.clock.advance(23 * HOUR)
  const second = restarted(first)
  await second.schedule.start(5 * MINUTE)
  await second.clock.advance(HOUR - 1)
  assert.deepEqual(second.reports, [])
  await second.clock.advance(1)
  assert.deepEqual(second.reports, [DAY])
})

test('a restart after the interval reports after the initial delay', async () => {
  const first = createHost()
  await first.schedule.start(0)
  await first.clock.advance(0)
  first.schedule.stop()
  await first.clock.advance(3 * DAY)
  const second = restarted(first)
  await second.schedule.start(5 * MINUTE)
  await second.clock.advance(5 * MINUTE)
  assert.deepEqual(second.reports, [3 * DAY + 5 * MINUTE])
})

test('a restart every hour does not silence an installation (EventStore starts over each time)', async () => {
  const { clock, store } = createHost()
  const reports: number[] = []
  for (let hour = 0; hour < 49; hour++) {
    const host = restarted({ clock, store })
    await host.schedule.start(5 * MINUTE)
    await clock.advance(HOUR)
    host.schedule.stop()
    reports.push(...host.reports)
  }
  assert.deepEqual(reports, [5 * MINUTE, DAY + 5 * MINUTE, 2 * DAY + 5 * MINUTE])
})

test('the report after 24 hours is made at 24 hours, and not at 25 (the drift of Dependency-Track)', async () => {
  const { clock, schedule, reports } = createHost()
  await schedule.start(0)
  await clock.advance(100 * DAY)
  assert.deepEqual(
    reports,
    Array.from({ length: 101 }, (_, day) => day * DAY),
  )
})

test('a report that takes long does not make the next ones late', async () => {
  const clock = createFakeClock(START)
  const work = () => new Promise<void>((resolve) => clock.after(10 * MINUTE, resolve))
  const { schedule, reports } = createHost({ clock, work })
  await schedule.start(0)
  await clock.advance(5 * DAY)
  assert.deepEqual(reports, [0, DAY, 2 * DAY, 3 * DAY, 4 * DAY, 5 * DAY])
})

test('timers that fire late do not make the next reports later and later', async () => {
  const clock = createFakeClock(START)
  const busy = {
    ...clock,
    after: (delay: number, callback: () => void) => clock.after(delay + 5_000, callback),
  }
  const { schedule, reports } = createHost({ clock: busy })
  await schedule.start(0)
  await clock.advance(20 * DAY + MINUTE)
  assert.equal(reports.length, 21)
  for (const [day, at] of reports.entries())
    assert.ok(at - day * DAY <= 5_000, `day ${day}: ${at - day * DAY} ms late`)
})

test('a report that takes longer than the interval is not made twice at once', async () => {
  const clock = createFakeClock(START)
  let running = 0
  let most = 0
  const work = async () => {
    most = Math.max(most, ++running)
    await new Promise<void>((resolve) => clock.after(90_000, resolve))
    running--
  }
  const { schedule, reports } = createHost({ clock, work, interval: MINUTE })
  await schedule.start(0)
  await clock.advance(5 * MINUTE)
  assert.equal(most, 1)
  assert.deepEqual(reports, [0, 90_000, 180_000, 270_000])
})

test('a report that was asked for counts: the next one is an interval later', async () => {
  const { clock, schedule, reports } = createHost()
  await schedule.start(HOUR)
  await clock.advance(30 * MINUTE)
  await schedule.reported()
  assert.equal(schedule.due(), START + 30 * MINUTE + DAY)
  await clock.advance(DAY)
  assert.deepEqual(reports, [30 * MINUTE + DAY])
})

test('a report that was asked for before the start counts too', async () => {
  const { clock, schedule, reports } = createHost()
  await schedule.reported()
  assert.equal(schedule.due(), undefined)
  await schedule.start(0)
  await clock.advance(DAY - 1)
  assert.deepEqual(reports, [])
  await clock.advance(1)
  assert.deepEqual(reports, [DAY])
})

test('no timer is longer than an hour, so that an interval of weeks fits into one too', async () => {
  const clock = createFakeClock(START)
  const delays: number[] = []
  const watched = {
    ...clock,
    after(delay: number, callback: () => void) {
      delays.push(delay)
      return clock.after(delay, callback)
    },
  }
  const { schedule, reports } = createHost({ clock: watched, interval: 90 * DAY })
  await schedule.start(40 * DAY)
  await clock.advance(130 * DAY)
  assert.deepEqual(reports, [40 * DAY, 130 * DAY])
  assert.ok(Math.max(...delays) <= HOUR)
  assert.ok(Math.min(...delays) >= 0)
})

test('an initial delay that is longer than the interval is waited for', async () => {
  const { clock, schedule, reports } = createHost({ interval: MINUTE })
  await schedule.start(5 * MINUTE)
  await clock.advance(7 * MINUTE)
  assert.deepEqual(reports, [5 * MINUTE, 6 * MINUTE, 7 * MINUTE])
})

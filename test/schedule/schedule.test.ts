/** The rhythm of one process that nothing happens to. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createHost, DAY, HOUR, MINUTE, SECOND, START, seeded } from './host.ts'
import { createMachine } from './machine.ts'

test('the first report is made after the initial delay, the next ones each day at the time of the installation', async () => {
  const { machine, schedule, reports } = createHost({ offset: 0.25 })
  await schedule.start(5 * MINUTE)
  assert.equal(schedule.due(), START + 5 * MINUTE)
  await machine.run(5 * MINUTE - 1)
  assert.deepEqual(reports, [])
  await machine.run(4 * DAY)
  assert.deepEqual(reports, [5 * MINUTE, DAY + 6 * HOUR, 2 * DAY + 6 * HOUR, 3 * DAY + 6 * HOUR])
  assert.equal(schedule.due(), START + 4 * DAY + 6 * HOUR)
  assert.equal(schedule.lastReportAt(), START + 3 * DAY + 6 * HOUR)
})

test('the second report is made half a day to a day and a half after the first one', async () => {
  for (let offset = 0; offset < 1; offset += 1 / 32) {
    const { machine, schedule, reports } = createHost({ offset })
    await schedule.start(0)
    await machine.run(2.6 * DAY)
    const [first, second, third] = reports as [number, number, number]
    assert.ok(second - first >= DAY / 2 && second - first <= 1.5 * DAY + HOUR, `${offset}: ${second - first}`)
    assert.equal(third - second, DAY)
  }
})

test('no initial delay is a report at once', async () => {
  const { machine, schedule, reports } = createHost()
  await schedule.start(0)
  await machine.run(0)
  assert.deepEqual(reports, [0])
})

test('nothing is planned and no timer runs before the start', async () => {
  const { machine, schedule, reports } = createHost()
  assert.equal(schedule.due(), undefined)
  assert.equal(machine.waiting, 0)
  await machine.run(10 * DAY)
  assert.deepEqual(reports, [])
})

/**
 * Dependency-Track looks each hour whether more than 24 hours have passed since the time at which the last report was *done*. At the
 * 24th hour it is a few milliseconds less, so that it reports each 25 hours, and no hour of the day is like another.
 */
test('the tick after 24 hours is the 24 hour tick, and not the one after 25 (the drift of Dependency-Track)', async () => {
  const machine = createMachine()
  const takes = () => new Promise<void>((resolve) => machine.after(3 * SECOND, resolve))
  const clock = withTimers(machine, (delay, callback) => machine.after(delay + 40, callback))
  const { schedule, reports } = createHost({ machine, clock, work: takes })
  await schedule.start(0)
  await machine.run(100.5 * DAY)
  assert.equal(reports.length, 101)
  for (const [day, at] of reports.entries())
    assert.ok(at - day * DAY <= SECOND, `day ${day}: ${at - day * DAY} ms late`)
})

test('a report that takes long does not make the next ones late', async () => {
  const machine = createMachine()
  const work = () => new Promise<void>((resolve) => machine.after(10 * MINUTE, resolve))
  const { schedule, reports } = createHost({ machine, work })
  await schedule.start(0)
  await machine.run(5 * DAY)
  assert.deepEqual(reports, [0, DAY, 2 * DAY, 3 * DAY, 4 * DAY, 5 * DAY])
})

test('a report that takes longer than the interval is not made twice at once', async () => {
  const machine = createMachine()
  let running = 0
  let most = 0
  const work = async () => {
    most = Math.max(most, ++running)
    await new Promise<void>((resolve) => machine.after(90 * SECOND, resolve))
    running--
  }
  const { schedule, reports } = createHost({ machine, work, interval: MINUTE })
  await schedule.start(0)
  await machine.run(5 * MINUTE)
  assert.equal(most, 1)
  assert.deepEqual(
    reports.map((at) => at / SECOND),
    [0, 90, 180, 270],
  )
})

test('a report that was asked for counts: the next one is due half a day to a day later', async () => {
  const { machine, schedule, reports } = createHost({ offset: 0.25 })
  await schedule.start(0)
  await machine.run(2 * DAY)
  await schedule.reported()
  assert.equal(schedule.due(), START + 2 * DAY + 18 * HOUR)
  await machine.run(3 * DAY)
  assert.deepEqual(reports, [
    0,
    DAY + 6 * HOUR,
    2 * DAY + 18 * HOUR,
    3 * DAY + 18 * HOUR,
    4 * DAY + 18 * HOUR,
  ])
})

test('a report that was asked for before the start counts too, and ends the initial delay', async () => {
  const { machine, schedule, reports } = createHost()
  await schedule.reported()
  assert.equal(schedule.due(), undefined)
  assert.equal(schedule.lastReportAt(), START)
  await schedule.start(2 * DAY)
  await machine.run(DAY)
  assert.deepEqual(reports, [DAY])
})

test('each report is late by up to the jitter and never early, and none moves the next', async () => {
  const { machine, store, schedule, reports } = createHost({ jitter: 0.02, random: seeded(1) })
  await store.write('schedule.json', '{"offset":0,"reports":0,"startedAt":"2026-01-01T00:00:00.000Z"}\n')
  await schedule.start(0)
  await machine.run(200 * DAY)
  const [, ...late] = reports.map((at) => (at % DAY) / DAY)
  assert.equal(late.length, 199)
  assert.ok(Math.min(...late) >= 0 && Math.min(...late) < 0.001, `${Math.min(...late)}`)
  assert.ok(Math.max(...late) <= 0.02 && Math.max(...late) > 0.019, `${Math.max(...late)}`)
})

test('no timer is longer than ten minutes, so that an interval of weeks fits into one too', async () => {
  const machine = createMachine()
  const delays: number[] = []
  const watched = withTimers(machine, (delay, callback) => {
    delays.push(delay)
    return machine.after(delay, callback)
  })
  const { schedule, reports } = createHost({ machine, clock: watched, interval: 20 * DAY, offset: 0.5 })
  await schedule.start(24 * DAY)
  await machine.run(100 * DAY)
  const [first, second, third] = reports as [number, number, number]
  assert.deepEqual([first, third - second], [24 * DAY, 20 * DAY])
  assert.equal(Math.max(...delays), 10 * MINUTE)
  assert.ok(Math.min(...delays) >= 0)
})

test('an initial delay that is longer than the interval is waited for', async () => {
  const { machine, schedule, reports } = createHost({ interval: MINUTE })
  await schedule.start(5 * MINUTE)
  await machine.run(7 * MINUTE)
  assert.deepEqual(reports, [5 * MINUTE, 6 * MINUTE, 7 * MINUTE])
})

/** The machine's clock with other timers. */
function withTimers(machine: ReturnType<typeof createMachine>, after: typeof machine.after) {
  return { now: () => machine.now(), monotonic: () => machine.monotonic(), after }
}

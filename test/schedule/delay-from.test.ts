/** "One hour after startup", at each start: how EventStoreDB passes over instances that do not live for an hour. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createHost, DAY, HOUR, live, MINUTE, restarted, SECOND, YEAR } from './host.ts'

const EACH_START = { delayFrom: 'start', phase: 'start' } as const

const hours = (times: readonly number[]) => times.map((at) => at / HOUR)

test('an instance that lives for 50 minutes never reports, however often it is started (was: 25 minutes after the second start)', async () => {
  const host = createHost()
  assert.deepEqual(
    await live(host, { lives: 200, life: 50 * MINUTE, initialDelay: HOUR }, { delayFrom: 'start' }),
    [],
  )
  assert.deepEqual(await live(createHost(), { lives: 2, life: 50 * MINUTE, initialDelay: HOUR }), [HOUR])
})

test('an instance that lives for longer reports an hour after its start, and once a day', async () => {
  const host = createHost()
  const reports = await live(host, { lives: 8, life: 10 * HOUR, initialDelay: HOUR }, EACH_START)
  // Due at hours 25, 49 and 73; that of hour 49 falls into a life that is long past its hour, and so do the others.
  assert.deepEqual(hours(reports), [1, 25, 49, 73])
})

test('a restart when a report is due waits for the hour too, and never makes two an interval', async () => {
  const first = createHost(EACH_START)
  await first.schedule.start(HOUR)
  await first.machine.run(20 * HOUR)
  first.schedule.stop()
  first.machine.sleep(3 * DAY)
  const second = restarted(first, EACH_START)
  await second.schedule.start(HOUR)
  await second.machine.run(HOUR - 1)
  assert.deepEqual(second.reports, [])
  assert.equal(await second.schedule.isDue(), false)
  await second.machine.run(1)
  assert.deepEqual(hours(second.reports), [93])
})

test('an undecided instance waits for its delay at each start too (FerretDB)', async () => {
  const host = createHost()
  const life = { lives: 20, life: 50 * MINUTE, initialDelay: 0, undecidedDelay: HOUR }
  assert.deepEqual(await live(host, life, { delayFrom: 'start' }), [])
  const last = restarted(host, { delayFrom: 'start' })
  await last.schedule.look()
  assert.equal(last.schedule.undecidedFor(), 0)
  await last.schedule.start(0, { undecidedDelay: HOUR })
  assert.equal(last.schedule.undecidedFor(), 0)
  await last.machine.run(HOUR - 1)
  assert.deepEqual(last.reports, [])
  await last.machine.run(1)
  assert.equal(last.schedule.undecidedFor(), HOUR)
  assert.equal(last.reports.length, 1)
})

test('setting the clock neither shortens nor lengthens the hour', async () => {
  for (const by of [-10 * YEAR, -HOUR, HOUR, 10 * YEAR]) {
    const host = createHost()
    await live(host, { lives: 1, life: 50 * MINUTE, initialDelay: HOUR }, EACH_START)
    const { machine, schedule, reports } = restarted(host, EACH_START)
    await schedule.start(HOUR)
    await machine.run(30 * MINUTE)
    machine.setWall(by)
    await machine.run(30 * MINUTE - 1)
    assert.deepEqual(reports, [], `${by}`)
    await machine.run(1)
    assert.deepEqual(reports, [110 * MINUTE], `${by}`)
  }
})

test('the hour does not include sleep if the monotonic clock stands still, and no report comes early if it runs', async () => {
  const { machine, schedule, reports } = createHost(EACH_START)
  await schedule.start(HOUR)
  await machine.run(20 * MINUTE)
  machine.sleep(3 * DAY, 'stands')
  await machine.run(40 * MINUTE - 1)
  assert.deepEqual(reports, [])
  await machine.run(1)
  assert.deepEqual(reports, [3 * DAY + HOUR])
})

test('a change of the decision does not begin the hour again, and neither does a pause; a stop and a start do', async () => {
  const { machine, schedule, reports } = createHost(EACH_START)
  await schedule.start(HOUR)
  await machine.run(30 * MINUTE)
  await schedule.start(HOUR)
  schedule.pause()
  await machine.run(10 * MINUTE)
  assert.equal(schedule.due(), undefined)
  await schedule.start(HOUR)
  await machine.run(10 * MINUTE)
  schedule.stop()
  await schedule.start(HOUR)
  await machine.run(HOUR - 1)
  assert.deepEqual(reports, [])
  await machine.run(1)
  assert.deepEqual(reports, [110 * MINUTE])
})

test('an instance whose no becomes a yes after its hour does not wait for another', async () => {
  const { machine, schedule, reports } = createHost(EACH_START)
  schedule.pause()
  await machine.run(3 * HOUR)
  await schedule.start(HOUR)
  await machine.run(20 * SECOND)
  assert.equal(reports.length, 1)
})

test('a fleet that is restarted at once reports an hour later, each on its own day grid afterwards', async () => {
  const next: number[] = []
  for (let one = 0; one < 24; one++) {
    const offset = one / 24
    const host = createHost({ offset })
    const options = { offset, delayFrom: 'start' } as const
    await live(host, { lives: 1, life: 2 * HOUR, pause: 3 * DAY, initialDelay: HOUR }, options)
    const reports = await live(host, { lives: 1, life: 2 * DAY, initialDelay: HOUR }, options)
    assert.equal(reports[0], 3 * DAY + 3 * HOUR)
    next.push(reports[1] as number)
  }
  assert.ok(Math.max(...next) - Math.min(...next) > 0.45 * DAY)
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createSchedule } from '../../src/schedule/index.ts'
import { createMemoryStore, type StateStore } from '../../src/state/index.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { createHost, DAY, HOUR, MINUTE, START } from './host.ts'

for (const content of [
  '',
  '{',
  'null',
  '7',
  '"x"',
  '[]',
  '{}',
  '{"lastReportAt":"soon"}',
  '{"lastReportAt":null}',
  '\u0000',
]) {
  test(`a schedule file of ${JSON.stringify(content)} is as good as none: the initial delay holds`, async () => {
    const { clock, store, schedule, reports } = createHost()
    await store.write('schedule.json', content)
    await schedule.start(5 * MINUTE)
    await clock.advance(5 * MINUTE)
    assert.deepEqual(reports, [5 * MINUTE])
    assert.deepEqual(JSON.parse(String(Buffer.from((await store.read('schedule.json')) ?? []))), {
      lastReportAt: '2026-01-01T00:05:00.000Z',
    })
  })
}

test('a store that cannot be read is as good as none', async () => {
  const store: StateStore = { ...createMemoryStore(), read: () => Promise.reject(new Error('EACCES')) }
  const { clock, schedule, reports } = createHost({ store })
  await schedule.start(5 * MINUTE)
  await clock.advance(5 * MINUTE)
  assert.deepEqual(reports, [5 * MINUTE])
})

test('stopping cancels the timer, at once and for good', async () => {
  const { clock, schedule, reports } = createHost()
  await schedule.start(HOUR)
  assert.equal(clock.waiting, 1)
  schedule.stop()
  assert.equal(clock.waiting, 0)
  assert.equal(schedule.due(), undefined)
  await clock.advance(10 * DAY)
  assert.deepEqual(reports, [])
})

test('stopping while the start still reads plans nothing', async () => {
  const { clock, schedule } = createHost()
  const starting = schedule.start(0)
  schedule.stop()
  await starting
  assert.equal(clock.waiting, 0)
  assert.equal(schedule.due(), undefined)
})

test('stopping while a report is made plans no other', async () => {
  const clock = createFakeClock(START)
  const work = () => new Promise<void>((resolve) => clock.after(MINUTE, resolve))
  const { schedule, reports } = createHost({ clock, work })
  await schedule.start(0)
  await clock.advance(0)
  schedule.stop()
  await clock.advance(10 * DAY)
  assert.deepEqual(reports, [0])
  assert.equal(clock.waiting, 0)
})

test('a schedule that was stopped can be started again', async () => {
  const { clock, schedule, reports } = createHost()
  await schedule.start(0)
  await clock.advance(0)
  schedule.stop()
  await schedule.start(0)
  await clock.advance(DAY)
  assert.deepEqual(reports, [0, DAY])
})

test('starting twice makes no second rhythm', async () => {
  const { clock, schedule, reports } = createHost()
  await Promise.all([schedule.start(0), schedule.start(0)])
  assert.equal(clock.waiting, 1)
  await clock.advance(DAY)
  assert.deepEqual(reports, [0, DAY])
})

test('a report that fails does not end the schedule (EventStore: silent until the restart)', async () => {
  const clock = createFakeClock(START)
  let attempts = 0
  const schedule = createSchedule({
    clock,
    store: createMemoryStore(),
    interval: DAY,
    async run() {
      attempts++
      throw new Error('timeout')
    },
  })
  await schedule.start(0)
  await clock.advance(3 * DAY)
  assert.equal(attempts, 4)
})

test('a time that cannot be stored does not end the schedule', async () => {
  const store: StateStore = { ...createMemoryStore(), write: () => Promise.reject(new Error('EROFS')) }
  const { clock, schedule, reports } = createHost({ store })
  await schedule.start(0)
  await clock.advance(2 * DAY)
  assert.deepEqual(reports, [0, DAY, 2 * DAY])
})

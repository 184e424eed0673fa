/** Starting, stopping, and everything that goes wrong with the store or with a report. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createMemoryStore, type StateStore } from '../../src/state/index.ts'
import { createHost, DAY, HOUR, live, MINUTE, restarted, START, stored } from './host.ts'
import { createMachine } from './machine.ts'

const failing = (code: string) => () => Promise.reject(new Error(code))

for (const content of [
  '',
  '{',
  'null',
  '7',
  '"x"',
  '[]',
  '{}',
  '{"offset":1,"reports":0,"startedAt":"2025-01-01T00:00:00.000Z"}',
  '{"offset":"0","reports":0.5,"startedAt":"2025-01-01T00:00:00.000Z"}',
  '{"offset":0,"reports":0,"startedAt":"soon"}',
  '\u0000',
]) {
  test(`a schedule file of ${JSON.stringify(content)} is ignored: the initial delay holds, and the file is repaired`, async () => {
    const { machine, store, schedule, reports } = createHost()
    await store.write('schedule.json', content)
    await schedule.start(5 * MINUTE)
    await machine.run(5 * MINUTE)
    assert.deepEqual(reports, [5 * MINUTE])
    assert.equal((await stored(store))['lastReportAt'], '2026-01-01T00:05:00.000Z')
  })
}

test('whatever is in the schedule file, nothing throws, and a day brings one report or two', async () => {
  const time = fc.oneof(
    fc.date().map(String),
    fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
  )
  const record = fc.record(
    {
      offset: fc.oneof(fc.double(), fc.double({ min: 0, max: 0.999 })),
      reports: fc.oneof(fc.integer(), fc.nat()),
      startedAt: time,
      undecidedSince: time,
      lastReportAt: time,
      dueAt: time,
    },
    { requiredKeys: ['offset', 'reports', 'startedAt'] },
  )
  await fc.assert(
    fc.asyncProperty(fc.oneof(record, fc.json(), fc.jsonValue()), async (content) => {
      const host = createHost({ offset: 0.4, jitter: 0.02 })
      await host.store.write('schedule.json', typeof content === 'string' ? content : JSON.stringify(content))
      const reports = await live(host, { lives: 3, life: 2 * DAY }, { offset: 0.4, jitter: 0.02 })
      assert.ok(reports.length >= 4 && reports.length <= 8, `${reports.length} reports in six days`)
      assert.ok(reports.slice(1).every((at, index) => at - (reports[index] as number) > DAY / 2))
    }),
    { numRuns: 60 },
  )
})

test('a schedule file from the future is ignored: reports come neither later nor earlier', async () => {
  const { machine, store, schedule, reports } = createHost()
  await store.write(
    'schedule.json',
    '{"offset":0,"reports":3,"startedAt":"2099-01-01T00:00:00.000Z","lastReportAt":"2099-01-01T00:00:00.000Z","dueAt":"2099-01-02T00:00:00.000Z"}',
  )
  await schedule.start(5 * MINUTE)
  await machine.run(2.5 * DAY)
  assert.deepEqual(reports, [DAY, 2 * DAY])
})

for (const [what, broken] of [
  ['read', { read: failing('EACCES') }],
  ['written', { write: failing('EROFS'), create: failing('EROFS') }],
  ['used at all', { read: failing('EIO'), write: failing('EIO'), create: failing('EIO') }],
] as const) {
  test(`with a store that cannot be ${what} the schedule is in memory: one report an interval from each process`, async () => {
    const store: StateStore = { ...createMemoryStore(), ...broken }
    const { machine, schedule, reports } = createHost({ store })
    await schedule.start(5 * MINUTE, { undecidedDelay: HOUR })
    await machine.run(3.5 * DAY)
    assert.deepEqual(reports, [HOUR, DAY, 2 * DAY, 3 * DAY])
  })
}

test('what could not be stored is stored as soon as it can be', async () => {
  const whole = createMemoryStore()
  let full = true
  const store: StateStore = {
    ...whole,
    write: (name, data) => (full ? Promise.reject(new Error('ENOSPC')) : whole.write(name, data)),
  }
  const { machine, schedule } = createHost({ store })
  await schedule.start(0)
  await machine.run(HOUR)
  assert.equal((await stored(whole))['reports'], 0)
  full = false
  await machine.run(HOUR)
  assert.deepEqual([(await stored(whole))['reports'], (await stored(whole))['lastReportAt']], [1, iso(START)])
})

test('what is known last is stored last, however long the store takes', async () => {
  const whole = createMemoryStore()
  const turns = [9, 3, 1]
  const store: StateStore = {
    ...whole,
    async write(name, data) {
      for (let turn = turns.shift() ?? 0; turn > 0; turn--)
        await new Promise((resolve) => setImmediate(resolve))
      await whole.write(name, data)
    },
  }
  const { schedule } = createHost({ store })
  await Promise.all([schedule.reported(), schedule.reported(), schedule.reported()])
  assert.equal((await stored(whole))['reports'], 3)
})

test('a schedule file that is deleted while the process runs is made again, and nothing is reported for it', async () => {
  const { machine, store, schedule, reports } = createHost()
  await schedule.start(0)
  await machine.run(HOUR)
  const before = await stored(store)
  await store.remove('schedule.json')
  await machine.run(HOUR)
  assert.deepEqual(await stored(store), before)
  assert.deepEqual(reports, [0])
})

test('looking writes nothing', async () => {
  const { machine, store, schedule } = createHost()
  await schedule.look()
  await machine.run(DAY)
  assert.equal(await store.read('schedule.json'), undefined)
  assert.deepEqual(
    [schedule.due(), schedule.lastReportAt(), schedule.undecidedFor()],
    [undefined, undefined, 0],
  )
})

test('a command that looks sees when the last report was made', async () => {
  const host = createHost()
  await live(host, { lives: 1, life: HOUR })
  const command = restarted(host)
  await command.schedule.look()
  assert.equal(command.schedule.lastReportAt(), START + 5 * MINUTE)
  assert.equal(command.schedule.due(), undefined)
})

test('stopping cancels the timer at once, and nothing starts it again', async () => {
  const { machine, schedule, reports } = createHost()
  await schedule.start(HOUR)
  assert.equal(machine.waiting, 1)
  schedule.stop()
  assert.equal(machine.waiting, 0)
  assert.equal(schedule.due(), undefined)
  await machine.run(10 * DAY)
  assert.deepEqual(reports, [])
})

test('stopping while the start still reads plans nothing', async () => {
  const { machine, schedule } = createHost()
  const starting = schedule.start(0)
  schedule.stop()
  await starting
  assert.equal(machine.waiting, 0)
  assert.equal(schedule.due(), undefined)
})

test('stopping while a timer has just fired makes no report', async () => {
  const { machine, store, schedule, reports } = createHost()
  await schedule.start(HOUR)
  const read = store.read
  store.read = (name) => {
    schedule.stop()
    return read(name)
  }
  await machine.run(2 * HOUR)
  assert.deepEqual(reports, [])
  assert.equal(machine.waiting, 0)
})

test('stopping while a report is made plans no other', async () => {
  const machine = createMachine()
  const work = () => new Promise<void>((resolve) => machine.after(MINUTE, resolve))
  const { schedule, reports } = createHost({ machine, work })
  await schedule.start(0)
  await machine.run(0)
  schedule.stop()
  await machine.run(10 * DAY)
  assert.deepEqual(reports, [0])
  assert.equal(machine.waiting, 0)
})

test('stopping and starting again while a report is made makes no second rhythm', async () => {
  const machine = createMachine()
  const work = () => new Promise<void>((resolve) => machine.after(MINUTE, resolve))
  const { schedule, reports } = createHost({ machine, work })
  await schedule.start(0)
  await machine.run(0)
  schedule.stop()
  await schedule.start(0)
  await machine.run(2.5 * DAY)
  assert.deepEqual(reports, [0, DAY, 2 * DAY])
  assert.equal(machine.waiting, 1)
})

test('a schedule that was stopped can be started again', async () => {
  const { machine, schedule, reports } = createHost()
  await schedule.start(0)
  await machine.run(0)
  schedule.stop()
  await schedule.start(0)
  await machine.run(DAY)
  assert.deepEqual(reports, [0, DAY])
})

test('starting twice makes no second rhythm', async () => {
  const { machine, schedule, reports } = createHost()
  await Promise.all([schedule.start(0), schedule.start(0)])
  assert.equal(machine.waiting, 1)
  await machine.run(DAY)
  assert.deepEqual(reports, [0, DAY])
})

test('a report that fails does not end the schedule (EventStore: silent until the restart)', async () => {
  let attempts = 0
  const { machine, schedule } = createHost({
    run: async () => {
      attempts++
      throw new Error('timeout')
    },
  })
  await schedule.start(0)
  await machine.run(3 * DAY)
  assert.equal(attempts, 4)
  assert.equal(schedule.lastReportAt(), undefined)
})

test('a process that is killed while it reports is one that has not: the next one does', async () => {
  const host = createHost({ work: () => new Promise<void>(() => {}) })
  await host.schedule.start(0)
  await host.machine.run(MINUTE)
  host.schedule.stop()
  assert.deepEqual(await live(host, { lives: 1, life: MINUTE, initialDelay: 0 }), [MINUTE])
})

const iso = (time: number) => new Date(time).toISOString()

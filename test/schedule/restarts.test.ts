/** Processes that come and go. The installation waits, and not each process again. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createHost, DAY, HOUR, live, MINUTE, restarted, SECOND, START, seeded, stored } from './host.ts'

test('a restart inside the interval does not report again (Dependency-Track: 23 hours)', async () => {
  const first = createHost()
  await first.schedule.start(0)
  await first.machine.run(0)
  first.schedule.stop()
  first.machine.sleep(23 * HOUR)
  const second = restarted(first)
  await second.schedule.start(5 * MINUTE)
  assert.equal(second.schedule.lastReportAt(), START)
  await second.machine.run(HOUR - 1)
  assert.deepEqual(second.reports, [])
  await second.machine.run(1)
  assert.deepEqual(second.reports, [DAY])
})

test('a restart when a report is due makes it after 10 to 20 seconds, not after the initial delay again', async () => {
  for (const [random, grace] of [
    [0, 10],
    [0.5, 15],
    [0.9, 19],
  ] as const) {
    const first = createHost()
    await first.schedule.start(0)
    await first.machine.run(0)
    first.schedule.stop()
    first.machine.sleep(3 * DAY)
    const second = restarted(first, { offset: random })
    await second.schedule.start(5 * MINUTE)
    await second.machine.run(HOUR)
    assert.deepEqual(second.reports, [3 * DAY + grace * SECOND])
  }
})

test('a restart when a report is due makes it at once where there is no initial delay', async () => {
  const first = createHost()
  await first.schedule.start(0)
  await first.machine.run(0)
  first.schedule.stop()
  first.machine.sleep(3 * DAY)
  const second = restarted(first)
  await second.schedule.start(0)
  await second.machine.run(0)
  assert.deepEqual(second.reports, [3 * DAY])
})

test('the initial delay is waited for once, also by processes that live for less than a minute each', async () => {
  const host = createHost()
  const reports = await live(host, { lives: 30, life: 45 * SECOND })
  assert.deepEqual(reports, [5 * MINUTE])
})

test('a test run that is shorter than the initial delay reports nothing', async () => {
  const host = createHost()
  assert.deepEqual(await live(host, { lives: 1, life: 5 * MINUTE - 1 }), [])
})

test('a process that dies sooner than ten seconds after its start reports nothing, however often it is started', async () => {
  const host = createHost()
  assert.deepEqual(await live(host, { lives: 1_000, life: 9 * SECOND }), [])
})

test('a host that was off for three days has waited for three days', async () => {
  const host = createHost()
  await live(host, { lives: 1, life: MINUTE, pause: 3 * DAY })
  const again = restarted(host)
  await again.schedule.start(5 * MINUTE)
  await again.machine.run(MINUTE)
  assert.deepEqual(again.reports, [3 * DAY + MINUTE + 10 * SECOND])
})

for (const [name, life] of [
  ['hour', HOUR],
  ['day', DAY],
  ['week', 7 * DAY],
] as const) {
  test(`a process that is restarted every ${name} reports once a day (EventStore: never, or at each start)`, async () => {
    for (const offset of [0, 0.1, 0.3, 0.5, 0.7, 0.9]) {
      const host = createHost({ offset })
      const days = 28
      const reports = await live(
        host,
        { lives: (days * DAY) / life, life },
        { offset, random: seeded(offset * 10) },
      )
      assert.ok(Math.abs(reports.length - days) <= 1, `${reports.length} reports at ${offset}`)
      assert.ok(Math.min(...gaps(reports)) > DAY / 2, `${Math.min(...gaps(reports)) / HOUR} hours apart`)
      assert.ok(Math.max(...gaps(reports)) <= 1.53 * DAY, `${Math.max(...gaps(reports)) / HOUR} hours apart`)
    }
  })
}

test('a container that lives for a minute each day reports each day, whatever the time of the installation', async () => {
  for (let offset = 0; offset < 1; offset += 1 / 96) {
    const host = createHost({ offset })
    const options = { offset, jitter: 0.02 }
    const reports = await live(host, { lives: 12, life: MINUTE, pause: DAY - MINUTE }, options)
    // The first life is shorter than the initial delay; the second report may be a day and a half after the first one.
    assert.ok(reports.length >= 10, `${reports.length} reports at ${offset}`)
    assert.deepEqual(new Set(gaps(reports.slice(1))), new Set([DAY]), `at ${offset}`)
  }
})

test('an undecided host that is restarted every eight minutes has waited for its hour after an hour', async () => {
  const host = createHost()
  const reports = await live(host, { lives: 12, life: 8 * MINUTE, undecidedDelay: HOUR })
  assert.deepEqual(reports, [HOUR])
})

test('how long an installation has been undecided is known after a restart, also to a process that has not started the schedule', async () => {
  const host = createHost()
  await live(host, { lives: 3, life: 10 * MINUTE, undecidedDelay: HOUR })
  const command = restarted(host)
  assert.equal(command.schedule.undecidedFor(), 0)
  await command.schedule.look()
  assert.equal(command.schedule.undecidedFor(), 30 * MINUTE)
})

test('a decision ends the wait at once, and who is undecided after it waits again', async () => {
  const host = createHost()
  await host.schedule.start(5 * MINUTE, { undecidedDelay: HOUR })
  await host.machine.run(50 * MINUTE)
  assert.deepEqual(host.reports, [])
  await host.schedule.start(5 * MINUTE)
  assert.equal(host.schedule.undecidedFor(), 0)
  await host.machine.run(0)
  assert.deepEqual(host.reports, [50 * MINUTE])
  await host.schedule.start(5 * MINUTE, { undecidedDelay: 3 * DAY })
  await host.machine.run(3 * DAY - 1)
  assert.deepEqual(host.reports, [50 * MINUTE])
  await host.machine.run(1)
  assert.deepEqual(host.reports, [50 * MINUTE, 3 * DAY + 50 * MINUTE])
})

test('when a report is made after the undecided wait, the wait is over for whoever asks', async () => {
  const asked: number[] = []
  const work = async () => void asked.push(host.schedule.undecidedFor())
  const host: ReturnType<typeof createHost> = createHost({ work })
  await host.schedule.start(0, { undecidedDelay: HOUR })
  await host.machine.run(2 * HOUR)
  assert.deepEqual(asked, [HOUR])
})

test('an operator can read the schedule in the state, and nothing there identifies the installation', async () => {
  const host = createHost({ offset: 0.123456789 })
  await host.schedule.start(0, { undecidedDelay: 0 })
  await host.machine.run(0)
  assert.deepEqual(await stored(host.store), {
    offset: 0.123456,
    reports: 1,
    startedAt: '2026-01-01T00:00:00.000Z',
    undecidedSince: '2026-01-01T00:00:00.000Z',
    undecided: { waited: 0, monotonic: 0, boot: 'boot 1' },
    lastReportAt: '2026-01-01T00:00:00.000Z',
    dueAt: '2026-01-02T02:57:46.598Z',
  })
})

const gaps = (times: readonly number[]) =>
  times.slice(1).map((time, index) => time - (times[index] as number))

/** Wall clocks that jump: set by hand, by NTP, or by a machine that was asleep. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { StateStore } from '../../src/state/index.ts'
import { createHost, DAY, HOUR, live, MINUTE, restarted, SECOND, YEAR } from './host.ts'

const THIRD = 20 * MINUTE

test('a clock that is set back, by an hour or by ten years, does not make a report late', async () => {
  for (const by of [HOUR, 10 * HOUR, 13 * HOUR, 3 * DAY, 10 * YEAR]) {
    const { machine, schedule, reports } = createHost()
    await schedule.start(0)
    await machine.run(14 * HOUR)
    machine.setWall(-by)
    await machine.run(10 * HOUR)
    assert.deepEqual(reports, [0, DAY])
    await machine.run(1.5 * DAY)
    assert.ok(reports.length >= 3)
  }
})

test('a clock that was set back ten years while the process was down does not silence an installation', async () => {
  const first = createHost()
  await first.schedule.start(0)
  await first.machine.run(0)
  first.schedule.stop()
  first.machine.setWall(-10 * YEAR)
  const second = restarted(first)
  await second.schedule.start(5 * MINUTE)
  await second.machine.run(1.5 * DAY)
  assert.equal(second.reports.length, 1)
})

test('a clock that was set back ten years does not silence an installation whose process is restarted every hour', async () => {
  const host = createHost()
  await live(host, { lives: 1, life: HOUR })
  host.machine.setWall(-10 * YEAR)
  const reports = await live(host, { lives: 36, life: HOUR })
  assert.equal(reports.length, 1)
})

test('a clock that is set forward ten years makes one report, and not ten years of them', async () => {
  const { machine, schedule, reports } = createHost()
  await schedule.start(0)
  await machine.run(90 * MINUTE)
  machine.setWall(10 * YEAR)
  await machine.run(HOUR)
  assert.deepEqual(reports, [0, 100 * MINUTE])
  await machine.run(9 * HOUR)
  assert.equal(reports.length, 2)
  await machine.run(DAY)
  assert.equal(reports.length, 3)
})

test('a clock that is set forward ten years and back again makes one report too many at most, and none too few', async () => {
  const { machine, schedule, reports } = createHost()
  await schedule.start(0)
  for (const by of [10 * YEAR, -10 * YEAR]) {
    await machine.run(6 * HOUR)
    machine.setWall(by)
  }
  await machine.run(9.5 * DAY)
  assert.ok(reports.length >= 11 && reports.length <= 12, `${reports.length} reports in ten days`)
})

/** A machine without a battery for its clock is back in 1970 at each start, until NTP has set it. */
test('a machine that starts in 1970 each time does not report at each start', async () => {
  const host = createHost()
  const reports: number[] = []
  for (let start = 0; start < 24; start++) {
    const next = restarted(host)
    const by = host.machine.now() - 60 * SECOND
    host.machine.setWall(-by)
    await next.schedule.start(MINUTE)
    await host.machine.run(30 * SECOND)
    host.machine.setWall(by)
    await host.machine.run(4 * HOUR)
    next.schedule.stop()
    reports.push(...next.reports)
  }
  assert.ok(reports.length >= 4 && reports.length <= 5, `${reports.length} reports in four days`)
})

for (const monotonic of ['stands', 'runs'] as const) {
  const name = `the monotonic clock ${monotonic === 'stands' ? 'standing still' : 'running on'}`

  test(`a machine that was asleep for 47 hours makes one report when it wakes, and goes on daily, ${name}`, async () => {
    const { machine, schedule, reports } = createHost()
    await schedule.start(0)
    await machine.run(0)
    machine.sleep(47 * HOUR, monotonic)
    await machine.run(10 * MINUTE)
    assert.equal(reports.length, 2)
    assert.ok((reports[1] as number) <= 47 * HOUR + 10 * MINUTE)
    await machine.run(3 * DAY)
    assert.equal(reports.length, 5)
  })

  test(`a laptop that is open for an hour a day reports each day, ${name}`, async () => {
    for (const offset of [0, 0.2, 0.4, 0.6, 0.8]) {
      const { machine, schedule, reports } = createHost({ offset, jitter: 0.02 })
      await schedule.start(5 * MINUTE)
      for (let day = 0; day < 30; day++) {
        await machine.run(HOUR)
        machine.sleep(23 * HOUR, monotonic)
      }
      assert.ok(reports.length >= 29 && reports.length <= 30, `${reports.length} reports at ${offset}`)
    }
  })
}

for (const [what, prepare] of [
  ['ends', async () => {}],
  [
    'ends after it has noticed',
    async (host: ReturnType<typeof createHost>) => {
      await host.machine.run(11 * MINUTE)
      host.schedule.stop()
    },
  ],
] as const) {
  test(`a clock that is set forward a year right after the first start shortens no wait${what === 'ends' ? '' : ', also not after a restart'}`, async () => {
    const host = createHost()
    await host.schedule.start(THIRD, { undecidedDelay: HOUR })
    await host.machine.run(MINUTE)
    host.machine.setWall(YEAR)
    await prepare(host)
    const last = what === 'ends' ? host : restarted(host)
    if (last !== host) await last.schedule.start(THIRD, { undecidedDelay: HOUR })
    await host.machine.run(HOUR - host.machine.elapsed - 1)
    assert.deepEqual([...host.reports, ...last.reports], [])
    assert.ok(last.schedule.undecidedFor() < HOUR)
    await host.machine.run(1)
    assert.deepEqual(last.reports, [HOUR])
    assert.equal(last.schedule.undecidedFor(), HOUR)
  })
}

test('a clock that is set forward shortens the initial delay neither', async () => {
  const { machine, schedule, reports } = createHost()
  await schedule.start(HOUR)
  await machine.run(MINUTE)
  machine.setWall(DAY)
  await machine.run(2 * HOUR)
  assert.deepEqual(reports, [HOUR])
})

test('a clock that is set back lengthens no wait', async () => {
  const { machine, schedule, reports } = createHost()
  await schedule.start(HOUR, { undecidedDelay: 2 * HOUR })
  await machine.run(MINUTE)
  machine.setWall(-YEAR)
  await machine.run(2 * HOUR)
  assert.deepEqual(reports, [2 * HOUR])
})

test('a clock that is set back while the process was down begins the waits again, and no more than that', async () => {
  const host = createHost()
  await live(host, { lives: 1, life: 50 * MINUTE, initialDelay: HOUR, undecidedDelay: HOUR })
  host.machine.setWall(-YEAR)
  const reports = await live(host, { lives: 9, life: 8 * MINUTE, initialDelay: HOUR, undecidedDelay: HOUR })
  assert.deepEqual(reports, [110 * MINUTE])
})

test('the time asleep does not count as waited where the monotonic clock stands still: nobody has seen the notice', async () => {
  const { machine, schedule, reports } = createHost()
  await schedule.start(0, { undecidedDelay: HOUR })
  await machine.run(15 * MINUTE)
  machine.sleep(8 * HOUR)
  await machine.run(45 * MINUTE)
  assert.deepEqual(reports, [9 * HOUR])
})

test('a clock that runs a little slow or fast is followed, and nothing is written for it', async () => {
  const host = createHost()
  let writes = 0
  const store: StateStore = {
    ...host.store,
    write(name, data) {
      writes++
      return host.store.write(name, data)
    },
  }
  const { machine, schedule } = createHost({ machine: host.machine, store })
  await schedule.start(3 * DAY)
  const before = writes
  for (let step = 0; step < 100; step++) {
    machine.setWall(step % 2 === 0 ? 5 * SECOND : -5 * SECOND)
    await machine.run(11 * MINUTE)
  }
  assert.equal(writes, before)
})

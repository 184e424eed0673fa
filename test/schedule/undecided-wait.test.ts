/** While nobody has decided, nothing is sent for a time that has really passed: whatever is done to clocks, machines and files. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createUndecidedWait } from '../../src/library/schedule/index.ts'
import { createMemoryStore, type StateStore } from '../../src/state/index.ts'
import { createHost, DAY, HOUR, live, MINUTE, restarted, SECOND, stored, YEAR } from './host.ts'

/** A first start that ends after 200 ms, and then what happens until the second one. */
async function startedTwice(between: (host: ReturnType<typeof createHost>) => void | Promise<void>) {
  const host = createHost()
  await live(host, { lives: 1, life: 200, undecidedDelay: HOUR })
  await between(host)
  const second = restarted(host)
  await second.schedule.start(0, { undecidedDelay: HOUR })
  return second
}

for (const by of [2 * HOUR, DAY, 10 * YEAR]) {
  test(`an hour of waiting is not jumped by a clock that is set forward ${by / HOUR} hours between two starts`, async () => {
    const { machine, schedule, reports } = await startedTwice((host) => host.machine.setWall(by))
    assert.ok(schedule.undecidedFor() < SECOND)
    await machine.run(HOUR - machine.elapsed - 1)
    assert.deepEqual(reports, [])
    await machine.run(1)
    assert.deepEqual(reports, [HOUR])
  })
}

test('an hour of waiting does not begin again where the clock is set back between two starts', async () => {
  const { machine, reports } = await startedTwice((host) => host.machine.setWall(-YEAR))
  await machine.run(HOUR - machine.elapsed)
  assert.deepEqual(reports, [HOUR])
})

test('the time between two starts on a machine that is on counts as waited', async () => {
  const { machine, reports } = await startedTwice(({ machine }) => machine.run(50 * MINUTE))
  await machine.run(HOUR - machine.elapsed)
  assert.deepEqual(reports, [HOUR])
})

test('what was waited before a boot counts but for ten minutes, and the time that the machine was off does not', async () => {
  const host = createHost()
  await host.schedule.start(0, { undecidedDelay: HOUR })
  await host.machine.run(35 * MINUTE)
  host.machine.sleep(3 * DAY)
  host.machine.reboot()
  const second = restarted(host)
  await second.schedule.start(0, { undecidedDelay: HOUR })
  assert.equal(second.schedule.undecidedFor(), 30 * MINUTE)
  await second.machine.run(30 * MINUTE - 1)
  assert.deepEqual(second.reports, [])
  await second.machine.run(1)
  assert.equal(second.reports.length, 1)
})

test('a machine that has been on for long does not count as waited what another one has', async () => {
  const { schedule } = await startedTwice((host) => host.machine.reboot(YEAR))
  assert.ok(schedule.undecidedFor() < SECOND)
})

test('two machines on one state wait for an hour, and write little for it', async () => {
  const host = createHost()
  let writes = 0
  const store: StateStore = {
    ...host.store,
    write(name, data) {
      writes++
      return host.store.write(name, data)
    },
  }
  const nodes = ['one', 'other'].map((name) => createHost({ machine: host.machine, store, boot: () => name }))
  for (const { schedule } of nodes) {
    await schedule.start(0, { undecidedDelay: HOUR })
    await host.machine.run(5 * MINUTE)
  }
  await host.machine.run(50 * MINUTE - 1)
  assert.deepEqual(
    nodes.flatMap(({ reports }) => reports),
    [],
  )
  assert.ok(nodes.every(({ schedule }) => schedule.undecidedFor() >= 50 * MINUTE))
  await host.machine.run(15 * MINUTE)
  assert.ok(nodes.some(({ reports }) => reports.length > 0))
  assert.ok(writes < 20, `${writes} writes`)
})

const FORM = { offset: 0.5, reports: 0, startedAt: '2025-01-01T00:00:00.000Z' }
const SINCE = { undecidedSince: '2025-01-01T00:00:00.000Z' }
for (const [what, content] of Object.entries({
  'is of an earlier version': { ...FORM, ...SINCE },
  'has waited for longer than can be': {
    ...FORM,
    ...SINCE,
    undecided: { waited: 1e300, monotonic: 0, boot: 'boot 1' },
  },
  'was written before the machine was on': {
    ...FORM,
    ...SINCE,
    undecided: { waited: 0, monotonic: -1e12, boot: 'boot 1' },
  },
  'has words for numbers': {
    ...FORM,
    ...SINCE,
    undecided: { waited: '9e9', monotonic: null, boot: 'boot 1' },
  },
  'says when and not for how long': { ...FORM, ...SINCE, undecided: 'long' },
  'says for how long and not when': { ...FORM, undecided: { waited: 9e6, monotonic: 0, boot: 'boot 1' } },
  'was written by a clock that is ahead': {
    ...FORM,
    ...SINCE,
    undecided: { waited: 0, monotonic: 1e15, boot: 'boot 1' },
  },
  'is no record': [],
})) {
  test(`a schedule file that ${what} does not shorten the wait`, async () => {
    const host = createHost()
    await host.store.write('schedule.json', JSON.stringify(content))
    await host.schedule.start(0, { undecidedDelay: HOUR })
    await host.machine.run(HOUR - 1)
    assert.deepEqual(host.reports, [])
    await host.machine.run(1)
    assert.deepEqual(host.reports, [HOUR])
  })
}

test('whatever happens between starts, nothing is reported before the hour has really passed', async () => {
  const event = fc.oneof(
    fc.record({ run: fc.integer({ min: 0, max: 40 * MINUTE }) }),
    fc.record({ sleep: fc.integer({ min: 0, max: 3 * DAY }) }),
    fc.record({ setWall: fc.integer({ min: -YEAR, max: YEAR }) }),
    fc.record({ reboot: fc.integer({ min: 0, max: YEAR }) }),
    fc.constant({ restart: true }),
    fc.constant({ remove: true }),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(event, { maxLength: 12 }), async (events) => {
      let host = createHost()
      const begin = () => host.schedule.start(0, { undecidedDelay: HOUR })
      await begin()
      for (const one of events) {
        if ('run' in one) await host.machine.run(one.run)
        else if ('sleep' in one) host.machine.sleep(one.sleep)
        else if ('setWall' in one) host.machine.setWall(one.setWall)
        else if ('remove' in one) await host.store.remove('schedule.json')
        else {
          host.schedule.stop()
          if ('reboot' in one) host.machine.reboot(one.reboot)
          const { reports } = host
          host = restarted(host)
          host.reports.push(...reports)
          await begin()
        }
        assert.ok(host.reports.every((at) => at >= HOUR))
      }
      // And it does come to its end.
      await host.machine.run(2 * DAY)
      assert.ok(host.reports.length > 0)
    }),
    { numRuns: 100 },
  )
})

test('a host with its own schedule waits as long, and writes nothing where somebody has decided', async () => {
  const { machine } = createHost()
  const store = createMemoryStore()
  const open = () => createUndecidedWait({ clock: machine, store, delay: HOUR, boot: machine.boot })
  await open().note(false)
  assert.deepEqual(
    [open().isOver(), await store.list(''), await store.read('schedule.json')],
    [false, [], undefined],
  )
  const first = open()
  await first.note(true)
  await machine.run(59 * MINUTE)
  await first.note(true)
  assert.equal(first.isOver(), false)
  machine.setWall(YEAR)
  const second = open()
  await second.note(true)
  assert.equal(second.isOver(), false)
  await machine.run(MINUTE)
  assert.equal(second.isOver(), true)
  await second.note(false)
  assert.equal(second.isOver(), false)
  assert.equal((await stored(store))['undecidedSince'], undefined)
})

/** Several processes that share a state, and each one's own rhythm where they do not. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createDirectoryStore } from '../../src/state/index.ts'
import { createScratch } from '../support/scratch.ts'
import { createHost, DAY, HOUR, MINUTE, restarted, SECOND, START, seeded, stored, YEAR } from './host.ts'

type Host = ReturnType<typeof createHost>

const allReports = (hosts: readonly Host[]) => hosts.flatMap(({ reports }) => reports).sort((a, b) => a - b)

/** As many processes of one installation, all of them started. */
async function startTogether(count: number, options: Parameters<typeof createHost>[0] = {}): Promise<Host[]> {
  const first = createHost(options)
  const others = Array.from({ length: count - 1 }, (_, index) =>
    restarted(first, { random: seeded(index + 1), ...options }),
  )
  const hosts = [first, ...others]
  await Promise.all(hosts.map(({ schedule }) => schedule.start(5 * MINUTE)))
  return hosts
}

test('eight processes of an installation make one report a day together from the second one on', async () => {
  const hosts = await startTogether(8, { random: seeded(7), jitter: 0.02 })
  const { machine } = hosts[0] as Host
  await machine.run(10.5 * DAY)
  const reports = allReports(hosts)
  const later = reports.filter((at) => at > 5 * MINUTE)
  assert.ok(later.length >= 9 && later.length <= 10, `${later.length} reports`)
  assert.ok(new Set(hosts.map(({ schedule }) => schedule.lastReportAt())).size <= 1)
})

test('processes that start for the first time at once agree on the time of their installation', async () => {
  const hosts = await startTogether(8)
  const { store } = hosts[0] as Host
  const { offset } = await stored(store)
  for (const { schedule } of hosts) await schedule.reported()
  assert.equal((await stored(store))['offset'], offset)
  for (const { schedule } of hosts) await schedule.look()
  assert.equal(new Set(hosts.map(({ schedule }) => schedule.lastReportAt())).size, 1)
})

test('processes agree on that time in a directory too', async () => {
  using scratch = createScratch()
  const machine = createHost().machine
  const hosts = Array.from({ length: 8 }, (_, index) =>
    createHost({ machine, store: createDirectoryStore(scratch.directory), random: seeded(index) }),
  )
  await Promise.all(hosts.map(({ schedule }) => schedule.start(5 * MINUTE)))
  const { offset } = await stored((hosts[0] as Host).store)
  for (const { schedule, store } of hosts) {
    await schedule.reported()
    assert.equal((await stored(store))['offset'], offset)
  }
})

test('a process whose report is due finds that another one has made it, and plans the next', async () => {
  const [one, other] = (await startTogether(2)) as [Host, Host]
  await one.machine.run(DAY - HOUR)
  const before = other.reports.length
  one.schedule.stop()
  const command = restarted(one)
  await command.schedule.reported()
  await one.machine.run(6 * HOUR)
  assert.equal(other.reports.length, before)
  assert.equal(other.schedule.lastReportAt(), START + DAY - HOUR)
})

test('a clock that is set back under two processes moves their report once, and not twice', async () => {
  const hosts = await startTogether(2)
  const { machine } = hosts[0] as Host
  await machine.run(12 * HOUR)
  const before = allReports(hosts).length
  machine.setWall(-YEAR)
  await machine.run(11 * HOUR)
  assert.equal(allReports(hosts).length, before)
  await machine.run(2 * HOUR)
  assert.equal(allReports(hosts).length, before + 1)
})

test('a clock that is set forward does not shorten the waits of a process beside which another one has written', async () => {
  const undecided = createHost()
  await undecided.schedule.start(0, { undecidedDelay: 3 * HOUR })
  const initial = createHost()
  await initial.schedule.start(3 * HOUR)
  for (const { machine } of [undecided, initial]) await machine.run(HOUR)

  await restarted(undecided).schedule.reported()
  const other = restarted(initial)
  await other.schedule.start(0, { undecidedDelay: HOUR })
  other.schedule.stop()

  for (const { machine, reports } of [undecided, initial]) {
    machine.setWall(YEAR)
    await machine.run(2 * HOUR - SECOND)
    assert.deepEqual(reports, [])
    await machine.run(SECOND)
    assert.deepEqual(reports, [3 * HOUR])
  }
})

test('a process that is decided ends the wait of the installation; one that is not begins it again and reaches its end', async () => {
  const undecided = createHost()
  await undecided.schedule.start(0, { undecidedDelay: HOUR })
  await undecided.machine.run(30 * MINUTE)
  const decided = restarted(undecided)
  await decided.schedule.start(HOUR)
  decided.schedule.stop()
  await undecided.machine.run(HOUR)
  assert.deepEqual(undecided.reports, [])
  await undecided.machine.run(HOUR)
  assert.equal(undecided.reports.length, 1)
})

test('where each process reports for itself, nothing is stored, and none waits for another', async () => {
  const hosts = await startTogether(3, { scope: 'process' })
  const { machine, store } = hosts[0] as Host
  await machine.run(4.6 * DAY)
  for (const { reports } of hosts) assert.ok(reports.length >= 4 && reports.length <= 5)
  assert.equal(await store.read('schedule.json'), undefined)
})

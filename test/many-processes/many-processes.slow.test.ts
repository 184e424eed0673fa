/** One report an installation and interval, however many processes it has, and whatever happens to them. Real processes. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { describe, test } from 'node:test'
import { assertOneAnInterval, type Installation, startInstallation, sumOf, until } from './installation.ts'

const canUnshare = spawnSync('unshare', [...container('a'), 'true']).status === 0

describe('an installation of many processes', { concurrency: true }, () => {
  test('four workers of a cluster make one report an interval together', async () => {
    await using installation = await startInstallation()
    installation.startCluster()
    await installation.reported(5)
    await endInOrder(installation)
  })

  test('four processes that know nothing of each other (PM2) make one report an interval together', async () => {
    await using installation = await startInstallation()
    installation.start(4)
    await installation.reported(5)
    await endInOrder(installation)
  })

  for (const [names, nameOf] of [
    ['host names of their own', (index: number) => `node-${index}`],
    ['one host name', () => 'acme'],
  ] as const) {
    test(`four containers on one volume with ${names}, that do not see each other's processes, make one report an interval together`, {
      skip: !canUnshare,
    }, async () => {
      await using installation = await startInstallation()
      for (let index = 0; index < 4; index++) installation.start(1, ['unshare', ...container(nameOf(index))])
      await installation.reported(5)
      const reports = await endInOrder(installation)
      // The process of a container is the first one in it.
      assert.ok(reports.every(({ pid }) => pid < 10))
    })
  }

  test('others go on for processes that are killed at any time, and there is still one report an interval', async () => {
    await using installation = await startInstallation()
    const children = installation.start(3)
    for (let minute = 0; minute < 8; minute++) {
      await installation.minutes(1)
      children.shift()?.kill('SIGKILL')
      children.push(...installation.start(1))
    }
    await installation.reported(5)
    await installation.end()
    const reports = installation.reports().slice(0, -1)
    assertOneAnInterval(reports)
  })

  test('the process that sends is killed in the middle: another one sends its report, under the same id', async () => {
    await using installation = await startInstallation()
    const children = installation.start(3)
    const answers = installation.hold()
    await until(() => answers.held === 1)
    const sender = installation.sender()
    const [first] = installation.reports()
    children.find(({ pid }) => pid === sender)?.kill('SIGKILL')
    answers.release()
    await until(() => installation.requests >= 3)
    const [again, next] = installation.reports()
    assert.deepEqual(again, first)
    assert.notEqual(next?.pid, sender)
    assertOneAnInterval(installation.reports())
  })

  test('a process that stands still while it sends is replaced by another; when it goes on, it makes no second report', async () => {
    await using installation = await startInstallation()
    const children = installation.start(3)
    const answers = installation.hold()
    await until(() => answers.held === 1)
    const sender = installation.sender()
    const holder = children.find(({ pid }) => pid === sender) ?? assert.fail()
    holder.kill('SIGSTOP')
    answers.release()
    await installation.reported(3)
    holder.kill('SIGCONT')
    await installation.minutes(3)
    await endInOrder(installation)
  })

  test('a process that stands still while it makes a report is replaced by another; when it goes on, it makes no second report', async () => {
    await using installation = await startInstallation()
    installation.start(3)
    await installation.minutes(1)
    const asleep = await installation.stopNext()
    const before = installation.reports().length
    await installation.reported(before + 2)
    // Half an interval later: no other one is as near as to speak for it.
    await installation.minutes(0.5)
    process.kill(asleep, 'SIGCONT')
    await installation.minutes(3)
    await endInOrder(installation)
  })

  test('a denser first phase is one of the installation, and not of each process: three reports, and no more', async () => {
    await using installation = await startInstallation({
      schedule: { interval: '1h', firstPhase: { count: 3, interval: '1m' } },
    })
    installation.start(4)
    await installation.reported(3)
    await installation.minutes(4)
    const reports = installation.reports()
    // The third one is followed by the grid of the interval, which may begin at once.
    assert.ok(reports.length >= 3 && reports.length <= 4, `${reports.length} reports`)
    assertOneAnInterval(reports.slice(0, 3))
  })

  test('where each process reports for itself, each makes one report an interval, under the id that they share', async () => {
    await using installation = await startInstallation({ schedule: { scope: 'process' } })
    installation.start(3)
    await installation.reported(15)
    const counted = await installation.end()
    const reports = installation.reports()
    assert.equal(sumOf(reports), counted)
    assert.equal(new Set(reports.map((one) => one.installation)).size, 1)
    const byProcess = Map.groupBy(reports.slice(0, -1), ({ pid }) => pid)
    assert.equal(byProcess.size, 3)
    for (const own of byProcess.values()) {
      assert.ok(own.length >= 4, `${own.length} reports`)
      assertOneAnInterval(own)
    }
  })
})

/**
 * Ends the installation in order. All that was counted has arrived, under one id, and there was one report an interval but for the
 * last one, which was asked for.
 */
async function endInOrder(installation: Installation) {
  const counted = await installation.end()
  const reports = installation.reports()
  assert.equal(sumOf(reports), counted)
  assert.equal(new Set(reports.map((one) => one.installation)).size, 1)
  const scheduled = reports.slice(0, -1)
  assertOneAnInterval(scheduled)
  return scheduled
}

/** What `unshare` needs for a process that sees none but its own, under a host name, and that ends with it. */
function container(name: string): string[] {
  const become = `hostname ${name} && exec "$@"`
  return ['--pid', '--fork', '--mount-proc', '--uts', '--kill-child', 'sh', '-c', become, 'sh']
}

/** Nodes that share a database and nothing else: one report an interval too, and whoever is killed is succeeded. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type RunningPostgres, startPostgres } from '../support/postgres.ts'
import { assertOneAnInterval, startInstallation, sumOf, until } from './installation.ts'

let server: RunningPostgres
before(async () => {
  server = await startPostgres()
})
after(() => server[Symbol.asyncDispose]())

const database = (scope: string) => ({ connection: server.connection, pool: server.pool(), scope })

describe('an installation on a database', { concurrency: true }, () => {
  test('four workers of a cluster make one report an interval together', async () => {
    await using installation = await startInstallation({ database: database('cluster') })
    installation.startCluster()
    await installation.reported(5)
    const counted = await installation.end()
    const reports = installation.reports()
    assert.equal(sumOf(reports), counted)
    assert.equal(new Set(reports.map((one) => one.installation)).size, 1)
    assertOneAnInterval(reports.slice(0, -1))
  })

  test('others go on for processes that are killed at any time, and there is still one report an interval', async () => {
    await using installation = await startInstallation({ database: database('killed') })
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
    await using installation = await startInstallation({ database: database('sender') })
    const children = installation.start(3)
    const answers = installation.hold()
    await until(() => answers.held === 1)
    const [first] = installation.reports()
    children.find(({ pid }) => pid === first?.pid)?.kill('SIGKILL')
    answers.release()
    await until(() => installation.requests >= 3)
    assert.deepEqual(installation.reports()[0], first)
    assertOneAnInterval(installation.reports())
  })

  test('a process that stands still while it makes a report is replaced by another; when it goes on, it makes no second report', async () => {
    await using installation = await startInstallation({ database: database('asleep') })
    installation.start(3)
    await installation.minutes(1)
    const asleep = await installation.stopNext()
    const before = installation.reports().length
    await installation.reported(before + 2)
    process.kill(asleep, 'SIGCONT')
    await installation.minutes(3)
    const counted = await installation.end()
    assert.equal(sumOf(installation.reports()), counted)
    assertOneAnInterval(installation.reports().slice(0, -1))
  })
})

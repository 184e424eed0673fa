import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { connectClickHouse, maintainStore, storeStatements } from '../../src/gateway.ts'
import { runWhereNeeded } from '../../src/maintainer/store/deletions.ts'
import {
  dayOf,
  requestsAge,
  rows,
  store,
  tablesWith,
  today,
  version,
  withMerges,
  withoutMerges,
  yesterday,
} from './emptied-store.ts'
import { uuid } from './running-gateway.ts'
import { answersOf, command, insertReports, letPass, type StoredReport } from './stored-reports.ts'

describe('an installation that asks to be forgotten', () => {
  const [gone, stays] = [uuid('4'), uuid('4')]
  const said = (installation: string, back: number, owner: string): StoredReport => ({
    installation,
    reportId: uuid('7'),
    at: `${dayOf(back)} 10:00:00`,
    attributes: { ...version('2.0.0'), 'acme.owner': owner },
    points: [{ name: 'acme.commands', value: 1 }],
  })
  const forget: StoredReport = {
    installation: gone,
    reportId: uuid('7'),
    at: `${yesterday} 12:00:00`,
    points: [{ name: 'usage.forget', value: 1 }],
  }
  const earlier = [said(gone, 50, 'Bob'), said(gone, 2, 'Bob'), said(stays, 2, 'Ann')]

  test('is gone from every table; the day, the product and the number of those who asked remain', async () => {
    await insertReports(store, ...earlier)
    await maintainStore(store)
    assert.notDeepEqual(await tablesWith(gone, 'Bob'), [])
    await insertReports(store, forget)
    await insertReports(store, forget)
    await letPass(store, 61)
    await maintainStore(store)

    assert.deepEqual(await tablesWith(gone, 'Bob'), [])
    assert.deepEqual(await rows('SELECT * FROM erasures FINAL'), [
      { Product: 'acme-db', Day: today, Installations: 1 },
    ])
    assert.deepEqual(await rows('SELECT InstallationId FROM installations FINAL'), [
      { InstallationId: stays },
    ])
    assert.deepEqual(await rows("SELECT Day, Total FROM fact_numbers FINAL WHERE Fact = 'acme.commands'"), [
      { Day: dayOf(2), Total: 1 },
    ])
    assert.deepEqual(
      await rows(
        `SELECT Installations FROM active_installations FINAL WHERE By = '' AND Days = 30 AND Day = '${today}'`,
      ),
      [{ Installations: 1 }],
    )
  })

  test('is gone again after one of its reports came late, and is counted once', async () => {
    await insertReports(store, ...earlier, forget)
    await letPass(store, 61)
    await maintainStore(store)
    await insertReports(store, said(gone, 1, 'Bob'))
    await insertReports(store, earlier[0] as StoredReport, forget)
    assert.notDeepEqual(await tablesWith(gone, 'Bob'), [])

    await maintainStore(store)
    assert.deepEqual(
      await tablesWith(gone, 'Bob'),
      ['installations'],
      'what came within the last minute can be found by it the next time',
    )
    await letPass(store, 61)
    await maintainStore(store)
    assert.deepEqual(await tablesWith(gone, 'Bob'), [])
    assert.deepEqual(await rows('SELECT Installations FROM erasures FINAL'), [{ Installations: 1 }])
  })

  test('is counted once where it asks twice, whatever day its reports say', async () => {
    const again = { ...forget, reportId: uuid('7'), at: `${dayOf(3)} 12:00:00` }
    await insertReports(store, ...earlier, forget)
    await maintainStore(store)
    await insertReports(store, again)
    await maintainStore(store)
    assert.deepEqual(await rows('SELECT Day, Installations FROM erasures FINAL'), [
      { Day: today, Installations: 1 },
    ])
  })

  test('takes no other with it: not one of another product, not one that only names it', async () => {
    const copy = {
      ...said(stays, 2, 'Ann'),
      attributes: { ...version('2.0.0'), 'usage.installation.lineage': gone },
    }
    await insertReports(store, copy, { ...said(gone, 2, 'Eve'), product: 'other' }, forget)
    await letPass(store, 61)
    await maintainStore(store)
    assert.deepEqual(
      await rows('SELECT Product, InstallationId FROM installation_days FINAL ORDER BY Product'),
      [
        { Product: 'acme-db', InstallationId: stays },
        { Product: 'other', InstallationId: gone },
      ],
    )
    assert.deepEqual(
      await rows(
        `SELECT count() AS n FROM points WHERE Product = 'acme-db' AND has(mapValues(ResourceAttributes), '${gone}')`,
      ),
      [{ n: 0 }],
    )
  })

  // A copy names its original in each report, and the name was removed only from those that were there when the original was erased:
  // with that, the original itself was gone, by which they were looked for.
  test('is not named by the reports that a copy of it sends afterwards', async () => {
    await insertReports(store, forget)
    await letPass(store, 61)
    await maintainStore(store)
    const attributes = { ...version('2.0.0'), 'usage.installation.lineage': gone }
    await insertReports(store, { ...said(stays, 1, 'Ann'), attributes })
    await maintainStore(store)
    assert.deepEqual(await tablesWith(gone), [])
    assert.deepEqual(await rows('SELECT InstallationId FROM installation_days FINAL'), [
      { InstallationId: stays },
    ])
  })

  // A run that took more than a minute deleted from `installations` who had asked meanwhile: what was left elsewhere could not be found
  // any more. And the days of those whose rows were deleted after their days had been looked up were not rolled up again.
  test('is gone also where it asks while a run is under way that takes long', async (t) => {
    const statements = await storeStatements('maintain')
    const rollups = statements.findIndex((statement) => statement.includes('StartedAt'))
    const products = statements.slice(0, rollups).map((_, index) => `acme-${index}`)
    const ofProducts = (...reports: StoredReport[]) =>
      products.flatMap((product) => reports.map((one) => ({ ...one, product, reportId: uuid('7') })))
    await insertReports(store, ...ofProducts(...earlier))
    await letPass(store, 61)
    await maintainStore(store)
    const connection = await connectClickHouse(store)
    t.after(() => connection.close())
    // Each statement takes a minute, and in each of them it asks about another product.
    for (const [index, statement] of statements.entries()) {
      await runWhereNeeded(connection, [statement])
      const product = products[index]
      if (product === undefined) continue
      await insertReports(store, { ...forget, product, reportId: uuid('7') })
      await letPass(store, 61)
    }
    await letPass(store, 61)
    await maintainStore(store)

    assert.deepEqual(await tablesWith(gone, 'Bob'), [])
    const days = await rows<{ Product: string; Day: string; Total: number }>(
      "SELECT Product, Day, Total FROM fact_numbers FINAL WHERE Fact = 'acme.commands'",
    )
    for (const [index, product] of products.entries())
      assert.deepEqual(
        days.filter((row) => row.Product === product),
        [{ Product: product, Day: dayOf(2), Total: 1 }],
        `asked after: ${statements[index]}`,
      )
  })

  // Whoever sent requests with made-up ids made installations in all reports until the next run, and a number in `erasures` without end.
  test('adds no row, and counts only where something of it was there', async () => {
    await insertReports(store, said(stays, 2, 'Ann'))
    await letPass(store, 61)
    await maintainStore(store)
    const answers = await answersOf(store)
    const guessed = Array.from({ length: 5 }, () => ({
      ...forget,
      installation: uuid('4'),
      reportId: uuid('7'),
    }))
    const withoutId = { reportId: uuid('7'), at: forget.at, points: [{ name: 'usage.forget', value: 1 }] }
    await insertReports(store, ...guessed, withoutId)
    assert.deepEqual(await answersOf(store), answers)
    await maintainStore(store)
    assert.deepEqual(await answersOf(store), answers)
    assert.deepEqual(await rows('SELECT count() AS n FROM points FINAL WHERE IsErasureRequest'), [{ n: 0 }])
    await letPass(store, 61)
    await insertReports(store, said(guessed[0]?.installation as string, 1, 'Bob'))
    await maintainStore(store)
    assert.deepEqual(await rows('SELECT Installations FROM erasures FINAL'), [{ Installations: 1 }])
    assert.deepEqual(await tablesWith('Bob'), [])
  })

  // A request that was sent again, or read back from a copy of the queue, erased the installation that had come back from a backup.
  test('is not erased again by the same request after 30 days, and is by another one', async () => {
    await insertReports(store, ...earlier, forget)
    await letPass(store, 61)
    await maintainStore(store)
    await requestsAge(31)
    await maintainStore(store)
    assert.deepEqual(await rows('SELECT hex(Installation) AS hash, IsOver FROM erasure_requests FINAL'), [
      { hash: '0'.repeat(32), IsOver: 1 },
    ])
    await insertReports(store, said(gone, 1, 'Bob'))
    await letPass(store, 61)
    for (const _ of [1, 2]) {
      await insertReports(store, forget)
      await maintainStore(store)
      assert.notDeepEqual(await tablesWith('Bob'), [])
    }
    assert.deepEqual(await rows('SELECT hex(Installation) AS hash FROM erasure_requests FINAL'), [
      { hash: '0'.repeat(32) },
    ])
    await insertReports(store, { ...forget, reportId: uuid('7') })
    await maintainStore(store)
    assert.deepEqual(await tablesWith('Bob', gone), [])
    assert.deepEqual(await rows('SELECT sum(Installations) AS n FROM erasures FINAL'), [{ n: 2 }])
  })

  // The run that found the request older than 30 days deleted it, although a report had come within the last minute: nobody asked for that
  // any more.
  test('is gone also where housekeeping did not run for 40 days', async () => {
    await insertReports(store, ...earlier, forget)
    await requestsAge(40)
    await insertReports(store, said(gone, 1, 'Bob'))
    await maintainStore(store)
    await letPass(store, 61)
    await maintainStore(store)
    assert.deepEqual(await tablesWith(gone, 'Bob'), [])
    await maintainStore(store)
    assert.deepEqual(await rows('SELECT IsKnown, IsOver FROM erasure_requests FINAL'), [
      { IsKnown: 1, IsOver: 1 },
    ])
  })

  test('is kept out by a hash with a salt of this store alone', async () => {
    await insertReports(store, forget)
    const [row] = await rows<{ hash: string; bare: string }>(
      `SELECT hex(Hash) AS hash, hex(sipHash128('acme-db', toUUID('${gone}'))) AS bare FROM forgotten`,
    )
    assert(row && row.hash !== row.bare)
    assert.deepEqual(
      await rows('SELECT count() AS n FROM salt WHERE First != 0 AND Second != 0 AND First != Second'),
      [{ n: 1 }],
    )
  })
})

test('an installation that asked twice to be forgotten is known for 30 days from the last time, and counted once', async () => {
  const [installation, late] = [uuid('4'), { reportId: uuid('7'), at: `${today} 00:00:05` }]
  const forget = () => ({
    ...{ installation, reportId: uuid('7'), at: `${today} 00:00:10` },
    points: [{ name: 'usage.forget', value: 1 }],
  })
  await insertReports(store, { installation, reportId: uuid('7'), at: `${today} 00:00:05` }, forget())
  await letPass(store, 61)
  await maintainStore(store)
  await requestsAge(29)
  await command(store, withoutMerges('erasure_requests'))
  await insertReports(store, forget())
  await requestsAge(2)
  await insertReports(store, { ...late, installation })
  await letPass(store, 61)
  await maintainStore(store)
  assert.deepEqual(await rows('SELECT count() AS n FROM installations'), [{ n: 0 }])
  const known = () => rows('SELECT sum(IsOver) AS over, count() AS n FROM erasure_requests FINAL')
  assert.deepEqual(await known(), [{ over: 0, n: 2 }])
  await requestsAge(29)
  await maintainStore(store)
  await command(store, withMerges('erasure_requests'))
  assert.deepEqual(await known(), [{ over: 2, n: 2 }])
  assert.deepEqual(await rows('SELECT count() AS n FROM forgotten'), [{ n: 0 }])
  assert.deepEqual(await rows('SELECT max(Installations) AS n FROM erasures FINAL'), [{ n: 1 }])
})

test('a request for an id that was never heard of is known for 30 days, and leaves nothing', async () => {
  const points = [{ name: 'usage.forget', value: 1 }]
  const request = { installation: uuid('4'), reportId: uuid('7'), at: `${today} 00:00:10`, points }
  await insertReports(store, request)
  await maintainStore(store)
  await requestsAge(31)
  await maintainStore(store)
  assert.deepEqual(await rows('SELECT count() AS n FROM erasure_requests'), [{ n: 0 }])
  assert.deepEqual(await rows('SELECT count() AS n FROM erasures'), [{ n: 0 }])
})

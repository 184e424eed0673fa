import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { maintainStore } from '../../src/gateway.ts'
import { isFirstRollupDue } from '../../src/maintainer/store/schema.ts'
import {
  dayOf,
  expire,
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
import { command, insertReports, letPass, type StoredReport } from './stored-reports.ts'

describe('rollups', () => {
  test('count who was active in 1, 7 and 30 days, by what they said last', async () => {
    const [steady, upgraded, silent] = [uuid('4'), uuid('4'), uuid('4')]
    const said = (installation: string, back: number, text: string): StoredReport => ({
      installation,
      reportId: uuid('7'),
      at: `${dayOf(back)} 00:00:01`,
      attributes: version(text),
    })
    await insertReports(
      store,
      said(steady, 5, '1.0.0'),
      said(steady, 0, '1.0.0'),
      said(upgraded, 29, '1.0.0'),
      said(upgraded, 6, '2.0.0'),
      said(silent, 30, '1.0.0'),
    )
    await maintainStore(store)
    const active = (where: string) =>
      rows(
        `SELECT Days, Value, Installations FROM active_installations FINAL WHERE ${where} ORDER BY Days, Value`,
      )
    assert.deepEqual(await active(`Day = '${today}' AND By = 'service.version'`), [
      { Days: 1, Value: '1.0.0', Installations: 1 },
      { Days: 7, Value: '1.0.0', Installations: 1 },
      { Days: 7, Value: '2.0.0', Installations: 1 },
      { Days: 30, Value: '1.0.0', Installations: 1 },
      { Days: 30, Value: '2.0.0', Installations: 1 },
    ])
    assert.deepEqual(await active(`Day = '${yesterday}' AND By = ''`), [
      { Days: 7, Value: '', Installations: 2 },
      { Days: 30, Value: '', Installations: 3 },
    ])
  })

  test('follow what changes: an upgrade later on the day, a report that comes late', async () => {
    const installation = uuid('4')
    const said = (back: number, time: string, edition: string): StoredReport => ({
      installation,
      reportId: uuid('7'),
      at: `${dayOf(back)} ${time}`,
      attributes: { 'acme.edition': edition },
      points: [{ name: 'acme.users', value: 8 }],
    })
    await insertReports(store, said(3, '09:00:00', 'community'))
    await maintainStore(store)
    await insertReports(store, said(3, '10:00:00', 'enterprise'), said(4, '10:00:00', 'community'))
    await maintainStore(store)
    assert.deepEqual(
      await rows(
        "SELECT Day, Value, Installations FROM fact_values FINAL WHERE Fact = 'acme.edition' ORDER BY Day",
      ),
      [
        { Day: dayOf(4), Value: 'community', Installations: 1 },
        { Day: dayOf(3), Value: 'enterprise', Installations: 1 },
      ],
    )
    assert.deepEqual(
      await rows(
        "SELECT Day, Installations, Reports, Latest, Total, Histogram FROM fact_numbers FINAL WHERE Fact = 'acme.users' ORDER BY Day",
      ),
      [
        { Day: dayOf(4), Installations: 1, Reports: 1, Latest: 8, Total: 8, Histogram: { 3: 1 } },
        { Day: dayOf(3), Installations: 1, Reports: 2, Latest: 8, Total: 16, Histogram: { 3: 1 } },
      ],
    )
  })

  test('have no hole where maintenance did not run for days and no report carries a day of that time', async () => {
    const ids = Array.from({ length: 3 }, () => uuid('4'))
    const reports = ids.map((installation) => ({
      installation,
      reportId: uuid('7'),
      at: `${dayOf(8)} 10:00:00`,
      attributes: version('1.0.0'),
    }))
    await insertReports(store, ...reports)
    await maintainStore(store)
    const trend = () =>
      rows('SELECT Day, Days, By, Value, Installations FROM active_installations FINAL ORDER BY ALL')
    const whole = await trend()
    assert.equal(whole.length, 3 * (1 + 7 + 9))
    await command(
      store,
      `ALTER TABLE active_installations DELETE WHERE Day > '${dayOf(6)}' SETTINGS mutations_sync = 1`,
    )
    await letPass(store, 6 * 86_400)
    await maintainStore(store)
    assert.deepEqual(await trend(), whole)
    await command(store, 'TRUNCATE TABLE active_installations')
    await maintainStore(store)
    assert.deepEqual(await trend(), whole)
  })

  test('keep the numbers of a day whose rows by installation are over, when somebody of that day is erased', async () => {
    const ids = Array.from({ length: 7 }, () => uuid('4'))
    const at = `${dayOf(92)} 10:00:00`
    await insertReports(store, ...ids.map((installation) => ({ installation, reportId: uuid('7'), at })))
    await command(
      store,
      `INSERT INTO fact_numbers VALUES ('acme-db', 'acme.users', '${dayOf(92)}', '{}', 7, 7, 64, 64, map(6, 7), now64(3), 0)`,
    )
    const points = [{ name: 'usage.forget', value: 1 }]
    await insertReports(store, {
      installation: ids[0] as string,
      reportId: uuid('7'),
      at: `${today} 00:00:01`,
      points,
    })
    await letPass(store, 61)
    await maintainStore(store)
    assert.deepEqual(
      await rows("SELECT Installations AS n FROM fact_numbers FINAL WHERE Fact = 'acme.users'"),
      [{ n: 7 }],
    )
  })

  test('are due as soon as a product has its first report', async () => {
    assert.equal(await isFirstRollupDue(store), false)
    const at = `${today} 00:00:10`
    await insertReports(store, { installation: uuid('4'), reportId: uuid('7'), at })
    assert.equal(await isFirstRollupDue(store), true)
    await maintainStore(store)
    assert.equal(await isFirstRollupDue(store), false)
    await insertReports(store, { product: 'acme-web', installation: uuid('4'), reportId: uuid('7'), at })
    assert.equal(await isFirstRollupDue(store), true)
  })

  test('are left alone where nothing changed', async () => {
    await insertReports(store, { installation: uuid('4'), reportId: uuid('7'), at: `${dayOf(9)} 10:00:00` })
    await letPass(store, 61)
    await maintainStore(store)
    const computed = () => rows('SELECT max(ComputedAt) AS at FROM fact_values')
    const [before] = await computed()
    await maintainStore(store)
    assert.deepEqual(await computed(), [before])
  })
})

describe('sets of installations', () => {
  const said = (
    installation: string,
    back: number,
    attributes: Record<string, string>,
    points: StoredReport['points'] = [],
    time = '10:00:00',
  ): StoredReport => ({
    installation,
    reportId: uuid('7'),
    at: `${dayOf(back)} ${time}`,
    attributes,
    points,
  })
  const sets = (of: string, fact = '') =>
    rows<{ Day: string; Value: string; n: number }>(
      `SELECT Day, Value, Installations AS n FROM installation_sets FINAL WHERE Of = '${of}' AND Fact = '${fact}' AND Installations > 0 ORDER BY ALL`,
    )

  test('hold who reported on a day, who had a value then, and since when each of them is there', async () => {
    const [one, other] = [uuid('4'), uuid('4')]
    await insertReports(
      store,
      said(one, 3, { 'acme.edition': 'community' }),
      said(one, 1, { 'acme.edition': 'team' }),
      said(other, 1, { 'acme.edition': 'team' }),
    )
    await maintainStore(store)
    assert.deepEqual(await sets('all'), [
      { Day: dayOf(3), Value: '', n: 1 },
      { Day: dayOf(1), Value: '', n: 2 },
    ])
    assert.deepEqual(await sets('value', 'acme.edition'), [
      { Day: dayOf(3), Value: 'community', n: 1 },
      { Day: dayOf(1), Value: 'team', n: 2 },
    ])
    assert.deepEqual(await sets('first'), [
      { Day: dayOf(3), Value: 'more', n: 1 },
      { Day: dayOf(1), Value: 'once', n: 1 },
    ])
  })

  test('follow a second report of the day with another value, and a report that moves the first day', async () => {
    const one = uuid('4')
    await insertReports(store, said(one, 3, { 'acme.edition': 'community' }))
    await maintainStore(store)
    await insertReports(
      store,
      said(one, 3, { 'acme.edition': 'team' }, [], '11:00:00'),
      said(one, 9, { 'acme.edition': 'community' }),
    )
    await maintainStore(store)
    assert.deepEqual(await sets('value', 'acme.edition'), [
      { Day: dayOf(9), Value: 'community', n: 1 },
      { Day: dayOf(3), Value: 'team', n: 1 },
    ])
    assert.deepEqual(await sets('first'), [{ Day: dayOf(9), Value: 'more', n: 1 }])
    assert.deepEqual(
      await rows(
        'SELECT Number FROM installation_numbers FINAL WHERE InstallationId IN (SELECT InstallationId FROM installations)',
      ),
      [{ Number: 1 }],
    )
  })

  test('part a number with more than 100 values into two digits and the rest, so that sums stay exact', async () => {
    const values = Array.from({ length: 1_100 }, (_, index) => index * 7_919 - 40_000)
    await insertReports(
      store,
      ...values.map((value) => said(uuid('4'), 1, {}, [{ name: 'acme.tables', value }])),
    )
    await maintainStore(store)
    const parts = await rows<{ of: string; values: number; sum: number }>(
      `SELECT toString(Of) AS of, count() AS values, sum(toFloat64OrZero(Value) * Installations) AS sum
       FROM installation_sets FINAL WHERE Fact = 'acme.tables' GROUP BY of ORDER BY of`,
    )
    assert.deepEqual(
      parts.map(({ of }) => of),
      ['number', 'number rest', 'used'],
    )
    assert.ok((parts[0]?.values ?? 0) < 400, `${parts[0]?.values}`)
    assert.equal(
      parts.reduce((sum, part) => sum + part.sum, 0),
      values.reduce((sum, value) => sum + value),
    )
  })

  test('keep the last value of a day and the sum apart where an installation reported twice', async () => {
    const [one, other] = [uuid('4'), uuid('4')]
    const starts = (value: number) => [{ name: 'acme.starts', value }]
    await insertReports(
      store,
      said(one, 1, {}, starts(3)),
      said(one, 1, {}, starts(4), '12:00:00'),
      said(other, 1, {}, starts(4)),
    )
    await maintainStore(store)
    assert.deepEqual(await sets('number', 'acme.starts'), [{ Day: yesterday, Value: '4', n: 1 }])
    assert.deepEqual(await sets('last', 'acme.starts'), [{ Day: yesterday, Value: '4', n: 1 }])
    assert.deepEqual(await sets('sum', 'acme.starts'), [{ Day: yesterday, Value: '7', n: 1 }])
  })

  test('put what is not among the 1,000 most frequent values of a day together', async () => {
    const texts = Array.from({ length: 1_004 }, (_, index) => `value-${index}`)
    await insertReports(store, ...texts.map((text) => said(uuid('4'), 1, { 'acme.build': text })))
    await maintainStore(store)
    assert.equal((await sets('value', 'acme.build')).length, 1_000)
    assert.deepEqual(await sets('other', 'acme.build'), [{ Day: yesterday, Value: '', n: 4 }])
  })

  test('lose who is erased on every day, merged or not, and nobody gets that number again', async () => {
    await command(store, withoutMerges('installation_sets'))
    const [gone, stays, later] = [uuid('4'), uuid('4'), uuid('4')]
    await insertReports(
      store,
      said(gone, 200, { 'acme.owner': 'Bob' }),
      said(gone, 1, { 'acme.owner': 'Bob' }),
    )
    await insertReports(
      store,
      said(stays, 300, { 'acme.owner': 'Ann' }),
      said(stays, 1, { 'acme.owner': 'Ann' }),
    )
    await maintainStore(store)
    await insertReports(store, said(gone, 1, { 'acme.owner': 'Bob', 'acme.edition': 'team' }, [], '12:00:00'))
    await maintainStore(store)
    const [given] = await rows<{ n: number }>(
      `SELECT Number AS n FROM installation_numbers FINAL WHERE InstallationId = '${gone}'`,
    )
    await insertReports(store, {
      ...{ installation: gone, reportId: uuid('7'), at: `${today} 00:00:01` },
      points: [{ name: 'usage.forget', value: 1 }],
    })
    await letPass(store, 61)
    await maintainStore(store)
    await insertReports(store, said(later, 0, { 'acme.owner': 'Eve' }, [], '00:00:01'))
    await maintainStore(store)
    assert.deepEqual(
      await rows(`SELECT count() AS n FROM installation_sets WHERE bitmapContains(Who, ${given?.n})`),
      [{ n: 0 }],
    )
    assert.deepEqual(
      await rows('SELECT count() AS n FROM installation_sets WHERE Installations != bitmapCardinality(Who)'),
      [{ n: 0 }],
    )
    assert.deepEqual(await tablesWith(gone, 'Bob'), [])
    assert.deepEqual(
      (
        await rows<{ n: number }>(
          `SELECT Number AS n FROM installation_numbers FINAL WHERE InstallationId = '${later}'`,
        )
      )[0],
      { n: 3 },
    )
    await command(store, withMerges('installation_sets'))
  })
})

describe('after 90 days a number of fewer than five installations', () => {
  const ids = Array.from({ length: 5 }, () => uuid('4'))
  const said = (installation: string, back: number): StoredReport => ({
    installation,
    reportId: uuid('7'),
    at: `${dayOf(back)} 10:00:00`,
    attributes: { ...version('1.0.0'), 'acme.edition': 'paid' },
    points: [{ name: 'acme.users', value: 64 }],
  })
  const smallNumbers = async () =>
    (
      await rows<{ name: string }>(`
      SELECT 'active_installations' AS name FROM active_installations WHERE By != '' AND Day < today() - 90
      UNION ALL SELECT 'fact_values' FROM fact_values WHERE Day < today() - 90
      UNION ALL SELECT 'fact_numbers' FROM fact_numbers WHERE Day < today() - 90
      UNION ALL SELECT 'anonymous_days' FROM anonymous_days WHERE Day < today() - 90`)
    ).map(({ name }) => name)
  /** What was rolled up when the day was young, by a row of each table with this many installations. */
  const rollUpOf = async (installations: number) => {
    const values = `${installations}, now64(3) - INTERVAL 1 DAY, 0`
    const day = `toDate('${dayOf(95)}')`
    await command(
      store,
      `INSERT INTO active_installations VALUES ('acme-db', 'service.version', 30, ${day}, '1.0.0', ${values})`,
    )
    await command(
      store,
      `INSERT INTO fact_values VALUES ('acme-db', 'acme.edition', ${day}, 'paid', ${values})`,
    )
    await command(
      store,
      `INSERT INTO anonymous_days VALUES ('acme-db', ${day}, '', '1.0.0', 'AT', ${values})`,
    )
    await command(
      store,
      `INSERT INTO fact_numbers VALUES ('acme-db', 'acme.users', ${day}, '{}', ${installations}, ${installations * 20}, 64, 64, map(6, ${installations}), now64(3) - INTERVAL 1 DAY, 0)`,
    )
  }
  const TABLES = ['active_installations', 'fact_values', 'fact_numbers', 'anonymous_days']
  beforeEach(async () => {
    for (const table of TABLES) await command(store, withoutMerges(table))
  })
  afterEach(async () => {
    for (const table of TABLES) await command(store, withMerges(table))
  })

  test('goes in each rollup: rows of single installations stayed in two of them for five years', async () => {
    await rollUpOf(4)
    await maintainStore(store)
    assert.deepEqual(await smallNumbers(), [])
  })

  test('goes with the larger one that it replaces: after an erasure the number from before came back', async () => {
    await rollUpOf(5)
    await maintainStore(store)
    assert.deepEqual(new Set(await smallNumbers()), new Set(TABLES))
    await insertReports(store, ...ids.map((id) => said(id, 95)))
    const forget = { ...said(ids[0] as string, 0), points: [{ name: 'usage.forget', value: 1 }] }
    await insertReports(store, forget)
    await letPass(store, 61)
    await maintainStore(store)
    for (const table of TABLES) await expire(table)
    const found = await smallNumbers()
    assert(!found.includes('active_installations') && !found.includes('fact_values'), String(found))
  })

  test('stays as the total of all installations, and of five', async () => {
    await rollUpOf(5)
    for (const back of [95, 0])
      await command(
        store,
        `INSERT INTO active_installations VALUES ('acme-db', '', 30, toDate('${dayOf(back)}'), '', 1, now64(3), 0)`,
      )
    await maintainStore(store)
    assert.deepEqual(new Set(await smallNumbers()), new Set(TABLES))
    assert.deepEqual(
      await rows(
        "SELECT Installations AS n FROM active_installations FINAL WHERE By = '' AND Day < today() - 90",
      ),
      [{ n: 1 }],
    )
  })

  // The total of all stays, so that one number that was removed was the total less the others: 9 installations, 8 of them in [64, 128).
  // The total of all stays, so that one number that was removed was the total less the others: 9 installations, 8 of them in [64, 128).
  test('does not follow from the total and from what stays: as a bucket of a histogram', async () => {
    const cases: [buckets: string, stays: Record<string, number>][] = [
      ['6, 8, 20, 1', {}],
      ['6, 8, 20, 4, 21, 1', { 6: 8 }],
      ['5, 7, 6, 8, 9, 7, 20, 2, 21, 1', { 6: 8, 9: 7 }],
      ['6, 8, 9, 5', { 6: 8, 9: 5 }],
      ['6, 3, 9, 1', {}],
      ['-128, 90, 6, 5, 20, 4', { '-128': 90 }],
    ]
    const values = cases.map(
      ([buckets], index) =>
        `('acme-db', '${index}', '${dayOf(95)}', '{}', 90, 90, 64, 64, map(${buckets}), now64(3), 0)`,
    )
    await command(store, `INSERT INTO fact_numbers VALUES ${values.join(', ')}`)
    for (const _ of ['the first run', 'each one after it']) {
      await maintainStore(store)
      assert.deepEqual(
        await rows('SELECT Histogram FROM fact_numbers ORDER BY Fact'),
        cases.map(([, Histogram]) => ({ Histogram })),
      )
    }
  })

  test('does not follow from the total and from what stays: as a value of an attribute, a version, a country', async () => {
    const cases: Record<string, [given: Record<string, number>, stays: Record<string, number>]> = {
      enough: [{ a: 8, b: 3, c: 2 }, { a: 8 }],
      few: [{ a: 1, b: 2 }, {}],
      none: [
        { a: 8, b: 5 },
        { a: 8, b: 5 },
      ],
      one: [{ a: 8, b: 1 }, {}],
      two: [
        { a: 8, b: 6, c: 6, d: 1 },
        { a: 8, c: 6 },
      ],
    }
    // An older row of each, in a part of its own: it must not come back.
    for (const age of [2, 1]) {
      const insert = (table: string, rowOf: (group: string, value: string, rest: string) => string) => {
        const values = Object.entries(cases).flatMap(([group, [given]]) =>
          Object.entries(given).map(([value, n]) =>
            rowOf(group, value, `${age === 2 ? n + 50 : n}, now64(3) - INTERVAL ${age} DAY, 0`),
          ),
        )
        return command(store, `INSERT INTO ${table} VALUES ${values.join(', ')}`)
      }
      const day = `'${dayOf(95)}'`
      await insert('fact_values', (group, value, rest) => `('acme', '${group}', ${day}, '${value}', ${rest})`)
      await insert(
        'anonymous_days',
        (group, value, rest) => `('${group}', ${day}, 'day', '${value}', 'AT', ${rest})`,
      )
      for (const by of ['service.version', 'geo.country.iso_code'])
        await insert(
          'active_installations',
          (group, value, rest) => `('${group}', '${by}', 30, ${day}, '${value}', ${rest})`,
        )
    }
    const expected = Object.entries(cases).flatMap(([group, [, stays]]) =>
      Object.entries(stays).map(([value, n]) => ({ group, value, n })),
    )
    const found = (columns: string, table: string, where = 'true') =>
      rows(`SELECT ${columns} AS n FROM ${table} FINAL WHERE Day < today() - 90 AND ${where} ORDER BY ALL`)
    for (const _ of ['the first run', 'each one after it']) {
      await maintainStore(store)
      assert.deepEqual(await found('Fact AS group, Value AS value, Installations', 'fact_values'), expected)
      assert.deepEqual(await found('Product AS group, Version AS value, Reports', 'anonymous_days'), expected)
      for (const by of ['service.version', 'geo.country.iso_code'])
        assert.deepEqual(
          await found(
            'Product AS group, Value AS value, Installations',
            'active_installations',
            `By = '${by}'`,
          ),
          expected,
        )
    }
  })
})

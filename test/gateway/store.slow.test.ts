import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { after, afterEach, before, beforeEach, describe, test } from 'node:test'
import fc from 'fast-check'
import { defineCatalog } from '../../src/catalog/index.ts'
import { maintainStore, type RunningClickHouse, storeStatements } from '../../src/gateway.ts'
import { isFirstRollupDue } from '../../src/maintainer/store/schema.ts'
import { report, rowsOf, runClickHouse, runGateway, send, uuid } from './running-gateway.ts'
import { scratchDirectory, until } from './scratch.ts'
import {
  answersOf,
  command,
  insertReports,
  insertRows,
  letPass,
  rowsOfReport,
  type StoredReport,
} from './stored-reports.ts'

/** The store of all tests here: started once, emptied before each. */
let store: RunningClickHouse
const endings: (() => unknown)[] = []
const suite = { after: (end: () => unknown) => void endings.unshift(end) }

before(async () => {
  store = await runClickHouse(suite as never, await scratchDirectory(suite as never))
})
after(async () => {
  for (const end of endings) await end()
})
beforeEach(empty)

const DAY = 86_400_000
/** Days are relative to today: what is older than its retention is not there. */
const dayOf = (back: number) => new Date(Date.now() - back * DAY).toISOString().slice(0, 10)
const [today, yesterday] = [dayOf(0), dayOf(1)]
const version = (text: string) => ({ 'service.version': text })

describe('one row for each installation and day', () => {
  test('holds what the last report of the day said, and the counts of all of them', async () => {
    const installation = uuid('4')
    const at = (time: string, versionText: string, users: number, commands: number): StoredReport => ({
      installation,
      reportId: uuid('7'),
      at: `${yesterday} ${time}`,
      attributes: version(versionText),
      points: [
        { name: 'acme.users', value: users },
        { name: 'acme.commands', value: commands, by: { result: 'ok', command: 'find' } },
      ],
    })
    const evening = at('20:00:00', '2.1.0', 7, 5)
    await insertReports(store, evening)
    await insertReports(store, at('08:00:00', '2.0.0', 9, 100), evening)
    await insertReports(store, evening)

    assert.deepEqual(await rows('SELECT Version, ReportedAt FROM installation_days FINAL'), [
      { Version: '2.1.0', ReportedAt: `${yesterday} 20:00:00` },
    ])
    assert.deepEqual(
      await rows(
        "SELECT Fact, Dimensions, Latest, Total FROM fact_days FINAL WHERE Fact != 'usage.facts' ORDER BY Fact",
      ),
      [
        { Fact: 'acme.commands', Dimensions: '{"command":"find","result":"ok"}', Latest: 5, Total: 105 },
        { Fact: 'acme.users', Dimensions: '{}', Latest: 7, Total: 16 },
      ],
    )
    assert.deepEqual(await rows('SELECT count() AS n FROM points FINAL'), [{ n: 6 }])
  })

  // FINAL took the first value that it met, not that of the last report: ClickHouse 26.7 merges the element of a tuple that
  // is read (`Last.Value`) without the elements that it is ordered by.
  test('is of the last report, whichever came first', async () => {
    const tables = ['fact_days', 'installation_days', 'installations']
    for (const reversed of [false, true]) {
      await empty()
      const installation = uuid('4')
      const reports = ['01', '02'].map(
        (second, index): StoredReport => ({
          installation,
          reportId: uuid('7'),
          at: `${today} 00:00:${second}`,
          attributes: version(second),
          points: [{ name: 'acme.users', value: 9 - index }],
        }),
      )
      // The user of the store may not stop merges: `SYSTEM STOP MERGES` did nothing here, and said nothing.
      for (const table of tables) await command(store, withoutMerges(table))
      for (const each of reversed ? reports.reverse() : reports) await insertReports(store, each)
      const found = [
        await rows("SELECT Latest FROM fact_days FINAL WHERE Fact = 'acme.users'"),
        await rows('SELECT Version FROM installation_days FINAL'),
        await rows('SELECT Version FROM installations FINAL'),
      ]
      for (const table of tables) await command(store, withMerges(table))
      assert.deepEqual(found.flat(), [{ Latest: 8 }, { Version: '02' }, { Version: '02' }])
    }
  })

  test('holds neither the ids of the report nor that of the installation that it is a copy of', async () => {
    const [installation, original] = [uuid('4'), uuid('4')]
    const attributes = {
      ...version('2.0.0'),
      'geo.country.iso_code': 'NZ',
      'usage.installation.lineage': original,
    }
    await insertReports(store, { installation, reportId: uuid('7'), at: `${today} 01:00:00`, attributes })
    assert.deepEqual(await rows('SELECT Version, Country, Attributes FROM installation_days FINAL'), [
      {
        Version: '2.0.0',
        Country: 'NZ',
        Attributes: {
          'usage.consent.level': 'full',
          'service.version': '2.0.0',
          'geo.country.iso_code': 'NZ',
        },
      },
    ])
  })

  test('an installation is one row in all, from its first day to its last', async () => {
    const installation = uuid('4')
    for (const [day, text] of [
      [today, '3.0.0'],
      [dayOf(40), '1.0.0'],
      [dayOf(2), '2.0.0'],
    ] as const) {
      await insertReports(store, {
        installation,
        reportId: uuid('7'),
        at: `${day} 10:00:00`,
        attributes: version(text),
      })
    }
    assert.deepEqual(await rows('SELECT FirstDay, LastDay, Version FROM installations FINAL'), [
      { FirstDay: dayOf(40), LastDay: today, Version: '3.0.0' },
    ])
  })
})

describe('reports without an id', () => {
  test('are counted as reports, by age, and are no installation', async () => {
    const one = (age: string): StoredReport => ({
      reportId: uuid('7'),
      at: `${yesterday} 10:00:00`,
      attributes: { ...version('2.0.0'), 'usage.installation.age': age },
      points: [{ name: 'acme.commands', value: 3 }],
    })
    const doubled = one('week')
    await insertReports(store, doubled, one('week'), one('older'))
    await insertReports(store, doubled)
    await maintainStore(store)

    assert.deepEqual(await rows('SELECT Day, Age, Version, Reports FROM anonymous_days FINAL ORDER BY Age'), [
      { Day: yesterday, Age: 'older', Version: '2.0.0', Reports: 1 },
      { Day: yesterday, Age: 'week', Version: '2.0.0', Reports: 2 },
    ])
    assert.deepEqual(
      await rows("SELECT Installations, Reports, Total FROM fact_numbers FINAL WHERE Fact = 'acme.commands'"),
      [{ Installations: 0, Reports: 3, Total: 9 }],
    )
    for (const table of ['installation_days', 'installations', 'fact_days', 'active_installations']) {
      assert.deepEqual(await rows(`SELECT count() AS n FROM ${table}`), [{ n: 0 }], table)
    }
  })
})

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

  test('is gone again after a report of its own came late, and is counted once', async () => {
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
  test('is gone also where it asks while a run is under way that takes long', async () => {
    const statements = await storeStatements('maintain')
    const rollups = statements.findIndex((statement) => statement.includes('StartedAt'))
    const products = statements.slice(0, rollups).map((_, index) => `acme-${index}`)
    const ofProducts = (...reports: StoredReport[]) =>
      products.flatMap((product) => reports.map((one) => ({ ...one, product, reportId: uuid('7') })))
    await insertReports(store, ...ofProducts(...earlier))
    await letPass(store, 61)
    await maintainStore(store)
    // Each statement takes a minute, and in each of them it asks about another product.
    for (const [index, statement] of statements.entries()) {
      await command(store, statement)
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
  test('makes no row of its own, and counts only where something of it was there', async () => {
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

test('from the Collector to the answers, and out of them again', async (t) => {
  const catalog = defineCatalog({
    version: 1,
    prefix: 'acme',
    levels: ['basic', 'full'],
    facts: {
      'acme.edition': {
        kind: 'attribute',
        type: 'enum',
        values: ['community', 'enterprise'],
        level: 'basic',
        since: 1,
        why: 'Which edition to maintain.',
        example: 'community',
      },
      'acme.commands': {
        kind: 'count',
        unit: '{command}',
        by: { command: ['find', 'insert'] },
        level: 'full',
        since: 1,
        why: 'Which commands to make fast.',
      },
    },
  })
  const gateway = await runGateway(t, {
    directory: await scratchDirectory(t),
    products: [{ name: 'acme-db', catalog }],
    nativeEndpoint: store.nativeEndpoint,
  })
  const id = uuid('4')
  const reporting = () =>
    report({
      attributes: { 'service.instance.id': id, 'acme.edition': 'community' },
      gauges: [{ name: 'acme.commands', value: 5, attributes: { command: 'find' } }],
    })
  const late = reporting()
  const anonymous = report({ attributes: { 'usage.installation.age': 'month' } })
  const { attributes } = anonymous.resourceMetrics[0]?.resource ?? { attributes: [] }
  attributes.splice(
    attributes.findIndex(({ key }) => key === 'service.instance.id'),
    1,
  )
  for (const body of [reporting(), late, late, anonymous])
    assert.equal((await send(gateway.url, body)).status, 200)
  const stored = (count: number) =>
    until(`${count} reports`, async () => {
      const [row] = await rows<{ n: number; inserting: number }>(
        "SELECT uniqExact(ReportId) AS n, (SELECT count() FROM system.processes WHERE query_kind = 'Insert') AS inserting FROM points",
      )
      return row?.n === count && row.inserting === 0
    })
  await stored(3)
  await maintainStore(store)
  assert.deepEqual(
    await rows("SELECT Dimensions, Total, Reports FROM fact_numbers FINAL WHERE Fact = 'acme.commands'"),
    [{ Dimensions: '{"command":"find"}', Total: 10, Reports: 2 }],
  )
  assert.deepEqual(await rows("SELECT Value FROM fact_values FINAL WHERE Fact = 'acme.edition'"), [
    { Value: 'community' },
  ])
  assert.deepEqual(await rows('SELECT Age, Reports FROM anonymous_days FINAL'), [
    { Age: 'month', Reports: 1 },
  ])

  const forget = report({
    attributes: { 'service.instance.id': id },
    gauges: [{ name: 'usage.forget' }],
  })
  const guessed = uuid('4')
  const guess = report({ attributes: { 'service.instance.id': guessed }, gauges: [{ name: 'usage.forget' }] })
  for (const body of [forget, guess]) assert.equal((await send(gateway.url, body)).status, 200)
  await stored(5)
  assert.deepEqual(await tablesWith(guessed), ['points'])
  await letPass(store, 61)
  await maintainStore(store)
  assert.equal((await send(gateway.url, late)).status, 200)
  await stored(2)
  await letPass(store, 61)
  await maintainStore(store)
  assert.deepEqual(await tablesWith(id, 'community'), [])
  assert.deepEqual(await rows('SELECT Installations FROM erasures FINAL'), [{ Installations: 1 }])
})

test('the same reports give the same answers, in whatever order, however often and in whatever batches they come', async () => {
  const ids = [uuid('4'), uuid('4'), undefined]
  const anyReport = fc.record({
    who: fc.integer({ min: 0, max: 2 }),
    id: fc.integer({ min: 0, max: 0xffff }),
    back: fc.integer({ min: 0, max: 40 }),
    second: fc.integer({ min: 0, max: 2 }),
    version: fc.constantFrom('1.0.0', '2.0.0', ''),
    users: fc.integer({ min: -3, max: 9 }),
    commands: fc.array(fc.constantFrom('find', 'insert'), { maxLength: 2 }),
  })
  const anyReports = fc.uniqueArray(anyReport, { minLength: 1, maxLength: 8, selector: ({ id }) => id })
  await fc.assert(
    fc.asyncProperty(
      anyReports,
      fc.infiniteStream(fc.nat()),
      fc.boolean(),
      async (given, random, erasing) => {
        const reports = given.map(
          ({ who, id, back, second, version: text, users, commands }): StoredReport => {
            const installation = ids[who]
            return {
              ...(installation !== undefined && { installation }),
              reportId: `01890a5d-ac96-7${id.toString(16).padStart(3, '0').slice(-3)}-a000-${id.toString(16).padStart(12, '0')}`,
              at: `${dayOf(back)} 00:00:0${second}`,
              attributes: {
                ...version(text),
                ...(installation === undefined && { 'usage.installation.age': 'week' }),
              },
              points: [
                { name: 'acme.users', value: users },
                ...[...new Set(commands)].map((name, index) => ({
                  name: 'acme.commands',
                  value: index + 1,
                  by: { command: name },
                })),
              ],
            }
          },
        )
        const request: StoredReport = {
          ...{ installation: ids[0] as string, reportId: `01890a5d-ac96-7fff-b000-000000000000` },
          ...{ at: `${today} 00:00:01`, points: [{ name: 'usage.forget', value: 1 }] },
        }
        const all = [...reports, ...(erasing ? [request] : [])].flatMap(rowsOfReport)
        await empty()
        await insertRows(store, all)
        await letPass(store, 61)
        await maintainStore(store)
        const expected = await answersOf(store)

        await empty()
        const draw = () => random.next().value as number
        const shuffled = [...all, ...all.filter(() => draw() % 2 === 0)]
          .map((row) => ({ row, key: draw() }))
          .sort((a, b) => a.key - b.key)
          .map(({ row }) => row)
        for (let from = 0; from < shuffled.length; ) {
          const size = 1 + (draw() % shuffled.length)
          await insertRows(store, shuffled.slice(from, from + size))
          from += size
          if (draw() % 4 === 0) await maintainStore(store)
        }
        await letPass(store, 61)
        await maintainStore(store)
        assert.deepEqual(await answersOf(store), expected)
      },
    ),
    { numRuns: 10, endOnFailure: true },
  )
})

test('every table that holds a report or an installation has an end, and what it is', async () => {
  const tables = await rows<{ name: string; ttl: string }>(`
    SELECT name, extract(create_table_query, 'TTL (.+?)(?: SETTINGS|$)') AS ttl
    FROM system.tables WHERE database = 'usage' AND engine LIKE '%MergeTree' ORDER BY name`)
  assert.deepEqual(Object.fromEntries(tables.map(({ name, ttl }) => [name, ttl])), {
    points: 'TimeUnix + toIntervalDay(90)',
    fact_days: 'Day + toIntervalDay(90)',
    installation_days: 'Day + toIntervalDay(400)',
    // What a merge decides is no column of the key: maintain.sql deletes it.
    installations: '',
    installation_numbers: '',
    erasure_requests: '',
    installation_sets: 'Day + toIntervalDay(400)',
    anonymous_reports: 'Day + toIntervalDay(400)',
    active_installations: 'Day + toIntervalYear(5)',
    fact_values: 'Day + toIntervalYear(5)',
    fact_numbers: 'Day + toIntervalYear(5)',
    anonymous_days: 'Day + toIntervalYear(5)',
    changed_days: 'Day + toIntervalDay(100)',
    forgotten_before: 'Before + toIntervalDay(90)',
    // Numbers of those who asked, and the salt: neither is about an installation.
    erasures: '',
    salt: '',
  })
})

test('a level of consent can be kept for less', async () => {
  const installation = uuid('4')
  const at = (time: string) => `${dayOf(31)} ${time}`
  const say = (level: string, time: string, id = uuid('4')) =>
    insertReports(store, {
      installation: id,
      reportId: uuid('7'),
      at: at(time),
      attributes: { ...version(level), 'usage.consent.level': level },
      points: [{ name: 'acme.users', value: 8 }],
    })
  await say('basic', '10:00:00')
  // On one day first this, then that, in parts that are not merged.
  await say('basic', '10:00:00', installation)
  await say('full', '11:00:00', installation)
  await maintainStore(store)
  const [, documented = ''] =
    /```sql\n(ALTER TABLE installation_days DELETE[^`]+?)```/.exec(await readFile('docs/store.md', 'utf8')) ??
    []
  for (const statement of documented.split(';\n').filter((text) => text !== ''))
    await command(store, statement)
  assert.deepEqual(await rows('SELECT Version FROM installation_days'), [{ Version: 'basic' }])
  // Its numbers are kept for longer, in another table, and are in no answer.
  assert.deepEqual(await rows("SELECT count() AS n FROM fact_days FINAL WHERE Fact = 'acme.users'"), [
    { n: 2 },
  ])
  await maintainStore(store)
  assert.deepEqual(
    await rows(
      "SELECT toString(Of) AS of, Installations AS n FROM installation_sets FINAL WHERE Of IN ('all', 'number', 'used') ORDER BY of, Fact",
    ),
    ['all', 'number', 'number', 'used', 'used'].map((of) => ({ of, n: 1 })),
  )
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

test('an installation keeps its first day when its old rows and its new ones are not merged', async () => {
  await command(store, withoutMerges('installations'))
  const [installation, gone] = [uuid('4'), uuid('4')]
  const said = (id: string, back: number) => ({
    installation: id,
    reportId: uuid('7'),
    at: `${dayOf(back)} 10:00:00`,
  })
  await insertReports(store, said(installation, 500), said(gone, 500))
  await insertReports(store, said(installation, 1))
  await expire('installations')
  await maintainStore(store)
  await command(store, withMerges('installations'))
  assert.deepEqual(await rows('SELECT InstallationId AS id, FirstDay AS day FROM installations FINAL'), [
    { id: installation, day: dayOf(500) },
  ])
})

test('who asked to be forgotten twice is known for 30 days from the last time, and counted once', async () => {
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

test('a row whose time is over goes', async () => {
  await insertReports(store, { installation: uuid('4'), reportId: uuid('7'), at: `${dayOf(95)} 10:00:00` })
  for (const table of ['points', 'fact_days', 'installation_days'])
    await command(store, `OPTIMIZE TABLE ${table} FINAL`)
  assert.deepEqual(await rows('SELECT count() AS n FROM points'), [{ n: 0 }])
  assert.deepEqual(await rows('SELECT count() AS n FROM fact_days'), [{ n: 0 }])
  assert.deepEqual(await rows('SELECT count() AS n FROM installation_days'), [{ n: 1 }])
})

/** Keeps the rows of a table as they were inserted, as in a store whose old parts are large. */
const withoutMerges = (table: string) =>
  `ALTER TABLE ${table} MODIFY SETTING max_bytes_to_merge_at_max_space_in_pool = 1, max_bytes_to_merge_at_min_space_in_pool = 1`

const withMerges = (table: string) =>
  `ALTER TABLE ${table} RESET SETTING max_bytes_to_merge_at_max_space_in_pool, max_bytes_to_merge_at_min_space_in_pool`

/** Lets the TTL of a table delete what it deletes, in each part by itself. */
async function expire(table: string): Promise<void> {
  const [row] = await rows<{ n: number }>(
    `SELECT count() AS n FROM system.tables WHERE database = 'usage' AND name = '${table}' AND create_table_query LIKE '%TTL%'`,
  )
  if (row?.n) await command(store, `ALTER TABLE ${table} MATERIALIZE TTL SETTINGS mutations_sync = 1`)
}

/** Lets so many days pass for the requests that are there. */
const requestsAge = (days: number) =>
  command(
    store,
    `ALTER TABLE erasure_requests UPDATE AskedAt = AskedAt - INTERVAL ${days} DAY WHERE true SETTINGS mutations_sync = 1`,
  )

async function empty(): Promise<void> {
  const tables = await rows<{ name: string }>(
    "SELECT name FROM system.tables WHERE database = 'usage' AND engine LIKE '%MergeTree' AND name != 'salt'",
  )
  for (const { name } of tables) await command(store, `TRUNCATE TABLE ${name}`)
}

const rows = <Row = unknown>(query: string) => rowsOf<Row>(store, query)

/** The tables that hold any of these texts in any column of any row, also in rows that are replaced or deleted and not merged yet. */
async function tablesWith(...texts: string[]): Promise<string[]> {
  const tables = await rows<{ name: string }>(
    "SELECT name FROM system.tables WHERE database = 'usage' AND engine LIKE '%MergeTree' ORDER BY name",
  )
  const found: string[] = []
  for (const { name } of tables) {
    const text = JSON.stringify(await rows(`SELECT * FROM ${name}`))
    if (texts.some((each) => text.includes(each))) found.push(name)
  }
  return found
}

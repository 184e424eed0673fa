import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { defineCatalog } from '../../src/catalog/index.ts'
import { maintainStore } from '../../src/gateway.ts'
import {
  dayOf,
  empty,
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
import { report, runGateway, send, uuid } from './running-gateway.ts'
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
  test('are counted as reports, by age, and not as installations', async () => {
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
  // Products have nothing in common, so that those of a run are as many cases.
  const anyProducts = fc.array(fc.record({ given: anyReports, erasing: fc.boolean() }), {
    minLength: 5,
    maxLength: 5,
  })
  await fc.assert(
    fc.asyncProperty(anyProducts, fc.infiniteStream(fc.nat()), async (products, random) => {
      const all = products.flatMap(({ given, erasing }, index) => {
        const product = `acme-${index}`
        const reports = given.map(
          ({ who, id, back, second, version: text, users, commands }): StoredReport => {
            const installation = ids[who]
            return {
              product,
              ...(installation !== undefined && { installation }),
              reportId: `01890a5d-ac96-7${id.toString(16).padStart(3, '0').slice(-3)}-a000-${id.toString(16).padStart(12, '0')}`,
              at: `${dayOf(back)} 00:00:0${second}`,
              attributes: {
                ...version(text),
                ...(installation === undefined && { 'usage.installation.age': 'week' }),
              },
              points: [
                { name: 'acme.users', value: users },
                ...[...new Set(commands)].map((name, position) => ({
                  name: 'acme.commands',
                  value: position + 1,
                  by: { command: name },
                })),
              ],
            }
          },
        )
        const request: StoredReport = {
          ...{ product, installation: ids[0] as string, reportId: `01890a5d-ac96-7fff-b000-000000000000` },
          ...{ at: `${today} 00:00:01`, points: [{ name: 'usage.forget', value: 1 }] },
        }
        return [...reports, ...(erasing ? [request] : [])].flatMap(rowsOfReport)
      })
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
        if (draw() % 2 === 0) await maintainStore(store)
      }
      await letPass(store, 61)
      await maintainStore(store)
      assert.deepEqual(await answersOf(store), expected)
    }),
    { numRuns: 3, endOnFailure: true },
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

test('a run that finds nothing to delete makes no file again', async () => {
  await insertReports(store, {
    installation: uuid('4'),
    reportId: uuid('7'),
    at: `${yesterday} 10:00:00`,
    points: [{ name: 'acme.users', value: 8 }],
  })
  const mutations = () => rows('SELECT table, mutation_id FROM system.mutations ORDER BY ALL')
  const before = await mutations()
  await maintainStore(store)
  assert.deepEqual(await mutations(), before)
  assert.deepEqual(await rows('SELECT DISTINCT Day FROM fact_numbers FINAL'), [{ Day: yesterday }])
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

test('a row whose time is over goes', async () => {
  await insertReports(store, { installation: uuid('4'), reportId: uuid('7'), at: `${dayOf(95)} 10:00:00` })
  for (const table of ['points', 'fact_days', 'installation_days'])
    await command(store, `OPTIMIZE TABLE ${table} FINAL`)
  assert.deepEqual(await rows('SELECT count() AS n FROM points'), [{ n: 0 }])
  assert.deepEqual(await rows('SELECT count() AS n FROM fact_days'), [{ n: 0 }])
  assert.deepEqual(await rows('SELECT count() AS n FROM installation_days'), [{ n: 1 }])
})

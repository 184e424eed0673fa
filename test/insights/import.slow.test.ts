import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { appendFile, mkdir, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { before, beforeEach, describe, test } from 'node:test'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { defineCatalog } from '../../src/catalog/index.ts'
import { maintainStore } from '../../src/gateway.ts'
import { createInsights, type ImportOptions, importReports } from '../../src/insights.ts'
import { DAY, dayOf, empty, requestsAge, rows, store, suite, tablesWith } from '../gateway/emptied-store.ts'
import { type ReportParts, report, uuid } from '../gateway/running-gateway.ts'
import { scratchDirectory } from '../gateway/scratch.ts'
import { answersOf, command, letPass } from '../gateway/stored-reports.ts'
import { runCommand } from '../support/command.ts'

let directory: string

before(async () => {
  directory = await scratchDirectory(suite)
})

const daysAgo = (days: number) => Date.now() - days * DAY

const why = 'to know'
const catalog = defineCatalog({
  version: 1,
  prefix: 'acme',
  facts: {
    'acme.edition': { kind: 'attribute', type: 'string', pattern: '[a-z]+', since: 1, why, example: 'free' },
    'acme.commands': { kind: 'count', unit: '{command}', since: 1, why },
  },
})
const products = [{ name: 'acme-db', catalog }]

/** A report of an installation so many days ago. */
const said = (installation: string, days: number, edition: string, more: ReportParts['attributes'] = {}) =>
  report({
    at: daysAgo(days),
    attributes: { 'service.instance.id': installation, 'acme.edition': edition, ...more },
    gauges: [{ name: 'acme.commands', value: 3 }],
  })
const forget = (installation: string, days: number) =>
  report({
    at: daysAgo(days),
    attributes: { 'service.instance.id': installation },
    gauges: [{ name: 'usage.forget' }],
  })

let written = 0
/** Writes a file of the archive, a line for each request, and returns its path. */
async function fileOf(requests: readonly unknown[], name = `${written++}.jsonl`): Promise<string> {
  const file = path.join(directory, name)
  await writeFile(file, requests.map((each) => `${JSON.stringify(each)}\n`).join(''))
  return file
}

const bring = (paths: readonly string[], options: Partial<ImportOptions> = {}) =>
  importReports({ url: store.url, products, paths, ...options })

/** Lets a minute pass, and maintains the store. */
async function maintain(): Promise<void> {
  await letPass(store, 61)
  await maintainStore(store)
}

test('reports have the time that they have in the file, in any order, and an import of the same doubles nothing', async () => {
  const [one, other] = [uuid('4'), uuid('4')]
  const first = [said(one, 40, 'free'), said(one, 3, 'paid'), said(other, 20, 'free')]
  const second = [said(one, 20, 'trial'), said(other, 2, 'paid'), said(one, 3 - 1e-4, 'late')]
  const files = [await fileOf(second), await fileOf(first)]
  const summary = await bring(files)
  assert.deepEqual(
    { ...summary, refusals: [] },
    {
      ...{
        dryRun: false,
        files: 2,
        imported: 6,
        requests: 0,
        forgotten: 0,
        removed: 0,
        refused: 0,
        refusals: [],
      },
      ...{ from: dayOf(40), until: dayOf(2) },
    },
  )
  await maintain()
  const answers = await answersOf(store)
  const days = await rows(
    "SELECT Day, Attributes['acme.edition'] AS edition FROM installation_days FINAL ORDER BY Day, edition",
  )
  assert.deepEqual(days, [
    { Day: dayOf(40), edition: 'free' },
    { Day: dayOf(20), edition: 'free' },
    { Day: dayOf(20), edition: 'trial' },
    { Day: dayOf(3), edition: 'late' },
    { Day: dayOf(2), edition: 'paid' },
  ])
  for (const again of [files.toReversed(), [files[0] as string]]) await bring(again)
  await maintain()
  assert.deepEqual(await answersOf(store), answers)
})

test('an import that was broken off is done by running it again', async () => {
  const reports = Array.from({ length: 2_100 }, (_, index) => said(uuid('4'), 1 + (index % 9), 'free'))
  const files = [await fileOf(reports.slice(0, 2_050)), await fileOf(reports.slice(2_050))]
  const broken = bring(files, {
    onProgress: ({ step, file }) => {
      if (step === 'reports' && file === files[1]) throw new Error('somebody pulled the plug')
    },
  })
  await assert.rejects(broken, /somebody pulled the plug/)
  assert.deepEqual(await rows('SELECT uniqExact(ReportId) AS n FROM points'), [{ n: 2_000 }])
  assert.equal((await bring(files)).imported, 2_100)
  await maintain()
  assert.deepEqual(
    await rows("SELECT count() AS n, sum(Total) AS total FROM fact_days FINAL WHERE Fact = 'acme.commands'"),
    [{ n: 2_100, total: 6_300 }],
  )
  assert.deepEqual(await rows('SELECT count() AS n FROM installations FINAL'), [{ n: 2_100 }])
})

describe('nobody who asked to be forgotten comes back', () => {
  const gone = uuid('4')
  const stays = uuid('4')
  /** Nothing of it is in any table, not even in rows that are not merged yet, and in no answer. */
  async function assertGone(when: string) {
    await maintain()
    assert.deepEqual(await tablesWith(gone, 'secret'), [], when)
    const insights = createInsights({ url: store.url, smallestGroup: 1 })
    const { installations } = await insights.versions({ product: 'acme-db', days: 90 })
    await insights.close()
    assert.equal(installations, 1, when)
  }
  const before = [said(gone, 60, 'secret'), said(gone, 45, 'secret'), said(stays, 9, 'free')]

  test('where the request is in a later file than the reports, or in the same one behind them', async () => {
    for (const files of [
      [await fileOf(before), await fileOf([forget(gone, 40)])],
      [await fileOf([...before, forget(gone, 40), said(gone, 39, 'secret')])],
    ]) {
      const { imported, requests, forgotten } = await bring(files)
      assert.ok(forgotten >= 2)
      assert.deepEqual({ imported, requests }, { imported: 1, requests: 1 })
      // Not even until the next run of maintain.sql.
      assert.deepEqual(await tablesWith('secret'), [])
      await assertGone(files.join())
    }
  })

  test('where the request comes with a later import', async () => {
    await bring([await fileOf(before)])
    await maintain()
    assert.notDeepEqual(await tablesWith(gone), [])
    await bring([await fileOf([forget(gone, 40)])])
    await assertGone('a later import')
  })

  test('where the store alone knows the request: in force, over, and of somebody whom it had never heard of', async () => {
    const unheard = uuid('4')
    const known = await fileOf(before)
    const files = [known, await fileOf([said(unheard, 60, 'secret'), said(unheard, 45, 'secret')])]
    const requests = await fileOf([forget(gone, 0), forget(unheard, 0)])
    const assertForgotten = async () => {
      for (const file of files) assert.equal((await bring([file, requests])).forgotten, 2)
    }
    await bring([known])
    await bring([requests])
    await maintain()
    await assertForgotten()
    await requestsAge(31)
    await maintain()
    assert.deepEqual(
      await rows(
        "SELECT hex(Installation) AS hash FROM erasure_requests FINAL WHERE Installation != toFixedString('', 16)",
      ),
      [],
    )
    await assertForgotten()
    await assertGone('over')
    assert.deepEqual(await tablesWith(unheard), [])
  })

  describe('in a store that is made from an archive whose first day is after the request', () => {
    /** Reports that came while the request was in force, of 35 days ago, and one that came when it was over. */
    const archived = [
      said(gone, 29, 'secret'),
      said(gone, 6, 'secret'),
      said(stays, 9, 'free', { 'usage.installation.lineage': gone }),
      said(gone, 2, 'back'),
    ]
    const hashes = async (archive: string) =>
      (await readFile(path.join(archive, 'forgotten.jsonl'), 'utf8'))
        .split('\n')
        .filter((line) => line.includes('before'))
    const maintainWith = async (archive: string) => {
      const environment = { CLICKHOUSE_URL: store.url }
      const { code, stderr } = await runCommand(['gateway', 'maintain', '--archive', archive], {
        environment,
      })
      assert.equal(code, 0, stderr)
    }
    const newStore = async () => {
      await empty()
      await command(store, 'TRUNCATE TABLE salt')
      await command(store, "INSERT INTO salt SELECT rand64(1), rand64(2), now64(6, 'UTC')")
    }
    const count = async (condition: string) =>
      (await rows<{ n: number }>(`SELECT count() AS n FROM points WHERE ${condition}`))[0]?.n
    let archive: string

    beforeEach(async () => {
      await newStore()
      archive = path.join(directory, `archive-${written++}`)
      await mkdir(archive)
      await bring([await fileOf([...before, forget(gone, 40)])])
      await requestsAge(35)
      await maintainWith(archive)
      await fileOf(archived, `${path.basename(archive)}/${dayOf(0)}-1.jsonl`)
      await newStore()
    })

    test('by what the archive has beside it: hashes that nobody else can read', async () => {
      for (const isMaintainedBefore of [false, true]) {
        await newStore()
        // The new store knows nobody, and takes nobody out of the file.
        if (isMaintainedBefore) await maintainWith(archive)
        const { forgotten, imported } = await bring([archive], { archive: true })
        assert.deepEqual({ forgotten, imported }, { forgotten: 2, imported: 2 })
        assert.equal(await count("ResourceAttributes['acme.edition'] = 'secret'"), 0)
        assert.equal(await count("Lineage != toUUID('00000000-0000-0000-0000-000000000000')"), 0)
        assert.notEqual(await count("ResourceAttributes['acme.edition'] = 'back'"), 0)
        // An export that somebody has kept, without the archive.
        await maintainWith(archive)
        assert.equal((await bring([await fileOf(before)])).forgotten, 2)
      }
      const file = path.join(archive, 'forgotten.jsonl')
      assert.equal((await stat(file)).mode & 0o777, 0o600)
      assert.equal((await hashes(archive)).length, 1)
      assert.ok(!(await readFile(file, 'utf8')).includes(gone))
      // Its own hashes are still made with its own key, also where an older one came to it.
      await bring([await fileOf([...archived, forget(stays, 1)])])
      await maintainStore(store)
      assert.equal(await count(`InstallationId = '${stays}'`), 0)
    })

    test('for 120 days from the request, and after the loss of a second store', async () => {
      await maintainWith(archive)
      await newStore()
      assert.equal((await bring([archive], { archive: true })).forgotten, 2)
      await writeFile(path.join(archive, 'forgotten.jsonl.left-by-a-kill'), '')
      await utimes(path.join(archive, 'forgotten.jsonl.left-by-a-kill'), 0, 0)
      for (const [days, expected] of [
        [84, 1],
        [2, 0],
      ] as const) {
        await command(
          store,
          `ALTER TABLE forgotten_before UPDATE Before = Before - INTERVAL ${days} DAY WHERE 1 SETTINGS mutations_sync = 1`,
        )
        await rm(path.join(archive, 'forgotten.jsonl'))
        await maintainWith(archive)
        assert.equal((await hashes(archive)).length, expected)
      }
      assert.deepEqual((await readdir(archive)).toSorted(), [`${dayOf(0)}-1.jsonl`, 'forgotten.jsonl'])
    })

    test('or nothing is imported where it cannot be read, and a damaged line is refused with its location', async () => {
      const file = path.join(archive, 'forgotten.jsonl')
      await appendFile(file, '{"product":"acme-db","installation"\n')
      const { refusals, forgotten } = await bring([archive], { archive: true })
      assert.deepEqual(refusals, [{ file, location: 'line 3', reason: 'it is damaged' }])
      assert.equal(forgotten, 2)
      await rm(file)
      await mkdir(file)
      await newStore()
      await assert.rejects(
        bring([archive]),
        /^InsightsError: Nothing was imported, because .+ it is not a regular file\. Let/,
      )
      assert.equal(await count('1'), 0)
    })
  })

  test('but who lives on under the id after 30 days, from a backup, is there', async () => {
    await bring([await fileOf([...before, forget(gone, 50)])])
    await maintain()
    await requestsAge(50)
    await maintain()
    const { forgotten, imported } = await bring([
      await fileOf([...before, said(gone, 25, 'secret'), said(gone, 2, 'back')]),
    ])
    assert.deepEqual({ forgotten, imported }, { forgotten: 3, imported: 2 })
    await maintain()
    assert.deepEqual(await tablesWith('secret'), [])
    assert.notDeepEqual(await tablesWith('back'), [])
  })

  test('as the original of a copy', async () => {
    const copy = await fileOf([
      forget(gone, 3),
      said(stays, 2, 'free', { 'usage.installation.lineage': gone }),
    ])
    await bring([copy])
    assert.deepEqual(
      await rows(
        "SELECT count() AS n FROM points WHERE NOT IsErasureRequest AND Lineage != toUUID('00000000-0000-0000-0000-000000000000')",
      ),
      [{ n: 0 }],
    )
    await assertGone('a copy')
  })

  test('where the request hides its name from the search for requests', async () => {
    const hidden = JSON.stringify(forget(gone, 3)).replace('usage.forget', 'usage\\u002eforget')
    const file = path.join(directory, 'hidden.jsonl')
    await writeFile(file, `${before.map((each) => JSON.stringify(each)).join('\n')}\n${hidden}\n`)
    await bring([file])
    await assertGone('hidden')
  })

  test('in a dry run, which writes nothing', async () => {
    const { forgotten, imported, requests, dryRun } = await bring(
      [await fileOf(before), await fileOf([forget(gone, 40)])],
      { dryRun: true },
    )
    assert.deepEqual(
      { forgotten, imported, requests, dryRun },
      { forgotten: 2, imported: 1, requests: 1, dryRun: true },
    )
    assert.deepEqual(await rows('SELECT count() AS n FROM points'), [{ n: 0 }])
    assert.deepEqual(await rows('SELECT count() AS n FROM erasure_requests'), [{ n: 0 }])
  })
})

test('what cannot be imported is refused with its location, and the rest goes on', async () => {
  const good = said(uuid('4'), 2, 'free')
  const { resourceMetrics } = good
  const other = {
    resourceMetrics: [
      ...said(uuid('4'), 2, "x'; DROP TABLE points; --").resourceMetrics,
      ...report({ attributes: { 'service.name': 'other' } }).resourceMetrics,
    ],
  }
  const at = (name: string) => path.join(directory, name)
  await writeFile(
    at('mixed.jsonl'),
    [
      JSON.stringify(good),
      'null',
      '{"resourceMetrics"',
      JSON.stringify(other),
      `{"deep":${'['.repeat(100_000)}${']'.repeat(100_000)}}`,
    ].join('\n'),
  )
  await writeFile(at('cut.jsonl.gz'), gzipSync(JSON.stringify({ resourceMetrics })).subarray(0, 100))
  await writeFile(at('whole.jsonl.zst'), zstdCompressSync(`${JSON.stringify(said(uuid('4'), 3, 'paid'))}\n`))
  await writeFile(at('export.json'), JSON.stringify(said(uuid('4'), 4, 'free')))
  await writeFile(
    at('export.json.sha256'),
    `${createHash('sha256').update('else').digest('hex')}  export.json\n`,
  )
  const names = ['mixed.jsonl', 'cut.jsonl.gz', 'whole.jsonl.zst', 'export.json', 'nowhere.jsonl'].map(at)
  const { refusals, imported, removed, refused } = await bring(names)
  assert.deepEqual({ imported, removed, refused }, { imported: 3, removed: 1, refused: 7 })
  assert.deepEqual(
    refusals.map(
      ({ file, location, reason }) =>
        `${path.basename(file)}, ${location}: ${reason.replaceAll(directory, '')}`,
    ),
    [
      'export.json, null: its SHA-256 is another one than in /export.json.sha256: it is damaged; copy it again',
      'nowhere.jsonl, null: it does not exist',
      'mixed.jsonl, line 2: it is not an OTLP request with metrics',
      'mixed.jsonl, line 3: it is not a complete JSON document',
      "mixed.jsonl, line 4, report 2: no catalog of its product 'other' was given",
      'mixed.jsonl, line 5: it is not an OTLP request with metrics',
      'cut.jsonl.gz, its beginning: the compressed file is damaged or ends too early behind it: unexpected end of file',
    ],
  )
  assert.deepEqual(await tablesWith('DROP'), [])
})

describe('the command', () => {
  const run = async (args: readonly string[], url = store.url) => {
    const file = path.join(directory, 'catalog.json')
    await writeFile(file, JSON.stringify(catalog))
    const about = ['--product', 'acme-db', '--catalog', file]
    return runCommand(['insights', 'import', ...about, ...args], { environment: { CLICKHOUSE_URL: url } })
  }

  test('says what became of the files, for people and as JSON, and ends with 1 where something was refused', async () => {
    const gone = uuid('4')
    const file = await fileOf([said(uuid('4'), 2, 'free'), said(gone, 3, 'paid'), forget(gone, 2)])
    const done = await run([file])
    assert.equal(done.code, 0, done.stderr)
    assert.equal(
      done.stdout,
      `1 report of ${dayOf(2)} to ${dayOf(2)}, 1 request to be forgotten, from 1 file.
1 report left out: their installations asked to be forgotten.
The answers have them after the next \`otel-usage gateway maintain\`.
`,
    )
    const hostile = await fileOf([1, said(uuid('4'), 2, 'free', { 'host.name': 'me' })], '\u001b[31m.jsonl')
    const text = await run([hostile, '--dry-run'])
    assert.equal(text.code, 1)
    assert.ok(!text.stdout.includes('\u001b'))
    assert.match(
      text.stdout,
      /^1 value removed that no catalog declares\.\n\n1 part refused:\n {2}.+\[31m\.jsonl, line 1: it is not an OTLP request with metrics\n\nNothing was written: this was a dry run\.\n$/m,
    )
    const json = await run([hostile, '--json', '--dry-run'])
    assert.equal(json.code, 1)
    const { refused, imported } = JSON.parse(json.stdout)
    assert.deepEqual([refused, imported], [1, 1])
  })

  test('ends with 2 where it is called wrongly, and with 1 where the store is not there or too old', async () => {
    const file = await fileOf([said(uuid('4'), 2, 'free')])
    assert.equal((await run([])).code, 2)
    assert.equal(
      (await runCommand(['insights', 'import', file], { environment: { CLICKHOUSE_URL: store.url } })).code,
      2,
    )
    const away = await run([file], 'http://127.0.0.1:1')
    assert.deepEqual([away.code, away.stdout], [1, ''])
    assert.match(away.stderr, /^The store at http:\/\/127\.0\.0\.1:1 cannot be reached: /)
    await command(store, 'RENAME TABLE forgotten_before TO elsewhere')
    const older = await run([file])
    await command(store, 'RENAME TABLE elsewhere TO forgotten_before')
    assert.equal(older.code, 1)
    assert.match(older.stderr, /has no table forgotten_before.+otel-usage gateway schema/)
  })
})

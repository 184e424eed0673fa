import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import { connectClickHouse, maintainStore, type RunningClickHouse } from '../../src/gateway.ts'
import { type Answer, createInsights, type Insights } from '../../src/insights.ts'
import {
  commandName,
  QUESTIONS,
  type Question,
  type QuestionName,
} from '../../src/maintainer/insights/index.ts'
import { rowsOf, runClickHouse, uuid } from '../gateway/running-gateway.ts'
import { scratchDirectory } from '../gateway/scratch.ts'
import { insertReports, type StoredReport } from '../gateway/stored-reports.ts'
import { runCommand } from '../support/command.ts'

/** The store of all tests here. */
let store: RunningClickHouse
let insights: Insights
const endings: (() => unknown)[] = []
const suite = { after: (end: () => unknown) => void endings.unshift(end) }
const DAY = 86_400_000
const dayOf = (back: number) => new Date(Date.now() - back * DAY).toISOString().slice(0, 10)

/** 52 installations of `acme-db`: 40 community, 8 team, 4 enterprise. Two of the last stopped ten days ago. */
before(async () => {
  store = await runClickHouse(suite as never, await scratchDirectory(suite as never))
  const reports = Array.from({ length: 52 }, (_, index) => {
    const installation = uuid('4')
    const edition = index < 40 ? 'community' : index < 48 ? 'team' : 'enterprise'
    return [1, 12].flatMap((back): StoredReport[] =>
      back === 1 && index >= 50
        ? []
        : [
            {
              ...{ installation, reportId: uuid('7'), at: `${dayOf(back)} 10:00:00` },
              attributes: {
                'acme.edition': edition,
                'service.version': index % 2 ? '2.0.0' : '1.0.0',
                'usage.consent.state': 'enabled',
              },
              points: [{ name: 'acme.commands', value: 10 }],
            },
          ],
    )
  })
  const one = { product: 'one', installation: uuid('4'), reportId: uuid('7'), at: `${dayOf(1)} 10:00:00` }
  const upgraded = Array.from({ length: 6 }, () => uuid('4')).flatMap((installation) =>
    [12, 1].map((back): StoredReport => {
      const attributes = back === 1 ? { 'service.version': '2.0.0' } : {}
      const about = { product: 'upgraded', installation, reportId: uuid('7'), at: `${dayOf(back)} 10:00:00` }
      return { ...about, attributes, points: [{ name: 'acme.commands', value: back }] }
    }),
  )
  await insertReports(store, ...reports.flat(), ...upgraded, one)
  await maintainStore(store)
  insights = createInsights({ url: store.url })
  suite.after(() => insights.close())
})
after(async () => {
  for (const end of endings) await end()
})

const product = 'acme-db'
const shown = (rows: readonly { readonly value: string; readonly installations: number | null }[]) =>
  Object.fromEntries(rows.map(({ value, installations }) => [value, installations]))

test('an answer says on what it rests, and withholds a group of fewer than five', async () => {
  const answer = await insights.breakdown({ product, fact: 'acme.edition' })
  assert.deepEqual(shown(answer.rows), { community: 40, team: 5 })
  const { installations, withheldGroups, isRounded, smallestGroup, filters, leftOut, source, period } = answer
  assert.deepEqual(
    { installations, withheldGroups, isRounded, smallestGroup, filters, leftOut },
    { installations: 50, withheldGroups: 1, isRounded: true, smallestGroup: 5, filters: [], leftOut: [] },
  )
  assert.deepEqual(period, { from: dayOf(27), until: dayOf(0), days: 28 })
  assert.equal(source.since, dayOf(12))
  assert.ok(Date.now() - Date.parse(source.asOf ?? '') < 600_000)
})

const NAMES = Object.keys(QUESTIONS) as QuestionName[]
const described = QUESTIONS as unknown as Readonly<Record<QuestionName, Question>>
const HOSTILE = [
  "x' OR 1=1 --",
  "\\'; DROP TABLE points; --",
  '{product:String}',
  '\u0000',
  '%s',
  '`',
  "') UNION ALL SELECT 'all', '', '', 99 --",
  '\t\r\n\\N',
  '日本',
]

/** Asks a question with these texts where it takes a text. */
function askWith(name: QuestionName, texts: Readonly<Record<string, string>>, options = {}): Promise<Answer> {
  const { arguments: args, counts } = described[name]
  const own = Object.keys(args).flatMap((key) => (texts[key] === undefined ? [] : [[key, texts[key]]]))
  const ask = insights[name] as (options: object) => Promise<Answer>
  return ask({
    product: texts['product'],
    ...Object.fromEntries(own),
    ...(counts !== 'none' && options),
  })
}

// Attack: each question in many forms. Where all numbers are multiples of five, the difference of two is never the size of a small group.
test('a withheld group follows neither from a filter, nor from periods that overlap, nor from another question', async () => {
  const args = { by: 'service.version', what: 'acme.edition=team', range: '>=2' }
  let numbers = 0
  for (const options of [
    {},
    { where: ['acme.edition!=enterprise'] },
    { where: ['acme.commands<11', 'acme.commands<11'] },
    { where: ['acme.edition=enterprise'] },
    { days: 11 },
    { days: 12 },
    { days: 12, where: ['acme.edition!=enterprise'] },
    { versions: '>=1.0.1', leaveOut: ['young'] },
  ]) {
    const answers = await Promise.all(
      NAMES.map((name) => {
        const fact = ['totals', 'effect'].includes(name) ? 'acme.commands' : 'acme.edition'
        return askWith(name, { ...args, fact, product }, options)
      }),
    )
    for (const { question, installations, rows } of answers) {
      const about = `${question} ${JSON.stringify(options)}`
      const counts = Object.entries(described[question as QuestionName].columns).flatMap(([column, type]) =>
        type === 'count' && !['days', 'reporting'].includes(column) ? [column] : [],
      )
      for (const n of [installations, ...rows.flatMap((row) => counts.map((each) => row[each]))]) {
        assert.ok(typeof n !== 'number' || n % 5 === 0, `${about}: ${n}`)
        numbers++
      }
      assert.ok(!JSON.stringify(rows).includes('enterprise'), about)
    }
  }
  assert.ok(numbers > 500, String(numbers))
})

test('an answer for a range of versions does not name the versions in it, which a few installations only may have', async () => {
  const { filters } = await insights.active({ product, versions: '>=1.0.1' })
  assert.deepEqual(filters, ['service.version is in the range >=1.0.1'])
})

test('hostile names of products, facts, values and versions are counted by every question like others', async () => {
  const reports = HOSTILE.flatMap((text) =>
    Array.from({ length: 6 }, (): StoredReport => {
      const about = { installation: uuid('4'), reportId: uuid('7'), at: `${dayOf(1)} 10:00:00` }
      const attributes = { [text]: text, 'service.version': text }
      return { ...about, product: text, attributes, points: [{ name: `${text}#`, value: 7 }] }
    }),
  )
  await insertReports(store, ...reports)
  await maintainStore(store)
  for (const text of HOSTILE) {
    const texts = { product: text, fact: text, by: text, what: `acme.edition=${text}`, range: '>=1' }
    const counted = NAMES.filter((name) => name !== 'unused')
    const answers = await Promise.all(counted.map((name) => askWith(name, texts)))
    for (const { question, installations } of answers)
      assert.equal(installations, 5, `${question} of ${JSON.stringify(text)}`)
    for (const name of ['breakdown', 'versions'] as const)
      assert.deepEqual((await askWith(name, texts)).rows, [{ value: text, installations: 5, share: 1 }])
    const { rows } = await insights.totals({ product: text, fact: `${text}#` })
    assert.equal(rows[0]?.total, 42, JSON.stringify(text))
  }
})

test('what --sql prints for hostile texts is the question that was asked, and nothing printed is obeyed by a terminal', async () => {
  const text = "\u001b[31m\u009b\t\\\\N' \r\n;"
  const report = { product: text, attributes: { 'service.version': text }, points: [] }
  const about = () => ({ installation: uuid('4'), reportId: uuid('7'), at: `${dayOf(1)} 10:00:00` })
  await insertReports(store, ...Array.from({ length: 6 }, () => ({ ...report, ...about() })))
  await maintainStore(store)
  const asked = ['adoption', '--product', text, '--where', `service.version=${text}`, '--days', '2']
  for (const form of ['--json', '--csv', '--sql', undefined]) {
    const { code, out, errors } = await run([...asked, ...(form ? [form] : [])])
    assert.equal(code, 0, errors)
    assert.doesNotMatch(out, /(?![\t\r\n])\p{Cc}/u, form)
    if (form !== '--sql') continue
    const { origin, username, password } = new URL(store.url)
    const headers = { 'x-clickhouse-user': username, 'x-clickhouse-key': password }
    const address = `${origin}/?database=usage&session_id=${uuid('4')}`
    const [, sets = '', query = ''] = /^((?:SET [^\n]*;\n)+)(SELECT part[\s\S]*);\n$/m.exec(out) ?? []
    let answered = ''
    for (const body of [...sets.split(';\n').filter(Boolean), query]) {
      const response = await fetch(address, { method: 'POST', headers, body })
      answered = await response.text()
      assert.ok(response.ok, answered)
    }
    assert.match(answered, /^value\t.*\t6$/m)
  }
})

test('every question with hostile texts has an answer without rows, or is refused with what is wrong', async () => {
  const stored = () =>
    rowsOf(store, 'SELECT count() AS n, sum(cityHash64(ReportId, MetricName)) AS hash FROM points')
  const before = await stored()
  const hostile = fc.oneof(
    fc.constantFrom(...HOSTILE),
    fc.string({ unit: 'binary', minLength: 1 }),
    fc.stringMatching(/^[\\'"`{}();:,=!<>%$-]{1,12}$/),
  )
  const outcomes = { answered: 0, refused: 0 }
  let turn = 0
  await fc.assert(
    fc.asyncProperty(hostile, hostile, hostile, hostile, async (product, fact, value, range) => {
      const texts = {
        product: `${product} of nobody`,
        fact,
        by: value,
        what: `${fact}=${value}`,
        range: '>=2',
      }
      const forms = [
        [texts, {}],
        [{ ...texts, what: value }, { where: [`acme.edition!=${value}`, value] }],
        [{ ...texts, range, what: `version ${range}` }, { level: value }],
        [texts, { versions: range }],
      ] as const
      // A question has one form in each run: after four runs it has had all of them, each with other texts.
      turn++
      await Promise.all(
        NAMES.map(async (name, index) => {
          const [given, options] = forms[(index + turn) % forms.length] as (typeof forms)[number]
          const refused = (error: { readonly code?: string; readonly message: string }) => {
            assert.equal(error.code, 'ERR_USAGE_CONFIGURATION', `${name}: ${error.message}`)
          }
          const answer = await askWith(name, given, options).catch(refused)
          assert.deepEqual(answer?.rows ?? [], [], name)
          outcomes[answer ? 'answered' : 'refused']++
        }),
      )
    }),
    // What failed once may not fail in its next form.
    { numRuns: 8, endOnFailure: true },
  )
  assert.ok(outcomes.answered > 50 && outcomes.refused > 0, JSON.stringify(outcomes))
  assert.deepEqual(await stored(), before)
})

test('every question to an empty store is answered with the sentence that there are no reports, and exit code 0', async (t) => {
  const empty = await runClickHouse(t, await scratchDirectory(t))
  const environment = { CLICKHOUSE_URL: empty.url }
  const given: Readonly<Record<string, string>> = {
    range: '>=2',
    fact: 'acme.edition',
    what: 'acme.edition=team',
  }
  for (const name of NAMES) {
    const question = described[name]
    const positional = (question.positional ?? []).map((key) => given[key] ?? 'acme.commands')
    const args = ['insights', commandName(name), ...positional, '--product', product]
    const text = await runCommand(args, { environment })
    assert.equal(text.code, 0, `${name}: ${text.stderr}`)
    assert.match(text.stdout, /^The store has no reports of this product/m, name)
    const json = await runCommand([...args, '--json'], { environment })
    assert.deepEqual([json.code, JSON.parse(json.stdout).rows], [0, []], `${name}: ${json.stderr}`)
    const csv = await runCommand([...args, '--csv'], { environment })
    assert.deepEqual([csv.code, csv.stdout], [0, `${Object.keys(question.columns).join(',')}\r\n`], name)
  }
})

test('a product without reports, and one with a single installation, have an answer without rows', async () => {
  const none = await insights.versions({ product: 'none' })
  assert.deepEqual([none.rows, none.installations, none.source.since], [[], 0, null])
  const one = await insights.versions({ product: 'one' })
  assert.deepEqual([one.rows, one.installations], [[], null])
})

test('a fact that nobody ever reported is said to be so, because its name may be wrong', async () => {
  const noteOf = async (what: string) => (await insights.canIDrop({ product, what })).notes.at(-1)
  const absent =
    'No installation, or fewer than 5, reported acme.edtion at all in this time: see that its name is right.'
  assert.equal(await noteOf('acme.edtion=team'), absent)
  assert.doesNotMatch((await noteOf('acme.edition=nobody')) ?? '', /its name is right/)
})

test('whoever reported no version before a release is seen before and after it', async () => {
  for (const filter of [{}, { where: ['acme.commands'] }, { leaveOut: ['young', 'ci'] as const }]) {
    const { rows } = await insights.effect({
      product: 'upgraded',
      range: '>=2',
      fact: 'acme.commands',
      ...filter,
    })
    assert.deepEqual(
      rows.map(({ when, installations, days, total }) => ({ when, installations, days, total })),
      [
        { when: 'before', installations: 5, days: 6, total: 72 },
        { when: 'after', installations: 5, days: 6, total: 6 },
      ],
      JSON.stringify(filter),
    )
  }
})

/** Runs the command and returns what it printed. */
async function run(args: readonly string[], url = store.url) {
  const {
    code,
    stdout: out,
    stderr: errors,
  } = await runCommand(['insights', ...args], { environment: { CLICKHOUSE_URL: url } })
  return { code, out, errors }
}

test('the command prints a table, JSON, CSV or the queries', async () => {
  const text = await run(['breakdown', 'acme.edition', '--product', product])
  assert.equal(text.code, 0, text.errors)
  assert.match(text.out, /^value {6,}installations +share\ncommunity +40 +80\.0 %\nteam +5 +10\.0 %$/m)
  assert.match(text.out, /1 group is not shown, with fewer than 5 installations\./)
  const json = await run(['breakdown', 'acme.edition', '--product', product, '--json'])
  assert.deepEqual(JSON.parse(json.out).rows[0], { value: 'community', installations: 40, share: 0.8 })
  const csv = await run(['versions', '--product', product, '--csv'])
  assert.match(csv.out, /^value,installations,share\r\n2\.0\.0,25,/)
  const sql = await run(['can-i-drop', 'acme.edition=team', '--product', product, '--sql'])
  assert.match(sql.out, /^SET param_product = 'acme-db';$/m)
  assert.match(
    (await run(['active', '--product', product, '--smallest-group', '1', '--days', '3'])).out,
    /^day 1 {2,}▁█▁$/m,
  )
})

test('the product may be named by the file of its description, as for every other command', async (t) => {
  const file = path.join(await scratchDirectory(t), 'acme.product.json')
  const edition = {
    ...{ kind: 'attribute', type: 'enum', values: ['community', 'team', 'enterprise'], example: 'team' },
    ...{ level: 'basic', since: 1, why: 'Shows which edition the work should go into.' },
  }
  const catalog = { version: 1, prefix: 'acme', levels: ['basic'], facts: { 'acme.edition': edition } }
  await writeFile(
    file,
    JSON.stringify({ name: product, version: '2.0.0', endpoint: 'https://usage.acme.example', catalog }),
  )
  const args = ['breakdown', 'acme.edition', '--json', '--product']
  const [named, described] = [await run([...args, product]), await run([...args, file])]
  assert.equal(described.code, 0, described.errors)
  assert.deepEqual(JSON.parse(described.out).rows, JSON.parse(named.out).rows)
  const misspelt = await run(['breakdown', 'acme.edtion', '--product', file])
  assert.equal(misspelt.code, 2)
  assert.match(misspelt.errors, /acme\.edtion/)
})

test('the command writes a chart as SVG, prints the table as well, and says where the file cannot be written', async (t) => {
  const directory = await scratchDirectory(t)
  const file = path.join(directory, 'editions.svg')
  const asked = ['breakdown', 'acme.edition', '--product', product]
  const { code, out, errors } = await run([...asked, '--chart', file])
  assert.equal(code, 0, errors)
  assert.match(out, /^community +40/m)
  const svg = await readFile(file, 'utf8')
  assert.match(svg, /<title id="title">acme-db: breakdown acme\.edition<\/title>/)
  assert.match(svg, />40 · 80\.0 %</)
  assert.match(svg, /1 group is not shown, with fewer than 5 installations\./)
  assert.doesNotMatch(svg, /enterprise/)
  const away = await run([...asked, '--chart', path.join(directory, 'no', 'editions.svg')])
  assert.equal(away.code, 2)
  assert.match(away.errors, /--chart names '.*', but the folder '.*' does not exist/)
  assert.equal((await run([...asked, '--chart', file, '--json'])).code, 2)
})

test('the command says what helps where the store cannot be reached, is older, or the call is wrong', async () => {
  const connection = await connectClickHouse({ url: store.url, database: 'usage' })
  const away = await run(['versions', '--product', product], 'http://127.0.0.1:1')
  assert.equal(away.code, 1)
  assert.match(
    away.errors,
    /^The store at http:\/\/127\.0\.0\.1:1 cannot be reached: .+ Correct CLICKHOUSE_URL, or start the store\.$/m,
  )
  await connection.command('RENAME TABLE installation_sets TO elsewhere')
  const older = await run(['versions', '--product', product])
  await connection.command('RENAME TABLE elsewhere TO installation_sets')
  await connection.close()
  assert.equal(older.code, 1)
  assert.match(older.errors, /has no table installation_sets.+otel-usage gateway schema/)
  for (const args of [
    ['versions'],
    ['supported', 'new', '--product', product],
    ['breakdown', '--product', product],
    ['nothing'],
  ])
    assert.equal((await run(args)).code, 2, args.join(' '))
})

test('what is in ClickHouse is there after it was stopped and started again', async (t) => {
  const directory = await scratchDirectory(t)
  const first = await runClickHouse(t, directory)
  const connection = await connectClickHouse(first)
  await connection.command(
    "INSERT INTO points (ServiceName, MetricName, TimeUnix) VALUES ('acme-db', 'usage.facts', now())",
  )
  await connection.close()
  await first.stop()
  const second = await runClickHouse(t, directory)
  assert.deepEqual(await rowsOf(second, 'SELECT ServiceName FROM points'), [{ ServiceName: 'acme-db' }])
})

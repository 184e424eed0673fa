/** The files of a community report, from answers, without a store. */
import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { Ajv2020 } from 'ajv/dist/2020.js'
import fc from 'fast-check'
import {
  type AskProduct,
  type GatheredReport,
  gatherReport,
  REPORT_SCHEMA,
  siteFiles,
  writeSite,
} from '../../src/maintainer/community/index.ts'
import { type Columns, QUESTIONS, type QuestionName } from '../../src/maintainer/insights/index.ts'
import { ANSWERS, answerOf } from '../charts/answers.ts'
import { createScratch } from '../support/scratch.ts'
import { catalog, product, sampleReport } from './sample.ts'

const files = siteFiles(sampleReport)
const page = files.get('index.html') as string
const factsPage = files.get('facts-acme-db.html') as string

test('a report has its pages, and for each chart its data as JSON and CSV and its picture', () => {
  for (const { id } of sampleReport.questions)
    for (const ending of ['json', 'csv', 'svg']) {
      assert.ok(files.has(`data/${id}.${ending}`))
      assert.ok(page.includes(`href="data/${id}.${ending}"`))
    }
  assert.deepEqual([...files.keys()].filter((file) => !file.startsWith('data/')).toSorted(), [
    'badges/acme-db-installations.svg',
    'badges/acme-db-version.svg',
    'facts-acme-db.html',
    'index.html',
    'report.json',
    'schema.json',
  ])
  for (const [, href = ''] of [
    ...page.matchAll(/href="([^"#]+)"/g),
    ...factsPage.matchAll(/href="([^"#]+)"/g),
  ])
    assert.ok(files.has(href) || href.startsWith('https://acme.example/'), href)
  for (const html of [page, factsPage])
    for (const [, id = ''] of html.matchAll(/(?:href="#|aria-(?:labelledby|describedby)=")([^" ]+)"/g))
      assert.equal(html.split(` id="${id}"`).length, 2, id)
})

test('the data files are what the schema says, and the schema is with them', () => {
  const validate = new Ajv2020({ strict: false }).compile(REPORT_SCHEMA)
  const [index, answer] = ['index', 'answer'].map((name) =>
    new Ajv2020({ strict: false }).compile({ ...REPORT_SCHEMA, anyOf: [{ $ref: `#/$defs/${name}` }] }),
  )
  for (const [file, text] of files) {
    if (!file.endsWith('.json') || file === 'schema.json') continue
    const data = JSON.parse(text)
    assert.ok(validate(data), `${file}: ${JSON.stringify(validate.errors)}`)
    const own = file === 'report.json' ? index : answer
    assert.ok(own?.(data), `${file}: ${JSON.stringify(own?.errors)}`)
  }
  assert.deepEqual(JSON.parse(files.get('schema.json') as string), REPORT_SCHEMA)
  const listed = JSON.parse(files.get('report.json') as string).files
  assert.deepEqual([...listed, 'report.json'].toSorted(), [...files.keys()].toSorted())
  const versions = JSON.parse(files.get('data/acme-db-versions.json') as string)
  assert.deepEqual(versions.rows, ANSWERS.versions.rows)
  assert.deepEqual(versions.columns, QUESTIONS.versions.columns)
})

test('the page says what each chart decides, on what it rests, when it was updated, and how it was made', () => {
  for (const { decision, answer } of sampleReport.questions) {
    assert.ok(page.includes(decision))
    if (answer.installations)
      assert.ok(page.includes(`Rests on ${answer.installations.toLocaleString('en')} installations.`))
  }
  assert.match(page, /Last updated <time datetime="2026-11-27T03:00:12Z">2026-11-27 03:00 UTC<\/time>/)
  assert.match(page, /A group of fewer than 20 installations is not shown/)
  assert.match(page, /Where it is decided/)
  assert.match(page, /<strong>\+\d\.\d %<\/strong><span>is the change of that in four weeks/)
  const [only] = sampleReport.products
  const active = { ...ANSWERS.active, source: { ...ANSWERS.active.source, since: '2026-10-04' } }
  const young = siteFiles({ ...sampleReport, products: [{ ...only, active }] } as GatheredReport)
  assert.doesNotMatch(young.get('index.html') as string, /is the change of that/)
  assert.match(page, /operators have said no send nothing/)
  for (const words of [
    'Shows which edition the work should go into.',
    'version 2 of the catalog',
    'team core',
    'on 2027-06-30',
    'from full on',
    'https://acme.example/issues/7',
  ])
    assert.ok(factsPage.includes(words), words)
  assert.match(factsPage, /<code>acme\.labels<\/code>[\s\S]+?Its values are not published/)
})

test('a page runs nothing and loads nothing: its policy permits its one style sheet by its hash', async () => {
  const { createHash } = await import('node:crypto')
  for (const html of [page, factsPage]) {
    const [, style = ''] = /<style>([\s\S]*?)<\/style>/.exec(html) ?? []
    const hash = createHash('sha256').update(style).digest('base64')
    assert.ok(
      html.includes(
        `content="default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'"`,
      ),
    )
    assert.equal(html.split('<style').length, 2)
    assert.doesNotMatch(html, /<script|\sstyle="|\son\w+="|\ssrc="|@import|url\(/)
  }
})

test('the same answers give the same bytes, and nothing of the clock or of chance is in them', async () => {
  const again = siteFiles(structuredClone(sampleReport))
  assert.deepEqual([...again], [...files])
  const year = new Date().getUTCFullYear() + 1
  assert.doesNotMatch([...files.values()].join(), new RegExp(`\\b${year + 1}-`))
})

test('a badge says how many installations there are, and the share of the newest version', () => {
  assert.match(
    files.get('badges/acme-db-installations.svg') as string,
    /aria-label="active installations: 4,2\d\d"/,
  )
  assert.match(
    files.get('badges/acme-db-version.svg') as string,
    /aria-label="version 3\.1\.0: 44\.9 % of installations"/,
  )
})

test('a report of which too little may be shown says so, in pages, badges and data', () => {
  const few = { installations: null, withheldGroups: 3, isRounded: true }
  const [active, versions] = [answerOf('active', [], few), answerOf('versions', [], few)]
  const [only] = sampleReport.products
  const report = {
    ...sampleReport,
    questions: sampleReport.questions.map((each) => ({ ...each, answer: answerOf(each.ask, [], few) })),
    products: [{ ...only, active, versions }],
  } as GatheredReport
  const small = siteFiles(report)
  assert.match(small.get('index.html') as string, /fewer than 20<\/strong>/)
  assert.match(
    small.get('index.html') as string,
    /There are fewer than 20 installations, so nothing is shown\./,
  )
  assert.match(small.get('badges/acme-db-installations.svg') as string, /active installations: fewer than 20/)
  assert.match(small.get('badges/acme-db-version.svg') as string, /newest version: not known/)
  assert.equal(JSON.parse(small.get('report.json') as string).products[0].activeInstallations, null)
})

test('hostile texts in values, titles and words are texts in every file', () => {
  const hostile = fc.oneof(
    fc.constantFrom(
      '</style><script>alert(1)</script>',
      '"><img src=x onerror=alert(1)>',
      "'-alert(1)-'",
      '\u202e\ud800\u0000',
      '=1+1',
      '<!--',
      'https://x.example/"onmouseover="x',
    ),
    fc.string({ unit: 'binary' }),
  )
  fc.assert(
    fc.property(
      hostile,
      hostile,
      fc.constantFrom(...(Object.keys(QUESTIONS) as QuestionName[])),
      (one, other, ask) => {
        const columns: Columns = QUESTIONS[ask].columns
        const rows = ANSWERS[ask].rows.map((row) =>
          Object.fromEntries(
            Object.entries(row).map(([name, value]) => [
              name,
              columns[name] === 'text' && name !== 'what' ? one : value,
            ]),
          ),
        )
        const answer = { ...ANSWERS[ask], rows, filters: [other], notes: [one], arguments: { by: other } }
        const [question] = sampleReport.questions
        const report = {
          ...sampleReport,
          definition: { ...sampleReport.definition, title: one, about: `${other}\n\n${one}` },
          questions: [{ ...question, ask, title: one, decision: other, before: other, after: one, answer }],
          products: sampleReport.products.map((each) => ({ ...each, title: other, facts: [] })),
        } as GatheredReport
        for (const [file, text] of siteFiles(report)) {
          if (/\.(?:html|svg)$/.test(file))
            assert.doesNotMatch(text, /<script|<img|<!--|\son\w+="|[\p{Cs}\u202e]/u, file)
          if (file.endsWith('.csv')) assert.doesNotMatch(text, /(?:^|,)=/m)
          if (file.endsWith('.json')) JSON.parse(text)
        }
      },
    ),
    { numRuns: 6 },
  )
})

test('what is asked ends with the last complete day of the store, and each fact with values is asked about', async () => {
  const asked: string[] = []
  const ask: AskProduct = async ({ name }, question, options) => {
    asked.push(`${name} ${question} ${options['fact'] ?? ''} ${options['until'] ?? 'now'}`)
    return ANSWERS[question]
  }
  const questions = sampleReport.questions.slice(3, 4)
  const report = await gatherReport({ ...sampleReport.definition, questions }, { ask })
  assert.deepEqual(asked, [
    'acme-db versions  now',
    'acme-db active  2026-11-26',
    'acme-db versions  2026-11-26',
    'acme-db totals acme.commands 2026-11-26',
    'acme-db breakdown acme.edition 2026-11-26',
    'acme-db distribution acme.users 2026-11-26',
    'acme-db versions  2026-11-26',
  ])
  assert.equal(report.lastUpdated, '2026-11-27T03:00:12Z')
  const none: AskProduct = async (_, question) =>
    answerOf(question, [], { source: { table: '', since: null, asOf: null } })
  await assert.rejects(
    gatherReport({ ...sampleReport.definition, products: [product], questions }, { ask: none }),
    /^InsightsError: The store has no reports of 'acme-db'/,
  )
  assert.ok(catalog)
})

test('a site replaces what was published before, keeps the files of others, and leaves all as it was where it cannot be written', async () => {
  using scratch = createScratch()
  const out = path.join(scratch.directory, 'site')
  const read = (file: string) => readFileSync(path.join(out, file), 'utf8')
  await writeSite(out, files)
  assert.deepEqual(
    (readdirSync(out, { recursive: true }) as string[])
      .filter((file) => path.extname(file) !== '')
      .toSorted(),
    [...files.keys()].toSorted(),
  )
  writeFileSync(path.join(out, 'CNAME'), 'usage.acme.example')
  writeFileSync(path.join(out, 'data/notes.txt'), 'mine')

  const fewer = new Map(
    [...files]
      .filter(([file]) => file === 'index.html')
      .concat([['report.json', files.get('report.json') as string]]),
  )
  const others = new Map([...fewer, ['index.html', 'new'], ['CNAME', 'x']])
  await assert.rejects(
    writeSite(out, others),
    /'.*CNAME' exist.* not written by publish\. Nothing was written/,
  )
  const blocked = new Map([...fewer, ['index.html', 'new'], ['CNAME/x.json', 'x']])
  await assert.rejects(writeSite(out, blocked), {
    name: 'GatewayError',
    message: /could not be written into/,
  })
  assert.deepEqual(
    readdirSync(out).filter((file) => file.startsWith('.')),
    [],
  )
  assert.equal(read('index.html'), page)

  await writeSite(out, fewer)
  assert.deepEqual((readdirSync(out, { recursive: true }) as string[]).toSorted(), [
    'CNAME',
    'data',
    'data/notes.txt',
    'index.html',
    'report.json',
  ])
})

test('a list of files that somebody else has written removes nothing outside of the site', async () => {
  using scratch = createScratch()
  const out = path.join(scratch.directory, 'site')
  mkdirSync(out)
  writeFileSync(path.join(scratch.directory, 'mine.json'), '{}')
  writeFileSync(
    path.join(out, 'report.json'),
    JSON.stringify({
      format: 'otel-usage/community-report/1',
      files: ['../mine.json', '/etc/hosts', 'index.html', 7],
    }),
  )
  await writeSite(out, files)
  assert.equal(readFileSync(path.join(scratch.directory, 'mine.json'), 'utf8'), '{}')
})

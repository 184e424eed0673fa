/** The community report as its reader sees it: published by the command from a real store, and looked at in a real Chromium. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { after, before, test } from 'node:test'
import type { Browser } from 'playwright-core'
import { maintainStore, type RunningClickHouse } from '../../src/gateway.ts'
import { liveFleet } from '../fleet/lives.ts'
import { catalogOf } from '../fleet/products.ts'
import { saidBy } from '../fleet/truth.ts'
import { runClickHouse } from '../gateway/running-gateway.ts'
import { scratchDirectory } from '../gateway/scratch.ts'
import { insertRows, rowsOfReport } from '../gateway/stored-reports.ts'
import { runCommand } from '../support/command.ts'
import { axeFindings, launch, open } from './boards.ts'

/** Pictures of the documentation, made by `SCREENSHOTS=1 node --test test/page/community-report.slow.test.ts`. */
const PICTURES: Readonly<Record<string, string>> = {
  'index.html, 1280, light': 'community-report.png',
  'index.html, 390, dark': 'community-report-phone.png',
}

const endings: (() => unknown)[] = []
const suite = { after: (end: () => unknown) => void endings.unshift(end) }
let store: RunningClickHouse
let browser: Browser
let directory: string

/** Countries of the fleet, by how many of its installations are there. */
const COUNTRIES = 'DEx22 USx18 FRx9 GBx8 INx7 BRx6 NLx5 CNx5 CHx3 JPx3 PLx3 ESx3 ITx2 CAx2 AUx2 SEx2'
  .split(' ')
  .flatMap((each) => {
    const [code = '', times] = each.split('x')
    return Array<string>(Number(times)).fill(code)
  })

const DEFINITION = `
title: How Acme DB is used
about: |
  Acme DB reports its usage where its operators allow it. This is what comes of it, and what we decide by it.

  What is reported, and how to see or stop it: https://acme.example/telemetry
products:
  - name: acme-db
    title: Acme DB
    catalog: catalog.json
questions:
  - { ask: active, title: How many installations are there?, decision: How much care a release needs. }
  - { ask: adoption, title: How fast is a new version adopted?, decision: How long the version before gets fixes., link: 'https://acme.example/issues/12' }
  - { ask: versions, title: Which versions are in use?, decision: Which versions are supported. }
  - { ask: countries, title: Where is it in use?, decision: Into which languages it is translated next., after: 'Only the country of a connection is kept, never its address.' }
  - { ask: can-i-drop, what: acme.storage=memory, days: 7, title: Can the storage in memory go?, decision: Whether 4.0 still has it., before: It costs a fifth of the time of all tests. }
  - { ask: cross, fact: acme.edition, by: service.version, top: 5, title: Which edition runs which version?, decision: Whom to ask before a line ends. }
  - { ask: retention, weeks: 4, title: Who stays?, decision: Whether the first week needs work. }
  - { ask: distribution, fact: acme.users, title: How many users has an installation?, decision: For how many it must stay fast. }
  - { ask: growth, periods: 3, days: 7, title: Is it more each week?, decision: Whether the first steps are easy enough. }
`
before(async () => {
  directory = await scratchDirectory(suite as never)
  store = await runClickHouse(suite as never, directory)
  const { sendings } = liveFleet({ installations: 900, days: 30, seed: 3, now: Date.now() })
  const rows = sendings.flatMap(({ report }) => {
    const { product, id, reportId, at, facts } = report
    if (product.name !== 'acme-db' || id === undefined || facts === undefined) return []
    const { attributes, numbers } = saidBy(report, false)
    const country = COUNTRIES[Number.parseInt(id.slice(0, 6), 16) % COUNTRIES.length] as string
    return rowsOfReport({
      ...{ product: product.name, installation: id, reportId },
      at: new Date(at).toISOString().slice(0, 19).replace('T', ' '),
      attributes: { ...(attributes as Record<string, string>), 'geo.country.iso_code': country },
      points: numbers.map(([name, dimensions, value]) => ({ name, value, by: JSON.parse(dimensions) })),
    })
  })
  for (let from = 0; from < rows.length; from += 20_000)
    await insertRows(store, rows.slice(from, from + 20_000))
  await maintainStore(store)
  writeFileSync(path.join(directory, 'catalog.json'), JSON.stringify(catalogOf('3.0.0')))
  writeFileSync(path.join(directory, 'good.yaml'), DEFINITION)
  writeFileSync(path.join(directory, 'bad.yaml'), DEFINITION.replace('weeks: 4', 'weks: 4'))
  browser = await launch()
  suite.after(() => browser.close())
})
after(async () => {
  for (const end of endings) await end()
})

const publish = (definition: string, out: string, url = store.url) =>
  runCommand(
    [
      'insights',
      'publish',
      '--definition',
      path.join(directory, definition),
      '--out',
      path.join(directory, out),
    ],
    { environment: { CLICKHOUSE_URL: url } },
  )

/** Digest of all files of a folder. */
function digestOf(folder: string): string {
  const hash = createHash('sha256')
  for (const file of (readdirSync(folder, { recursive: true }) as string[]).toSorted())
    if (path.extname(file) !== '') hash.update(file).update(readFileSync(path.join(folder, file)))
  return hash.digest('hex')
}

test('the same data give the same bytes; what fails leaves the site as it was', async () => {
  const first = await publish('good.yaml', 'site')
  assert.equal(first.code, 0, first.stderr)
  assert.match(first.stdout, /^wrote \d+ files into .*site: open .*index\.html$/m)
  const second = await publish('good.yaml', 'again')
  assert.equal(second.code, 0, second.stderr)
  const digest = digestOf(path.join(directory, 'site'))
  assert.equal(digestOf(path.join(directory, 'again')), digest)

  const mistaken = await publish('bad.yaml', 'site')
  assert.equal(mistaken.code, 2)
  assert.match(mistaken.stderr, /line 18, column \d+, questions\[6\]\.weks: is unknown; the names here are/)
  const away = await publish('good.yaml', 'site', 'http://127.0.0.1:1')
  assert.equal(away.code, 1)
  assert.equal(digestOf(path.join(directory, 'site')), digest)
})

test('no group of fewer than 20 installations is in any file', () => {
  const data = path.join(directory, 'site/data')
  const answers = readdirSync(data)
    .filter((file) => file.endsWith('.json'))
    .map((file) => JSON.parse(readFileSync(path.join(data, file), 'utf8')))
  assert.ok(answers.length > 12)
  for (const { id, rows, isRounded, smallestGroup, columns } of answers) {
    assert.equal(smallestGroup, 20)
    for (const row of rows)
      for (const [name, value] of Object.entries(row))
        if (columns[name] === 'count' && value !== null && value !== 0) {
          assert.ok((value as number) >= 20, `${id}: ${JSON.stringify(row)}`)
          if (isRounded) assert.equal((value as number) % 20, 0, `${id}: ${JSON.stringify(row)}`)
        }
  }
})

test('axe finds nothing wrong, and nothing is wider than the screen: four widths, light and dark, both pages', async () => {
  for (const [file, width, colorScheme] of [
    ['index.html', 1280, 'light'],
    ['index.html', 768, 'dark'],
    ['index.html', 390, 'dark'],
    ['index.html', 320, 'light'],
    ['facts-acme-db.html', 1280, 'dark'],
    ['facts-acme-db.html', 390, 'light'],
  ] as const) {
    const about = `${file}, ${width}, ${colorScheme}`
    const page = await open(browser, `file://${path.join(directory, 'site', file)}`, {
      ...{ viewport: { width, height: 900 }, colorScheme },
    })
    const requests: string[] = []
    page.on('request', (request) => requests.push(request.url()))
    const picture = PICTURES[about]
    if (picture !== undefined && process.env['SCREENSHOTS']) {
      const clip = { x: 0, y: 0, width, height: 1700 }
      await page.screenshot({ path: `docs/images/${picture}`, clip, fullPage: true })
    }
    await page.evaluate(() => {
      for (const details of document.querySelectorAll('details')) details.open = true
    })
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), width, about)
    assert.equal(await page.locator('svg.chart:visible').count(), await page.locator('figure').count())
    assert.deepEqual(await axeFindings(page), [], about)
    assert.deepEqual(page.complaints, [])
    assert.deepEqual(requests, [])
    await page.context().close()
  }
})

test('each chart has a title and a description for those who do not see it, and its table', async () => {
  const page = await open(browser, `file://${path.join(directory, 'site/index.html')}`)
  for (const figure of await page.locator('figure').all()) {
    const chart = figure.locator('svg.chart:visible')
    assert.equal(await chart.count(), 1)
    assert.equal(await chart.getAttribute('role'), 'img')
    assert.match(await chart.locator('desc').innerHTML(), /Rests on [\d,]+ installations/)
    assert.ok((await chart.locator('title').first().innerHTML()).endsWith('?'))
    assert.ok((await figure.locator('tbody tr').count()) > 0)
  }
  await page.context().close()
})

test('a picture of a chart and a badge are images that a browser draws', async () => {
  const page = await open(browser, `file://${path.join(directory, 'site/index.html')}`)
  for (const file of ['data/acme-db-countries.svg', 'badges/acme-db-version.svg']) {
    await page.goto(`file://${path.join(directory, 'site', file)}`)
    assert.equal(await page.evaluate(() => document.documentElement.tagName), 'svg', file)
    assert.equal(await page.locator('parsererror').count(), 0, file)
  }
  await page.context().close()
})

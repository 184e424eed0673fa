/** The page that a maintainer publishes. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { marked } from 'marked'
import { type Catalog, defineCatalog, type Facts } from '../../src/catalog/index.ts'
import { htmlPage, pageTitle, publishedProduct, usagePage } from '../../src/maintainer/publish/index.ts'
import { acmeCatalog } from '../support/acme.ts'
import { ACME_DB, NO_REPORT, pageOf as wholePageOf } from '../support/described.ts'

const common = { since: 1, why: 'Tells it.' } as const
const catalogOf = (fact: Facts[string]) =>
  defineCatalog({ version: 1, prefix: 'acme', facts: { 'acme.x': fact } })
const pageOf = (fact: Facts[string]) => wholePageOf(catalogOf(fact))

const alternatives = {
  ...common,
  kind: 'count',
  unit: '{command}',
  by: [
    { command: ['aggregate'], argument: ['$match', '$group'] },
    { command: ['find', 'insert'], argument: ['none'] },
  ],
} as const

const ROWS: Array<[what: string, fact: Facts[string], cell: string]> = [
  [
    'alternatives',
    alternatives,
    'how often since the last report (command); by command: `aggregate`; by argument: `$match`, `$group` or by command: `find`, `insert`; by argument: `none`',
  ],
  [
    'a running total',
    { ...common, kind: 'count', unit: '1', temporality: 'cumulative' },
    'how often since the counting began, with consent',
  ],
  [
    'a sum over processes',
    { ...common, kind: 'gauge', unit: '{user}', combine: 'sum', example: 3 },
    'a number (user), the sum over all processes',
  ],
  [
    'metadata',
    { ...common, kind: 'attribute', type: 'metadata', example: { cloud: 'aws' } },
    'keys and values that the operator has set to be reported, at most 16',
  ],
  [
    'related ids',
    {
      ...common,
      kind: 'attribute',
      type: 'uuids',
      maxItems: 5,
      example: ['3c9cce5b-81a2-4d0b-9f5e-6f6c1e1f4a57'],
    },
    'random ids of related installations, at most 5',
  ],
  [
    'a map by ids',
    {
      ...common,
      kind: 'attribute',
      type: 'map',
      keys: 'uuid',
      values: ['Leader', 'Follower'],
      maxEntries: 5,
      example: { '3c9cce5b-81a2-4d0b-9f5e-6f6c1e1f4a57': 'Leader' },
    },
    'for each of at most 5 random ids one of `Leader`, `Follower`',
  ],
  [
    'a map by words',
    {
      ...common,
      kind: 'attribute',
      type: 'map',
      keys: ['disk', 'memory'],
      values: ['on', 'off'],
      example: { disk: 'on' },
    },
    'for each of at most 16 of `disk`, `memory` one of `on`, `off`',
  ],
]

for (const [what, fact, cell] of ROWS) {
  test(`the page says what ${what} can be`, () =>
    assert.ok(pageOf(fact).includes(`| ${cell} |`), pageOf(fact)))
}

test('the page excepts metadata from what is never sent, and nothing else', () => {
  const page = pageOf({ ...common, kind: 'attribute', type: 'metadata', example: { cloud: 'aws' } })
  assert.ok(page.includes('of what people type only what the operator sets as `acme.x`: the library drops'))
  assert.ok(page.includes('| `{"cloud":"aws"}` |'))
  assert.ok(pageOf(alternatives).includes('can report nothing but the facts on this page: the library drops'))
})

test('the page says that the receiver adds country, region and network, where the maintainer has them on', () => {
  type Origin = ReadonlyArray<'country' | 'region' | 'network'>
  const added = (origin?: Origin) => {
    const receiver = { ...ACME_DB.receiver, ...(origin && { origin }) }
    return (
      /^The receiver (?:may )?adds? .+$/m.exec(wholePageOf(catalogOf(alternatives), { receiver }))?.[0] ?? ''
    )
  }
  assert.match(
    added(['country']),
    /^The receiver adds to each report the country \(`geo\.country\.iso_code`, such as `DE`\) that it came/,
  )
  assert.doesNotMatch(added(['country']), /region|operator/)
  assert.match(
    added(['network', 'country', 'region']),
    /^The receiver adds to each report the country .+, the region .+ and the network/,
  )
  assert.match(added(), /^The receiver may add to each report the country/)
  assert.equal(added([]), 'The receiver adds nothing: what is stored is the report.')
})

test('the names of what the receiver adds are those of the gateway', () => {
  const source = readFileSync(new URL('../../collector-config/origin/processor.go', import.meta.url), 'utf8')
  const names = [...source.matchAll(/^\tattribute\w+ += "([^"]+)"/gm)].map(([, name]) => name ?? '')
  const page = pageOf(alternatives)
  assert.equal(names.length, 4)
  for (const name of names) assert.ok(page.includes(`\`${name}\``), name)
})

const evil =
  '<script>alert(1)</script> [x](javascript:alert(1)) ![y](https://a.example) | *b* `c` & \\| <https://d.example> www.f.example a@g.example # e \u202e'

const EVIL = {
  title: evil,
  neverCollected: [`# ${evil}`, `1. ${evil}`, `- ${evil}`, `    ${evil}`],
  receiver: { operator: `# ${evil}`, seenBy: evil, retention: evil, erasure: `1. ${evil}` },
} as const

const evilCatalog: Catalog = defineCatalog({
  version: 1,
  prefix: 'acme',
  facts: {
    'acme.x': {
      ...common,
      kind: 'attribute',
      type: 'enum',
      values: ['`` | <b>', 'x`y', '`'],
      example: 'x`y',
      why: evil,
      allowed: evil,
    },
    'acme.y': {
      ...common,
      kind: 'attribute',
      type: 'string',
      pattern: '<b>|&lt;|`',
      example: '<b>',
    },
  },
})

/** Tags that the page is made of. */
const OWN_TAGS =
  /<\/?(?:h[12]|p|ul|li|table|thead|tbody|tr|th|td|details|summary)>|<a href="https:\/\/acme\.example\/telemetry">|<\/a>/g

test('no text of a description or a catalog is mark-up on the page: not Markdown, not HTML, no link', async () => {
  const page = wholePageOf(evilCatalog, EVIL)
  const html = await marked.parse(page)
  const outside = html.replaceAll(/<(code|pre)[^>]*>.*?<\/\1>/gs, '')
  assert.doesNotMatch(outside.replaceAll(OWN_TAGS, ''), /</)
  assert.match(html, /<h1>What &lt;script&gt;alert\(1\)&lt;\/script&gt; \[x\]\(javascript:alert\(1\)\)/)
  assert.equal(html.match(/<h1>/g)?.length, 1)
  assert.equal(html.match(/<ol>/g), null)
  for (const value of ['<code>x`y</code>', '<code>&lt;b&gt;|&amp;lt;|`</code>'])
    assert.ok(html.includes(value), value)
  assert.doesNotMatch(page, /\u202e/)
})

test('as HTML, no text of a description or a catalog is mark-up, and the file loads nothing and runs nothing', () => {
  const product = publishedProduct({ ...ACME_DB, ...EVIL, catalog: evilCatalog })
  const html = htmlPage(pageTitle(product), usagePage(product, NO_REPORT))
  const tags = new Set([...html.matchAll(/<\/?([a-z0-9]+)/gi)].map(([, tag]) => tag?.toLowerCase()))
  for (const tag of ['script', 'img', 'b', 'iframe', 'link']) assert.ok(!tags.has(tag), tag)
  assert.deepEqual(
    [...html.matchAll(/\s(?:src|href|on\w+)="([^"]*)"/g)].map(([, value]) => value),
    ['https://acme.example/telemetry'],
  )
  assert.match(html, /http-equiv="Content-Security-Policy" content="default-src 'none'/)
  assert.doesNotMatch(html, /\u202e/)
})

test('the HTML page can be read aloud and used by keyboard: language, title, one heading of the first level, named tables', () => {
  const product = publishedProduct({ ...ACME_DB, catalog: catalogOf(alternatives) })
  const html = htmlPage(pageTitle(product), usagePage(product, NO_REPORT))
  assert.match(html, /^<!doctype html>\n<html lang="en">/)
  assert.match(html, /<title>What Acme DB reports<\/title>/)
  assert.equal(html.match(/<h1>/g)?.length, 1)
  assert.equal(html.match(/<main>/g)?.length, 1)
  const tables = html.match(/<table>.*?<\/table>/gs) ?? []
  assert.ok(tables.length >= 4)
  for (const table of tables) {
    assert.match(table, /^<table>\n<caption>\w/)
    const heads = table.match(/<th scope="col">[^<]+<\/th>/g)?.length ?? 0
    for (const row of table.match(/<tr><th scope="row">.+<\/tr>/g) ?? [])
      assert.equal((row.match(/<td>/g)?.length ?? 0) + 1, heads)
  }
  assert.equal(html.match(/role="region" aria-label="[^"]+" tabindex="0"/g)?.length, tables.length)
})

const two = defineCatalog({
  version: 3,
  prefix: 'acme',
  levels: ['basic', 'full'],
  removed: ['acme.old'],
  facts: {
    'acme.a': { ...common, kind: 'gauge', unit: 'By', level: 'basic', example: 1 },
    'acme.b': { ...common, since: 3, kind: 'gauge', unit: '1', level: 'full', example: 1 },
  },
})

test('the page says the default, the delays, the receiver, how long, who sees it and how to be erased', () => {
  const page = wholePageOf(two, {
    schedule: { interval: '12h', initialDelay: '90s', undecidedDelay: '2d' },
    environmentPrefix: 'BOARDS',
    legacyEnvironmentPrefixes: ['KANBAN'],
  })
  for (const part of [
    '| By default | nothing is sent for 2 days, so that somebody can say no; then it is on |',
    '| First report | made 1 minute 30 seconds after the first start, and sent not before 2 days after it |',
    '| Then | every 12 hours, at a time that each installation draws at random |',
    '| Sent to | `https://usage.acme.example` |',
    '| Run by | Acme Ltd. |',
    '| Seen by | the four maintainers of Acme DB |',
    '| Kept | 90 days |',
    '- The content of tables\n- Names of people\n',
    '`BOARDS_TELEMETRY_OPTOUT=1`',
    '`BOARDS_TELEMETRY=basic` or `BOARDS_TELEMETRY=full`',
    '`BOARDS_TELEMETRY_EXCLUDE=name,name`',
    '`BOARDS_TELEMETRY_DEBUG=1`: it prints its reports to standard error, and sends none',
    '`KANBAN_TELEMETRY` work as well',
    'The log is the file `ledger.jsonl` in',
    'Write to privacy&#64;acme.example.',
  ])
    assert.ok(page.includes(part), `${part}\n${page}`)
  assert.doesNotMatch(page, /ACME_DB_TELEMETRY/)
})

test('the page never names a switch that the product ignores', () => {
  const page = wholePageOf(two, {
    consent: { ignore: ['do-not-track', 'exclude-variable'], whileDisabled: 'nothing' },
  })
  assert.doesNotMatch(page, /DO_NOT_TRACK|_EXCLUDE/)
  assert.match(page, /While the telemetry is off, nothing is collected\./)
})

test('levels stand side by side, with how many facts each has and how long they are kept', () => {
  const page = wholePageOf(two, {
    receiver: { ...ACME_DB.receiver, retention: { basic: '2 years', full: '90 days' } },
  })
  assert.ok(page.includes('| `basic` | 1 of 2 | 2 years |\n| `full` | all 2 | 90 days |'), page)
  assert.ok(page.includes('| name | what | why | basic | full | since | example |'))
  assert.ok(page.includes('| `acme.a` | a number (bytes) | Tells it. | yes | yes | 1 | `1` |'))
  assert.ok(page.includes('| `acme.b` | a number | Tells it. | no | yes | 3 | `1` |'))
})

test('the page has the history of the facts by version of the catalog', () => {
  const page = wholePageOf(two)
  assert.match(
    page,
    /## Changes\n\n- Version 3 added `acme\.b`\.\n- Version 1 began with one fact\.\n\nNo longer collected: `acme\.old`\.\n$/,
  )
})

test('a pattern of 700 characters is words, and stands in full behind them', () => {
  const pattern = `(?:${Array.from({ length: 120 }, (_, index) => `word${index}`).join('|')})`
  assert.ok(pattern.length > 700)
  const fact = {
    ...common,
    kind: 'attribute',
    type: 'string',
    pattern,
    maxLength: 80,
    example: 'word7',
  } as const
  const page = pageOf(fact)
  assert.ok(page.includes('| a text of at most 80 characters, in a fixed format |'), page)
  assert.ok(
    page.indexOf(pattern.slice(3, 40)) > page.indexOf('<summary>Exact forms and full lists</summary>'),
  )
  assert.ok(
    pageOf({ ...fact, allowed: 'the name of a release line.' }).includes('| the name of a release line |'),
  )
  assert.throws(() => catalogOf({ ...fact, allowed: 7 } as never), /allowed: is 7; say in words/)
})

test('a list of 200 words is its size and a few of them, and stands in full behind them', () => {
  const values = Array.from({ length: 200 }, (_, index) => `w${index}`)
  const page = pageOf({ ...common, kind: 'attribute', type: 'enum', values, example: 'w3' })
  assert.ok(page.includes('| one of 200 words, such as `w0`, `w1`, `w2` |'))
  assert.ok(page.indexOf('`w199`') > page.indexOf('<summary>Exact forms'))
})

test('everything that a page needs is asked for at once', () => {
  const { neverCollected: _, receiver: __, ...bare } = ACME_DB
  const mistakesOf = (changes: object) => {
    try {
      publishedProduct({ ...bare, catalog: two, ...changes })
      return []
    } catch (error) {
      return (error as { mistakes: { path: string }[] }).mistakes.map(({ path }) => path)
    }
  }
  assert.deepEqual(mistakesOf({}), ['neverCollected', 'receiver'])
  assert.deepEqual(mistakesOf({ neverCollected: ['a\nb'], receiver: { seenby: 'me', origin: ['planet'] } }), [
    'neverCollected[0]',
    'receiver.seenby',
    'receiver.operator',
    'receiver.seenBy',
    'receiver.erasure',
    'receiver.retention',
    'receiver.origin',
  ])
  const complete = { neverCollected: ['a'], receiver: ACME_DB.receiver }
  assert.deepEqual(mistakesOf(complete), [])
  for (const retention of [{ basic: '1 year' }, { basic: '1 year', full: '1 year', more: '1 year' }])
    assert.deepEqual(mistakesOf({ ...complete, receiver: { ...ACME_DB.receiver, retention } }), [
      'receiver.retention',
    ])
})

test('the page says at which times reports are made, and how headers reach a receiver of the operator', () => {
  const random = wholePageOf(acmeCatalog)
  assert.match(random, /\| Then \| once a day, at a time that each installation draws at random \|/)
  assert.match(
    random,
    /`ACME_DB_TELEMETRY_HEADERS` sets headers for that one, such as .+; nobody else gets them, and they are never shown\./,
  )
  const counted = wholePageOf(acmeCatalog, { schedule: { phase: 'start', interval: '12h' } })
  assert.match(counted, /\| Then \| every 12 hours, counted from the first report \|/)
})

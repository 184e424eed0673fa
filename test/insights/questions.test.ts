import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import stringWidth from 'string-width'
import { defineCatalog } from '../../src/catalog/index.ts'
import type { ClickHouseConnection } from '../../src/gateway.ts'
import { createInsights } from '../../src/insights.ts'
import { answerText, sparkline } from '../../src/maintainer/commands/insights-text.ts'
import type { Answer } from '../../src/maintainer/insights/answer.ts'
import { isInRange, newestFirst } from '../../src/maintainer/insights/arguments.ts'
import { ask } from '../../src/maintainer/insights/ask.ts'
import { type Cell, withoutSmallGroups } from '../../src/maintainer/insights/cells.ts'
import { conditionText, readCondition } from '../../src/maintainer/insights/conditions.ts'
import { storeError } from '../../src/maintainer/insights/errors.ts'
import { answerCsv, QUESTIONS } from '../../src/maintainer/insights/index.ts'
import { estimated } from '../../src/maintainer/insights/randomized.ts'

const group = (a: string, n: number, part = 'value'): Cell => ({ part, a, b: '', n })

test('versions come newest first, and other texts last', () => {
  const versions = ['2.10.0', 'nightly', '2.9.1', '', '2.10.0-rc.1', 'v3.0.0', '2.9', '10.0']
  assert.deepEqual(versions.toSorted(newestFirst), [
    '10.0',
    'v3.0.0',
    '2.10.0',
    '2.10.0-rc.1',
    '2.9.1',
    '2.9',
    '',
    'nightly',
  ])
})

test('a text that is not a version is in no range; a pre-release is in the range that its numbers are in', () => {
  const found = ['2.4.0', 'v2.5', '3.0.0-rc.1', 'nightly', '', '99999999999999999999.0.0'].filter((version) =>
    isInRange(version, '>=2.4'),
  )
  assert.deepEqual(found, ['2.4.0', 'v2.5', '3.0.0-rc.1'])
})

test('a condition is read as it is written, and refused with the ways to write it', () => {
  for (const [text, words] of [
    ['acme.edition=team,enterprise', 'acme.edition is team, enterprise'],
    ['acme.edition!=a=b', 'acme.edition is not a=b'],
    ['acme.users>=8', 'acme.users >= 8'],
    ['acme.edition', 'acme.edition is reported, and not 0'],
    ['!acme.edition', 'acme.edition is not reported, or 0'],
  ] as const) {
    assert.equal(conditionText(readCondition(text)), words)
  }
  for (const text of ['', '=x', '!a=b', 'acme.users>=many', 'a b', 7, undefined])
    assert.throws(() => readCondition(text), { name: 'TypeError' })
})

test('a question that cannot be asked is refused with all mistakes, before anything is connected', async () => {
  const insights = createInsights({ url: 'http://127.0.0.1:1' })
  const wrong = {
    product: '',
    until: '2026-02-30',
    days: 0,
    versions: 'new',
    where: ['=x'],
    level: 'A B',
    leaveOut: ['old'],
    fact: '',
    nonsense: 1,
  }
  await assert.rejects(insights.breakdown(wrong as never), (error: { code: string; message: string }) => {
    assert.equal(error.code, 'ERR_USAGE_CONFIGURATION')
    for (const key of Object.keys(wrong)) assert.match(error.message, new RegExp(`- ${key}: `), key)
    return true
  })
  assert.throws(() => createInsights({ url: 'http://127.0.0.1:1', smallestGroup: 0 }), {
    code: 'ERR_USAGE_CONFIGURATION',
  })
})

test('what can-i-drop does not understand is refused, and is not said to be a store out of reach', async () => {
  const insights = createInsights({ url: 'http://127.0.0.1:1' })
  for (const what of ['=x', 'a b', 'version new', 'acme.edition!=team', 'acme.users>=8', '!acme.storage'])
    await assert.rejects(insights.canIDrop({ product: 'acme-db', what }), (error: Error) => {
      assert.match(error.message, /- what: is .+; use /, what)
      return true
    })
})

test('with the catalog a misspelt fact or value is refused, and is not said to be used by nobody', async () => {
  const about = { level: 'basic', since: 1, why: 'Shows who uses it.' } as const
  const catalog = defineCatalog({
    version: 1,
    prefix: 'acme',
    levels: ['basic'],
    facts: {
      'acme.storage': {
        kind: 'attribute',
        type: 'enum',
        values: ['heap', 'memory'],
        example: 'heap',
        ...about,
      },
      'acme.users': { kind: 'gauge', unit: '{user}', example: 1, ...about },
    },
  })
  const insights = createInsights({ url: 'http://127.0.0.1:1', catalog })
  const product = 'acme-db'
  for (const [asked, message] of [
    [
      insights.canIDrop({ product, what: 'acme.storag=memory' }),
      /- what: is 'acme\.storag', which the catalog/,
    ],
    [
      insights.canIDrop({ product, what: 'acme.storage=memmory' }),
      /- what: has 'memmory'.+; use heap, memory/,
    ],
    [
      insights.active({ product, where: ['acme.users=8'] }),
      /- where: is about 'acme\.users'.+acme\.users>=8/,
    ],
    [insights.breakdown({ product, fact: 'acme.users' }), /- fact: .+ of the kind gauge; use .+ attribute/],
    [insights.canIDrop({ product, what: 'acme.storage=memory' }), /cannot be reached/],
  ] as const)
    await assert.rejects(asked, { message })
})

test('a store that is too slow is not said to be out of reach', () => {
  const error = storeError(new Error('Timeout error.'), 'http://127.0.0.1:1', 'refused') as Error
  assert.match(error.message, /^The store at http:\/\/127\.0\.0\.1:1 did not answer in time\. See that /)
})

test('a group under the smallest one is not shown, and its size does not follow from the others', () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat({ max: 40 }), { minLength: 1, maxLength: 6 }),
      fc.integer({ min: 2, max: 20 }),
      (sizes, k) => {
        const all = sizes.reduce((sum, size) => sum + size, 0)
        const cells = [...sizes.map((size, index) => group(String(index), size)), group('', all, 'all')]
        const shown = withoutSmallGroups(cells, k)
        for (const { n } of shown.of('value')) assert.ok(n === 0 || n >= k)
        const small = sizes.filter((size) => size > 0 && size < k)
        assert.ok(shown.isRounded)
        if (small.length !== 1) return
        // All that a reader knows: each shown number is that or up to k - 1 more.
        const rest = (shown.get('all') ?? 0) - shown.of('value').reduce((sum, { n }) => sum + n, 0)
        const others = shown.of('value').filter(({ n }) => n > 0).length
        const [low, high] = [Math.max(1, rest - others * (k - 1)), Math.min(k - 1, rest + k - 1)]
        assert.ok(low < high || k === 2, `${sizes} with ${k}: ${low} to ${high}`)
      },
    ),
  )
})

test('two numbers that differ by a small group do not show that, whatever filter or period is between them', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 2, max: 20 }).chain((k) => fc.tuple(fc.constant(k), fc.nat({ max: k - 1 }))),
      fc.nat({ max: 200 }),
      ([k, few], n) => {
        const [more, less] = [n + few, n].map(
          (n) => withoutSmallGroups([group('', n, 'all')], k).get('all') ?? 0,
        )
        // Two multiples of k, also where `few` is k or more.
        assert.ok([0, k].includes((more as number) - (less as number)))
      },
    ),
  )
  assert.deepEqual([withoutSmallGroups([group('', 13, 'all')], 1).get('all')], [13])
})

test('a fact that few installations ever used is not named as unused', () => {
  const cells = [
    { part: 'last', a: 'acme.labels.customer', b: '2026-01-02', n: 1 },
    { part: 'last', a: 'acme.old', b: '2026-01-02', n: 9 },
    { part: 'last', a: 'acme.old', b: '2026-01-03', n: 2 },
    { part: 'users', a: 'acme.edition', b: '2026-02-01', n: 7 },
  ]
  const asking = { values: {}, k: 5 } as never
  const rows = QUESTIONS.unused.rows(
    withoutSmallGroups(QUESTIONS.unused.derive?.(cells, asking) ?? [], 5),
    asking,
  )
  assert.deepEqual(rows, [
    { fact: 'acme.old', lastDay: '2026-01-02', installations: 0 },
    { fact: 'acme.edition', lastDay: '2026-02-01', installations: 5 },
  ])
})

test('a quantile is not the number of a single installation', () => {
  const numbers = [...Array(40).keys()].map((index) => ({
    part: 'number',
    a: `${1_001 + index}`,
    b: '{}',
    n: 1,
  }))
  const quantiles = (k: number) =>
    (QUESTIONS.distribution.derive?.(numbers, { k } as never) ?? [])
      .filter(({ part }) => part === 'quantile')
      .map(({ b, n }) => [b, n])
  assert.deepEqual(quantiles(5), [
    ['25 %', 1000],
    ['median', 1000],
    ['75 %', 1000],
  ])
  assert.deepEqual(quantiles(1)[0], ['10 %', 1004])
})

test('the interval of an effect on a fact with dimensions is not narrower than that of their sum', () => {
  // Of 100 days half have 1 in both dimensions and half have 3: the sum is 2 or 6, so 4 with a deviation of 2.
  const of = (part: string, b: string, n: number) => ({ part, a: 'after', b, n })
  const series = ['find', 'insert'].flatMap((b) => [of('total', b, 200), of('squares', b, 500)])
  const cells = [of('days', '', 100), of('users', '', 50), of('reporting', '', 100), ...series]
  const { derive, measures, rows } = QUESTIONS.effect
  const asking = { k: 1 } as never
  const upgraded = group('', 50, 'upgraded')
  const [, after] = rows(
    withoutSmallGroups(derive?.([upgraded, ...cells], asking) ?? [], 1, measures),
    asking,
  )
  const { reporting, total, perDay, low, high } = after ?? {}
  const error = (1.96 * 2) / Math.sqrt(100)
  assert.deepEqual({ reporting, total, perDay }, { reporting: 100, total: 400, perDay: 4 })
  assert.deepEqual([low?.toFixed(6), high?.toFixed(6)], [(4 - error).toFixed(6), (4 + error).toFixed(6)])
})

test('the effect of a release on a fact that few of the upgraded installations used has no sum and no mean', () => {
  const cells = [
    group('', 60, 'upgraded'),
    ...['before', 'after'].flatMap((when) => [
      group(when, 600, 'days'),
      group(when, 5_000, 'total'),
      group(when, 50_000, 'squares'),
      group(when, 600, 'reporting'),
      group(when, when === 'after' ? 1 : 60, 'users'),
    ]),
  ]
  const { derive, measures, rows } = QUESTIONS.effect
  const asking = { k: 5 } as never
  const shown = rows(withoutSmallGroups(derive?.(cells, asking) ?? [], 5, measures), asking)
  assert.deepEqual(
    shown.map(({ installations, total, perDay, low }) => ({ installations, total, perDay, low })),
    [
      { installations: 60, total: 5_000, perDay: 8.3, low: 8 },
      { installations: 60, total: null, perDay: null, low: null },
    ],
  )
})

test('a measure of a small group is not shown, and others are then known to two digits', () => {
  const cells = [
    group('a', 3, 'users'),
    group('a', 700, 'total'),
    group('b', 9, 'users'),
    group('b', 98_765, 'total'),
  ]
  const shown = withoutSmallGroups(cells, 5, { total: 'users' })
  assert.equal(shown.get('total', 'a'), undefined)
  assert.equal(shown.get('total', 'b'), 99_000)
})

test('the numbers of a randomized fact are estimates without bias', () => {
  const epsilon = Math.log(3)
  const catalog = defineCatalog({
    version: 1,
    prefix: 'acme',
    levels: ['basic'],
    facts: {
      'acme.tls': {
        kind: 'attribute',
        type: 'boolean',
        level: 'basic',
        since: 1,
        why: 'Shows who uses it.',
        example: true,
        randomize: { epsilon },
      },
    },
  })
  // Of 800 true and 200 false, three of four say what is true.
  const { cells, notes } = estimated([group('true', 650), group('false', 350)], ['acme.tls'], catalog)
  assert.deepEqual(
    cells.map(({ a, n }) => [a, n]),
    [
      ['true', 800],
      ['false', 200],
    ],
  )
  assert.match(notes[0] ?? '', /95 % interval of at most ± 62 /)
})

test('no text from outside becomes a part of a query: whatever texts are asked with, the queries are the same', async () => {
  /** Asks every question with these texts, and returns its queries. A store that is asked for values returns the text. */
  const queriesOf = async (text: string) => {
    const all: string[] = []
    const connection = {
      query: async (sql: string) => {
        all.push(sql)
        if (sql.includes('engine_full')) return [{ engine: 'MergeTree' }]
        return sql.startsWith('SELECT Value AS value') ? [{ value: text }] : []
      },
      command: async () => {},
      close: async () => {},
    } as unknown as ClickHouseConnection
    const settings = { connection, database: text, smallestGroup: 5 }
    const filters = {
      where: [`a=${text}`, 'b>=3', '!c'],
      versions: '>=2',
      level: 'full',
      leaveOut: ['young', 'ci', 'containers'],
    }
    for (const [name, question] of Object.entries(QUESTIONS)) {
      const given = Object.fromEntries(
        Object.keys(question.arguments).map((key) => [
          key,
          { range: '>=1', what: `a=${text}`, fact: text, by: text }[key],
        ]),
      )
      await ask(
        name,
        question as never,
        { product: text, ...given, ...(question.counts !== 'none' && filters) },
        settings,
      )
    }
    return all
  }
  const expected = await queriesOf('x')
  assert.ok(expected.length > 3 * Object.keys(QUESTIONS).length)
  await fc.assert(
    fc.asyncProperty(fc.string({ minLength: 1, maxLength: 60, unit: 'binary' }), async (text) => {
      assert.deepEqual(await queriesOf(text), expected)
    }),
    { numRuns: 20, examples: [["'); DROP TABLE points; --"], ['{product:String}'], ['\\']] },
  )
})

test('a spreadsheet takes no value for a formula, and reads commas and quotes as they are', () => {
  const rows = [
    { value: '=HYPERLINK("x")', n: 5 },
    { value: 'a,"b"', n: null },
  ]
  assert.equal(
    answerCsv({ rows } as unknown as Answer, { value: 'text', n: 'count' }),
    'value,n\r\n"\'=HYPERLINK(""x"")",5\r\n"a,""b""",\r\n',
  )
})

test('a spreadsheet finds no formula behind a semicolon, a tab or a line break, and none in wide letters', () => {
  for (const [value, cell] of [
    ['x;=1+1', "x;'=1+1"],
    ['x\t@SUM(1)', "x\t'@SUM(1)"],
    ['x\n-1', '"x\n\'-1"'],
    ['＝1+1', "'＝1+1"],
    ['\u001b]0;x\u0007\u009b31m', '?]0;x??31m'],
    ['2.0.0-rc+build', '2.0.0-rc+build'],
  ])
    assert.equal(
      answerCsv({ rows: [{ value }] } as unknown as Answer, { value: 'text' }),
      `value\r\n${cell}\r\n`,
    )
})

test('wide characters, emoji and combining marks in the values of facts shift no column of an answer', () => {
  const values = ['中文版', 'édition', 'e\u0301dition', '🚀 rocket', '한국어', 'plain', '中'.repeat(40)]
  const text = answerText(
    {
      ...{
        question: 'breakdown',
        product: 'acme',
        arguments: {},
        installations: 35,
        filters: [],
        leftOut: [],
      },
      ...{ smallestGroup: 5, withheldGroups: 0, isRounded: false, facts: [], notes: [] },
      period: { from: '2026-11-01', until: '2026-11-30', days: 30 },
      source: { table: 'acme', since: '2026-01-01', asOf: null },
      rows: values.map((value) => ({ value, installations: 5 })),
    },
    { value: 'text', installations: 'count' },
  )
  const lines = text.split('\n').filter((line) => line.endsWith('  5') || line.endsWith(' 5'))
  assert.equal(lines.length, values.length)
  assert.deepEqual(new Set(lines.map((line) => stringWidth(line))).size, 1, lines.join('\n'))
  assert.match(text, /^中{29}…/m)
})

test('a sparkline goes from nothing to the most, with a gap where a number is not known', () => {
  assert.equal(sparkline([0, 4, null, 8]), '▁▅ █')
  assert.equal(sparkline([0, 0]), '▁▁')
})

/** The definition file of a community report. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { firstDefinition, readDefinition } from '../../src/maintainer/community/index.ts'
import { catalog } from './sample.ts'

const read = (text: string) =>
  readDefinition(text, {
    file: 'usage-report.yaml',
    async loadCatalog(path) {
      if (path === 'catalog.json') return catalog
      throw new TypeError(`'${path}' does not exist`)
    },
  })

const mistakesOf = async (text: string): Promise<string[]> =>
  read(text).then(
    () => [],
    (error) => {
      assert.equal(error.name, 'UsageConfigurationError')
      assert.match(error.message, /^The definition of the community report in 'usage-report\.yaml' has /)
      return error.mistakes.map(
        ({ path, message }: { path: string; message: string }) => `${path}: ${message}`,
      )
    },
  )

const GOOD = `
title: How Acme DB is used
products:
  - name: acme-db
    title: Acme DB
    catalog: catalog.json
  - name: acme-cache
questions:
  - ask: versions
    title: Which versions are in use?
    decision: Which are supported.
  - ask: supported
    range: 2.4
    title: Is 2.4 in use?
    decision: Whether it goes.
    product: acme-cache
    days: 7
    leaveOut: [young, ci]
  - ask: supported
    range: 2.4
    title: And a month ago?
    decision: Whether it goes.
    product: acme-cache
  - ask: breakdown
    fact: acme.edition
    where: [acme.users>=8]
    title: Which editions?
    decision: Where work goes.
    link: https://acme.example/issues/1
    id: editions
`

test('a definition is read with its defaults, as YAML and as JSON, and each question has a name for its files', async () => {
  const definition = await read(GOOD)
  assert.equal(definition.smallestGroup, 20)
  assert.deepEqual(
    definition.questions.map(({ id, ask, product, options }) => [id, ask, product.name, options]),
    [
      ['acme-db-versions', 'versions', 'acme-db', {}],
      [
        'acme-cache-supported-2-4',
        'supported',
        'acme-cache',
        { range: '2.4', days: 7, leaveOut: ['young', 'ci'] },
      ],
      ['acme-cache-supported-2-4-2', 'supported', 'acme-cache', { range: '2.4' }],
      ['editions', 'breakdown', 'acme-db', { fact: 'acme.edition', where: ['acme.users>=8'] }],
    ],
  )
  const { parse } = await import('yaml')
  assert.deepEqual(await read(JSON.stringify(parse(GOOD), undefined, 2)), definition)
})

test('the first definition can be published as it is, whatever the title', async () => {
  for (const title of ['Acme Db', 'A "quoted": #title', '- x', '{']) {
    const { title: read_, products, questions } = await read(firstDefinition('acme-db', title))
    assert.equal(read_, `How ${title} is used`)
    assert.deepEqual(
      products.map(({ name, title }) => [name, title]),
      [['acme-db', title]],
    )
    assert.deepEqual(
      questions.map(({ ask }) => ask),
      ['active', 'adoption', 'versions', 'countries'],
    )
  }
})

test('all mistakes of a definition are listed, each with its line and column and with what helps', async () => {
  const mistakes = await mistakesOf(`title:
smallestGroup: 4
colour: blue
products:
  - name: Acme DB
    catalog: nowhere.json
  - name: acme-db
    catalog: catalog.json
  - name: acme-db
questions:
  - ask: versoins
    title: x
    decision: y
  - ask: breakdown
    product: acme-db
    fact: acme.edtion
    title: x
    decision: y
  - ask: distribution
    product: acme-db
    fact: acme.edition
    title: x
    days: many
    where: [acme.editon=team]
    link: javascript:alert(1)
  - ask: supported
    product: other
    title: |
      two
      lines
    decision: y
    fact: acme.users
    id: data
  - 7
`)
  const expected = [
    /^line 1, column 7, title: is missing; use a text of one line/,
    /^line 2, column 16, smallestGroup: is 4; use a whole number from 5 to 1000, or leave it out for 20/,
    /^line 3, column 9, colour: is unknown; the names here are title, about, link,/,
    /^line 5, column 11, products\[0\]\.name: is 'Acme DB'; use the name of the product in its reports, such as acme-db/,
    /^line 6, column 14, products\[0\]\.catalog: cannot be used: 'nowhere\.json' does not exist/,
    /^line 9, column 11, products\[2\]\.name: is 'acme-db' for the second time/,
    /^line 11, column 10, questions\[0\]\.ask: is 'versoins'; use active, growth, versions/,
    /^line 16, column 11, questions\[1\]\.fact: is 'acme\.edtion', which the catalog does not have; use acme\.edition, acme\.labels/,
    /^line 19, column 5, questions\[2\]\.decision: is missing; say which decision the answer serves/,
    /^line 21, column 11, questions\[2\]\.fact: is 'acme\.edition', a fact of the kind attribute; use one of the kind gauge/,
    /^line 23, column 11, questions\[2\]\.days: is 'many'; use a whole number from 1 to 400/,
    /^line 24, column 12, questions\[2\]\.where: is 'acme\.editon', which the catalog does not have; use /,
    /^line 25, column 11, questions\[2\]\.link: is 'javascript:alert\(1\)'; use an address that begins with https:/,
    /^line 27, column 14, questions\[3\]\.product: is 'other'; use Acme DB, acme-db, acme-db/,
    /^line 28, column 12, questions\[3\]\.title: is '/,
    /^line 32, column 11, questions\[3\]\.fact: is unknown; the names here are ask, product/,
    /^line 33, column 9, questions\[3\]\.id: is 'data'; use lower-case words/,
    /^line 26, column 5, questions\[3\]\.range: is missing\. Versions that are supported/,
    /^line 34, column 5, questions\[4\]: is 7; write ask, title and decision/,
  ]
  for (const each of expected)
    assert.ok(
      mistakes.some((mistake) => each.test(mistake)),
      `${each} in\n${mistakes.join('\n')}`,
    )
  assert.equal(mistakes.length, expected.length, mistakes.join('\n'))
})

test('what is not YAML, not a mapping, or too much of one is refused with its place', async () => {
  assert.match((await mistakesOf('a: [1\nb: }'))[0] ?? '', /^line 2, column \d+: .+; correct the YAML there$/)
  assert.match(
    (await mistakesOf('title: x\ntitle: y'))[0] ?? '',
    /^line 2, column 1: Map keys must be unique/,
  )
  for (const text of ['', '7', '[]', 'null', '- x'])
    assert.match((await mistakesOf(text))[0] ?? '', /; write title, products and questions/)
  const bomb = Array.from(
    { length: 12 },
    (_, index) => `a${index}: &a${index} [${index === 0 ? 'x' : `*a${index - 1}, `.repeat(9)}]`,
  )
  assert.match((await mistakesOf(bomb.join('\n')))[0] ?? '', /alias/)
})

test('a definition of any form is read or refused, and nothing else', async () => {
  const word = fc.constantFrom(
    'title',
    'products',
    'questions',
    'ask',
    'name',
    'versions',
    'acme-db',
    'fact',
    '__proto__',
    'where',
    'link',
    '\u0000',
  )
  const anything = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      word,
      fc.integer(),
      fc.constant(null),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(word, tie('value'), { maxKeys: 6 }),
    ),
  })).value
  await fc.assert(
    fc.asyncProperty(anything, fc.dictionary(word, anything), async (question, more) => {
      await mistakesOf(
        JSON.stringify({
          title: 'x',
          products: [{ name: 'acme-db', catalog: 'catalog.json' }],
          questions: [question],
          ...more,
        }),
      )
    }),
    { numRuns: 100 },
  )
})

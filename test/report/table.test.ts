import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import stringWidth from 'string-width'
import type { FactPoint } from '../../src/library/facts/index.ts'
import { factsTable } from '../../src/library/report/table.ts'
import { anyCharacter } from '../support/any-character.ts'

const gauge = (name: string, value: number, unit = '1', attributes = {}): FactPoint => {
  return { name, value, unit, kind: 'gauge', attributes }
}

const numbers = (...points: FactPoint[]) => factsTable({ attributes: {}, points }).split('\n')

test('the facts of a report as people read them', () => {
  const table = factsTable({
    attributes: {
      'acme.cluster.nodes': ['9b2f6c1e-0d5a-4b77-8a43-5d2f1c7e9a10', '1c7e9a10-5d2f-4a43-b770-9b2f6c1e0d5a'],
      'acme.db.version': '15.2',
      'acme.edition': 'enterprise',
      'acme.region': null,
      'acme.tls': true,
      'acme.trial': false,
    },
    points: [
      gauge('acme.commands', 3, '{command}', { command: 'find', result: 'ok' }),
      gauge('acme.commands', 12_345, '{command}', { command: 'insert', result: 'error' }),
      gauge('acme.memory', 16 * 1_024 ** 3, 'By'),
      gauge('acme.share', 0.25),
      gauge('process.uptime', 65_536, 's'),
    ],
  })
  assert.equal(
    table,
    [
      'acme.cluster.nodes  9b2f6c1e-0d5a-4b77-8a43-5d2f1c7e9a10, 1c7e9a10-5d2f-4a43-b770-9b2f6c1e0d5a',
      'acme.db.version     15.2',
      'acme.edition        enterprise',
      'acme.region         –',
      'acme.tls            yes',
      'acme.trial          no',
      '',
      'acme.commands         3  command  command=find, result=ok',
      '                 12,345  command  command=insert, result=error',
      'acme.memory          16  GiB',
      'acme.share         0.25',
      'process.uptime  18 h 12  min',
    ].join('\n'),
  )
})

test('a report without facts says so', () => {
  assert.equal(factsTable({ attributes: {}, points: [] }), 'No facts.')
})

test('bytes are written in the unit that leaves a number below 1,024', () => {
  const bytes = (value: number) => numbers(gauge('b', value, 'By'))[0]?.replace(/^b +/, '')
  assert.deepEqual([0, 1, 1_023, 1_024, 1_536, 1_023.99 * 1_024, 12e9, -2_048, 2 ** 90].map(bytes), [
    '0  B',
    '1  B',
    '1,023  B',
    '1  KiB',
    '1.5  KiB',
    '1  MiB',
    '11.2  GiB',
    '-2  KiB',
    '1,073,741,824  EiB',
  ])
})

test('seconds are written in the two largest units', () => {
  const seconds = (value: number) => numbers(gauge('t', value, 's'))[0]?.replace(/^t +/, '')
  assert.deepEqual([0, 0.5, 59.5, 60, 61, 3_599.9, 3_600, 7_260, 86_399, 86_400, 90_000, -90].map(seconds), [
    ...['0  s', '0.5  s', '59.5  s', '1  min', '1 min 1  s', '59 min 59  s', '1  h', '2 h 1  min'],
    ...['23 h 59  min', '1  d', '1 d 1  h', '-1 min 30  s'],
  ])
})

test('a number keeps all of its digits', () => {
  const digits = (value: number) => numbers(gauge('n', value))[0]?.replace(/^n +/, '')
  assert.deepEqual([1_234_567, 0.1, 1 / 3, 1e-7, 1e15, Number.MAX_VALUE].map(digits), [
    '1,234,567',
    '0.1',
    '0.3333333333333333',
    '1e-7',
    '1000000000000000',
    '1.7976931348623157e+308',
  ])
})

test('units are words without braces, and a mere number has none', () => {
  assert.deepEqual(numbers(gauge('a', 1, '{user}'), gauge('b', 2, '{user}/s'), gauge('c', 3, '1')), [
    ...['a  1  user', 'b  2  user/s', 'c  3'],
  ])
})

test('what would move the cursor, turn the text or hide is written out', () => {
  const value = `a\u001b[2Jb\rc\nd\u202ee\u2066f\u200bg\u2028h\u{e0041}i\ud800j`
  assert.equal(
    factsTable({ attributes: { 'acme.owner': value }, points: [] }).replaceAll(/\n +/g, ''),
    String.raw`acme.owner  a\u{1b}[2Jb\u{d}c\u{a}d\u{202e}e\u{2066}f\u{200b}g\u{2028}h\u{e0041}i\u{d800}j`,
  )
})

test('a long value is broken at its spaces, and cut where it does not fit into four lines', () => {
  const list = Array.from({ length: 80 }, (_, index) => `feature${index}`)
  assert.equal(
    factsTable({ attributes: { 'acme.features': list }, points: [] }),
    [
      'acme.features  feature0, feature1, feature2, feature3, feature4, feature5, feature6, feature7,',
      '               feature8, feature9, feature10, feature11, feature12, feature13, feature14,',
      '               feature15, feature16, feature17, feature18, feature19, feature20, feature21,',
      '               feature22, feature23, feature24, feature25, feature26, feature27, feature28, feature…',
    ].join('\n'),
  )
})

test('characters that take two columns keep the columns in line', () => {
  assert.deepEqual(numbers(gauge('a', 1, '{knoten}', { k: 'x' }), gauge('b', 2, '{節点}', { k: 'x' })), [
    ...['a  1  knoten  k=x', 'b  2  節点    k=x'],
  ])
})

test('whatever the facts are, no line is wider than 100 columns and nothing but line feeds controls', () => {
  const text = fc.oneof(
    fc.string({ unit: anyCharacter, maxLength: 200 }),
    fc.string({ unit: 'grapheme', maxLength: 200 }),
    fc.array(fc.integer({ min: 0, max: 0xffff })).map((units) => String.fromCharCode(...units)),
  )
  const anyPoint = fc.record({
    name: text,
    unit: fc.oneof(text, fc.constantFrom('By', 's', '1', '{user}')),
    kind: fc.constantFrom('gauge' as const, 'count' as const),
    value: fc.oneof(fc.double(), fc.integer(), fc.maxSafeInteger()),
    attributes: fc.dictionary(text, text),
  })
  const anyValue = fc.oneof(text, fc.boolean(), fc.constant(null), fc.array(text))
  fc.assert(
    fc.property(fc.dictionary(text, anyValue), fc.array(anyPoint), (attributes, points) => {
      for (const line of factsTable({ attributes, points }).split('\n')) {
        assert.ok(stringWidth(line) <= 100, line)
        assert.doesNotMatch(line, /[\p{Cc}\p{Cs}\u202a-\u202e\u2066-\u2069\u200e\u200f\u2028\u2029]/u)
      }
    }),
  )
})

test('wide characters and combining marks shift no column', () => {
  const values = {
    'acme.zh': '中文版',
    'acme.étage': 'x',
    'acme.e\u0301tage': 'x',
    'acme.ｗｉｄｅ': 'x',
    'acme.🚀': 'x',
  }
  const lines = factsTable({ attributes: values, points: [] }).split('\n')
  const places = lines.map((line) => stringWidth(line.slice(0, line.search(/(?<= ) ?[^ ]*$/))))
  assert.equal(new Set(places).size, 1, lines.join('\n'))
})

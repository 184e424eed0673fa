/** Words and numbers of the operator's page, without a browser. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createFormat } from '../../src/operator/page/format.ts'
import { languageOf, messagesIn } from '../../src/operator/page/messages/messages.ts'
import { rowsOf, titleOf } from '../../src/operator/page/rows.ts'
import { sentencesOf } from '../../src/operator/page/sentence.ts'

const NOW = Date.parse('2026-11-27T12:00:00Z')

test('the page takes the first language that it has, and English where a browser names none that is valid', () => {
  assert.equal(languageOf(['fr-FR', 'de-AT', 'en']), 'de-AT')
  assert.equal(languageOf(['en-US@posix', 'C', '', 'de']), 'de')
  assert.equal(languageOf(['en-US@posix']), 'en')
  assert.equal(languageOf(['constructor', '__proto__']), 'en')
})

test('durations, sizes and days are those of the language', () => {
  const english = createFormat('en-US', () => NOW)
  assert.equal(english.duration(3 * 3_600_000 + 12 * 60_000), '3 hr 12 min')
  assert.equal(english.duration(26 * 3_600_000), '1 day 2 hr')
  assert.equal(english.duration(3_600_000), '1 hr')
  assert.equal(english.duration(20_000), '0 min')
  assert.equal(english.size(709), '709 bytes')
  const german = createFormat('de-AT', () => NOW)
  assert.equal(german.size(1_812), '1,8 kB')
  assert.equal(german.day('2025-11-12T12:00:00Z'), '12. November 2025')
  assert.match(german.moment(NOW - 86_400_000), /^Gestern /)
})

const verdict = {
  state: 'enabled',
  level: 'full',
  source: 'stored-choice',
  because: '…',
  since: '2026-11-12T09:00:00.000Z',
}
const status = {
  ...{ product: { title: 'Acme Boards' }, endpoint: 'https://usage.acme.example/v1/metrics', verdict },
  ...{ delivery: { waiting: 0, failures: 0 }, nextReportAt: '2026-11-27T15:12:00.000Z' },
}
const told = (changes: object, verdictOf: object = {}) => {
  const choices = [
    { at: '2026-11-12T09:00:00.000Z', by: 'alice', state: 'enabled', productVersion: '2', catalogVersion: 1 },
  ]
  const seen = { ...status, ...changes, verdict: { ...verdict, ...verdictOf } } as never
  const format = createFormat('en-US', () => NOW)
  return sentencesOf({ status: seen, choices: choices as never, now: NOW }, messagesIn(format), format)
}

test('the state is a sentence with its reason and what comes next', () => {
  assert.deepEqual(told({}), {
    headline: 'Acme Boards sends usage reports to usage.acme.example.',
    more: ['Because alice chose so on November 12.', 'The next report goes out in 3 hr 12 min.'],
  })
  assert.deepEqual(
    told({ delivery: { waiting: 2, failures: 3 } }).more.at(-1),
    '2 reports wait until the receiver can be reached.',
  )
  assert.deepEqual(told({}, { state: 'disabled', source: 'do-not-track', because: 'DO_NOT_TRACK=1' }).more, [
    'Because DO_NOT_TRACK=1 is set.',
    'The next report is written to the local log only, in 3 hr 12 min.',
  ])
  const undecided = { state: 'undecided', source: 'default' }
  assert.deepEqual(told({}, undecided).more, [
    'Unless somebody decides, the first report goes out in 3 hr 12 min.',
  ])
  assert.deepEqual(told({ nextReportAt: undefined }, undecided).more, [
    'Nothing is sent until somebody decides.',
  ])
  assert.deepEqual(
    told({ nextReportAt: '2026-11-27T11:00:00.000Z' }).more.at(-1),
    'The next report goes out in a moment.',
  )
})

test('the rows of a report are those of the catalog in its order, and what only the report knows', () => {
  const point = { name: 'a.n', unit: '1', kind: 'count' as const, value: 3 }
  const rows = rowsOf(
    {
      attributes: { 'old.fact': 'x' },
      points: [
        { ...point, attributes: { result: 'ok' } },
        { ...point, attributes: {} },
      ],
    },
    [
      { name: 'a.n', kind: 'count', level: 'full', since: 1, why: 'Why.', state: 'reported' },
      { name: 'a.absent', kind: 'gauge', level: 'full', since: 1, why: 'Why.', state: 'reported' },
    ],
  )
  assert.deepEqual(rows, [
    {
      name: 'a.n',
      why: 'Why.',
      level: 'full',
      values: [
        { label: 'ok', value: 3 },
        { label: '', value: 3 },
      ],
    },
    { name: 'old.fact', why: '', values: [{ label: '', value: 'x' }] },
  ])
  assert.equal(titleOf('boards.database.version', 'boards'), 'Database version')
})

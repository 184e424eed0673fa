import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  createStartupWarnings,
  type DisclosureSubject,
  decideConsent,
  disclosureText,
} from '../../src/library/consent/index.ts'
import { silence } from './arbitraries.ts'

/** The notice, where there is one. */
const noticeOf = (...args: Parameters<typeof disclosureText>) =>
  disclosureText(...args) ?? assert.fail('no notice')

const subject = {
  title: 'Acme DB',
  homepage: 'https://acme.example/telemetry',
  receiver: 'usage.acme.example',
  optOut: 'ACME_TELEMETRY_OPTOUT=1',
}

for (const state of ['enabled', 'undecided'] as const) {
  test(`the notice while ${state} names the product, the receiver, the page and what stops it`, () => {
    const text = noticeOf(decideConsent(silence({ default: state })), subject)
    for (const part of ['Acme DB', 'usage.acme.example', 'ACME_TELEMETRY_OPTOUT=1', subject.homepage]) {
      assert.ok(text.includes(part), `${part} is not in: ${text}`)
    }
  })
}

test('the notice while disabled says that nothing is sent, and what decided it', () => {
  const text = noticeOf(decideConsent(silence({ environment: { DO_NOT_TRACK: '1' } })), subject)
  assert.match(text, /^Acme DB sends no usage reports \(DO_NOT_TRACK=1\)/)
  assert.doesNotMatch(text, /usage\.acme\.example/)
})

test('a product without a page has a notice without one', () => {
  const text = noticeOf(decideConsent(silence()), { ...subject, homepage: undefined })
  assert.doesNotMatch(text, /undefined|Read more/)
})

test('words of the notice that every object has are left as they stand', () => {
  const texts = { undecided: '{title} {constructor} {toString} {__proto__} {unknown}' }
  const text = noticeOf(decideConsent(silence()), { ...subject, homepage: undefined }, texts)
  assert.equal(text, 'Acme DB {constructor} {toString} {__proto__} {unknown}')
})

test('each sentence of the notice stands where it applies, in its order', () => {
  const enabled = decideConsent(silence({ default: 'enabled' }))
  const undecided = decideConsent(silence())
  const disabled = decideConsent(silence({ environment: { DO_NOT_TRACK: '1' } }))
  const off = decideConsent(silence({ default: 'disabled' }))
  const texts = {
    ...{ enabled: 'on', undecided: 'soon', disabled: 'off', optIn: 'in: {optIn}' },
    ...{ enabledWithoutLog: 'on, no log', undecidedWithoutLog: 'soon, no log' },
    ...{ disabledWithoutLog: 'off, no log', level: 'level {level} of {levels}', nextReport: 'due {dueAt}' },
    ...{ deleted: 'deleted', newFacts: '{count} new: {newFacts}', coveredFacts: 'covered: {coveredFacts}' },
    ...{ versionCheck: 'versions', versionCheckOff: 'no versions', readMore: 'more: {homepage}' },
  }
  const bare = { title: 'Acme DB', receiver: 'usage.acme.example', optOut: 'ACME_TELEMETRY_OPTOUT=1' }
  const all: DisclosureSubject = {
    ...{ ...bare, homepage: 'page', optIn: 'ACME=on', levels: ['basic', 'full'], legalNote: 'Law.' },
    ...{ newFacts: ['acme.a', 'acme.b'], coveredFacts: ['acme.c', 'acme.d'], dueAt: 'noon' },
    ...{ isDeleted: true, isLogged: false, versionCheck: 'on' },
  }
  for (const [verdict, subject, notice] of [
    [enabled, bare, 'on'],
    [undecided, bare, 'soon'],
    [disabled, bare, 'off'],
    [off, bare, undefined],
    [off, { ...bare, optIn: 'ACME=on' }, 'in: ACME=on'],
    [disabled, { ...bare, optIn: 'ACME=on' }, 'off'],
    [enabled, { ...bare, levels: ['full'], newFacts: [], coveredFacts: [], isDeleted: false }, 'on'],
    [enabled, { ...bare, versionCheck: 'off' }, 'on no versions'],
    [
      enabled,
      all,
      'on, no log level full of basic, full due noon deleted 2 new: acme.a, acme.b covered: acme.c, acme.d ' +
        'versions more: page Law.',
    ],
    [
      undecided,
      { ...all, isLogged: true },
      'soon level full of basic, full due noon deleted 2 new: acme.a, acme.b covered: acme.c, acme.d ' +
        'versions more: page Law.',
    ],
    [undecided, { ...bare, isLogged: false }, 'soon, no log'],
    [disabled, all, 'off, no log due noon deleted versions more: page Law.'],
    [off, { ...all, dueAt: undefined, isDeleted: false }, 'in: ACME=on versions more: page Law.'],
  ] as const)
    assert.equal(disclosureText(verdict, subject, texts), notice)
  const shown = disclosureText(enabled, bare, {
    ...texts,
    enabled: '<{homepage}|{count}|{newFacts}|{levels}>',
  })
  assert.equal(shown, '<{homepage}|0||>', 'a value that the product does not have')
  const empty = { ...bare, homepage: undefined }
  assert.equal(disclosureText(enabled, empty, { ...texts, enabled: '<{homepage}>' }), '<>')
})

test('the lines of a product have one about the telemetry and one about the version; a later notice replaces an earlier one', () => {
  const { sink, set, lines } = createStartupWarnings()
  assert.deepEqual(lines(), [])
  sink.update?.('reports')
  sink.version?.('old')
  sink('a line')
  sink('a line')
  set('disk', 'full')
  assert.deepEqual(lines(), ['reports', 'old', 'a line', 'a line', 'full'])
  sink.update?.('no reports')
  sink.version?.(undefined)
  set('disk', undefined)
  assert.deepEqual(lines(), ['no reports', 'a line', 'a line'])
  sink.update?.(undefined)
  assert.deepEqual(lines(), ['a line', 'a line'])
})

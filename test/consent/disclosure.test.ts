import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decideConsent, disclosureText } from '../../src/library/consent/index.ts'
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

/** Consent that a function gives, such as that of another telemetry in the process. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ConsentInputs, Verdict } from '../../src/library/consent/index.ts'
import { createGivenConsent, decideConsent } from '../../src/library/consent/index.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { silence } from './arbitraries.ts'

const YES = decideConsent(silence({ default: 'enabled' }))

function createGiven(give: () => unknown, environment: ConsentInputs['environment'] = {}) {
  const clock = createFakeClock()
  const consent = createGivenConsent(give as () => Verdict, { inputs: silence({ environment }), clock })
  const heard: string[] = []
  const stop = consent.on('change', (now, before) => heard.push(`${before.state} -> ${now.state}`))
  return { clock, consent, heard, stop }
}

const summary = ({ state, disabledBy, locked, because }: Verdict) => ({ state, disabledBy, locked, because })
const noBecause = (because: string) => ({
  state: 'disabled',
  disabledBy: 'circumstance',
  locked: true,
  because,
})

test('what the function gives holds, and before that nothing is sent and nothing deleted', async () => {
  const { consent } = createGiven(() => YES)
  assert.deepEqual(summary(consent.verdict()), noBecause('consent was not asked for yet'))
  assert.equal(await consent.begin(), YES)
  assert.equal(consent.verdict(), YES)
  assert.equal(consent.reconsider(), undefined)
  assert.deepEqual([consent.unannounced(), await consent.history()], [[], []])
  await assert.rejects(consent.set('disabled', { by: 'alice' }), { code: 'ERR_USAGE_CONSENT_LOCKED' })
})

test('an answer that is not a verdict, and a function that fails, are a no that deletes nothing', async () => {
  const { state, level, because, permitted } = YES
  const odd = [
    ...[undefined, null, true, 'enabled', { ...YES, state: 'yes' }, { state, because, permitted }],
    ...[
      { state, level, permitted },
      { state, level, because },
      { ...YES, permitted: null },
    ],
    { ...YES, permitted: 'all' },
  ]
  for (const answer of odd) {
    const { consent } = createGiven(() => answer)
    assert.deepEqual(summary(await consent.read()), noBecause('the consent function gave no verdict'))
  }
  const { consent } = createGiven(() => Promise.reject(new Error('no idea')))
  assert.deepEqual(summary(await consent.read()), noBecause('the consent function failed: no idea'))
  for (const state of ['enabled', 'disabled', 'undecided'] as const) {
    const answer = { ...YES, state }
    assert.equal(await createGiven(() => answer).consent.read(), answer)
  }
})

test('a function that does not answer within ten seconds has failed', async () => {
  const { clock, consent } = createGiven(() => new Promise(() => {}))
  const read = consent.read()
  await clock.advance(9_999)
  assert.equal(clock.waiting, 1)
  await clock.advance(1)
  assert.match((await read).because, /^the consent function failed: There was no answer within 10000 ms/)
})

test('a no of the environment beats the function, which is not asked, also where it is set later', async () => {
  const asked = () => assert.fail('it was asked')
  const { consent } = createGiven(asked, { DO_NOT_TRACK: '1' })
  assert.equal((await consent.read()).because, 'DO_NOT_TRACK=1')
  let environment: ConsentInputs['environment'] = {}
  const later = createGivenConsent(() => YES, {
    inputs: silence(),
    clock: createFakeClock(),
    readEnvironment: () => environment,
  })
  assert.equal((await later.read()).state, 'enabled')
  environment = { DO_NOT_TRACK: '1' }
  assert.equal((await later.read()).state, 'disabled')
})

test('listeners hear once of another state, level or reason when the verdict is asked for, until they stop listening', async () => {
  let answer: Verdict = YES
  const { consent, heard, stop } = createGiven(() => answer)
  await consent.read()
  assert.deepEqual(heard, [], 'only read')
  await consent.refresh()
  await consent.refresh()
  assert.deepEqual(heard.splice(0), ['disabled -> enabled'])
  for (const change of [{ level: 'basic' }, { because: 'alice' }, { state: 'disabled' }] as const) {
    answer = { ...answer, ...change }
    await consent.refresh()
    assert.equal(heard.splice(0).length, 1, JSON.stringify(change))
  }
  answer = { ...answer, locked: true }
  await consent.refresh()
  stop()
  answer = YES
  await consent.refresh()
  assert.deepEqual(heard, [])
})

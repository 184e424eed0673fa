import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  ConsentDecisionError,
  ConsentLockedError,
  type ConsentSource,
  decideConsent,
  type OverrulingSource,
} from '../../src/library/consent/index.ts'
import { createMemoryStore } from '../../src/state/index.ts'
import { PLACES, silence } from './arbitraries.ts'
import { consentIn } from './running.ts'

/** A choice that is refused, with the error. */
async function refused(choice: Promise<unknown>): Promise<ConsentLockedError> {
  const error = await choice.then(
    () => assert.fail('it was not refused'),
    (reason) => reason,
  )
  assert.ok(error instanceof ConsentLockedError, String(error))
  assert.equal(error.code, 'ERR_USAGE_CONSENT_LOCKED')
  return error
}

/** What unlocks, where nothing can be removed. */
const UNLOCK: Partial<Record<ConsentSource, string>> = {
  'executable-name': 'start it by another name',
  automation: 'start it yourself',
  development: 'start it outside of development',
  'endpoint-variable': 'correct that',
  'headers-variable': 'correct that',
  'exclude-variable': 'correct that',
  'locked-configuration': 'unlock that',
}

for (const place of PLACES.filter(({ locks }) => locks)) {
  test(`${place.label} ('${place.no}'): a yes is refused with the reason; a no is accepted, and holds afterwards`, async () => {
    const store = createMemoryStore()
    const inputs = place.put(silence(), place.no)
    const { state, because } = decideConsent(inputs)
    for (const choice of ['enabled', 'undecided', 'basic']) {
      const error = await refused(consentIn(store, { inputs }).set(choice, { by: 'alice' }))
      assert.equal(error.source, place.source)
      assert.equal(
        error.message,
        `The usage telemetry is ${state} by ${because}, which comes before any choice made here; ${UNLOCK[place.source] ?? 'remove that'} to choose.`,
      )
      assert.equal(because.includes(place.no), place.source !== 'headers-variable', because)
    }
    assert.equal(await store.read('consent.jsonl'), undefined)

    const verdict = await consentIn(store, { inputs }).set('disabled', { by: 'alice' })
    assert.deepEqual([verdict.source, verdict.disabledBy], [place.source, 'person'])
    const afterwards = await consentIn(store).begin()
    assert.deepEqual([afterwards.state, afterwards.source], ['disabled', 'stored-choice'])
    assert.equal((await consentIn(store).set('basic', { by: 'alice' })).state, 'enabled')
  })
}

for (const place of PLACES.filter(({ locks, yes }) => locks && yes)) {
  test(`${place.label} ('${place.yes}'): a no can be chosen against it and holds; it is taken back by a choice only`, async () => {
    const store = createMemoryStore()
    const inputs = place.put(silence(), place.yes)
    assert.equal((await consentIn(store, { inputs }).begin()).locked, false)
    const no = await consentIn(store, { inputs }).set('disabled', { by: 'alice' })
    assert.deepEqual([no.state, no.source, no.locked], ['disabled', 'stored-choice', false])
    const [warning = ''] = no.warnings
    assert.match(
      warning,
      /the choice of alice on .+ disables it: it stays disabled\. Choose again, or remove that\.$/,
    )
    for (const choice of ['undecided', 'enabled']) {
      const { state, source } = await consentIn(store, { inputs }).set(choice, { by: 'alice' })
      assert.deepEqual([state, source], ['enabled', place.source])
    }
  })

  test(`${place.label} ('${place.yes}'): where the product lets it overrule a stored no, a no is refused, because storing it would have no effect`, async () => {
    const store = createMemoryStore()
    await consentIn(store).set('disabled', { by: 'alice' })
    const overruleStoredNo = [place.source as OverrulingSource]
    const inputs = { ...place.put(silence(), place.yes), overruleStoredNo }
    const verdict = await consentIn(store, { inputs }).begin()
    assert.deepEqual([verdict.state, verdict.source, verdict.locked], ['enabled', place.source, true])
    assert.match(verdict.warnings[0] ?? '', /^the choice of alice on .+ it stays enabled\./)
    const error = await refused(consentIn(store, { inputs }).set('disabled', { by: 'alice' }))
    assert.match(error.message, /is enabled by .+; (remove|unlock) that to choose\.$/)
    assert.equal((await consentIn(store, { inputs }).set('basic', { by: 'alice' })).state, 'enabled')

    const others = { ...inputs, overruleStoredNo: OVERRULING.filter((source) => source !== place.source) }
    await consentIn(store).set('disabled', { by: 'alice' })
    assert.equal((await consentIn(store, { inputs: others }).begin()).source, 'stored-choice')
  })
}

const OVERRULING = ['variable', 'flag', 'locked-configuration'] as const

test('where a flag overrules a stored no, it overrules no other', () => {
  const inputs = { flag: 'on', overruleStoredNo: ['flag'] } as const
  for (const place of PLACES.filter(({ locks, source }) => locks && source !== 'flag'))
    assert.equal(decideConsent(place.put(silence(inputs), place.no)).state, 'disabled', place.label)
})

for (const place of PLACES.filter(({ locks }) => !locks)) {
  test(`${place.label}: an administrator can choose otherwise`, async () => {
    for (const said of [place.no, place.yes]) {
      for (const [choice, state] of [
        ['enabled', 'enabled'],
        ['basic', 'enabled'],
        ['disabled', 'disabled'],
      ] as const) {
        const consent = consentIn(createMemoryStore(), { inputs: place.put(silence(), said) })
        const verdict = await consent.set(choice, { by: 'alice' })
        assert.deepEqual([verdict.state, verdict.source], [state, 'stored-choice'])
      }
    }
  })
}

test('a choice against a flag of undecided is not refused as locked', async () => {
  const consent = consentIn(createMemoryStore(), { inputs: { flag: 'undecided' } })
  assert.equal((await consent.set('disabled', { by: 'alice' })).source, 'stored-choice')
})

test("the words 'on' and 'off' of every switch are choices, and stored as what they mean", async () => {
  const store = createMemoryStore()
  const consent = consentIn(store)
  for (const [word, state] of [
    ['on', 'enabled'],
    ['off', 'disabled'],
  ] as const) {
    const verdict = await consent.set(word, { by: 'alice' })
    assert.deepEqual([verdict.state, verdict.source], [state, 'stored-choice'])
    assert.equal((await consent.history()).at(-1)?.state, state)
    assert.equal((await consent.set(word, { by: 'alice', expected: word })).state, state)
  }
})

test('an invalid choice, and one without a person, are refused and not stored', async () => {
  const store = createMemoryStore()
  const consent = consentIn(store)
  for (const choice of ['', 'On', 'Enabled', ' enabled', 'yes', 'rhubarb', undefined, null, true, {}, []]) {
    await assert.rejects(consent.set(choice as string, { by: 'alice' }), (error) => {
      assert.ok(error instanceof ConsentDecisionError)
      assert.equal(error.code, 'ERR_USAGE_CONSENT_DECISION')
      assert.match(
        error.message,
        /use one of 'enabled', 'on', 'disabled', 'off', 'undecided', 'basic', 'some', 'full'\.$/,
      )
      return true
    })
  }
  for (const chooser of [
    {},
    { by: '' },
    { by: ' \n' },
    { by: 'a'.repeat(129) },
    { by: 7 },
    undefined,
    null,
  ]) {
    await assert.rejects(consent.set('enabled', chooser as { by: string }), (error) => {
      assert.ok(error instanceof ConsentDecisionError, String(error))
      assert.match(error.message, /does not say who decides; pass { by } with 1 to 128 characters\.$/)
      return true
    })
  }
  assert.equal(await store.read('consent.jsonl'), undefined)
})

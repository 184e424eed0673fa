import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  ConsentDecisionError,
  ConsentLockedError,
  type ConsentSource,
  decideConsent,
} from '../../src/consent/index.ts'
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
  assert.equal(error.code, 'ERR_CONSENT_LOCKED')
  return error
}

/** What unlocks, where nothing can be removed. */
const UNLOCK: Partial<Record<ConsentSource, string>> = {
  'executable-name': 'start it by another name',
  automation: 'start it yourself',
  'endpoint-variable': 'correct that',
  'exclude-variable': 'correct that',
  'locked-configuration': 'unlock that',
}

for (const place of PLACES.filter(({ locks }) => locks)) {
  for (const said of [place.no, ...(place.yes ? [place.yes] : [])]) {
    test(`${place.label} ('${said}'): nobody can choose otherwise, and is told what stands in the way`, async () => {
      const store = createMemoryStore()
      const inputs = place.put(silence(), said)
      const { state, because } = decideConsent(inputs)
      for (const choice of ['enabled', 'disabled', 'undecided', 'basic']) {
        const error = await refused(consentIn(store, { inputs }).set(choice, { by: 'alice' }))
        assert.equal(error.source, place.source)
        assert.equal(
          error.message,
          `The usage telemetry is ${state} by ${because}, which comes before any choice made here; ${UNLOCK[place.source] ?? 'remove that'} to choose.`,
        )
        assert.ok(because.includes(said), because)
      }
      assert.equal(await store.read('consent.jsonl'), undefined)

      const { state: chosen } = await consentIn(store).set('basic', { by: 'alice' })
      assert.equal(chosen, 'enabled')
    })
  }
}

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

test('a choice against a flag of undecided is no choice against a lock', async () => {
  const consent = consentIn(createMemoryStore(), { inputs: { flag: 'undecided' } })
  assert.equal((await consent.set('disabled', { by: 'alice' })).source, 'stored-choice')
})

test('a choice that is none, and one that nobody makes, is refused and not stored', async () => {
  const store = createMemoryStore()
  const consent = consentIn(store)
  for (const choice of ['', 'on', 'Enabled', ' enabled', 'off', 'rhubarb', undefined, null, true, {}, []]) {
    await assert.rejects(consent.set(choice as string, { by: 'alice' }), (error) => {
      assert.ok(error instanceof ConsentDecisionError)
      assert.equal(error.code, 'ERR_CONSENT_DECISION')
      assert.match(error.message, /use one of 'enabled', 'disabled', 'undecided', 'basic', 'some', 'full'\.$/)
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

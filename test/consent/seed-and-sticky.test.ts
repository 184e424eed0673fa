import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMemoryStore } from '../../src/state/index.ts'
import { PLACES, silence } from './arbitraries.ts'
import { consentIn } from './running.ts'

const DNT = { environment: { DO_NOT_TRACK: '1' } }

test('the seed holds from the first start on; a later seed changes nothing, nor does its absence', async () => {
  for (const [first, state, level] of [
    ['on', 'enabled', 'full'],
    ['basic', 'enabled', 'basic'],
    ['off', 'disabled', 'off'],
  ] as const) {
    const store = createMemoryStore()
    for (const seed of [first, 'off', 'on', 'rhubarb', undefined]) {
      const verdict = await consentIn(store, { inputs: { seed } }).begin()
      assert.deepEqual(
        [verdict.state, verdict.level, verdict.source, verdict.warnings],
        [state, level, 'seed', []],
      )
      assert.equal(verdict.locked, false)
    }
    const history = await consentIn(store).history()
    assert.deepEqual(
      history.map(({ by, seed }) => ({ by, seed })),
      [{ by: 'seed', seed: true }],
    )
  }
})

test('a seed says nothing about facts that a later version adds', async () => {
  const store = createMemoryStore()
  await consentIn(store, { inputs: { seed: 'on' }, catalogVersion: 2 }).begin()
  const verdict = await consentIn(store, { inputs: { seed: 'on' }, catalogVersion: 5 }).begin()
  assert.equal(verdict.permitted.catalogVersion, 2)
})

test('a stored choice beats the seed, also one that was made before there was a seed', async () => {
  const store = createMemoryStore()
  await consentIn(store, { inputs: { seed: 'on' } }).begin()
  await consentIn(store).set('disabled', { by: 'alice' })
  assert.equal((await consentIn(store, { inputs: { seed: 'on' } }).begin()).source, 'stored-choice')

  const before = createMemoryStore()
  await consentIn(before).set('disabled', { by: 'alice' })
  const verdict = await consentIn(before, { inputs: { seed: 'on' } }).begin()
  assert.deepEqual([verdict.state, verdict.source], ['disabled', 'stored-choice'])
  assert.equal((await consentIn(before).history()).length, 1)
})

test('a seed that is written late, behind a choice or another seed, changes neither', async () => {
  const by = { at: '2026-01-01T00:00:00.000Z', productVersion: '2.4.0', catalogVersion: 2 }
  const line = (choice: object) => `${JSON.stringify({ format: 1, ...by, ...choice })}\n`
  const seed = (state: string) => line({ state, by: 'seed', seed: true })
  for (const [lines, state, source] of [
    [line({ state: 'disabled', by: 'alice' }) + seed('enabled'), 'disabled', 'stored-choice'],
    [seed('disabled') + seed('enabled'), 'disabled', 'seed'],
    [
      seed('enabled') + line({ state: 'disabled', by: 'alice' }) + seed('enabled'),
      'disabled',
      'stored-choice',
    ],
  ] as const) {
    const store = createMemoryStore()
    await store.write('consent.jsonl', lines)
    const verdict = await consentIn(store, { inputs: { seed: 'on' } }).begin()
    assert.deepEqual([verdict.state, verdict.source], [state, source])
  }
})

test('two processes that start for the first time at once have one seed: the one that was written first', async () => {
  const store = createMemoryStore()
  const first = consentIn(store, { inputs: { seed: 'off' } })
  const second = consentIn(store, { inputs: { seed: 'on' } })
  await Promise.all([first.begin(), second.begin()])
  const verdicts = await Promise.all([first.refresh(), second.refresh()])
  assert.equal(verdicts[0].state, verdicts[1].state)
})

test('a seed that is undecided or cannot be read is not remembered, so that it can be corrected', async () => {
  const store = createMemoryStore()
  assert.equal((await consentIn(store, { inputs: { seed: 'undecided' } }).begin()).source, 'default')
  const unreadable = await consentIn(store, { inputs: { seed: 'rhubarb' } }).begin()
  assert.deepEqual([unreadable.state, unreadable.source, unreadable.warnings.length], ['disabled', 'seed', 1])
  assert.equal(await store.read('consent.jsonl'), undefined)
  assert.equal((await consentIn(store, { inputs: { seed: 'on' } }).begin()).state, 'enabled')
})

test('a product that does not ask the seed does not remember it either', async () => {
  const store = createMemoryStore()
  const verdict = await consentIn(store, { inputs: { seed: 'on', ignore: ['seed'] } }).begin()
  assert.equal(verdict.source, 'default')
  assert.equal(await store.read('consent.jsonl'), undefined)
})

test('not sticky: without the variable, what was stored before it holds again', async () => {
  for (const [stored, state] of [
    ['enabled', 'enabled'],
    ['disabled', 'disabled'],
    [undefined, 'undecided'],
  ] as const) {
    const store = createMemoryStore()
    if (stored) await consentIn(store).set(stored, { by: 'alice' })
    assert.equal((await consentIn(store, { inputs: DNT }).begin()).state, 'disabled')
    assert.equal((await consentIn(store).begin()).state, state)
  }
})

test('sticky: what the environment decided holds when it is gone, and the history names the variable', async () => {
  const store = createMemoryStore()
  await consentIn(store).set('enabled', { by: 'alice' })
  for (let start = 0; start < 3; start++)
    assert.equal((await consentIn(store, { sticky: true, inputs: DNT }).begin()).source, 'do-not-track')
  const verdict = await consentIn(store, { sticky: true }).begin()
  assert.deepEqual([verdict.state, verdict.source], ['disabled', 'stored-choice'])
  const history = await consentIn(store).history()
  assert.deepEqual(
    history.map(({ by, state }) => [by, state]),
    [
      ['alice', 'enabled'],
      ['DO_NOT_TRACK=1', 'disabled'],
    ],
  )
})

test('sticky: a level of the environment is kept, and changes are; what the product itself says is not', async () => {
  const store = createMemoryStore()
  for (const flag of ['basic', 'basic', 'full', 'off', 'undecided', undefined])
    await consentIn(store, { sticky: true, inputs: { flag, configured: 'some' } }).begin()
  const history = await consentIn(store).history()
  assert.deepEqual(
    history.map(({ state, level }) => level ?? state),
    ['basic', 'full', 'disabled'],
  )
})

test('sticky: an unreadable value, a run in passing and the words of the product are not kept', async () => {
  for (const inputs of [
    { flag: 'rhubarb' },
    { environment: { ACME_TELEMETRY_DEBUG: '1' } },
    { configured: 'on' },
    { default: 'enabled' },
  ] as const) {
    const store = createMemoryStore()
    await consentIn(store, { sticky: true, inputs }).begin()
    assert.deepEqual(await consentIn(store).history(), [], JSON.stringify(inputs))
  }
})

test('sticky: of the sources outside of the product, those that a person has set are kept, and no others', async () => {
  const kept = ['do-not-track', 'opt-out-variable', 'otel-sdk-disabled', 'executable-name']
  const sources = [...kept, 'variable', 'flag', 'locked-configuration'] as const
  for (const place of PLACES.filter(({ locks }) => locks)) {
    const store = createMemoryStore()
    const inputs = place.put(silence(), place.no)
    const { because } = await consentIn(store, { sticky: true, inputs }).begin()
    assert.deepEqual(
      (await consentIn(store).history()).map(({ by, state }) => [by, state]),
      sources.includes(place.source) ? [[because, 'disabled']] : [],
      place.label,
    )
  }
})

test('sticky: a decision that cannot be stored holds as long as the environment says so, and the warning says that', async () => {
  const store = { ...createMemoryStore(), append: () => Promise.reject(new Error('ENOSPC')) }
  const warnings: string[] = []
  const warn = (text: string) => void warnings.push(text)
  for (const options of [{ warn }, {}])
    assert.equal(
      (await consentIn(store, { sticky: true, inputs: DNT, ...options }).begin()).state,
      'disabled',
    )
  assert.deepEqual(warnings, [
    "The choice 'disabled' about the usage telemetry was not stored in memory/consent.jsonl (ENOSPC). " +
      'It applies only while DO_NOT_TRACK=1 does. Set ACME_TELEMETRY_OPTOUT=1, or make that file writable and choose again.',
  ])
})

test('not sticky: a product with a seed keeps no decision of the environment', async () => {
  const store = createMemoryStore()
  await consentIn(store, { inputs: { ...DNT, seed: 'undecided' } }).begin()
  assert.deepEqual(await consentIn(store).history(), [])
})

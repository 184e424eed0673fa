/** The verdict of a running product: which of its parts are asked when, and who hears of a change. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMemoryStore, type StateStore } from '../../src/state/index.ts'
import { consentIn, EARLY, LATE, type RunningOptions } from './running.ts'

const ALICE = { by: 'alice' }

/** A consent, with the states and sources that its listeners hear of. */
function heardBy(store: StateStore, options: RunningOptions = {}) {
  const consent = consentIn(store, options)
  const heard: string[] = []
  consent.on('change', ({ state, source }) => heard.push(`${state} ${source}`))
  return { consent, heard }
}

test('listeners hear nothing of the first reading if it changes nothing', async () => {
  for (const [options, state] of [
    [{ inputs: { configured: () => 'on' } }, 'enabled'],
    [{ inputs: { default: 'enabled', development: () => true } }, 'disabled'],
    [{ inputs: { default: 'enabled' }, stateProblem: () => 'it is in memory' }, 'disabled'],
  ] as ReadonlyArray<[RunningOptions, string]>) {
    const { consent, heard } = heardBy(createMemoryStore(), options)
    assert.equal((await consent.begin()).state, state)
    assert.deepEqual(heard, [])
  }
})

test('before the first reading the verdict follows the configuration; after it, as of the last reading, of which listeners hear', async () => {
  let configured = 'on'
  const { consent, heard } = heardBy(createMemoryStore(), { inputs: { configured: () => configured } })
  assert.deepEqual([consent.reconsider(), consent.unannounced()], [undefined, []])
  configured = 'off'
  assert.equal(consent.verdict().state, 'disabled')
  await consent.read()
  configured = 'on'
  assert.equal(consent.verdict().state, 'disabled')
  assert.deepEqual(heard, [])
  assert.equal(consent.reconsider()?.state, 'enabled')
  configured = 'off'
  await consent.refresh()
  configured = 'on'
  await consent.begin()
  assert.deepEqual(heard, ['disabled configuration', 'enabled configuration'])
})

test('a start reads the store once, and again only after it has stored a choice', async () => {
  const [planted, sticky] = [{ inputs: { seed: 'off' } }, { inputs: { flag: 'off' }, sticky: true }]
  const full: StateStore = { ...createMemoryStore(), append: () => Promise.reject(new Error('ENOSPC')) }
  const [first, second] = [createMemoryStore(), createMemoryStore()]
  for (const [store, options, count, isReadBefore] of [
    [first, {}, 1],
    [first, {}, 1, true],
    [first, { inputs: { seed: 'undecided' } }, 1],
    [full, planted, 1],
    [full, sticky, 1],
    [first, planted, 2],
    [first, planted, 1],
    [second, sticky, 2],
    [second, sticky, 1],
  ] as ReadonlyArray<[StateStore, RunningOptions, number, isReadBefore?: boolean]>) {
    let reads = 0
    const read: StateStore['read'] = (name) => {
      reads++
      return store.read(name)
    }
    const consent = consentIn({ ...store, read }, options)
    if (isReadBefore) await consent.read()
    await consent.begin()
    assert.equal(reads, count, JSON.stringify([options, isReadBefore]))
  }
})

test('listeners hear of a no that deletes, and of a source that decides, also where the state stays', async () => {
  const torn = createMemoryStore()
  await torn.write('consent.jsonl', 'torn')
  const unreadable = heardBy(torn)
  await unreadable.consent.begin()
  unreadable.heard.length = 0
  await unreadable.consent.set('disabled', ALICE)
  assert.deepEqual(unreadable.heard, ['disabled stored-choice'])

  const enabled = heardBy(createMemoryStore(), { inputs: { default: 'enabled' } })
  await enabled.consent.begin()
  await enabled.consent.set('enabled', ALICE)
  assert.deepEqual(enabled.heard, ['enabled stored-choice'])
})

test('listeners hear when a stored seed, which covers the facts of its start, is gone', async () => {
  const store = createMemoryStore()
  const { consent, heard } = heardBy(store, { inputs: { seed: 'on' } })
  await consent.begin()
  heard.length = 0
  await store.remove('consent.jsonl')
  await consent.refresh()
  assert.deepEqual(heard, ['enabled seed'])
})

test('a no that could not be stored holds while the store is away, and after it', async () => {
  const inner = createMemoryStore()
  await consentIn(inner).set('enabled', ALICE)
  let isAway = true
  const fail = () => Promise.reject(new Error('EIO'))
  const consent = consentIn({
    ...inner,
    read: (name) => (isAway ? fail() : inner.read(name)),
    append: fail,
  })
  await assert.rejects(consent.set('disabled', { by: 'bob' }), { code: 'ERR_USAGE_NOT_STORED' })
  await consent.refresh()
  isAway = false
  for (let again = 0; again < 2; again++) {
    const { state, unstored, because } = await consent.refresh()
    assert.deepEqual([state, unstored], ['disabled', true])
    assert.match(because, /^the choice of bob on .*, which is not stored yet$/)
  }
})

test('a no can be made before the first reading, with the facts of a catalog', async () => {
  const store = createMemoryStore()
  assert.equal(
    (await consentIn(store, { definitions: () => EARLY }).set('disabled', ALICE)).state,
    'disabled',
  )
  const { permitted } = await consentIn(store, { definitions: () => LATE }).set('enabled', ALICE)
  assert.deepEqual(permitted.newer, [])
})

test('a no that is added to the environment later is found among other variables, and explains no verdict that was a no before', async () => {
  let now: Record<string, string> = { PATH: '/bin' }
  const options = { inputs: { environment: now }, readEnvironment: () => now }
  const consent = consentIn(createMemoryStore(), options)
  await consent.begin()
  now = { PATH: '/bin', DO_NOT_TRACK: '1' }
  assert.equal((await consent.refresh()).because, 'DO_NOT_TRACK=1')
  now = { PATH: '/bin' }
  await consent.set('disabled', ALICE)
  now = { PATH: '/bin', DO_NOT_TRACK: '1' }
  assert.equal((await consent.refresh()).source, 'stored-choice')
})

test('a choice that could not be stored holds until another process has stored one', async () => {
  const inner = createMemoryStore()
  const consent = consentIn({ ...inner, append: () => Promise.reject(new Error('ENOSPC')) })
  await assert.rejects(consent.set('disabled', ALICE), { code: 'ERR_USAGE_NOT_STORED' })
  assert.equal((await consent.refresh()).unstored, true)
  await consentIn(inner).set('enabled', { by: 'bob' })
  const { state, unstored } = await consent.refresh()
  assert.deepEqual([state, unstored], ['enabled', undefined])
})

test('a choice that was stored without its facts covers those of the last notice, also where a process only reads', async () => {
  const store = createMemoryStore()
  await consentIn(store).set('enabled', ALICE)
  await consentIn(store, { definitions: () => EARLY }).begin()
  const { permitted } = await consentIn(store, { definitions: () => LATE }).refresh()
  assert.deepEqual(permitted.newer, ['acme.nodes'])
})

test('what runs the process is detected only where the product asks for that', async () => {
  for (const [automation, environment, said, sources] of [
    ['disabled', { CI: '1' }, undefined, ['automation', 'default']],
    ['disabled', {}, undefined, ['default']],
    ['ignore', { CI: '1' }, undefined, ['default']],
    [undefined, { CI: '1' }, undefined, ['default']],
    [undefined, {}, 'a test', ['automation', 'default']],
  ] as const) {
    const inputs = { default: 'enabled', environment, automation: said } as const
    const { opinions } = await consentIn(createMemoryStore(), { automation, inputs }).begin()
    assert.deepEqual(
      opinions.map(({ source }) => source),
      sources,
    )
  }
})

test('the facts of a notice are those of no choice but one that was stored without its facts', async () => {
  let definitions = EARLY
  const options = { inputs: { default: 'enabled' }, definitions: () => definitions } as const
  const consent = consentIn(createMemoryStore(), options)
  await consent.begin()
  assert.equal((await consent.refresh()).source, 'default')
  definitions = LATE
  assert.deepEqual((await consent.set('enabled', ALICE)).permitted.newer, [])
})

/** The facts that the notice at a start names as new, and those that a choice covers which was stored without its facts. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Facts, scopesOf } from '../../src/catalog/index.ts'
import { readAnnounced } from '../../src/library/consent/announced.ts'
import { createMemoryStore, type StateStore } from '../../src/state/index.ts'
import { consentIn, EARLY, fact, LATE, type RunningOptions } from './running.ts'

/** Starts a product with these facts. Returns what its notice names as new, what is remembered, and how often that was written. */
async function start(store: StateStore, facts: Facts, { inputs, ...more }: RunningOptions = {}) {
  let writes = 0
  const write: StateStore['write'] = (name, data) => {
    writes++
    return store.write(name, data)
  }
  const consent = consentIn(
    { ...store, write },
    {
      ...more,
      definitions: () => facts,
      inputs: { default: 'enabled', ...inputs },
    },
  )
  const { permitted, state } = await consent.begin()
  const remembered = await readAnnounced(store)
  return {
    ...{ state, writes, named: consent.unannounced(), newer: permitted.newer },
    remembered: remembered && Object.keys(remembered),
  }
}
const [USERS, BOTH] = [Object.keys(scopesOf(EARLY)), Object.keys(scopesOf(LATE))]
const ALICE = { by: 'alice' }

test('while a policy covers every version, the notice names each new fact once', async () => {
  for (const state of ['enabled', 'undecided'] as const) {
    const store = createMemoryStore()
    const inputs = { default: state }
    const rest = { state, newer: undefined }
    assert.deepEqual(await start(store, EARLY, { inputs }), {
      ...rest,
      ...{ named: [], remembered: USERS, writes: 1 },
    })
    assert.deepEqual(await start(store, LATE, { inputs }), {
      ...rest,
      ...{ named: ['acme.nodes'], remembered: BOTH, writes: 1 },
    })
    assert.deepEqual(await start(store, LATE, { inputs }), {
      ...rest,
      ...{ named: [], remembered: BOTH, writes: 0 },
    })
  }
})

test('while nothing is sent no fact is named, and none is remembered', async () => {
  const store = createMemoryStore()
  const off = { inputs: { default: 'disabled' } } as const
  assert.deepEqual((await start(store, EARLY, off)).remembered, undefined)
  await start(store, EARLY)
  assert.deepEqual(await start(store, LATE, off), {
    ...{ state: 'disabled', newer: undefined, named: [], remembered: USERS, writes: 0 },
  })
})

test('a choice and a seed that were stored with their facts are compared with those, and nothing else is remembered', async () => {
  const chosen = createMemoryStore()
  await consentIn(chosen, { definitions: () => EARLY }).set('enabled', ALICE)
  const seeded = createMemoryStore()
  await start(seeded, EARLY, { inputs: { seed: 'on' } })
  for (const store of [chosen, seeded]) {
    const { named, newer, remembered, writes } = await start(store, LATE)
    assert.deepEqual([named, newer, remembered, writes], [[], ['acme.nodes'], undefined, 0])
  }
})

test('a choice that was stored without its facts covers those of the first start after it, and no later ones', async () => {
  const store = createMemoryStore()
  await consentIn(store).set('enabled', ALICE)
  const parts = async (facts: Facts) => {
    const { named, newer, remembered, writes } = await start(store, facts)
    return [named, newer, remembered, writes]
  }
  assert.deepEqual(await parts(EARLY), [[], [], USERS, 1])
  for (let again = 0; again < 2; again++) assert.deepEqual(await parts(LATE), [[], ['acme.nodes'], USERS, 0])
})

test('a seed or a choice that could not be stored covers the facts of now, and the notice names the new ones', async () => {
  const store = createMemoryStore()
  const full = { ...store, append: () => Promise.reject(new Error('ENOSPC')) }
  const inputs = { seed: 'on' }
  await start(full, EARLY, { inputs })
  assert.deepEqual((await start(full, LATE, { inputs })).named, ['acme.nodes'])

  await consentIn(store, { definitions: () => EARLY }).set('enabled', ALICE)
  const consent = consentIn(full, { definitions: () => ({ ...LATE, 'acme.disks': fact }) as Facts })
  await assert.rejects(consent.set('enabled', { by: 'bob' }), { code: 'ERR_USAGE_NOT_STORED' })
  await consent.begin()
  assert.deepEqual(consent.unannounced(), ['acme.disks'])
})

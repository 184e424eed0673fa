/** The way of a choice into the store: what is said where it could not be stored, and who hears of it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Facts } from '../../src/catalog/index.ts'
import { createMemoryStore, type StateStore } from '../../src/state/index.ts'
import { consentIn, EARLY, LATE, type RunningOptions } from './running.ts'

const ALICE = { by: 'alice' }
const full = (store: StateStore = createMemoryStore()): StateStore => ({
  ...store,
  append: () => Promise.reject(Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' })),
})

test('a choice that was not stored says what holds instead, and which variable says the same', async () => {
  const IN_PROCESS = 'It applies in this process until the process ends; other processes do not know of it.'
  const refused = createMemoryStore()
  await consentIn(refused).set('disabled', ALICE)
  const basic: RunningOptions = { inputs: { environment: { ACME_TELEMETRY: 'basic' } } }
  for (const [choice, store, options, holds, variable] of [
    ['enabled', full(), {}, IN_PROCESS, 'ACME_TELEMETRY=on'],
    ['basic', full(), {}, IN_PROCESS, 'ACME_TELEMETRY=basic'],
    ['disabled', full(), {}, IN_PROCESS, 'ACME_TELEMETRY_OPTOUT=1'],
    ['full', full(), basic, 'It does not apply: ACME_TELEMETRY=basic says enabled.', 'ACME_TELEMETRY=full'],
    ...([
      [
        'enabled',
        full(refused),
        {},
        'It does not apply: the choice of alice on 2026-01-01T00:00:00.000Z says disabled.',
        'ACME_TELEMETRY=on',
      ],
    ] as const),
  ] as const) {
    await assert.rejects(consentIn(store, options).set(choice, ALICE), {
      code: 'ERR_USAGE_NOT_STORED',
      message:
        `The choice '${choice}' about the usage telemetry was not stored in memory/consent.jsonl (ENOSPC). ${holds} ` +
        `Set ${variable}, or make that file writable and choose again.`,
    })
  }
})

test('a yes that cannot be read once it is stored is refused; a no holds either way', async () => {
  const inner = createMemoryStore()
  const consent = consentIn({ ...inner, append: (name) => inner.append(name, 'torn') })
  await assert.rejects(consent.set('enabled', ALICE), {
    code: 'ERR_USAGE_NOT_STORED',
    message: /\. A choice that cannot be read counts as a no\. Set ACME_TELEMETRY=on, /,
  })
  assert.equal((await consent.set('disabled', ALICE)).state, 'disabled')
})

test('a no that comes too late, because the product is locked to a yes before its turn, is not held after the lock', async () => {
  let configured: unknown
  const consent = consentIn(createMemoryStore(), {
    inputs: {
      ...{ default: 'enabled', configured: () => configured },
      overruleStoredNo: ['locked-configuration'],
    },
  })
  await consent.begin()
  const no = consent.set('disabled', ALICE)
  configured = { value: 'on', locked: true }
  await assert.rejects(no, { code: 'ERR_USAGE_CONSENT_LOCKED' })
  assert.deepEqual(
    consent.verdict().opinions.map(({ source }) => source),
    ['locked-configuration', 'default'],
  )
  configured = undefined
  assert.equal((await consent.refresh()).state, 'enabled')
  assert.deepEqual(await consent.history(), [])
})

test('a yes that lifts the no which its person has seen is refused if another no is made during its turn', async () => {
  const store = createMemoryStore()
  await consentIn(store).set('disabled', { by: 'bob' })
  let no: Promise<unknown> | undefined
  const consent = consentIn({
    ...store,
    async read(name) {
      no ??= consent.set('disabled', { by: 'carol' })
      return store.read(name)
    },
  })
  await assert.rejects(consent.set('enabled', { ...ALICE, expected: 'disabled' }), {
    code: 'ERR_USAGE_CONSENT_CHANGED',
  })
  await no
  assert.deepEqual(
    (await consent.history()).map(({ by }) => by),
    ['bob', 'carol'],
  )
})

test('a no that is refused at once, because the product is locked to a yes, takes the turn of no other choice', async () => {
  const store = createMemoryStore()
  let configured: unknown
  let no: Promise<unknown> | undefined
  const read: StateStore['read'] = async (name) => {
    configured = { value: 'on', locked: true }
    no ??= assert.rejects(consent.set('disabled', { by: 'bob' }), { code: 'ERR_USAGE_CONSENT_LOCKED' })
    return store.read(name)
  }
  const consent = consentIn(
    { ...store, read },
    {
      inputs: {
        ...{ default: 'enabled', configured: () => configured },
        overruleStoredNo: ['locked-configuration'],
      },
    },
  )
  assert.equal((await consent.set('basic', { ...ALICE, expected: 'enabled' })).level, 'basic')
  await no
})

test('a choice that expects the verdict as it is, but would have no effect, is refused as locked and not stored', async () => {
  const consent = consentIn(createMemoryStore(), { inputs: { environment: { DO_NOT_TRACK: '1' } } })
  await assert.rejects(consent.set('enabled', { ...ALICE, expected: 'disabled' }), {
    code: 'ERR_USAGE_CONSENT_LOCKED',
  })
  assert.deepEqual(await consent.history(), [])
})

test('a yes that cannot be stored does not lift a no that is made meanwhile', async () => {
  let no: Promise<unknown> | undefined
  const consent = consentIn({
    ...full(),
    append(name, line) {
      no ??= assert.rejects(consent.set('disabled', { by: 'bob' }), /It applies in this process/)
      return full().append(name, line)
    },
  })
  const heard: string[] = []
  consent.on('change', ({ state }) => heard.push(state))
  await assert.rejects(
    consent.set('enabled', ALICE),
    /It does not apply: the choice of bob .* says disabled\./,
  )
  await no
  assert.deepEqual(heard, ['disabled'])
})

test('a no is not said to be unstored once it is stored, also after a history that could not be read', async () => {
  const inner = createMemoryStore()
  let isAway = true
  const { state, unstored, because } = await consentIn({
    ...inner,
    read: (name) => (isAway ? Promise.reject(new Error('EIO')) : inner.read(name)),
    append(name, line) {
      isAway = false
      return inner.append(name, line)
    },
  }).set('disabled', ALICE)
  assert.deepEqual([state, unstored], ['disabled', undefined])
  assert.equal(because, 'the choice of alice on 2026-01-01T00:00:00.000Z')
})

test('a choice that could not be stored covers the facts of its moment, and none that are added later', async () => {
  let definitions = EARLY
  const consent = consentIn(full(), { definitions: () => definitions })
  await assert.rejects(consent.set('enabled', ALICE), { code: 'ERR_USAGE_NOT_STORED' })
  assert.deepEqual(consent.verdict().permitted.newer, [])
  definitions = LATE
  assert.deepEqual((await consent.refresh()).permitted.newer, ['acme.nodes'])
})

test('a choice that others confirm again and again has twenty turns, and changes nothing after them', async () => {
  for (const [others, isStored] of [
    [19, true],
    [20, false],
  ] as const) {
    const store = createMemoryStore()
    const there = consentIn(store)
    await there.set('enabled', { by: 'bob' })
    let left = others
    const here = consentIn({
      ...store,
      async append(name, line) {
        if (left-- > 0) await there.set('enabled', { by: `carol, ${left} left` })
        return store.append(name, line)
      },
    })
    const choice = here.set('disabled', { ...ALICE, expected: 'enabled' })
    if (isStored) await choice
    else await assert.rejects(choice, { code: 'ERR_USAGE_CONSENT_CHANGED' })
    assert.equal((await consentIn(store).begin()).state, isStored ? 'disabled' : 'enabled')
  }
})

test('a yes lifts a no under another name also where the clock was set back since', async () => {
  const [store, other] = [createMemoryStore(), createMemoryStore()]
  const no = { at: '2026-06-01T00:00:00.000Z', state: 'disabled', by: 'bob', productVersion: '1.0.0' }
  await other.append('consent.jsonl', JSON.stringify({ format: 1, ...no, catalogVersion: 1 }))
  const consent = consentIn(store, { otherHistories: [{ store: other, entry: 'consent.jsonl' }] })
  assert.equal((await consent.begin()).state, 'disabled')
  assert.equal((await consent.set('enabled', ALICE)).state, 'enabled')
  assert.equal((await consent.history())[0]?.at, '2026-06-01T00:00:00.001Z')
})

test('listeners hear of a yes to more facts, and not of one to fewer', async () => {
  type Options = RunningOptions
  const only = (definitions: Facts): Options => ({ definitions: () => definitions })
  const contributing = (versions: Record<string, number>): Options => ({ contributions: () => versions })
  for (const [before, after, isHeard] of [
    [{ catalogVersion: 1 }, { catalogVersion: 2 }, true],
    [{ catalogVersion: 2 }, { catalogVersion: 2 }, false],
    [{ catalogVersion: 2 }, { catalogVersion: 1 }, false],
    [contributing({}), contributing({ acme: 1 }), true],
    [contributing({ acme: 1 }), contributing({ acme: 2 }), true],
    [contributing({ acme: 2 }), contributing({ acme: 2 }), false],
    [contributing({ acme: 2 }), contributing({ acme: 1 }), false],
    [contributing({ acme: 2 }), contributing({}), false],
    [only(EARLY), only(LATE), true],
    [only(LATE), only(EARLY), false],
    [only(EARLY), {}, true],
    [only(LATE), only(LATE), false],
  ] as ReadonlyArray<[Options, Options, boolean]>) {
    const store = createMemoryStore()
    await consentIn(store, before).set('enabled', ALICE)
    const consent = consentIn(store, 'definitions' in before ? only(LATE) : {})
    await consent.begin()
    let calls = 0
    consent.on('change', () => calls++)
    await consentIn(store, after).set('enabled', { by: 'alice' })
    await consent.refresh()
    assert.equal(calls > 0, isHeard, JSON.stringify([before, after]))
  }
})

test('a no that is added to the environment later holds; a yes that is added there, and an environment that cannot be read, do not', async () => {
  let now: () => Record<string, string> = () => ({})
  const consent = consentIn(createMemoryStore(), {
    inputs: { default: 'enabled', environment: { ACME_TELEMETRY: 'basic' } },
    readEnvironment: () => now(),
  })
  await consent.begin()
  for (const [environment, state, level] of [
    [() => ({ DO_NOT_TRACK: '1' }), 'disabled', 'off'],
    [() => ({ ACME_TELEMETRY: 'full' }), 'enabled', 'basic'],
    [() => ({ ACME_TELEMETRY: 'basic', PATH: '/bin' }), 'enabled', 'basic'],
    [() => ({ ACME_TELEMETRY: 'off' }), 'disabled', 'off'],
    [() => assert.fail('no environment'), 'enabled', 'basic'],
  ] as const) {
    now = environment
    const verdict = await consent.refresh()
    assert.deepEqual([verdict.state, verdict.level], [state, level])
  }
})

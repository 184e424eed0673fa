/** A choice that expects another verdict than the present one is refused, and changes nothing. */
import assert from 'node:assert/strict'
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Verdict } from '../../src/index.ts'
import { ConsentChangedError, ConsentDecisionError } from '../../src/index.ts'
import { createMemoryStore, type StateStore } from '../../src/state/index.ts'
import { createAcme } from '../support/acme.ts'
import { createScratch } from '../support/scratch.ts'
import { consentIn } from './running.ts'

const alice = { by: 'alice' }
const bob = { by: 'bob' }

async function changed(choice: Promise<Verdict>): Promise<Verdict> {
  const error = await choice.then(
    () => assert.fail('it was stored'),
    (thrown) => thrown,
  )
  assert.ok(error instanceof ConsentChangedError, String(error))
  assert.equal(error.code, 'ERR_USAGE_CONSENT_CHANGED')
  return error.verdict
}

test('a choice on a page that somebody else has overtaken is refused with what holds now', async () => {
  const store = createMemoryStore()
  const [here, there] = [consentIn(store), consentIn(store)]
  const seen = await here.begin()
  await there.set('enabled', bob)

  const present = await changed(here.set('disabled', { ...alice, expected: seen }))
  assert.equal(present.state, 'enabled')
  assert.match(present.because, /bob/)
  assert.deepEqual(
    (await here.history()).map(({ by }) => by),
    ['bob'],
  )
  assert.deepEqual(here.verdict(), present)
  assert.equal((await here.set('disabled', { ...alice, expected: present })).state, 'disabled')
})

test('what was seen is a verdict, one that has passed through JSON, a state or a level', async () => {
  const clock = { now: 1_750_000_000_000 }
  const store = createMemoryStore()
  const consent = consentIn(store, {
    clock: { now: () => clock.now, monotonic: () => 0, after: () => ({ cancel() {} }) },
  })
  const undecided = await consent.begin()
  const basic = await consent.set('basic', { ...alice, expected: JSON.parse(JSON.stringify(undecided)) })
  assert.equal(basic.level, 'basic')
  await changed(consent.set('disabled', { ...alice, expected: 'undecided' }))
  await changed(consent.set('disabled', { ...alice, expected: 'full' }))
  await changed(consent.set('disabled', { ...alice, expected: { state: 'enabled', source: 'default' } }))
  clock.now += 1_000
  await consent.set('basic', { ...bob, expected: 'basic' })
  // The same words, but another person's choice.
  await changed(consent.set('disabled', { ...alice, expected: basic }))
  assert.equal((await consent.set('disabled', { ...alice, expected: 'enabled' })).state, 'disabled')
})

test('a verdict that another node shows counts on this one: the start of a process is not the time of a choice', async () => {
  const store = createMemoryStore()
  const seen = await consentIn(store, { inputs: { startedAt: '2026-01-01T00:00:00.000Z' } }).begin()
  const here = consentIn(store, { inputs: { startedAt: '2026-02-02T00:00:00.000Z' } })
  assert.equal((await here.set('enabled', { ...alice, expected: seen })).state, 'enabled')
})

test('an invalid expectation is refused, and nothing is stored', async () => {
  const consent = consentIn(createMemoryStore())
  for (const expected of ['sure', '', null, 7, {}, { state: 'sure' }, []])
    await assert.rejects(
      consent.set('enabled', { ...alice, expected: expected as never }),
      ConsentDecisionError,
    )
  assert.deepEqual(await consent.history(), [])
})

/** Runs an action between the reading of the history and the next line. */
function between(store: StateStore, action: () => Promise<unknown>): StateStore {
  let waits = true
  async function intervene() {
    if (waits) {
      waits = false
      await action()
    }
  }
  return {
    ...store,
    append: async (name, line) => intervene().then(() => store.append(name, line)),
    create: async (name, data) => intervene().then(() => store.create(name, data)),
  }
}

test('a choice that another process stores while a conditional one is stored wins, and the conditional one has no effect, not even as a no', async () => {
  for (const [first, second, isFirstLine] of [
    ['enabled', 'disabled', true],
    ['disabled', 'enabled', true],
    ['enabled', 'disabled', false],
    ['disabled', 'enabled', false],
  ] as const) {
    const store = createMemoryStore()
    const there = consentIn(store)
    if (!isFirstLine) await there.set('undecided', { by: 'first' })
    const before = isFirstLine ? [] : ['first']
    const here = consentIn(between(store, () => there.set(first, bob)))
    const states: string[] = []
    here.on('change', ({ state }) => states.push(state))
    assert.equal((await changed(here.set(second, { ...alice, expected: 'undecided' }))).state, first)
    // Not even in passing: a no deletes.
    assert.deepEqual(states, [first])
    assert.equal((await consentIn(store).begin()).state, first)
    assert.deepEqual(
      (await there.history()).map(({ by }) => by),
      [...before, 'bob'],
    )
    // The next one builds on the line that counts.
    assert.equal((await there.set(second, { ...alice, expected: first })).state, second)
  }
})

test('a choice that is confirmed by another person meanwhile still is what was expected', async () => {
  const store = createMemoryStore()
  const there = consentIn(store)
  await there.set('enabled', bob)
  const here = consentIn(between(store, () => there.set('enabled', { by: 'carol' })))
  assert.equal((await here.set('disabled', { ...alice, expected: 'enabled' })).state, 'disabled')
  assert.deepEqual(
    (await here.history()).map(({ by }) => by),
    ['bob', 'carol', 'alice'],
  )
})

test('a no that was stored on a condition holds after somebody has shortened the file by hand', async () => {
  using scratch = createScratch()
  const file = path.join(scratch.directory, 'consent.jsonl')
  const consent = consentIn(scratch.directory)
  await consent.set('enabled', alice)
  await consent.set('disabled', { ...bob, expected: 'enabled' })
  const lines = readFileSync(file, 'utf8').split('\n')
  writeFileSync(file, lines.slice(1).join('\n'))
  assert.equal((await consentIn(scratch.directory).begin()).state, 'disabled')
})

test('a torn line is a no, and a choice that has seen it is added behind it', async () => {
  using scratch = createScratch()
  const file = path.join(scratch.directory, 'consent.jsonl')
  const consent = consentIn(scratch.directory)
  const seen = await consent.set('enabled', alice)
  appendFileSync(file, '{"format":1,"at":"2026')
  assert.equal((await changed(consent.set('basic', { ...bob, expected: seen }))).state, 'disabled')
  assert.equal((await consent.set('basic', { ...bob, expected: 'disabled' })).level, 'basic')
  assert.equal((await consentIn(scratch.directory).begin()).level, 'basic')
})

test('a no holds from the moment it is made, also while an earlier yes is still being stored, and a yes that expected another verdict is refused', async () => {
  for (const expected of [undefined, 'undecided']) {
    const consent = consentIn(createMemoryStore())
    await consent.begin()
    const states: string[] = []
    consent.on('change', ({ state }) => states.push(state))
    const yes = consent.set('enabled', { ...alice, ...(expected && { expected }) })
    const no = consent.set('disabled', bob)
    if (expected) assert.equal((await changed(yes)).state, 'disabled')
    else await yes
    assert.equal((await no).state, 'disabled')
    assert.deepEqual(states, ['disabled'])
  }
})

test('when several processes choose in any order, each conditional choice that holds follows the choice that it expected', async () => {
  const step = fc.record({
    node: fc.nat(2),
    decision: fc.constantFrom('enabled', 'disabled', 'undecided', 'basic'),
    expected: fc.option(fc.constantFrom('enabled', 'disabled', 'undecided', 'basic'), { nil: undefined }),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(step, { maxLength: 4 }), { maxLength: 5 }), async (rounds) => {
      const store = createMemoryStore()
      const nodes = [consentIn(store), consentIn(store), consentIn(store)]
      let number = 0
      for (const round of rounds) {
        const before = (await nodes[0]?.history())?.length ?? 0
        const outcomes = await Promise.all(
          round.map(({ node, decision, expected }) =>
            nodes[node]?.set(decision, { by: `${++number}`, ...(expected && { expected }) }).then(
              () => true,
              (error) => {
                assert.ok(error instanceof ConsentChangedError)
                return false
              },
            ),
          ),
        )
        const history = (await nodes[0]?.history()) ?? []
        assert.equal(history.length - before, outcomes.filter(Boolean).length)
        for (const [index, { by }] of history.slice(before).entries()) {
          const { expected } = round[Number(by) - (number - round.length) - 1] ?? assert.fail()
          if (!expected) continue
          const { state = 'undecided', level = 'full' } = history[before + index - 1] ?? {}
          assert.ok([state, ...(state === 'enabled' ? [level] : [])].includes(expected), expected)
        }
      }
    }),
    { numRuns: 50 },
  )
})

test('a telemetry takes the expectation: nothing is deleted by a no that came too late', async () => {
  const store = createMemoryStore()
  await using here = await running(store)
  await using there = await running(store)
  await there.usage.consent.set('basic', bob)
  await there.usage.report()
  const id = await store.read('installation.json')
  assert.ok(id)
  await changed(here.usage.consent.set('disabled', { ...alice, expected: 'undecided' }))
  assert.deepEqual(await store.read('installation.json'), id)
  await here.usage.consent.set('disabled', { ...alice, expected: 'enabled' })
  assert.equal(await store.read('installation.json'), undefined)
})

async function running(state: StateStore) {
  const usage = createAcme({ state, consent: {} })
  await usage.start()
  return { usage, [Symbol.asyncDispose]: () => usage.shutdown() }
}

/** What a no deletes: all, where a person has opted out; nothing, where it only passes. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ConsentPolicy, createMemoryStore, type StateStore } from '../../src/index.ts'
import { createAcme } from '../support/acme.ts'
import { attributesOf, numbersOf, startReceiver } from '../support/receiver.ts'
import { until } from '../support/until.ts'

type Environment = Record<string, string>

const COUNT = 'acme.commands{command=find,result=ok}'
const FIND = { command: 'find', result: 'ok' } as const
const ALICE = { by: 'alice' }
const enabled = (more: ConsentPolicy = {}) => ({ default: 'enabled', ...more }) as const

/** One run of a tool: it counts, and reports where it is asked to. */
async function run(options: Parameters<typeof createAcme>[0], counted: number, reports = false) {
  const usage = createAcme({ debugOutput: () => {}, ...options })
  const verdict = await usage.start()
  usage.counter('acme.commands').add(counted, FIND)
  const result = reports ? await usage.report() : undefined
  await usage.shutdown()
  return { verdict, result }
}

/** What lies in a store of what a no may delete. */
async function storedIn(state: StateStore) {
  const lists = await Promise.all(['counts', 'outbox'].map((folder) => state.list(folder)))
  return [...((await state.read('installation.json')) ? ['installation.json'] : []), ...lists.flat()]
}

/** A state with an id, with a report that waits, and with counts that are in none yet. */
async function usedState(endpoint: string): Promise<StateStore> {
  const state = createMemoryStore()
  await run({ state, endpoint }, 3, true)
  await run({ state, endpoint }, 5)
  assert.ok((await storedIn(state)).length >= 3)
  return state
}

/** Answers that it cannot, until it is up. */
async function startFlaky() {
  const power = { up: false }
  const receiver = await startReceiver((_, response) => {
    response.writeHead(power.up ? 200 : 503, { 'content-type': 'application/json' }).end('{}')
  })
  return { receiver, power }
}

const IN_PASSING: ReadonlyArray<[environment: Environment, consent: ConsentPolicy, source: string]> = [
  [{ ACME_DB_TELEMETRY_DEBUG: '1' }, {}, 'debug-variable'],
  [{ ACME_DB_TELEMETRY_ENDPOINT: 'usage.acme.example' }, {}, 'endpoint-variable'],
  [{ ACME_DB_TELEMETRY_HEADERS: 'Bearer of-this-test' }, {}, 'headers-variable'],
  [{ ACME_DB_TELEMETRY_EXCLUDE: 'acme.usres' }, {}, 'exclude-variable'],
  [{ ACME_DB_TELEMETRY: 'ture' }, {}, 'variable'],
  [{}, { flag: 'enalbe' }, 'flag'],
  [{}, { configured: { value: 'ture', locked: true } }, 'locked-configuration'],
  [{}, { configured: 'ture' }, 'configuration'],
  [{}, { seed: 'ture' }, 'seed'],
]

for (const [environment, consent, source] of IN_PASSING) {
  const said = JSON.stringify({ ...environment, ...consent })
  test(`one run with ${said} sends nothing and deletes nothing: same id, and the counts of the others are reported`, async () => {
    const { receiver, power } = await startFlaky()
    await using _ = receiver
    const { endpoint } = receiver
    const state = await usedState(endpoint)
    const before = await storedIn(state)
    const attempts = receiver.received.length

    const { verdict, result } = await run(
      { state, endpoint, environment, consent: enabled(consent) },
      100,
      true,
    )
    assert.deepEqual([verdict.state, verdict.source], ['disabled', source])
    assert.equal(verdict.disabledBy, 'circumstance')
    assert.equal(result?.outcome, 'suppressed')
    assert.equal(receiver.received.length, attempts)
    assert.deepEqual(await storedIn(state), before)

    power.up = true
    await run({ state, endpoint }, 7, true)
    const sent = receiver.received.slice(attempts)
    const counts = sent.map(({ json }) => numbersOf(json)[COUNT])
    assert.deepEqual(counts, [3, 12])
    const ids = receiver.received.map(({ json }) => attributesOf(json)['service.instance.id'])
    assert.equal(new Set(ids).size, 1)
  })
}

const OF_A_PERSON: ReadonlyArray<[environment: Environment, consent: ConsentPolicy]> = [
  [{ DO_NOT_TRACK: '1' }, {}],
  [{ ACME_DB_TELEMETRY_OPTOUT: '1' }, {}],
  [{ OTEL_SDK_DISABLED: 'true' }, {}],
  [{}, { executableName: '/opt/donottrack/acme' }],
  [{ ACME_DB_TELEMETRY: 'off' }, {}],
  [{}, { flag: 'off' }],
  [{}, { configured: { value: 'off', locked: true } }],
  [{ DO_NOT_TRACK: '1', ACME_DB_TELEMETRY_DEBUG: '1' }, {}],
  [{ ACME_DB_TELEMETRY_DEBUG: '1' }, { flag: 'off' }],
  [{ ACME_DB_TELEMETRY: 'ture' }, { flag: 'off' }],
]

for (const [environment, consent] of OF_A_PERSON) {
  test(`${JSON.stringify({ ...environment, ...consent })} is a no that somebody meant: id, counts and what waits are deleted`, async () => {
    const state = await usedState('http://127.0.0.1:9')
    const { verdict } = await run({ state, environment, consent: enabled(consent) }, 1)
    assert.deepEqual([verdict.state, verdict.disabledBy], ['disabled', 'person'])
    assert.deepEqual(await storedIn(state), [])
  })
}

test('a choice of no that is made in a debug run deletes at once, though the debug run was a no already', async () => {
  const state = await usedState('http://127.0.0.1:9')
  const usage = createAcme({ state, environment: { ACME_DB_TELEMETRY_DEBUG: '1' }, debugOutput: () => {} })
  await usage.start()
  await createAcme({ state }).consent.set('disabled', ALICE)
  await run({ state, environment: { ACME_DB_TELEMETRY_DEBUG: '1' } }, 1)
  assert.deepEqual(await storedIn(state), [])
  await usage.shutdown()
})

for (const consent of [{ default: 'disabled' }, { configured: 'off' }, { seed: 'off' }] as const) {
  test(`${JSON.stringify(consent)} is the product's, and no person has said no: nothing is sent, nothing is deleted`, async () => {
    const state = await usedState('http://127.0.0.1:9')
    const before = await storedIn(state)
    const { verdict, result } = await run({ state, consent: { default: 'enabled', ...consent } }, 1, true)
    assert.deepEqual([verdict.state, verdict.disabledBy], ['disabled', 'product'])
    assert.equal(result?.outcome, 'suppressed')
    assert.deepEqual(await storedIn(state), before)
  })
}

test('a stored choice that cannot be read for a while calls off what is under way, and deletes nothing', async () => {
  let answers = false
  await using receiver = await startReceiver((_, response) => {
    if (answers) response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
  })
  const memory = createMemoryStore()
  let readable = true
  const state: StateStore = {
    ...memory,
    async read(name) {
      if (name === 'consent.jsonl' && !readable) throw Object.assign(new Error('EIO'), { code: 'EIO' })
      return memory.read(name)
    },
  }
  const usage = createAcme({ state, endpoint: receiver.endpoint, consent: {} })
  await usage.consent.set('enabled', ALICE)
  const { heldSince } = usage.consent.verdict()
  await usage.start()
  usage.counter('acme.commands').add(3, FIND)
  const pending = usage.report()
  await until(() => receiver.received.length === 1)

  readable = false
  const { verdict } = await usage.status()
  assert.deepEqual([verdict.state, verdict.disabledBy], ['disabled', 'circumstance'])
  assert.equal((await pending).outcome, 'queued')
  assert.deepEqual((await storedIn(memory)).length, 3)

  usage.counter('acme.commands').add(4, FIND)
  readable = true
  answers = true
  assert.equal((await usage.status()).verdict.heldSince, heldSince)
  await usage.report()
  const [, again, next] = receiver.received
  assert.deepEqual(again?.body, receiver.received[0]?.body)
  // Under that choice it was counted, though nobody could read it.
  assert.equal(numbersOf(next?.json ?? assert.fail('no second report'))[COUNT], 4)
  await usage.shutdown()
})

test('a value that cannot be read is not kept as the decision of a person where decisions are sticky', async () => {
  const state = createMemoryStore()
  const consent = enabled({ sticky: true })
  await run({ state, consent, environment: { ACME_DB_TELEMETRY: 'ture' } }, 1)
  assert.equal(await state.read('consent.jsonl'), undefined)
  await run({ state, consent, environment: { ACME_DB_TELEMETRY: 'off' } }, 1)
  const { verdict } = await run({ state, consent }, 1)
  assert.deepEqual([verdict.source, verdict.disabledBy], ['stored-choice', 'person'])
})

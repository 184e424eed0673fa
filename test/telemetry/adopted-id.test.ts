/** An installation that had an id before this library keeps it: taken once, never after an erasure, never while nothing may be sent. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  createMemoryStore,
  type StateStore,
  UsageConfigurationError,
  type UsageTelemetryOptions,
} from '../../src/index.ts'
import { createAcme } from '../support/acme.ts'
import { createLog } from '../support/log.ts'
import { attributesOf, startReceiver } from '../support/receiver.ts'

const ALICE = { by: 'alice' }
/** Version 1, as Camunda Optimize has it. */
const OLD = 'a8098c1a-f86e-11da-bd1a-00112444be1e'

type Identity = NonNullable<UsageTelemetryOptions['identity']>

/** An Acme whose reports arrive, with the ids in them. */
async function acme(identity: Identity, options: Parameters<typeof createAcme>[0] = {}) {
  const receiver = await startReceiver()
  const state = createMemoryStore()
  const log = createLog()
  const next = (more: Parameters<typeof createAcme>[0] = {}) =>
    createAcme({ endpoint: receiver.endpoint, state, identity, logger: log, ...options, ...more })
  const ids = () => receiver.received.map(({ json }) => attributesOf(json)['service.instance.id'])
  return {
    usage: next(),
    next,
    ids,
    state,
    log,
    [Symbol.asyncDispose]: () => receiver[Symbol.asyncDispose](),
  }
}

test('the old id is in the first report and in the status, is asked for once, and stays', async () => {
  let asked = 0
  await using host = await acme({
    adopt: async () => {
      asked++
      return ` ${OLD.toUpperCase()}\n`
    },
  })
  await host.usage.report()
  await host.usage.report()
  await host.next().report()
  assert.deepEqual(host.ids(), [OLD, OLD, OLD])
  assert.equal(asked, 1)
  const { installation } = await host.next().status()
  assert.equal(installation?.id, OLD)
  assert.equal(installation?.adopted, true)
  assert.ok(Math.abs(Date.parse(installation?.createdAt ?? '') - Date.now()) < 60_000)
  // Nowhere else.
  assert.doesNotMatch(JSON.stringify(host.log.lines), new RegExp(OLD))
})

test('the old id is not asked for while nothing may be sent', async () => {
  let asked = 0
  const adopt = () => {
    asked++
    return OLD
  }
  await using host = await acme({ adopt, createWhen: 'first-launch' }, { consent: {} })
  await host.usage.start()
  await host.usage.preview()
  await host.usage.report()
  assert.equal((await host.usage.status()).installation, undefined)
  await host.usage.consent.set('disabled', ALICE)
  await host.usage.report()
  assert.equal(asked, 0)
  await host.usage.consent.set('enabled', ALICE)
  await host.usage.report()
  assert.equal(asked, 1)
  assert.deepEqual(host.ids(), [OLD])
  await host.usage.shutdown()
})

test('an erasure does not bring the old id back, in no process, and not if it was never used here', async () => {
  for (const reportsBefore of [true, false]) {
    await using host = await acme({ adopt: OLD })
    if (reportsBefore) await host.usage.report()
    await host.usage.forget(ALICE)
    await host.usage.report()
    await host.next().report()
    const [first, second] = host.ids().slice(-2)
    assert.notEqual(first, OLD)
    assert.equal(second, first)
    assert.equal((await host.usage.status()).installation?.adopted, false)
  }
})

test('an opt-out after which somebody opts in again does not bring it back either', async () => {
  await using host = await acme({ adopt: OLD })
  await host.usage.report()
  await host.usage.consent.set('disabled', ALICE)
  assert.equal((await host.usage.status()).installation, undefined)
  await host.usage.consent.set('enabled', ALICE)
  await host.usage.report()
  assert.equal(host.ids()[0], OLD)
  assert.notEqual(host.ids()[1], OLD)
})

test('a process that ends between any two writes leaves either the old id or none that was erased', async () => {
  for (let writes = 0; writes < 8; writes++) {
    await using host = await acme({ adopt: OLD })
    await host.usage.report()
    await host
      .next({ state: failingAfter(host.state, writes) })
      .forget(ALICE)
      .catch(() => {})
    const isThere = (await host.state.read('installation.json')) !== undefined
    await host.next().report()
    if (!isThere) assert.notEqual(host.ids().at(-1), OLD, `after ${writes} writes`)
  }
})

/** A store that takes so many changes, and no more. */
function failingAfter(store: StateStore, changes: number): StateStore {
  let left = changes
  const counted =
    <A extends unknown[], R>(change: (...all: A) => Promise<R>) =>
    async (...all: A) => {
      if (left-- <= 0) throw new Error('the process has ended')
      return change(...all)
    }
  const { write, create, append, remove } = store
  return {
    ...store,
    write: counted(write),
    create: counted(create),
    append: counted(append),
    remove: counted(remove),
  }
}

test('an id that is not a UUID is refused with one warning that does not show it, and a new id is made', async () => {
  const zero = '00000000-0000-0000-0000-000000000000'
  for (const adopt of [
    'acme-server-7',
    zero,
    `{${OLD}}`,
    () => 7 as never,
    () => {
      throw new Error('no database')
    },
  ]) {
    await using host = await acme({ adopt })
    await host.usage.report()
    await host.usage.report()
    const [first, second] = host.ids()
    assert.match(String(first), /^[0-9a-f-]{36}$/)
    assert.equal(first, second)
    assert.ok(first !== zero && first !== OLD)
    const warnings = host.log.lines.filter((line) => line.startsWith('warn: '))
    assert.equal(warnings.length, 1, warnings.join())
    assert.match(warnings[0] ?? '', /gives this installation a new id: identity\.adopt /)
    assert.doesNotMatch(warnings[0] ?? '', /server-7|0000|a8098c1a/)
  }
  await using none = await acme({ adopt: () => undefined })
  await none.usage.report()
  assert.equal(none.log.lines.filter((line) => line.startsWith('warn: ')).length, 0)
})

test('an id that is already there is not replaced by an old one', async () => {
  await using host = await acme({})
  await host.usage.report()
  await host.next({ identity: { adopt: OLD } }).report()
  const [first, second] = host.ids()
  assert.equal(second, first)
})

test('an adopted id can be erased at the receiver', async () => {
  await using host = await acme({ adopt: OLD })
  await host.usage.report()
  assert.equal((await host.usage.forget(ALICE)).outcome, 'sent')
  assert.deepEqual(host.ids(), [OLD, OLD])
})

test('an id of the first launch is made before anybody has decided, and outlives an opt-out where the product keeps it', async () => {
  const identity = { createWhen: 'first-launch' } as const
  const consent = { keepInstallation: true }
  await using host = await acme(identity, { consent })
  await host.usage.start()
  const made = (await host.usage.status()).installation
  assert.equal(made?.adopted, false)
  await host.usage.consent.set('disabled', ALICE)
  assert.deepEqual((await host.usage.status()).installation, made)
  await host.usage.shutdown()
  const next = host.next()
  await next.start()
  await next.consent.set('enabled', ALICE)
  await next.report()
  assert.deepEqual(host.ids(), [made?.id])
  await next.shutdown()
})

test('without that option, no id is made at a launch, nor after an opt-out', async () => {
  for (const [identity, options] of [
    [{}, { consent: {} }],
    [{ createWhen: 'first-launch' }, { environment: { DO_NOT_TRACK: '1' } }],
  ] as const) {
    await using host = await acme(identity, options)
    await host.usage.start()
    assert.equal(await host.state.read('installation.json'), undefined)
    await host.usage.shutdown()
  }
})

test('a mistake in these options is named at the start', () => {
  for (const identity of [
    { mode: 'rotating', adopt: OLD },
    { mode: 'none', adopt: OLD },
    { adopt: 7 },
    { createWhen: 'later' },
  ])
    assert.throws(() => createAcme({ identity: identity as never }), UsageConfigurationError)
})

/** A no that was stored under another name of the product, or by the product that the place belongs to, is a no still. */
import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { createUsageTelemetry, type UsageTelemetryOptions } from '../../src/index.ts'
import { acmeCatalog, createAcme } from '../support/acme.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { startReceiver } from '../support/receiver.ts'
import { createScratch } from '../support/scratch.ts'

type Product = UsageTelemetryOptions['product']

const ALICE = { by: 'alice' }
const NEW: Product = { name: 'acme-db', version: '3.0.0', legacyEnvironmentPrefixes: ['OLD_DB'] }

/** A product whose state is in the user's own place, below a scratch directory. */
const product = (
  home: string,
  more: Partial<UsageTelemetryOptions> & { readonly product: Product },
  environment: Record<string, string> = {},
) =>
  createUsageTelemetry({
    ...{ catalog: acmeCatalog, endpoint: 'http://127.0.0.1:9', consent: { default: 'enabled' } },
    environment: { XDG_STATE_HOME: home, ...environment },
    ...more,
  })

const old = (home: string, environment?: Record<string, string>) =>
  product(home, { product: { name: 'old-db', version: '2.0.0' } }, environment)

for (const [how, renamed] of [
  ['its old prefix is a legacy prefix', NEW],
  ['it keeps its prefix', { name: 'acme-db', version: '3.0.0', environmentPrefix: 'OLD_DB' }],
] as const) {
  test(`a product is renamed, and ${how}: the no that was stored before holds, until somebody chooses again`, async () => {
    using scratch = createScratch()
    await using receiver = await startReceiver()
    await old(scratch.directory).consent.set('disabled', ALICE)
    // A clock that was set back must not keep the next choice from being the later one.
    const clock = createFakeClock(Date.UTC(2020, 0, 1))
    const usage = product(scratch.directory, { product: renamed, endpoint: receiver.endpoint, clock })
    const { state, source, because, disabledBy } = await usage.start()
    assert.deepEqual([state, source, disabledBy], ['disabled', 'stored-choice', 'person'])
    assert.match(because, /^the choice of alice on .*, in .*old-db\/usage\/consent\.jsonl$/)
    assert.equal((await usage.report()).outcome, 'suppressed')
    assert.equal(receiver.connections, 0)
    assert.equal((await usage.consent.set('enabled', { by: 'bob' })).state, 'enabled')
    await usage.shutdown()
    const again = product(scratch.directory, { product: renamed })
    assert.equal((await again.start()).state, 'enabled')
    await again.shutdown()
  })
}

test('a yes that was stored under the old name does not count under the new one', async () => {
  using scratch = createScratch()
  await old(scratch.directory).consent.set('enabled', ALICE)
  const usage = product(scratch.directory, { product: NEW, consent: { default: 'disabled' } })
  assert.deepEqual([(await usage.start()).state, usage.consent.verdict().source], ['disabled', 'default'])
  await usage.shutdown()
})

test('a no that cannot be read any more under the old name is a no', async () => {
  using scratch = createScratch()
  const place = path.join(scratch.directory, 'old-db/usage')
  mkdirSync(place, { recursive: true })
  writeFileSync(path.join(place, 'consent.jsonl'), '{"format":1,"st')
  const usage = product(scratch.directory, { product: NEW })
  const { state, warnings } = await usage.start()
  assert.equal(state, 'disabled')
  assert.match(
    warnings.join(),
    /the stored choice in .*old-db\/usage\/consent\.jsonl ends with a line that cannot be read/,
  )
  assert.equal((await usage.consent.set('enabled', ALICE)).state, 'enabled')
  await usage.shutdown()
})

test('a stored no is found in the directory that a variable of the old name names', async () => {
  using scratch = createScratch()
  const [before, now] = ['before', 'now'].map((name) => path.join(scratch.directory, name)) as [
    string,
    string,
  ]
  await old(scratch.directory, { OLD_DB_TELEMETRY_DIR: before }).consent.set('disabled', ALICE)
  const environment = { OLD_DB_TELEMETRY_DIR: before, ACME_DB_TELEMETRY_DIR: now }
  const usage = product(scratch.directory, { product: NEW }, environment)
  assert.equal((await usage.start()).state, 'disabled')
  await usage.shutdown()
})

test('product.json names another product: a no that was stored for that product is a no here, and a yes does not count', async () => {
  for (const [choice, expected] of [
    ['disabled', 'disabled'],
    ['enabled', 'undecided'],
  ] as const) {
    using scratch = createScratch()
    const state = scratch.directory
    const other = createAcme({ state, product: { name: 'other-db', version: '1.0.0' } })
    await other.consent.set(choice, ALICE)
    const usage = createAcme({ state, consent: { default: 'undecided' } })
    assert.equal((await usage.start()).state, expected)
    assert.equal((await usage.consent.set('enabled', ALICE)).state, 'enabled')
    await usage.shutdown()
  }
})

test('the renamed product had its choice beside that of another one, and it is found there', async () => {
  using scratch = createScratch()
  const state = scratch.directory
  await createAcme({ state, product: { name: 'other-db', version: '1.0.0' } }).consent.set('enabled', ALICE)
  await createAcme({ state, product: { name: 'old-db', version: '1.0.0' } }).consent.set('disabled', ALICE)
  const usage = createAcme({ state, product: NEW })
  assert.equal((await usage.start()).state, 'disabled')
  await usage.shutdown()
})

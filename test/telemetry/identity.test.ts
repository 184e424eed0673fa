/** Who a report says that it is from: as much as the product has chosen. */
import assert from 'node:assert/strict'
import { cpSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { createMemoryStore, UsageConfigurationError } from '../../src/index.ts'
import { createAcme } from '../support/acme.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { attributesOf, startReceiver } from '../support/receiver.ts'
import { createScratch } from '../support/scratch.ts'

const DAY = 86_400_000

test('without an id a report says how old the installation is, in steps', async () => {
  await using receiver = await startReceiver()
  const clock = createFakeClock()
  const options = {
    endpoint: receiver.endpoint,
    clock,
    state: createMemoryStore(),
    identity: { mode: 'none' },
  } as const
  for (const days of [0, 3, 20, 90, 200]) {
    await clock.advance(days * DAY)
    await createAcme(options).report()
  }
  const said = receiver.received.map(({ json }) => attributesOf(json))
  assert.deepEqual(
    said.map((one) => one['service.instance.id']),
    Array(5).fill(undefined),
  )
  assert.deepEqual(
    said.map((one) => one['usage.installation.age']),
    ['day', 'week', 'month', 'half-year', 'older'],
  )
})

test('a rotating id is the same for a period and for all processes, and another one after it', async () => {
  await using receiver = await startReceiver()
  const clock = createFakeClock()
  const options = {
    ...{ endpoint: receiver.endpoint, clock, state: createMemoryStore() },
    identity: { mode: 'rotating', period: '30d' },
  } as const
  for (let report = 0; report < 61; report++) {
    await createAcme(options).report()
    await clock.advance(DAY)
  }
  const ids = receiver.received.map(({ json }) => attributesOf(json)['service.instance.id'])
  const changes = ids.filter((id, index) => index > 0 && id !== ids[index - 1]).length
  assert.equal(changes, 2)
  assert.equal(new Set(ids).size, 3)
})

test('a state directory that is copied to another machine is another installation; whose copy it is says who wants to', async () => {
  using scratch = createScratch()
  await using receiver = await startReceiver()
  const on = (machine: string, directory: string, lineage = false) =>
    createAcme({
      ...{ endpoint: receiver.endpoint, state: path.join(scratch.directory, directory) },
      identity: { lineage, machine: () => machine },
    }).report()
  await on('a', 'original')
  cpSync(path.join(scratch.directory, 'original'), path.join(scratch.directory, 'copy'), { recursive: true })
  cpSync(path.join(scratch.directory, 'original'), path.join(scratch.directory, 'child'), { recursive: true })
  await on('b', 'copy')
  await on('c', 'child', true)
  await on('a', 'original')
  const said = receiver.received.map(({ json }) => attributesOf(json))
  const [original, copy, child, again] = said.map((one) => one['service.instance.id'])
  assert.equal(again, original)
  assert.equal(new Set([original, copy, child]).size, 3)
  assert.deepEqual(
    said.map((one) => one['usage.installation.lineage']),
    [undefined, undefined, original, undefined],
  )
})

for (const [place, identity] of [
  ['identity.mode', { mode: 'hidden' as 'none' }],
  ['identity.period', { mode: 'rotating', period: '1m' }],
  ['identity.copies', { copies: 'burn' as 'keep' }],
] as const) {
  test(`an invalid ${place} is refused at start`, () => {
    assert.throws(
      () => createAcme({ identity }),
      (error) => error instanceof UsageConfigurationError && error.mistakes[0]?.path === place,
    )
  })
}

test('the schema URL names the product and the version of its catalog, and never an address that the operator has set', async () => {
  await using receiver = await startReceiver()
  const usage = createAcme({
    endpoint: 'https://usage.acme.example/',
    environment: { ACME_DB_TELEMETRY_ENDPOINT: receiver.endpoint },
  })
  await usage.report()
  const body = JSON.parse(receiver.received[0]?.body.toString() ?? '')
  assert.equal(body.resourceMetrics[0].schemaUrl, 'https://usage.acme.example/schemas/acme-db/2')
})

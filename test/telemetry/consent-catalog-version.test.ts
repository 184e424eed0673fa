/** A yes reaches the facts that were shown when it was given, and no others. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMemoryStore, createUsageTelemetry, defineCatalog, type StateStore } from '../../src/index.ts'
import { acmeCatalog, createAcme } from '../support/acme.ts'
import { createLog } from '../support/log.ts'
import { numbersOf, startReceiver } from '../support/receiver.ts'

const COUNT = 'acme.commands{command=find,result=ok}'

/** Acme DB before `acme.commands` came with version 2 of its catalog. */
function earlierAcme(state: StateStore, consent = {}) {
  const { 'acme.commands': _, ...facts } = acmeCatalog.facts
  const catalog = defineCatalog({ version: 1, prefix: 'acme', levels: ['basic', 'full'], facts })
  const product = { name: 'acme-db', version: '2.3.0' }
  return createUsageTelemetry({
    ...{ product, catalog, state, consent },
    endpoint: 'http://127.0.0.1:9',
    environment: {},
  })
}

test('facts newer than the yes are withheld and named, while the rest flows; a new yes lets them flow', async () => {
  await using receiver = await startReceiver()
  const state = createMemoryStore()
  await earlierAcme(state).consent.set('enabled', { by: 'alice' })

  const log = createLog()
  const usage = createAcme({ endpoint: receiver.endpoint, state, logger: log })
  const found = usage.counter('acme.commands').bind({ command: 'find', result: 'ok' })
  usage.set('acme.users', 100)
  found.add(5)
  const verdict = await usage.start()
  await usage.report()

  assert.equal(verdict.permitted.catalogVersion, 1)
  assert.deepEqual((await usage.status()).facts.newer, ['acme.commands'])
  assert.deepEqual(numbersOf(receiver.received[0]?.json ?? assert.fail()), {
    'acme.users': 64,
    'usage.facts': 1,
    'usage.withheld': 1,
  })
  const notices = log.lines.filter((line) => line.includes('newer than the consent'))
  assert.equal(notices.length, 1)
  assert.match(
    notices[0] ?? '',
    /^info: Acme DB sends .* Not reported until somebody accepts them, because they are newer than the consent: acme\.commands\./,
  )

  await usage.consent.set('enabled', { by: 'alice' })
  found.add(2)
  await usage.report()

  assert.deepEqual((await usage.status()).facts.newer, [])
  // The five from before this yes were never agreed to.
  assert.equal(numbersOf(receiver.received[1]?.json ?? assert.fail())[COUNT], 2)
  await usage.shutdown()
})

test('a new yes of another process lets new facts flow from there on', async () => {
  await using receiver = await startReceiver()
  const state = createMemoryStore()
  await earlierAcme(state).consent.set('enabled', { by: 'alice' })
  const usage = createAcme({ endpoint: receiver.endpoint, state })
  const found = usage.counter('acme.commands').bind({ command: 'find', result: 'ok' })
  await usage.start()
  found.add(5)
  await usage.report()

  await createAcme({ state }).consent.set('enabled', { by: 'bob' })
  found.add(7)
  await usage.report()
  found.add(2)
  await usage.report()

  const counts = receiver.received.map(({ json }) => numbersOf(json)[COUNT])
  assert.deepEqual(counts, [undefined, undefined, 2])
  await usage.shutdown()
})

test('a yes to an earlier version is kept on upgrade, and not asked again', async () => {
  const state = createMemoryStore()
  await earlierAcme(state).consent.set('basic', { by: 'alice' })
  const verdict = await createAcme({ state, consent: { default: 'disabled' } }).start()
  assert.deepEqual(
    [verdict.state, verdict.level, verdict.source, verdict.permitted.catalogVersion],
    ['enabled', 'basic', 'stored-choice', 1],
  )
})

test('a no survives an upgrade with new facts: no question, no new facts in the notice', async () => {
  const state = createMemoryStore()
  await earlierAcme(state).consent.set('disabled', { by: 'alice' })
  const log = createLog()
  const usage = createAcme({ state, logger: log, consent: { default: 'enabled' } })
  assert.equal((await usage.start()).state, 'disabled')
  assert.equal(log.lines.length, 1)
  assert.match(log.lines[0] ?? '', /^info: Acme DB sends no usage reports/)
  assert.doesNotMatch(log.lines[0] ?? '', /new since/)
  await usage.shutdown()
})

test('whoever says yes to a whole policy, by variable, flag, configuration or default, gets new facts with it', async () => {
  for (const options of [
    { environment: { ACME_DB_TELEMETRY: 'on' } },
    { consent: { flag: 'on' } },
    { consent: { configured: { value: 'on', locked: true } } },
    { consent: { default: 'enabled' } },
  ] as const) {
    const state = createMemoryStore()
    if (!('default' in (options.consent ?? {})))
      await earlierAcme(state).consent.set('enabled', { by: 'alice' })
    const usage = createAcme({ state, ...options })
    await usage.start()
    assert.deepEqual((await usage.status()).facts.newer, [])
    await usage.shutdown()
  }
})

test('a seed from an earlier version does not reach new facts either', async () => {
  const state = createMemoryStore()
  await earlierAcme(state, { seed: 'on' }).start()
  const usage = createAcme({ state, consent: { seed: 'on' } })
  const verdict = await usage.start()
  assert.deepEqual([verdict.source, verdict.state, verdict.permitted.catalogVersion], ['seed', 'enabled', 1])
  assert.deepEqual((await usage.status()).facts.newer, ['acme.commands'])
  await usage.shutdown()
})

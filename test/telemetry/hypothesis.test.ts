/** What would be so under other variables, another flag or another level: shown, and nothing is changed by it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMemoryStore } from '../../src/index.ts'
import { createAcme } from '../support/acme.ts'
import { createLog } from '../support/log.ts'

const ALICE = { by: 'alice' }

/** Returns all entries of a store with their bytes. */
async function contentOf(state: ReturnType<typeof createMemoryStore>): Promise<string[]> {
  const names = ['consent.jsonl', 'installation.json', 'product.json', 'schedule.json', 'ledger.jsonl']
  return Promise.all(names.map(async (name) => `${name} ${Buffer.from((await state.read(name)) ?? [])}`))
}

test('explained are variables and a flag that are not set, over those that are', async () => {
  const log = createLog()
  const state = createMemoryStore()
  const options = { state, logger: log, environment: { ACME_DB_TELEMETRY: 'basic' }, consent: { flag: 'on' } }
  const usage = createAcme(options)
  await usage.start()
  const [lines, before] = [log.lines.length, await contentOf(state)]

  assert.deepEqual(await usage.explain(), usage.consent.verdict())
  const optedOut = await usage.explain({ environment: { DO_NOT_TRACK: '1' } })
  assert.equal(optedOut.because, 'DO_NOT_TRACK=1')
  assert.equal(optedOut.opinions.find(({ name }) => name === 'ACME_DB_TELEMETRY')?.value, 'basic')
  assert.equal((await usage.explain({ environment: { ACME_DB_TELEMETRY: undefined } })).level, 'full')
  assert.equal((await usage.explain({ flag: 'off' })).source, 'flag')
  assert.equal((await usage.explain({ flag: undefined })).level, 'basic')

  assert.equal(log.lines.length, lines)
  assert.deepEqual(await contentOf(state), before)
  assert.equal(usage.consent.verdict().state, 'enabled')
  await usage.shutdown()
})

test('a preview under another level has its facts and says so, and no id and no count that the choice would not cover', async () => {
  const state = createMemoryStore()
  const usage = createAcme({ state, consent: {} })
  usage.set('acme.edition', 'community')
  usage.set('acme.users', 9)
  usage.counter('acme.commands').add(2, { command: 'find', result: 'ok' })
  const names = async (level: string) => {
    const { facts, json, wouldBeSent } = await usage.preview({ level })
    const text = JSON.stringify(json)
    assert.ok(!text.includes('service.instance.id'), level)
    assert.ok(text.includes(level === 'off' ? '"disabled"' : '"enabled"'), level)
    assert.equal(wouldBeSent, level !== 'off')
    return [...Object.keys(facts.attributes), ...facts.points.map(({ name }) => name)]
  }
  assert.deepEqual(await names('basic'), ['acme.edition'])
  assert.deepEqual(await names('full'), ['acme.edition', 'acme.users'])
  assert.deepEqual((await names('off')).slice(0, 2), ['acme.edition', 'acme.users'])
  assert.match((await contentOf(state))[1] ?? '', /installation.json $/)

  await usage.consent.set('basic', ALICE)
  usage.counter('acme.commands').add(2, { command: 'find', result: 'ok' })
  assert.deepEqual((await usage.preview({ level: 'basic' })).facts, (await usage.preview()).facts)
})

test('a level that the catalog does not have has no preview, and the text says which there are', async () => {
  const { bytes, text } = await createAcme().preview({ level: 'rhubarb' })
  assert.equal(bytes, undefined)
  assert.match(text, /There is no level 'rhubarb'.*basic, full/)
})

test('a contribution is in the catalog that people see, until it is removed', () => {
  const usage = createAcme()
  assert.deepEqual(Object.keys(usage.catalog().facts), [
    'acme.edition',
    'acme.db.version',
    'acme.users',
    'acme.commands',
  ])
  assert.deepEqual(usage.catalog().levels, ['basic', 'full'])
})

test('a process that was not started shows when the next report is due, as the running one has stored it', async () => {
  const state = createMemoryStore()
  const host = createAcme({ state })
  await host.start()
  await host.report()
  const command = createAcme({ state })
  const [seen, due] = [await command.status(), await host.status()]
  assert.equal(typeof due.nextReportAt, 'string')
  assert.ok(Math.abs(Date.parse(seen.nextReportAt ?? '') - Date.parse(due.nextReportAt ?? '')) < 3_600_000)
  assert.deepEqual(seen.product, {
    name: 'acme-db',
    title: 'Acme DB',
    version: '2.4.0',
    homepage: 'https://acme.example/telemetry',
    environmentPrefix: 'ACME_DB',
  })
  await host.shutdown()
})

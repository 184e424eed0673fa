/** Code of the host that the library calls may do anything: nothing is thrown, no rejection is left unheard, nothing hangs. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { resourceFromAttributes } from '@opentelemetry/resources'
import {
  createMemoryStore,
  createUsageTelemetry,
  defineCatalog,
  type Logger,
  type StateStore,
} from '../../src/index.ts'
import { buildPack, clusterPack, installPack } from '../../src/library/packs/index.ts'
import { createPostgresStore, type PostgresPool } from '../../src/postgres.ts'
import { ConsentAwareMetricExporter } from '../../src/sdk.ts'
import { acmeCatalog, createAcme } from '../support/acme.ts'
import { createFakeClock, type FakeClock } from '../support/fake-clock.ts'
import { MISBEHAVIOURS } from './misbehaving.ts'

/** A rejection that nobody hears is known a turn later; the test runner then fails the test. */
const aTurn = () => new Promise((resolve) => setImmediate(() => setImmediate(resolve)))

/** Lets time pass until a promise is settled. */
async function inTime<R>(clock: FakeClock, promise: Promise<R>): Promise<R> {
  let settled = false
  const done = promise.finally(() => {
    settled = true
  })
  done.catch(() => {})
  for (let minutes = 0; minutes < 30 && !settled; minutes++) await clock.advance(60_000)
  assert.ok(settled, 'it hangs')
  return done
}

const NO_METRICS = { resource: resourceFromAttributes({}), scopeMetrics: [] }

for (const [name, misbehave] of Object.entries(MISBEHAVIOURS)) {
  const anything = misbehave as () => never

  test(`a logger, a sink or a listener that ${name} does no harm, and the others hear`, async () => {
    const heard: string[] = []
    const logger: Logger = { debug: anything, info: anything, warn: anything, error: anything }
    const acme = createAcme({ logger, disclosure: { sinks: [anything, () => heard.push('sink')] } })
    acme.consent.on('change', anything)
    acme.consent.on('change', () => heard.push('listener'))
    await acme.start()
    await acme.consent.set('disabled', { by: 'alice' })
    assert.equal((await acme.report()).outcome, 'suppressed')
    await acme.shutdown()
    await aTurn()
    assert.deepEqual(heard, ['sink', 'listener'])
  })

  test(`a debug output that ${name} does no harm`, async () => {
    const acme = createAcme({ debugOutput: anything, environment: { ACME_DB_TELEMETRY_DEBUG: '1' } })
    await acme.start()
    assert.equal((await acme.report()).outcome, 'suppressed')
    await acme.shutdown()
    await aTurn()
  })

  test(`a source that ${name} is absent, and the others are in the report`, async () => {
    const clock = createFakeClock()
    const acme = createAcme({ clock, identity: { machine: anything } })
    acme.set('acme.edition', anything)
    acme.set('acme.db.version', () => '15.2')
    acme.getMeter('acme').createObservableGauge('acme.users').addCallback(anything)
    acme
      .getMeter('acme')
      .addBatchObservableCallback(anything, [acme.getMeter('acme').createObservableGauge('acme.users')])
    const { facts } = await inTime(clock, acme.preview())
    assert.deepEqual(facts.attributes, { 'acme.db.version': '15.2' })
    await aTurn()
  })

  test(`in the place of a clock that ${name}, the one of the system is used`, async () => {
    const acme = createAcme({ clock: { now: anything, monotonic: () => Number.NaN, after: anything } })
    const before = Date.now()
    await acme.start()
    await acme.report()
    const { lastReportAt = '' } = (await acme.status()).delivery
    assert.ok(Date.parse(lastReportAt) >= before && Date.parse(lastReportAt) <= Date.now(), lastReportAt)
    await acme.shutdown()
    await aTurn()
  })

  test(`a pack whose product ${name} costs its own facts only`, async () => {
    const clock = createFakeClock()
    const common = { prefix: 'acme', since: 1 } as const
    const packs = [
      clusterPack({ ...common, states: ['up'], roles: ['leader'], read: anything }),
      buildPack({ ...common, build: anything }),
      installPack({ ...common, method: anything, installedAt: anything }),
    ]
    const { 'acme.db.version': version } = acmeCatalog.facts
    const facts = Object.assign({}, ...packs.map((pack) => pack.facts))
    const usage = createUsageTelemetry({
      product: { name: 'acme-db', version: '2.4.0' },
      catalog: defineCatalog({
        ...{ version: 1, prefix: 'acme', levels: ['basic'] },
        facts: { 'acme.db.version': version, ...facts },
      }),
      endpoint: 'http://127.0.0.1:9',
      state: createMemoryStore(),
      ...{ clock, environment: {} },
    })
    for (const pack of packs) usage.use(pack)
    usage.set('acme.db.version', '15.2')
    const preview = await inTime(clock, usage.preview())
    assert.deepEqual(preview.facts.attributes, { 'acme.db.version': '15.2' })
    await aTurn()
  })

  test(`a store that ${name} costs durability only`, async () => {
    const clock = createFakeClock()
    const working = createMemoryStore()
    for (const method of ['read', 'write', 'create', 'append', 'remove', 'list'] as const) {
      const store: StateStore = { ...working, location: 'the store', [method]: anything }
      const acme = createAcme({ clock, state: store, consent: { default: 'disabled' } })
      await inTime(clock, acme.start())
      assert.equal((await inTime(clock, acme.report())).outcome, 'suppressed')
      await inTime(clock, acme.shutdown())
      await aTurn()
    }
  })

  test(`a store or a consent that ${name} ends an export of an SDK's own, and neither throws nor hangs`, async () => {
    const clock = createFakeClock()
    const working = createMemoryStore()
    const common = {
      product: { name: 'acme-db', version: '2.4.0' },
      catalog: acmeCatalog,
      endpoint: 'http://127.0.0.1:9',
      consent: () => createAcme().consent.verdict(),
      ...{ clock, state: working },
    }
    const read: StateStore = { ...working, location: 'the store', read: anything }
    for (const options of [{ state: read }, { consent: anything }]) {
      const exporter = new ConsentAwareMetricExporter({ ...common, ...options })
      const exported = new Promise((resolve) => exporter.export(NO_METRICS, resolve))
      await inTime(clock, exported)
      await exporter.shutdown()
      await aTurn()
    }
  })

  test(`a pool of connections that ${name} is a database that fails`, async () => {
    const clock = createFakeClock()
    const pool: PostgresPool = { query: anything }
    const store = createPostgresStore({ pool, clock })
    await assert.rejects(inTime(clock, store.write('ledger.jsonl', 'x')))
    await aTurn()
  })
}

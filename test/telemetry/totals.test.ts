/** Observable counters over totals: what outlives the process is counted from where it was first observed, and each event once. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  createMemoryStore,
  createUsageTelemetry,
  defineCatalog,
  type UsageTelemetryOptions,
} from '../../src/index.ts'
import { ending } from '../support/ending-store.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { attributesOf, numbersOf, type Receiver, startReceiver } from '../support/receiver.ts'
import { createScratch } from '../support/scratch.ts'

const ALICE = { by: 'alice' }
const count = { kind: 'count', unit: '{row}', since: 1, why: 'Shows how much the product is used.' } as const
const catalog = defineCatalog({
  version: 1,
  prefix: 'acme',
  levels: ['basic', 'full'],
  facts: {
    'acme.rows': { ...count, level: 'basic', by: { table: ['users', 'other'] } },
    'acme.details': { ...count, level: 'full', total: 'source' },
    'acme.all_rows': { ...count, level: 'basic', temporality: 'cumulative' },
    'acme.requests': { ...count, level: 'basic', total: 'process' },
  },
})

const ROWS = 'acme.rows{table=users}'

/** A database that outlives every process. */
interface Source {
  rows: number
}

/** One life of the product over such a database. */
function createProduct(source: Source, options: Partial<UsageTelemetryOptions<typeof catalog.facts>> = {}) {
  const usage = createUsageTelemetry({
    product: { name: 'acme-db', version: '1.0.0' },
    ...{ catalog, endpoint: 'http://127.0.0.1:9', consent: { default: 'enabled' as const }, environment: {} },
    ...{ state: createMemoryStore(), schedule: { initialDelay: '24h' as const }, ...options },
  })
  const meter = usage.getMeter('acme')
  meter
    .createObservableCounter('acme.rows')
    .addCallback((result) => result.observe(source.rows, { table: 'users' }))
  for (const name of ['acme.details', 'acme.all_rows', 'acme.requests'])
    meter.createObservableCounter(name).addCallback((result) => result.observe(source.rows))
  return usage
}

const numbersAt = ({ received }: Receiver, name: string) => received.map(({ json }) => numbersOf(json)[name])

test('fifteen rows are reported as fifteen in three lives of a process, and not as three thousand, the whole total in each', async () => {
  using scratch = createScratch()
  await using receiver = await startReceiver()
  const source = { rows: 1_000 }
  for (let life = 0; life < 3; life++) {
    const usage = createProduct(source, { endpoint: receiver.endpoint, state: scratch.directory })
    await usage.start()
    await usage.report()
    source.rows += 2
    await usage.report()
    await usage.shutdown()
    // What happens while no process is there is counted by the next one.
    source.rows += 3
  }
  await createProduct(source, { endpoint: receiver.endpoint, state: scratch.directory }).report()
  assert.deepEqual(numbersAt(receiver, ROWS), [undefined, 2, 3, 2, 3, 2, 3])
  assert.deepEqual(numbersAt(receiver, 'acme.all_rows'), [undefined, 2, 5, 7, 10, 12, 15])
})

test('of a total that begins with the process, all of it counts in each life', async () => {
  await using receiver = await startReceiver()
  const state = createMemoryStore()
  for (const rows of [7, 5]) {
    const source = { rows }
    const usage = createProduct(source, { endpoint: receiver.endpoint, state })
    await usage.report()
    source.rows += 2
    await usage.report()
    await usage.shutdown()
  }
  assert.deepEqual(numbersAt(receiver, 'acme.requests'), [7, 2, 5, 2])
})

test('two processes that observe the same total count what it grows by once, whichever reports it', async () => {
  await using receiver = await startReceiver()
  const state = createMemoryStore()
  const source = { rows: 100 }
  const two = [1, 2].map(() => createProduct(source, { endpoint: receiver.endpoint, state }))
  for (let day = 0; day < 3; day++) {
    for (const usage of two) {
      source.rows += 10
      await usage.report()
    }
  }
  source.rows += 10
  await Promise.all(two.map((usage) => usage.report()))
  const sum = numbersAt(receiver, ROWS).reduce<number>((all, rows) => all + (rows ?? 0), 0)
  assert.equal(sum, 60)
})

test('rows that are deleted do not count as events, and those that come after them do', async () => {
  await using receiver = await startReceiver()
  const source = { rows: 1_000 }
  const usage = createProduct(source, { endpoint: receiver.endpoint })
  for (const rows of [1_000, 990, 993, 0, 4]) {
    source.rows = rows
    await usage.report()
  }
  assert.deepEqual(numbersAt(receiver, ROWS), [undefined, undefined, 3, undefined, 4])
})

for (const [what, before] of [
  ['a no', { default: 'disabled' }],
  ['an undecided start', {}],
] as const) {
  test(`what a total had reached before a yes, after ${what}, is not reported, in this life or the next`, async () => {
    await using receiver = await startReceiver()
    const source = { rows: 1_000 }
    const options = { endpoint: receiver.endpoint, state: createMemoryStore(), consent: before }
    const first = createProduct(source, options)
    await first.start()
    await first.report()
    source.rows += 100
    await first.shutdown()
    const second = createProduct(source, options)
    await second.report()
    source.rows += 100
    await second.consent.set('enabled', ALICE)
    await second.report()
    source.rows += 7
    await createProduct(source, options).report()
    assert.deepEqual(numbersAt(receiver, ROWS), [undefined, 7])
  })
}

test('what a total grew by under a no between two yeses is not reported', async () => {
  await using receiver = await startReceiver()
  const source = { rows: 1_000 }
  const state = createMemoryStore()
  const usage = createProduct(source, { endpoint: receiver.endpoint, state, consent: {} })
  for (const decision of ['enabled', 'disabled', 'enabled'] as const) {
    await usage.consent.set(decision, ALICE)
    source.rows += 50
    await usage.report()
  }
  source.rows += 7
  await usage.report()
  assert.deepEqual(numbersAt(receiver, ROWS), [undefined, undefined, 7])
})

test('what a total grew by while its fact was withheld is not reported when it is withheld no more', async () => {
  await using receiver = await startReceiver()
  const source = { rows: 1_000 }
  const options = { endpoint: receiver.endpoint, state: createMemoryStore() }
  const reports = async (environment: Record<string, string>, grows: number) => {
    source.rows += grows
    await createProduct(source, { ...options, environment }).report()
  }
  await reports({}, 0)
  await reports({ ACME_DB_TELEMETRY_EXCLUDE: 'acme.rows' }, 50)
  await reports({}, 50)
  await reports({}, 7)
  assert.deepEqual(numbersAt(receiver, ROWS), [undefined, undefined, undefined, 7])
  assert.deepEqual(numbersAt(receiver, 'acme.details'), [undefined, 50, 50, 7])
})

test('what an installation that was forgotten had observed is forgotten', async () => {
  await using receiver = await startReceiver()
  const source = { rows: 1_000 }
  const usage = createProduct(source, { endpoint: receiver.endpoint })
  await usage.report()
  source.rows += 50
  await usage.forget(ALICE)
  source.rows += 50
  await usage.report()
  assert.deepEqual(numbersAt(receiver, ROWS), [undefined, undefined, undefined])
})

test('a look at the next report does not move where counting goes on', async () => {
  await using receiver = await startReceiver()
  const source = { rows: 1_000 }
  const usage = createProduct(source, { endpoint: receiver.endpoint })
  await usage.report()
  source.rows += 7
  for (let look = 0; look < 2; look++) assert.equal((await usage.preview()).facts.points[0]?.value, 7)
  await usage.report()
  assert.deepEqual(numbersAt(receiver, ROWS), [undefined, 7])
})

test('whatever happens to reports and processes, no row is reported twice, and in the end none is missing', async () => {
  const event = fc.oneof(
    fc.record({ rows: fc.integer({ min: 1, max: 1_000 }) }),
    fc.record({ status: fc.constantFrom(200, 200, 400, 503), process: fc.nat(2) }),
    fc.record({ killed: fc.nat(8) }),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(event, { maxLength: 14 }), async (events) => {
      const state = createMemoryStore()
      const source = { rows: 5_000 }
      let status = 200
      const accepted = new Map<unknown, number>()
      await using receiver = await startReceiver((_, response) => {
        const report = receiver.received.at(-1)!.json
        const id = attributesOf(report)['usage.report.id']
        const code = accepted.has(id) ? 200 : status
        if (code === 200) accepted.set(id, numbersOf(report)[ROWS] ?? 0)
        response.writeHead(code, { 'content-type': 'application/json' }).end('{"partialSuccess":{}}')
      })
      const { endpoint } = receiver
      // What a killed process holds has run out, and what was in vain is tried again.
      const clock = () => createFakeClock(Date.now() + 86_400_000 * ++day)
      let day = 0
      const ends: Array<() => void> = []
      const processes = [0, 1, 2].map(() => createProduct(source, { endpoint, state, clock: clock() }))
      await processes[0]?.report()
      const first = source.rows
      for (const one of events) {
        if ('rows' in one) source.rows += one.rows
        else if ('status' in one) {
          status = one.status
          await processes[one.process]?.report()
        } else {
          const { store, killed, end } = ending(state, one.killed)
          ends.push(end)
          const process = createProduct(source, { endpoint, state: store, clock: clock() })
          await Promise.race([process.report().catch(() => {}), killed])
        }
        const sum = [...accepted.values()].reduce((all, rows) => all + rows, 0)
        assert.ok(sum <= source.rows - first, `${sum} of ${source.rows - first}`)
      }
      status = 200
      for (let report = 0; report < 3; report++)
        await createProduct(source, { endpoint, state, clock: clock() }).report()
      const sum = [...accepted.values()].reduce((all, rows) => all + rows, 0)
      assert.equal(sum, source.rows - first)
      for (const end of ends) end()
    }),
    { numRuns: 20 },
  )
})

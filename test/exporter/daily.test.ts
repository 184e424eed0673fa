/** The exporter and the reader under a MeterProvider of the host's own, with the real OpenTelemetry SDK. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { resourceFromAttributes } from '@opentelemetry/resources'
import {
  AggregationTemporality,
  MeterProvider,
  MetricReader,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import { createMemoryStore, createUsageTelemetry, defineCatalog } from '../../src/index.ts'
import { ConsentAwareMetricExporter, type ConsentAwareMetricExporterOptions } from '../../src/sdk.ts'
import { type AcmeFacts, acmeCatalog, createAcme } from '../support/acme.ts'
import { createFakeClock, type FakeClock } from '../support/fake-clock.ts'
import { collectGarbage } from '../support/kept-memory.ts'
import { createLog } from '../support/log.ts'
import { attributesOf, numbersOf, type Receiver, startReceiver } from '../support/receiver.ts'

const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE
const FOUND = { command: 'find', result: 'ok' }

type Options = Partial<ConsentAwareMetricExporterOptions<AcmeFacts>>

function createExporter(options: Options = {}): ConsentAwareMetricExporter<AcmeFacts> {
  return new ConsentAwareMetricExporter({
    product: { name: 'acme-db', version: '2.4.0', title: 'Acme DB' },
    catalog: acmeCatalog,
    endpoint: 'http://127.0.0.1:9',
    consent: { default: 'enabled' },
    state: createMemoryStore(),
    environment: {},
    ...options,
  })
}

/** A host that has an OpenTelemetry SDK of its own, of which a reader exports by hand instead of every minute. */
function createHost(options: Options = {}) {
  const exporter = createExporter(options)
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 2 ** 31 - 1 })
  const provider = new MeterProvider({
    readers: [reader],
    resource: resourceFromAttributes({ 'acme.edition': 'enterprise', 'host.name': 'db-7' }),
  })
  return { exporter, provider, meter: provider.getMeter('acme') }
}

/** Exports once a minute for so many minutes, counting one command before each. */
async function liveThrough(minutes: number, host: ReturnType<typeof createHost>, clock: FakeClock) {
  const counter = host.meter.createCounter('acme.commands')
  for (let minute = 0; minute < minutes; minute++) {
    counter.add(1, FOUND)
    await host.provider.forceFlush()
    await clock.advance(MINUTE)
  }
}

const countIn = ({ received }: Receiver, index: number) =>
  numbersOf(received[index]?.json ?? assert.fail('no such report'))['acme.commands{command=find,result=ok}']

test('a reader that exports every minute makes one report a day: last values, and all that was counted', async () => {
  await using receiver = await startReceiver()
  const clock = createFakeClock()
  const host = createHost({ endpoint: receiver.endpoint, clock, schedule: { initialDelay: '30m' } })
  const users = host.meter.createGauge('acme.users')
  users.record(64)
  await liveThrough(20, host, clock)
  users.record(8)
  assert.equal(receiver.connections, 0)
  await liveThrough(60, host, clock)
  assert.equal(receiver.received.length, 1)
  const first = receiver.received[0]?.json ?? assert.fail('no report')
  assert.equal(numbersOf(first)['acme.users'], 8)
  assert.equal(attributesOf(first)['acme.edition'], 'enterprise')
  assert.equal(attributesOf(first)['host.name'], undefined)

  await clock.advance(2 * DAY)
  assert.ok(receiver.received.length >= 2)
  assert.equal(Number(countIn(receiver, 0)) + Number(countIn(receiver, 1)), 80)
  await host.provider.shutdown()
})

test('forceFlush stores what was counted, and sends nothing early', async () => {
  await using receiver = await startReceiver()
  const state = createMemoryStore()
  const clock = createFakeClock()
  const host = createHost({ endpoint: receiver.endpoint, state, clock })
  host.meter.createCounter('acme.commands').add(3, FOUND)
  await host.provider.forceFlush()
  assert.equal(receiver.connections, 0)
  // The process is killed here. The next one reports what this one has stored.
  const next = createExporter({ endpoint: receiver.endpoint, state, clock })
  await next.usage.report()
  assert.equal(countIn(receiver, 0), 3)
  await next.shutdown()
  await host.provider.shutdown()
})

test('the exporter asks the environment, writes the notice, and offers the choice by itself', async () => {
  await using receiver = await startReceiver()
  const log = createLog()
  const options = { endpoint: receiver.endpoint, logger: log, clock: createFakeClock() }
  const host = createHost({ ...options, environment: { ACME_DB_TELEMETRY_OPTOUT: '1' } })
  await host.provider.forceFlush()
  assert.match(JSON.stringify(log.lines), /Acme DB sends no usage reports \(ACME_DB_TELEMETRY_OPTOUT=1\)/)
  assert.equal((await host.exporter.usage.report()).outcome, 'suppressed')
  await host.provider.shutdown()

  const other = createHost({ ...options, consent: { default: 'undecided' } })
  await other.exporter.usage.consent.set('enabled', { by: 'alice' })
  assert.equal((await other.exporter.usage.report()).outcome, 'sent')
  await other.provider.shutdown()
})

test('the verdict of another telemetry decides, but for a no of the environment', async () => {
  await using receiver = await startReceiver()
  const usage = createAcme({ consent: { default: 'enabled' } })
  await usage.start()
  const options = { endpoint: receiver.endpoint, consent: () => usage.consent.verdict() }
  const exporter = createExporter(options)
  assert.equal((await exporter.usage.report()).outcome, 'sent')
  await usage.consent.set('disabled', { by: 'alice' })
  assert.equal((await exporter.usage.report()).outcome, 'suppressed')
  await usage.consent.set('enabled', { by: 'alice' })
  const opted = createExporter({ ...options, environment: { DO_NOT_TRACK: '1' } })
  assert.equal((await opted.usage.report()).outcome, 'suppressed')
  for (const one of [exporter, opted, usage]) await one.shutdown()
})

for (const [name, consent] of Object.entries<() => unknown>({
  throws: () => assert.fail('broken'),
  rejects: () => Promise.reject(new Error('broken')),
  'gives no verdict': () => ({ state: 'enabled' }),
})) {
  test(`a consent function that ${name} sends nothing and deletes nothing`, async () => {
    await using receiver = await startReceiver()
    const state = createMemoryStore()
    const before = createExporter({ endpoint: receiver.endpoint, state })
    await before.usage.report()
    await before.shutdown()
    const id = await state.read('installation.json')
    assert.ok(id)
    const exporter = createExporter({ endpoint: receiver.endpoint, state, consent: consent as () => never })
    assert.equal((await exporter.usage.report()).outcome, 'suppressed')
    assert.deepEqual(await state.read('installation.json'), id)
    await exporter.shutdown()
    assert.equal(receiver.received.length, 1)
  })
}

for (const total of ['source', 'process'] as const) {
  test(`a running total of the kind '${total}' that an SDK of the host observes is counted from where the fact says`, async () => {
    await using receiver = await startReceiver()
    const count = { kind: 'count', unit: '{row}', since: 1, why: 'Shows how many there are.', total } as const
    const catalog = defineCatalog({ version: 1, prefix: 'acme', facts: { 'acme.rows': count } })
    const exporter = new ConsentAwareMetricExporter({
      ...{
        product: { name: 'acme', version: '1.0.0' },
        catalog,
        endpoint: receiver.endpoint,
        environment: {},
      },
      ...{ consent: { default: 'enabled' }, state: createMemoryStore() },
    })
    const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 2 ** 31 - 1 })
    const provider = new MeterProvider({ readers: [reader] })
    let rows = 1_000
    const observable = provider.getMeter('acme').createObservableCounter('acme.rows')
    observable.addCallback((result) => result.observe(rows))
    for (const grown of [15, 5]) {
      await provider.forceFlush()
      await exporter.usage.report()
      rows += grown
    }
    await provider.forceFlush()
    await exporter.usage.report()
    const counted = receiver.received.map(({ json }) => numbersOf(json)['acme.rows'] ?? 0)
    assert.deepEqual(counted, [total === 'source' ? 0 : 1_000, 15, 5])
    await provider.shutdown()
  })
}

test('a consent that another library has added to every object does not count as a yes for the exporter', async () => {
  await using receiver = await startReceiver()
  const yes = createAcme().consent.verdict()
  Reflect.set(Object.prototype, 'consent', () => yes)
  try {
    const { usage } = new ConsentAwareMetricExporter({
      product: { name: 'acme-db', version: '2.4.0' },
      ...{ catalog: acmeCatalog, endpoint: receiver.endpoint, state: createMemoryStore(), environment: {} },
    })
    await usage.report()
    await usage.shutdown()
  } finally {
    Reflect.deleteProperty(Object.prototype, 'consent')
  }
  assert.equal(receiver.connections, 0)
})

test('running totals that a reader asks for are counted once', async () => {
  const exporter = createExporter()
  class Totals extends MetricReader {
    constructor() {
      super({ aggregationTemporalitySelector: () => AggregationTemporality.CUMULATIVE })
    }
    async exports() {
      const { resourceMetrics } = await this.collect()
      exporter.export(resourceMetrics, () => {})
    }
    protected override async onShutdown() {}
    protected override async onForceFlush() {}
  }
  const reader = new Totals()
  const counter = new MeterProvider({ readers: [reader] }).getMeter('acme').createCounter('acme.commands')
  for (const amount of [3, 4]) {
    counter.add(amount, FOUND)
    await reader.exports()
  }
  await reader.exports()
  const { facts } = await exporter.usage.preview()
  assert.deepEqual(
    facts.points.map(({ name, value }) => ({ name, value })),
    [{ name: 'acme.commands', value: 7 }],
  )
  await exporter.shutdown()
})

test('after the shutdown an export fails, and says why', async () => {
  const { exporter, provider } = createHost()
  await provider.shutdown()
  const result = await new Promise<{ code: number; error?: Error }>((resolve) =>
    exporter.export({ resource: resourceFromAttributes({}), scopeMetrics: [] }, resolve),
  )
  assert.equal(result.code, 1)
  assert.match(String(result.error), /shut down/)
})

test("usage.reader() fills the facts from the host's own MeterProvider, before a report and before counts are stored", async () => {
  await using receiver = await startReceiver()
  const state = createMemoryStore()
  const clock = createFakeClock()
  const usage = createAcme({ endpoint: receiver.endpoint, state, clock })
  const provider = new MeterProvider({ readers: [await usage.reader()] })
  const meter = provider.getMeter('acme')
  await usage.start()
  meter.createObservableGauge('acme.users').addCallback((result) => result.observe(16))
  const counter = meter.createCounter('acme.commands')
  counter.add(2, FOUND)
  await usage.report()
  counter.add(5, FOUND)
  await clock.advance(6 * MINUTE)
  const { json } = receiver.received[0] ?? assert.fail('no report')
  assert.equal(numbersOf(json)['acme.users'], 16)
  assert.equal(countIn(receiver, 0), 2)
  // The process is killed here: what was counted five minutes ago is in the next report.
  const next = createAcme({ endpoint: receiver.endpoint, state, clock })
  await next.report()
  assert.equal(countIn(receiver, 1), 5)
  await next.shutdown()
  await usage.shutdown()
})

test('a provider that shuts down with the reader leaves what was counted to the next report', async () => {
  await using receiver = await startReceiver()
  const state = createMemoryStore()
  const usage = createAcme({ endpoint: receiver.endpoint, state })
  const provider = new MeterProvider({ readers: [await usage.reader()] })
  await usage.start()
  provider.getMeter('acme').createCounter('acme.commands').add(4, FOUND)
  await provider.shutdown()
  await usage.shutdown()
  const next = createAcme({ endpoint: receiver.endpoint, state })
  await next.report()
  assert.equal(countIn(receiver, 0), 4)
  await next.shutdown()
})

test('a reader that was shut down is let go: it and its provider stayed in memory as long as the telemetry', async () => {
  const usage = createAcme()
  const openAndShutDown = async () => {
    const reader = await usage.reader()
    await new MeterProvider({ readers: [reader] }).shutdown()
    return new WeakRef(reader)
  }
  const reader = await openAndShutDown()
  await usage.preview()
  await new Promise((resolve) => setImmediate(resolve))
  collectGarbage()
  assert.equal(reader.deref(), undefined)
  await usage.shutdown()
})

/** Commands with their durations in buckets, and one histogram that nobody has declared. */
const durationsCatalog = defineCatalog({
  version: 1,
  prefix: 'acme',
  facts: {
    'acme.durations': {
      kind: 'count',
      unit: '{command}',
      buckets: 'le',
      by: { command: ['find', 'other'], le: ['0.1', '1', 'inf'] },
      since: 1,
      why: 'Shows which commands are slow.',
    },
  },
})

const durationsHost = { product: { name: 'acme-db', version: '2.4.0' }, catalog: durationsCatalog }

/** Records durations, 17 s among them, and one into a histogram that is not declared. */
function recordDurations(provider: MeterProvider, explicitBucketBoundaries?: number[]): void {
  const meter = provider.getMeter('acme')
  const advice = explicitBucketBoundaries && { advice: { explicitBucketBoundaries } }
  const durations = meter.createHistogram('acme.durations', advice)
  for (const [seconds, command] of [
    [0.05, 'find'],
    [0.1, 'find'],
    [0.3, 'find'],
    [0.7, 'find'],
    [17, 'find'],
    [0.7, 'umbrella'],
  ] as const)
    durations.record(seconds, { command })
  meter.createHistogram('http.server.duration').record(1)
}

const DURATIONS = {
  'acme.durations{command=find,le=0.1}': 2,
  'acme.durations{command=find,le=1}': 2,
  'acme.durations{command=find,le=inf}': 1,
  'acme.durations{command=other,le=1}': 1,
}

const durationsIn = ({ received }: Receiver, index: number) =>
  Object.fromEntries(
    Object.entries(numbersOf(received[index]?.json ?? assert.fail('no report'))).filter(([name]) =>
      /acme|dropped/.test(name),
    ),
  )

test('a histogram in an SDK of the host fills a declared count with buckets, each value once', async () => {
  await using receiver = await startReceiver()
  const usage = createUsageTelemetry({
    ...{ ...durationsHost, endpoint: receiver.endpoint, consent: { default: 'enabled' } },
    ...{ state: createMemoryStore(), environment: {} },
  })
  const provider = new MeterProvider({ readers: [await usage.reader()] })
  recordDurations(provider, [0.01, 0.1, 0.5, 1, 10])
  await usage.report()
  recordDurations(provider)
  await usage.report()
  assert.deepEqual([durationsIn(receiver, 0), durationsIn(receiver, 1)], [DURATIONS, DURATIONS])
  await usage.shutdown()
})

test('under the exporter a histogram fills it as well', async () => {
  await using receiver = await startReceiver()
  const exporter = new ConsentAwareMetricExporter({
    ...{ ...durationsHost, endpoint: receiver.endpoint, consent: { default: 'enabled' } },
    ...{ state: createMemoryStore(), environment: {} },
  })
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 2 ** 31 - 1 })
  const provider = new MeterProvider({ readers: [reader] })
  recordDurations(provider, [0.1, 1])
  await provider.forceFlush()
  await exporter.usage.report()
  assert.deepEqual(durationsIn(receiver, 0), DURATIONS)
  await provider.shutdown()
})

test('a histogram whose buckets lie across those of the fact fills nothing, and a debug line names it', async () => {
  const log = createLog()
  const usage = createUsageTelemetry({
    ...{ ...durationsHost, endpoint: 'http://127.0.0.1:9', consent: { default: 'disabled' }, logger: log },
    ...{ state: createMemoryStore(), environment: {} },
  })
  const provider = new MeterProvider({ readers: [await usage.reader()] })
  // The buckets of OpenTelemetry's default: 0, 5, 10, 25, …
  recordDurations(provider)
  assert.deepEqual((await usage.preview()).facts.points, [])
  await usage.report()
  const [dropped] = (await usage.status()).dropped
  assert.deepEqual([dropped?.reason, dropped?.name], ['wrong_instrument', 'acme.durations'])
  assert.ok(
    log.lines.some((line) => line.startsWith('debug:') && line.includes('acme.durations')),
    log.lines.join('\n'),
  )
  await usage.shutdown()
})

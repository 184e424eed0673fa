/** With rotating ids, or without any, no two reports can be joined: neither by their times nor by what else the library adds to them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  combineCatalogs,
  createMemoryStore,
  createUsageTelemetry,
  defineCatalog,
  UsageConfigurationError,
} from '../../src/index.ts'
import { clusterPack } from '../../src/library/packs/index.ts'
import { ConsentAwareMetricExporter } from '../../src/sdk.ts'
import { createAcme } from '../support/acme.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { attributesOf, type Receiver, startReceiver } from '../support/receiver.ts'

const DAY = 86_400_000
const count = { kind: 'count', unit: '{request}', since: 1, why: 'Shows how much it is used.' } as const
const catalog = defineCatalog({
  version: 1,
  prefix: 'acme',
  facts: {
    'acme.requests': count,
    'acme.total': { ...count, temporality: 'cumulative' },
    'acme.users': { kind: 'gauge', unit: '{user}', since: 1, why: 'Shows for how many.', example: 3 },
  },
})

const MODES = [{ mode: 'rotating', period: '1h' }, { mode: 'none' }] as const
const frame = {
  product: { name: 'acme-db', version: '1.0.0' },
  endpoint: 'http://127.0.0.1:9',
  consent: { default: 'enabled' },
  environment: {},
} as const

/** All times in what a receiver got, in milliseconds since 1970: those of the points, and those in the ids of reports. */
const timesAt = ({ received }: Receiver) =>
  received.map(({ body, json }) => ({
    points: [...body.toString().matchAll(/"(startTimeUnixNano|timeUnixNano)":"(\d+)"/g)].map(
      ([, name, time]) => [name, Number(BigInt(time ?? 0) / 1_000_000n)] as const,
    ),
    id: Number.parseInt(String(attributesOf(json)['usage.report.id']).replace('-', '').slice(0, 12), 16),
  }))

for (const identity of MODES) {
  test(`with the ids of the mode ${identity.mode}, no time in a report is nearer to the truth than a day, and none is that of another report's end`, async () => {
    await using receiver = await startReceiver()
    const clock = createFakeClock(Date.UTC(2026, 0, 1, 13, 37, 11))
    const usage = createUsageTelemetry({
      ...{ ...frame, catalog, endpoint: receiver.endpoint, clock, identity, state: createMemoryStore() },
    })
    for (let report = 0; report < 4; report++) {
      usage.counter('acme.requests').add(3, {})
      usage.counter('acme.total').add(5, {})
      usage.set('acme.users', 7)
      await usage.report()
      await clock.advance(DAY + 987_654)
    }
    await usage.forget({ by: 'alice' })
    const days = [1, 2, 3, 4, 5].map((day) => Date.UTC(2026, 0, day))
    const reports = timesAt(receiver)
    assert.ok(reports.length >= 4)
    for (const [place, { points, id }] of reports.entries()) {
      assert.ok(points.length > 2)
      for (const [name, time] of points) assert.equal(time, name === 'timeUnixNano' ? days[place] : 0)
      assert.equal(id, days[place])
    }
    await usage.shutdown()
  })
}

test('with a stable id, times are exact', async () => {
  await using receiver = await startReceiver()
  const clock = createFakeClock(Date.UTC(2026, 0, 1, 13, 37, 11))
  await createAcme({ endpoint: receiver.endpoint, clock }).report()
  const [report] = timesAt(receiver)
  assert.deepEqual(new Set(report?.points.map(([, time]) => time)), new Set([clock.now()]))
  assert.equal(report?.id, clock.now())
})

const id = '3c9cce5b-81a2-4d0b-9f5e-6f6c1e1f4a57'
const nodes = clusterPack({
  ...{ prefix: 'acme', level: 'full', since: 1, states: ['up'], roles: ['leader'] },
  read: () => undefined as never,
})
const peers = {
  kind: 'attribute',
  type: 'uuids',
  since: 1,
  why: 'Shows what belongs together.',
  example: [id],
} as const
const part = (facts: Parameters<typeof defineCatalog>[0]['facts']) =>
  defineCatalog({ version: 1, prefix: 'acme', facts })

for (const [what, facts, places] of [
  ['uuids', { 'acme.peers': peers }, ["facts['acme.peers']"]],
  [
    'words by their ids',
    {
      'acme.peers': { ...peers, type: 'map', keys: 'uuid', values: ['Leader'], example: { [id]: 'Leader' } },
    },
    ["facts['acme.peers']"],
  ],
  ['node ids', nodes.facts, ["facts['acme.cluster.node_id']", "facts['acme.cluster.leader_id']"]],
] as const) {
  test(`outside of the mode stable, facts that hold ${what} are refused at start, through every door`, () => {
    const declared = part(facts as never)
    for (const { mode } of MODES) {
      const refused = (error: unknown) => {
        assert.ok(error instanceof UsageConfigurationError)
        assert.deepEqual(
          error.mistakes.map(({ path }) => path),
          places,
        )
        assert.match(
          error.message,
          new RegExp(`identity.mode is '${mode}'; remove the fact, or use the mode 'stable'`),
        )
        return true
      }
      assert.throws(() => createUsageTelemetry({ ...frame, catalog: declared, identity: { mode } }), refused)
      const usage = createUsageTelemetry({ ...frame, catalog: plain, identity: { mode } })
      assert.throws(() => usage.contribute(declared), refused)
      assert.throws(
        () =>
          new ConsentAwareMetricExporter({
            ...{ ...frame, catalog: declared, identity: { mode }, state: createMemoryStore() },
            consent: () => createAcme().consent.verdict(),
          }),
        refused,
      )
    }
    createUsageTelemetry({ ...frame, catalog: declared })
  })
}

const plain = defineCatalog({ version: 1, prefix: 'base', facts: {} })

test('outside of the mode stable, a lineage is refused', () => {
  for (const { mode } of MODES)
    assert.throws(
      () =>
        createUsageTelemetry({
          ...frame,
          catalog: combineCatalogs(plain, []),
          identity: { mode, lineage: true },
        }),
      /identity.lineage: is true; use it with the mode 'stable' only/,
    )
})

test('outside of the mode stable, each report has another time of day', async () => {
  for (const mode of ['stable', 'none'] as const) {
    await using receiver = await startReceiver()
    const state = createMemoryStore()
    const usage = createAcme({ endpoint: receiver.endpoint, state, identity: { mode } })
    const offsets = new Set<unknown>()
    for (let report = 0; report < 3; report++) {
      await usage.report()
      offsets.add(JSON.parse(new TextDecoder().decode(await state.read('schedule.json'))).offset)
    }
    assert.equal(offsets.size, mode === 'stable' ? 1 : 3)
  }
})

/** What a catalog can ask for, seen in the report as it arrives. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type CatalogDefinition,
  createMemoryStore,
  createUsageTelemetry,
  defineCatalog,
} from '../../src/index.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { attributesOf, numbersOf, startReceiver } from '../support/receiver.ts'

const common = { since: 1, why: 'Tells it.' } as const
const attribute = { ...common, kind: 'attribute' } as const

/** One report of a product with these facts, filled by `fill`. */
async function reportOf<const F extends CatalogDefinition['facts']>(
  facts: F,
  fill: (usage: ReturnType<typeof createUsageTelemetry>) => void,
  more: { levels?: readonly string[]; environment?: Record<string, string>; version?: string } = {},
) {
  await using receiver = await startReceiver()
  const { levels, environment = {}, version = '2.4.0' } = more
  const usage = createUsageTelemetry({
    product: { name: 'acme', version },
    catalog: defineCatalog({ version: 1, prefix: 'acme', facts, ...(levels && { levels }) }),
    endpoint: receiver.endpoint,
    consent: { default: 'enabled' },
    state: createMemoryStore(),
    environment,
    clock: createFakeClock(Date.UTC(2027, 0, 1)),
  })
  fill(usage as never)
  assert.equal((await usage.report()).outcome, 'sent')
  const { json } = receiver.received[0] ?? assert.fail('no report')
  return { attributes: attributesOf(json), numbers: numbersOf(json) }
}

test('a value that is not known is absent, Unknown or empty, as the catalog says', async () => {
  const version = { ...attribute, type: 'version', example: '1' } as const
  const { attributes } = await reportOf(
    {
      'acme.absent': version,
      'acme.unknown': { ...version, whenUnknown: 'Unknown' },
      'acme.empty': { ...version, whenUnknown: null },
      'acme.failed': { ...version, whenUnknown: 'Unknown' },
    },
    (usage) =>
      usage.set('acme.failed' as never, () => {
        throw new Error('no database')
      }),
  )
  assert.deepEqual(
    Object.fromEntries(Object.entries(attributes).filter(([name]) => name.startsWith('acme.'))),
    { 'acme.empty': undefined, 'acme.failed': 'Unknown', 'acme.unknown': 'Unknown' },
  )
})

test('a fact above the level of consent is absent, or empty where the catalog says so (TimescaleDB: functions_used is null)', async () => {
  const { attributes, numbers } = await reportOf(
    {
      'acme.absent': { ...attribute, type: 'boolean', example: true, level: 'full' },
      'acme.empty': { ...attribute, type: 'boolean', example: true, level: 'full', whenUnknown: null },
    },
    (usage) => {
      usage.set('acme.absent' as never, true as never)
      usage.set('acme.empty' as never, true as never)
    },
    { levels: ['basic', 'full'], environment: { ACME_TELEMETRY: 'basic' } },
  )
  assert.ok('acme.empty' in attributes && attributes['acme.empty'] === undefined)
  assert.ok(!('acme.absent' in attributes))
  assert.equal(numbers['usage.withheld'], 2)
})

test('a zero is left out of counts and kept in gauges, or the other way round (FerretDB omits zeros)', async () => {
  const gauge = { ...common, kind: 'gauge', unit: '1', example: 1 } as const
  const count = { ...common, kind: 'count', unit: '1' } as const
  const { numbers } = await reportOf(
    {
      'acme.gauge': gauge,
      'acme.gauge.omitted': { ...gauge, omitZero: true },
      'acme.count': count,
      'acme.count.kept': { ...count, omitZero: false },
    },
    (usage) => {
      usage.set('acme.gauge' as never, 0 as never)
      usage.set('acme.gauge.omitted' as never, 0 as never)
    },
  )
  assert.deepEqual(numbers, { 'acme.count.kept': 0, 'acme.gauge': 0, 'usage.facts': 2, 'usage.withheld': 0 })
})

test('a fact that has expired is not collected any more, and is not asked for', async () => {
  let asked = false
  const gauge = { ...common, kind: 'gauge', unit: '1', example: 1 } as const
  const { numbers } = await reportOf(
    {
      'acme.old': { ...gauge, expires: '2026-12-31' },
      'acme.gone': { ...gauge, expires: '2.0' },
      'acme.here': gauge,
    },
    (usage) => {
      for (const name of ['acme.old', 'acme.gone']) {
        usage.set(
          name as never,
          (() => {
            asked = true
            return 1
          }) as never,
        )
      }
      usage.set('acme.here' as never, 1 as never)
    },
  )
  assert.equal(asked, false)
  assert.deepEqual(numbers, { 'acme.here': 1, 'usage.facts': 1, 'usage.withheld': 0 })
})

test('numbers and versions leave as coarse as the catalog says', async () => {
  const { attributes, numbers } = await reportOf(
    {
      'acme.db.version': { ...attribute, type: 'version', example: '15.2', round: 'major.minor' },
      'acme.rows': {
        ...common,
        kind: 'gauge',
        unit: '{row}',
        example: 1,
        round: { steps: [100, 1_000] },
        max: 1_000,
      },
    },
    (usage) => {
      usage.set('acme.db.version' as never, '15.2.7' as never)
      usage.set('acme.rows' as never, 123_456 as never)
    },
  )
  assert.equal(attributes['acme.db.version'], '15.2')
  assert.equal(numbers['acme.rows'], 1_000)
})

/** The reports of the five seed systems, told by a host in their place: every field of theirs is in ours. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { createMemoryStore, createUsageTelemetry, type UsageTelemetry } from '../../src/index.ts'
import { ENTRIES } from '../../src/state/index.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { camundaOptimize } from './camunda-optimize.ts'
import { dependencyTrack } from './dependency-track.ts'
import { eventstoredb, gossip } from './eventstoredb.ts'
import { ferretdb } from './ferretdb.ts'
import { fieldsOf, type Place, placesOf, type Report, type SeedSystem } from './seed-system.ts'
import { timescaledb } from './timescaledb.ts'

const SYSTEMS = [dependencyTrack, ferretdb, eventstoredb, timescaledb, camundaOptimize]

/** What every report says of itself. */
const FRAME = /^(?:service|telemetry|usage)\.|@start$/

for (const system of SYSTEMS) {
  const { title } = system.product

  test(`${title}: every field of the original is in the report, with its value, and nothing is dropped`, async () => {
    const { report } = await reportOf(system)
    const fields = fieldsOf(system)
    for (const { path, value, place } of fields) {
      assert.ok(place !== undefined, `${path} has no place in the report`)
      assert.deepEqual(read(place, report), keptOf(place, value), path)
    }
    assert.deepEqual(droppedIn(report), {})
    const used = new Set(fields.map(({ path }) => path))
    for (const path of Object.keys(system.places))
      assert.ok(used.has(path), `${path} is no field of the original`)
  })

  test(`${title}: every declared fact is told, and nothing is reported that the original does not have`, async () => {
    const { report } = await reportOf(system)
    const asked = new Set<string>()
    const watched = new Proxy(report, {
      get(target, place) {
        asked.add(String(place))
        return Reflect.get(target, place)
      },
    })
    for (const { place } of fieldsOf(system)) read(place as Place, watched)
    const told = Object.keys(report).filter((place) => !FRAME.test(place))
    // What no field is read from: the one that stands for `functions_used: null`.
    assert.deepEqual(
      told.filter((place) => !asked.has(place)),
      system === timescaledb ? ['timescaledb.functions.counted'] : [],
    )
    const facts = new Set(told.map((place) => place.replace(/\{.*$/, '')))
    for (const [name, fact] of Object.entries(system.catalog.facts))
      assert.ok(facts.has(name) || ('type' in fact && fact.type === 'metadata'), `${name} is never told`)
  })

  test(`${title}: the report is what its schema says`, async () => {
    const { json } = await reportOf(system)
    const file = path.resolve(import.meta.dirname, '../../examples', system.name, 'report.schema.json')
    const validate = new Ajv2020({ strict: false }).compile(JSON.parse(readFileSync(file, 'utf8')))
    assert.ok(validate(json), JSON.stringify(validate.errors?.slice(0, 3)))
    assert.ok(!validate(JSON.parse(JSON.stringify(json).replaceAll('"otel-usage"', '"other"'))))
  })

  test(`${title}: what the host does not tell is left out, or said to be unknown, as the original does`, async () => {
    const { report } = await reportOf(system, {})
    assert.deepEqual(factsIn(report), system.untold)
    assert.deepEqual(droppedIn(report), {})
  })
}

test('what a catalog takes from packs is found on this machine too, and fits the facts', async () => {
  for (const system of SYSTEMS) {
    const { usage, report } = await reportOf(system, {})
    for (const pack of system.packs ?? []) usage.use(pack)
    const found = placesOf((await usage.preview()).json)
    assert.deepEqual(droppedIn(found), {}, system.name)
    const more = Object.keys(factsIn(found)).length - Object.keys(factsIn(report)).length
    assert.equal(more > 0, system.packs !== undefined, system.name)
  }
})

test('FerretDB: a zero is not sent, and counts go on from report to report', async () => {
  const command_metrics = { OP_MSG: { find: { unknown: { ok: 0, panic: 1 } } } }
  const { usage, report } = await reportOf(ferretdb, { command_metrics })
  const panics = 'ferretdb.commands{argument=unknown,command=find,opcode=OP_MSG,result=panic}'
  assert.deepEqual(factsIn(report), { [panics]: 1 })

  await usage.report()
  ferretdb.host(usage, { command_metrics } as object)

  assert.deepEqual(factsIn(placesOf((await usage.preview()).json)), { [panics]: 2 })
})

test('FerretDB: the report of its own test arrives (TestMakeReport)', async () => {
  const command_metrics = {
    OP_MSG: {
      update: { $set: { NotImplemented: 1, panic: 1, ok: 1 } },
      find: { unknown: { ok: 1 } },
      atlasVersion: { unknown: { CommandNotFound: 1 } },
    },
  }
  const { report } = await reportOf(ferretdb, { command_metrics })
  const places = Object.keys(factsIn(report)).map((place) => place.replace('ferretdb.commands', ''))
  assert.deepEqual(places.sort(), [
    '{argument=$set,command=update,opcode=OP_MSG,result=NotImplemented}',
    '{argument=$set,command=update,opcode=OP_MSG,result=ok}',
    '{argument=$set,command=update,opcode=OP_MSG,result=panic}',
    '{argument=unknown,command=find,opcode=OP_MSG,result=ok}',
    '{argument=unknown,command=other,opcode=OP_MSG,result=CommandNotFound}',
  ])
})

test('FerretDB: what a client makes up is counted, and its words are not reported', async () => {
  const secret = 'customers_of_umbrella'
  const command_metrics = {
    OP_MSG: {
      [secret]: { unknown: { ok: 1 }, [secret]: { ok: 2 } },
      aggregate: { [`$${secret}`]: { NotImplemented: 4 } },
      find: { unknown: { [secret]: 8 }, [secret]: { [secret]: 16 } },
    },
    [secret]: { [secret]: { [secret]: { [secret]: 32 } } },
  }
  const { report, json } = await reportOf(ferretdb, { command_metrics })
  assert.ok(!JSON.stringify(json).includes(secret))
  assert.deepEqual(droppedIn(report), {})
  const counts = Object.values(factsIn(report)) as number[]
  assert.equal(
    counts.reduce((sum, count) => sum + count),
    63,
  )
})

test('EventStoreDB: two members with the same empty id are two members, and break nothing (PR #4231)', async () => {
  const { usage } = await reportOf(eventstoredb, {})
  const empty = '00000000-0000-0000-0000-000000000000'
  gossip(usage as never, [
    [empty, 'Initializing'],
    [empty, 'Initializing'],
    ['6d0ad2d4-2b4c-4a0f-8f0e-7c7a2e0c1b11', 'Leader'],
  ])
  const report = placesOf((await usage.preview()).json)
  assert.deepEqual(factsIn(report), {
    'eventstoredb.cluster.member_ids': [empty, '6d0ad2d4-2b4c-4a0f-8f0e-7c7a2e0c1b11'],
    'eventstoredb.cluster.members{state=Initializing}': 2,
    'eventstoredb.cluster.members{state=Leader}': 1,
  })
  assert.deepEqual(droppedIn(report), {})
})

test('EventStoreDB: a plugin that throws is left out by itself', async () => {
  const { usage } = await reportOf(eventstoredb, { plugins: { connectors: { enabled: true } } })
  usage.set(
    'eventstoredb.plugin.archiver' as never,
    (() => {
      throw new Error('broken plugin')
    }) as never,
  )
  const report = placesOf((await usage.preview()).json)
  assert.deepEqual(factsIn(report), { 'eventstoredb.plugin.connectors': true })
  assert.deepEqual(droppedIn(report), { 'usage.dropped{reason=failed}': 1 })
})

test('EventStoreDB: the operator adds Telemetry:CloudIdentifier, and it is reported as cloudIdentifier (PR #4534)', async () => {
  const { report } = await reportOf(eventstoredb, { telemetry: { CloudIdentifier: 'abc' } })
  assert.deepEqual(factsIn(report), { 'eventstoredb.telemetry.cloudIdentifier': 'abc' })
})

test('EventStoreDB: a follower tells neither projections nor subscriptions, and the rest arrives', async () => {
  const {
    persistentSubscriptions: _,
    projections: __,
    ...rest
  } = eventstoredb.original as Record<string, unknown>
  const { report } = await reportOf(eventstoredb, rest)
  assert.ok(
    !Object.keys(report).some((place) => /projections\{|projections\.running|subscriptions/.test(place)),
  )
  assert.equal(report['eventstoredb.database.epoch_number'], 12)
})

test('TimescaleDB: without consent to functions none is counted, and the report says so (functions_used: null)', async () => {
  const { report } = await reportOf(timescaledb, timescaledb.original, {
    TIMESCALEDB_TELEMETRY: 'no_functions',
  })
  assert.equal(report['usage.consent.level'], 'no_functions')
  assert.equal(report['timescaledb.functions.counted'], null)
  assert.ok(!Object.keys(report).some((place) => place.startsWith('timescaledb.functions{')))
  assert.equal(report['timescaledb.postgresql.version'], '17.5')
})

test('TimescaleDB: where queries use no function, nothing is counted, and the report says so too (functions_used: {})', async () => {
  const { report } = await reportOf(timescaledb, { functions_used: {} })
  assert.deepEqual(factsIn(report), { 'os.type': 'Unknown', 'timescaledb.functions.counted': true })
})

test('TimescaleDB: functions that people write themselves are not named', async () => {
  const functions_used = {
    'public.not_visible_in_telemetry(integer)': 7,
    'public.time_bucket(interval,date)': 2,
  }
  const { report, json } = await reportOf(timescaledb, { functions_used })
  assert.ok(!JSON.stringify(json).includes('not_visible'))
  assert.equal(report['timescaledb.functions{function=other}'], 7)
  assert.equal(report['timescaledb.functions{function=public.time_bucket}'], 2)
})

test('TimescaleDB: own jobs and made-up error codes are told under one word', async () => {
  const errors_by_sqlerrcode = {
    user_defined_action: { UMBRL: 3, P0001: 1 },
    policy_retention: { '22P02': 2 },
  }
  const { report } = await reportOf(timescaledb, { errors_by_sqlerrcode })
  assert.equal(report['timescaledb.job.errors{job_type=user_defined_action,sqlstate=other}'], 3)
  assert.equal(report['timescaledb.job.errors{job_type=user_defined_action,sqlstate=P0001}'], 1)
  assert.equal(report['timescaledb.job.errors{job_type=policy_retention,sqlstate=other}'], 2)
  assert.deepEqual(droppedIn(report), {})
})

test('TimescaleDB: the time of installation is in UTC, and another zone or language cannot get in', async () => {
  const { report } = await reportOf(timescaledb, { installed_time: '2026-01-05T10:20:30+00' })
  assert.equal(report['timescaledb.installed_time'], '2026-01-05T10:20:30+00')
  for (const installed_time of ['2026-01-05T11:20:30+01', '05.01.2026 10:20:30', 'Jan 5, 2026']) {
    const { report } = await reportOf(timescaledb, { installed_time })
    assert.equal(report['timescaledb.installed_time'], undefined)
    assert.deepEqual(droppedIn(report), { 'usage.dropped{reason=invalid_value}': 1 })
  }
})

test('TimescaleDB: of the operator’s metadata only what is marked for it is reported', async () => {
  const db_metadata = { foo: { value: 'bar', include: true }, bar: { value: 'baz', include: false } }
  const { report } = await reportOf(timescaledb, { db_metadata })
  assert.equal(report['timescaledb.db_metadata.foo'], 'bar')
  assert.equal(report['timescaledb.db_metadata.bar'], undefined)
  assert.deepEqual(droppedIn(report), {})
})

test('Camunda: lambdas, anonymous classes and commands of others are counted without their names', async () => {
  const commands = {
    'UmbrellaBillingCmd$$Lambda$14/0x0000000800066840': { count: 1 },
    UmbrellaBillingCmd$1: { count: 2 },
    UmbrellaBillingCmd: { count: 4 },
    ClaimTaskCmd: { count: 8 },
  }
  const { report, json } = await reportOf(camundaOptimize, { product: { internals: { commands } } })
  assert.ok(!JSON.stringify(json).includes('Umbrella'))
  assert.equal(report['camunda.commands{command=other}'], 7)
  assert.equal(report['camunda.commands{command=ClaimTaskCmd}'], 8)
  assert.deepEqual(droppedIn(report), {})
})

test('Camunda: without a licence its fields are Unknown and it has no features; an old one is told as its text alone', async () => {
  const license = (report: Report) =>
    Object.fromEntries(Object.entries(report).filter(([place]) => place.startsWith('camunda.license.')))
  const unknown = license(camundaOptimize.untold)
  assert.deepEqual(license((await reportOf(camundaOptimize, {})).report), unknown)

  const raw = 'Umbrella Ltd.;2019-09-01'
  const { report } = await reportOf(camundaOptimize, { product: { internals: { 'license-key': { raw } } } })
  assert.deepEqual(license(report), {
    ...unknown,
    'camunda.license.raw': raw,
    'camunda.license.features.optimize': true,
    'camunda.license.features.camunda_bpm': false,
    'camunda.license.features.cawemo': false,
  })
})

test('Dependency-Track: a database that it does not know is told as another one', async () => {
  const { report } = await reportOf(dependencyTrack, { db_type: 'Umbrella DB' })
  assert.deepEqual(factsIn(report), { 'db.system.name': 'other_sql' })
})

/** The preview of a host that tells these values. Nothing is sent. */
async function reportOf(
  system: SeedSystem,
  told: object = system.original,
  environment: Record<string, string> = {},
): Promise<{ usage: UsageTelemetry; json: unknown; report: Report }> {
  const { product, catalog, installationId: id, since = Date.UTC(2026, 0, 2) } = system
  const state = createMemoryStore()
  const secret = '00000000-0000-4000-8000-000000000000'
  if (id) await state.write(ENTRIES.installation, JSON.stringify({ id, secret }))
  const usage = createUsageTelemetry({
    ...{ product, catalog, state, environment },
    endpoint: 'http://127.0.0.1:9',
    consent: { default: 'enabled' },
    clock: createFakeClock(since),
  })
  system.host(usage, told)
  const { json } = await usage.preview()
  return { usage, json, report: placesOf(json) }
}

function read(place: Place, report: Report): unknown {
  if (typeof place === 'string') return report[place]
  return typeof place === 'function' ? place(report) : place.is(report)
}

const keptOf = (place: Place, value: unknown) =>
  typeof place === 'object' ? place.kept(value as never) : value

const factsIn = (report: Report) =>
  Object.fromEntries(Object.entries(report).filter(([place]) => !FRAME.test(place)))

const droppedIn = (report: Report) =>
  Object.fromEntries(
    Object.entries(report).filter(
      ([place]) => /^usage\.dropped\b(?!@)/.test(place) && !place.endsWith('@start'),
    ),
  )

/** The reports of the five seed systems: each of their fields is in our report, set by a host with the mapping of the example. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { booleanOf, numberOf } from '../../examples/mapping.ts'
import { createMemoryStore, createUsageTelemetry, type UsageTelemetry } from '../../src/index.ts'
import { ENTRIES } from '../../src/state/index.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { camundaOptimize } from './camunda-optimize.ts'
import { dependencyTrack } from './dependency-track.ts'
import { eventstoredb } from './eventstoredb.ts'
import { ferretdb } from './ferretdb.ts'
import { fieldsOf, type Place, placesOf, type Report, type SeedSystem } from './seed-system.ts'
import { timescaledb } from './timescaledb.ts'

const SYSTEMS = [dependencyTrack, ferretdb, eventstoredb, timescaledb, camundaOptimize]

/** What every report says of itself. */
const FRAME = /^(?:service|telemetry|usage)\.|@start$/

for (const system of SYSTEMS) {
  const { title } = system.product

  test(`${title}: every field of the original is in the report, with its value, and nothing is dropped`, async () => {
    const { report, refused } = await reportOf(system)
    assert.deepEqual(refused, system.refused)
    const fields = fieldsOf(system).filter(({ path }) => !Object.hasOwn(system.refused, path))
    for (const { path, value, place } of fields) {
      assert.ok(place !== undefined, `${path} has no place in the report`)
      assert.deepEqual(read(place, report), keptOf(place, value), path)
    }
    assert.deepEqual(droppedIn(report), {})
    const used = new Set(fields.map(({ path }) => path))
    const known = new Set([...used, ...pathsOf(system.pages)])
    for (const path of Object.keys(system.places))
      assert.ok(known.has(path), `${path} is a field neither of the original nor of a page`)
  })

  for (const { name, document, refused: expected } of system.pages) {
    test(`${title}: every field of the page's own example arrives, or is refused with the reason: ${name}`, async () => {
      const { report, refused } = await reportOf(system, document)
      assert.deepEqual(refused, expected)
      assert.deepEqual(droppedIn(report), {})
      const values = new Map<Place, unknown>()
      for (const { path, value, place } of fieldsOf({ ...system, original: document })) {
        if (Object.hasOwn(expected, path)) continue
        assert.ok(place !== undefined, `${path} has no place in the report`)
        const kept = asIn(read(place, report), keptOf(place, value))
        // Several names may be counted under one word.
        values.set(place, values.has(place) ? Number(values.get(place)) + Number(kept) : kept)
      }
      for (const [place, value] of values) assert.deepEqual(read(place, report), value, String(place))
    })
  }

  test(`${title}: every declared fact is reported, and nothing is reported that the original does not have`, async () => {
    const { report } = await reportOf(system)
    const asked = new Set<string>()
    const watched = new Proxy(report, {
      get(target, place) {
        asked.add(String(place))
        return Reflect.get(target, place)
      },
    })
    for (const { path, place } of fieldsOf(system))
      if (!Object.hasOwn(system.refused, path)) read(place as Place, watched)
    const reported = Object.keys(report).filter((place) => !FRAME.test(place))
    // What no field is read from: the one that stands for `functions_used: null`.
    assert.deepEqual(
      reported.filter((place) => !asked.has(place)),
      system === timescaledb ? ['timescaledb.functions.counted'] : [],
    )
    const facts = new Set(reported.map((place) => place.replace(/\{.*$/, '')))
    for (const [name, fact] of Object.entries(system.catalog.facts))
      assert.ok(facts.has(name) || ('type' in fact && fact.type === 'metadata'), `${name} is never reported`)
  })

  test(`${title}: the report is what its schema says`, async () => {
    const { json } = await reportOf(system)
    const file = path.resolve(import.meta.dirname, '../../examples', system.name, 'report.schema.json')
    const validate = new Ajv2020({ strict: false }).compile(JSON.parse(readFileSync(file, 'utf8')))
    assert.ok(validate(json), JSON.stringify(validate.errors?.slice(0, 3)))
    assert.ok(!validate(JSON.parse(JSON.stringify(json).replaceAll('"otel-usage"', '"other"'))))
  })

  test(`${title}: what the host does not set is left out, or reported as unknown, as the original does`, async () => {
    const { report } = await reportOf(system, {})
    assert.deepEqual(factsIn(report), system.unset)
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

test('FerretDB: the report of its test TestMakeReport arrives', async () => {
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
  const empty = '00000000-0000-0000-0000-000000000000'
  const leader = '6d0ad2d4-2b4c-4a0f-8f0e-7c7a2e0c1b11'
  const gossip = [
    [empty, 'Initializing'],
    [empty, 'Initializing'],
    [leader, 'Leader'],
  ]
  const { report } = await reportOf(eventstoredb, { gossip })
  assert.deepEqual(factsIn(report), {
    'eventstoredb.gossip': [`${empty}=Initializing`, `${leader}=Leader`],
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

test('EventStoreDB: a follower reports neither projections nor subscriptions, and the rest arrives', async () => {
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

/** Error codes of PostgreSQL as its own list has them (errcodes.txt, classes 01 to 24), and not as the catalog does. */
const ERRCODES = `
  01000 0100C 01008 01003 01007 01006 01004 01P01 02000 02001 03000 08000 08003 08006 08001 08004 08007 08P01 09000 0A000
  0B000 0F000 0F001 0L000 0LP01 0P000 0Z000 0Z002 20000 21000 22000 2202E 22021 22008 22012 22005 2200B 22022 22015 2201E
  22014 22016 2201F 2201G 22018 22007 22019 2200D 22025 22P06 22010 22023 22013 2201B 2201W 2201X 2202H 2202G 22009 2200C
  2200G 22004 22002 22003 2200H 22026 22001 22011 22027 22024 2200F 22P01 22P02 22P03 22P04 22P05 2200L 2200M 2200N 2200S
  2200T 22030 22032 22033 22034 22035 22036 22037 22038 22039 2203A 2203B 2203C 2203D 2203E 2203F 23000 23001 23502 23503
  23505 23514 23P01 24000`
  .trim()
  .split(/\s+/)

test('TimescaleDB: the error codes of PostgreSQL’s own list are each reported by name', async () => {
  const user_defined_action = Object.fromEntries(ERRCODES.map((code, index) => [code, index + 1]))
  const { report, refused } = await reportOf(timescaledb, { errors_by_sqlerrcode: { user_defined_action } })
  assert.deepEqual(
    factsIn(report),
    Object.fromEntries([
      ['os.type', 'Unknown'],
      ['timescaledb.functions.counted', null],
      ...ERRCODES.map((code, index) => [
        `timescaledb.job.errors{job_type=user_defined_action,sqlstate=${code}}`,
        index + 1,
      ]),
    ]),
  )
  assert.deepEqual(refused, {})
})

test('TimescaleDB: own jobs and made-up error codes are reported under one word', async () => {
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

test('TimescaleDB: a time is reported in UTC whatever zone it has, a local one without a zone, and one in another language not at all', async () => {
  for (const [installed_time, expected] of [
    ['2026-01-05T10:20:30+00', '2026-01-05T10:20:30+00'],
    ['2026-01-05T11:20:30+01', '2026-01-05T10:20:30+00'],
    ['2026-01-05 04:50:30.25-05:30', '2026-01-05T10:20:30+00'],
    ['2026-01-05T07:20:30-0300', '2026-01-05T10:20:30+00'],
    ['2026-01-05T10:20:30Z', '2026-01-05T10:20:30+00'],
    ['2026-01-05 11:20:30', '2026-01-05T11:20:30'],
  ]) {
    const { report, refused } = await reportOf(timescaledb, { installed_time })
    assert.deepEqual([report['timescaledb.installed_time'], refused], [expected, {}], installed_time)
  }
  for (const installed_time of ['05.01.2026 10:20:30', 'Jan 5, 2026', '2026-01-05', 5]) {
    const { report, refused } = await reportOf(timescaledb, { installed_time })
    assert.equal(report['timescaledb.installed_time'], undefined)
    assert.deepEqual(refused, { installed_time: 'does not have the form that the catalog declares' })
    assert.deepEqual(droppedIn(report), {})
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

test('Camunda: without a licence its fields are Unknown and it has no features; of an old one only the text is reported', async () => {
  const license = (report: Report) =>
    Object.fromEntries(Object.entries(report).filter(([place]) => place.startsWith('camunda.license.')))
  const unknown = license(camundaOptimize.unset)
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

test('Camunda: the text of a licence is reported without its signature, whatever frames it', async () => {
  const [signature, text] = [
    `${'dGhpcyBpcyBhIHNpZ25hdHVyZQ+/'.repeat(3)}==`,
    'customer = Umbrella Ltd.;optimize = true',
  ]
  const lines = [
    '--------------- BEGIN OPTIMIZE LICENSE KEY ---------------',
    '--------------- END ---------------',
  ]
  for (const raw of [
    text,
    `${signature};${text}`,
    `${signature.slice(0, 40)}\n${signature.slice(40)};${text}\n`,
    `${lines[0]}\n${signature}\n;${text}\n${lines[1]}\n`,
  ]) {
    const { report } = await reportOf(camundaOptimize, { product: { internals: { 'license-key': { raw } } } })
    assert.equal(report['camunda.license.raw'], text)
  }
})

test('a field that no fact is declared for is refused by its name, and reported nowhere', async () => {
  for (const system of SYSTEMS) {
    const { json, refused } = await reportOf(system, { umbrella: { secret: 'Umbrella Ltd.' } })
    assert.deepEqual(refused, { 'umbrella/secret': 'has no fact in the catalog' }, system.name)
    assert.ok(!JSON.stringify(json).includes('mbrella'))
  }
})

test('a value that does not fit its fact is refused by its name, with what is wrong', async () => {
  const relations = { foreign_tables: { num_relations: 3 }, tables: { num_relations: 'many' } }
  const { refused, report } = await reportOf(timescaledb, {
    relations,
    license: { edition: 'enterprise' },
    related_extensions: { postgis: 'perhaps', umbrella: true },
  })
  assert.deepEqual(refused, {
    'relations/foreign_tables/num_relations': 'is about foreign_tables, which the catalog does not list',
    'relations/tables/num_relations': 'is not a number',
    'license/edition': 'is not one of the words in the catalog',
    'related_extensions/postgis': 'is not a boolean',
    'related_extensions/umbrella': 'is not an extension that the catalog lists',
  })
  assert.deepEqual(droppedIn(report), {})
})

test('Dependency-Track: a database that it does not know is reported as `other_sql`', async () => {
  const { report } = await reportOf(dependencyTrack, { db_type: 'Umbrella DB' })
  assert.deepEqual(factsIn(report), { 'db.system.name': 'other_sql' })
})

/** The preview of a host whose mapping takes this document, and the fields that it refused. Nothing is sent. */
async function reportOf(
  system: SeedSystem,
  document: object = system.original,
  environment: Record<string, string> = {},
): Promise<{ usage: UsageTelemetry; json: unknown; report: Report; refused: Record<string, string> }> {
  const { product, since = Date.UTC(2026, 0, 2) } = system
  const { id, version = product.version } = system.frameOf(document)
  const state = createMemoryStore()
  const secret = '00000000-0000-4000-8000-000000000000'
  if (id) await state.write(ENTRIES.installation, JSON.stringify({ id, secret }))
  const usage = createUsageTelemetry({
    ...{ state, environment },
    product: { ...product, version, endpoint: 'http://127.0.0.1:9', consent: { default: 'enabled' } },
    clock: createFakeClock(since),
  })
  const refused = Object.fromEntries(system.host(usage, document).map(({ field, reason }) => [field, reason]))
  const { json } = await usage.preview()
  return { usage, json, report: placesOf(json), refused }
}

/** Returns the document's value in the type of the report's: older reports have numbers and booleans as text. */
function asIn(reported: unknown, value: unknown): unknown {
  if (typeof reported === 'number') return numberOf(value)
  return typeof reported === 'boolean' ? booleanOf(value) : value
}

const pathsOf = (pages: SeedSystem['pages']) =>
  pages.flatMap(({ document }) => fieldsOf({ original: document, places: {} }).map(({ path }) => path))

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

/** What was checked is what is used: addresses, paths and texts in one form. */
import assert from 'node:assert/strict'
import { mkdirSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { createDirectoryStore, createMemoryStore } from '../../src/index.ts'
import { ConsentAwareMetricExporter } from '../../src/sdk.ts'
import { acmeCatalog, createAcme } from '../support/acme.ts'
import { createLog } from '../support/log.ts'
import { startReceiver } from '../support/receiver.ts'
import { createScratch } from '../support/scratch.ts'

test('a space behind ENDPOINT throws no "Invalid URL" into the host at a report, and no space or slash gets into the path', async () => {
  await using receiver = await startReceiver()
  const { endpoint } = receiver
  const forms = [
    `${endpoint} `,
    `\t${endpoint}/ `,
    `${endpoint}//\n`,
    endpoint.toUpperCase(),
    `${endpoint}/a/..`,
  ]
  for (const form of forms) {
    for (const options of [
      { environment: { ACME_DB_TELEMETRY_ENDPOINT: form } },
      { endpoint: form },
    ] as const) {
      const usage = createAcme(options)
      assert.equal((await usage.start()).state, 'enabled', form)
      assert.equal((await usage.report()).outcome, 'sent', form)
      await usage.shutdown()
    }
  }
  assert.deepEqual(
    new Set(
      receiver.received.map(
        ({ url, json }) => `${url} ${Reflect.get(json.resourceMetrics[0] ?? {}, 'schemaUrl')}`,
      ),
    ),
    new Set([
      `/v1/metrics ${endpoint}/schemas/acme-db/2`,
      '/v1/metrics http://127.0.0.1:9/schemas/acme-db/2',
    ]),
  )
})

test('an address with a space or a control character inside is refused, whoever gives it', async () => {
  for (const address of [
    'https://usage.acme .example',
    'https://usage.acme.exam\nple',
    'https://usage.acme.example/a b',
  ]) {
    const usage = createAcme({ environment: { ACME_DB_TELEMETRY_ENDPOINT: address } })
    assert.equal((await usage.start()).source, 'endpoint-variable', address)
    await usage.shutdown()
    assert.throws(() => createAcme({ endpoint: address }), /endpoint: '/)
    const options = {
      product: { name: 'acme-db', version: '1' },
      catalog: acmeCatalog,
      state: createMemoryStore(),
    }
    const consent = () => usage.consent.verdict()
    assert.throws(() => new ConsentAwareMetricExporter({ ...options, endpoint: address, consent }), {
      code: 'ERR_USAGE_CONFIGURATION',
    })
  }
})

test('a password in an address stands in no warning', async () => {
  const log = createLog()
  const environment = { ACME_DB_TELEMETRY_ENDPOINT: 'https://alice:hunter2@usage.acme.example' }
  const usage = createAcme({ environment, logger: log })
  const verdict = await usage.start()
  assert.doesNotMatch(JSON.stringify([verdict, log.lines]), /hunter2/)
  await usage.shutdown()
})

const NOT_ABSOLUTE = [
  '~',
  '~/usage',
  'undefined',
  'null',
  'undefined/usage',
  'state',
  './state',
  ' ',
  '$HOME/usage',
  'file:///usage',
]

test('a directory that cannot be meant is not made: the state is in memory, and a warning names the variable and a right value', async () => {
  using scratch = createScratch()
  const before = process.cwd()
  const inside = path.join(scratch.directory, 'work')
  mkdirSync(inside)
  process.chdir(inside)
  try {
    for (const place of [...NOT_ABSOLUTE, ` ${scratch.directory}/a`, `${scratch.directory}/b `]) {
      const log = createLog()
      const environment = { ACME_DB_TELEMETRY_DIR: place, ACME_DB_TELEMETRY: 'on' }
      const usage = createAcme({ environment, state: path.join(scratch.directory, 'c'), logger: log })
      assert.equal((await usage.start()).state, 'enabled', place)
      await usage.report()
      await usage.shutdown()
      const warnings = log.lines.filter(
        (line) => line.startsWith('warn') && line.includes('ACME_DB_TELEMETRY_DIR'),
      )
      assert.match(
        warnings.join('\n'),
        /ACME_DB_TELEMETRY_DIR='.*' (is not an absolute path|has spaces around it)\).*Name a directory by its whole path, such as ACME_DB_TELEMETRY_DIR=\/var\/lib\/acme-db\/usage\./s,
      )
    }
    for (const home of NOT_ABSOLUTE) {
      const environment = { HOME: home, XDG_STATE_HOME: home, LOCALAPPDATA: home, DO_NOT_TRACK: '1' }
      const usage = createAcme({ environment, state: undefined as never })
      await usage.start()
      await usage.shutdown()
    }
  } finally {
    process.chdir(before)
  }
  assert.deepEqual([readdirSync(scratch.directory), readdirSync(inside)], [['work'], []])
})

test('a directory that is set to nothing is not set, and a path is used in its shortest form', async () => {
  using scratch = createScratch()
  const product = path.join(scratch.directory, 'product')
  const start = async (place: string) => {
    const usage = createAcme({ environment: { ACME_DB_TELEMETRY_DIR: place }, state: product })
    await usage.start()
    await usage.report()
    await usage.shutdown()
  }
  await start('')
  assert.deepEqual(readdirSync(scratch.directory), ['product'])
  await start(`${scratch.directory}/./x/../operator/`)
  assert.deepEqual(readdirSync(scratch.directory), ['operator', 'product'])
})

test("a place of the maintainer's that a template has left unfinished is a mistake", () => {
  for (const state of [
    '~/usage',
    'undefined/usage',
    'null',
    ' /usage',
    '$HOME/usage',
    '%LOCALAPPDATA%\\usage',
    'file:///usage',
    'a\0b',
  ]) {
    assert.throws(() => createAcme({ state }), /state: is '.*'; name a directory or pass/s)
    assert.throws(() => createDirectoryStore(state), /directory: is '.*'; name a directory by its path/s)
  }
  for (const state of ['state', './state', '/undefined/state', 'nullable/state'])
    assert.doesNotThrow(() => createAcme({ state }))
})

test('the page of the product is the http or https address of one', () => {
  const product = { name: 'acme-db', version: '2.4.0' }
  for (const homepage of [
    'javascript:alert(1)',
    'acme.example',
    ' https://acme.example',
    'https://acme.example/\u202e',
  ])
    assert.throws(() => createAcme({ product: { ...product, homepage } }), /product\.homepage: is/)
})

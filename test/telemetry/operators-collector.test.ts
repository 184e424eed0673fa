/** A Collector of the operator's own: its address, and the headers for it, as the operator sets them. Real servers. */
import assert from 'node:assert/strict'
import dns from 'node:dns'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { readHeaders } from '../../src/library/telemetry/headers-variable.ts'
import { createAcme } from '../support/acme.ts'
import { createLog } from '../support/log.ts'
import { startReceiver } from '../support/receiver.ts'
import { createScratch } from '../support/scratch.ts'
import { leadingTo } from '../transport/servers.ts'

const SECRET = 'of-this-test-only'
const warningsIn = (lines: readonly string[]) => lines.filter((line) => line.startsWith('warn'))

/** A name of this machine that does not say so: names below `localhost` need no name service. */
const elsewhere = (endpoint: string) => endpoint.replace('127.0.0.1', 'otel-collector.localhost')

test('http://otel-collector:4318 of the operator gets the reports, with one warning that it is not encrypted', async (t) => {
  t.mock.method(dns, 'lookup', leadingTo('127.0.0.1'))
  await using receiver = await startReceiver()
  const endpoint = elsewhere(receiver.endpoint)
  const log = createLog()
  const usage = createAcme({ environment: { ACME_DB_TELEMETRY_ENDPOINT: endpoint }, logger: log })
  const { state, warnings } = await usage.start()
  assert.equal(state, 'enabled')
  assert.equal((await usage.report()).outcome, 'sent')
  assert.equal((await usage.report()).outcome, 'sent')
  await usage.shutdown()
  assert.equal(receiver.received.length, 2)
  const warning = `ACME_DB_TELEMETRY_ENDPOINT=${endpoint} is not encrypted: everyone on the way there can read and change the reports. Use https, unless the whole way is your own network.`
  assert.deepEqual(warnings, [warning])
  assert.deepEqual(warningsIn(log.lines), [`warn: ${warning}`])
  assert.throws(() => createAcme({ endpoint }), { code: 'ERR_USAGE_CONFIGURATION' })
})

test('no warning says of this machine or of https that it is not encrypted', async () => {
  for (const endpoint of [
    'http://127.0.0.1:4318',
    'http://[::1]:4318',
    'https://collector.acme.example/otlp',
  ]) {
    const usage = createAcme({ environment: { ACME_DB_TELEMETRY_ENDPOINT: endpoint } })
    assert.deepEqual((await usage.start()).warnings, [])
    await usage.shutdown()
  }
})

test('an address with a path is used as it is, and one that ends in /v1/metrics, as the log shows it, is the same receiver', async () => {
  await using receiver = await startReceiver()
  for (const [given, posted] of [
    ['', '/v1/metrics'],
    ['/v1/metrics', '/v1/metrics'],
    ['/v1/metrics/', '/v1/metrics'],
    ['/v1/metrics/v1/metrics//', '/v1/metrics'],
    ['/otlp', '/otlp/v1/metrics'],
    ['/otlp/v1/metrics', '/otlp/v1/metrics'],
    ['/v1/metrics/tenants/7/', '/v1/metrics/tenants/7/v1/metrics'],
    ['/V1/metrics', '/V1/metrics/v1/metrics'],
  ] as const) {
    const address = `${receiver.endpoint}${given}`
    for (const options of [{ environment: { ACME_DB_TELEMETRY_ENDPOINT: address } }, { endpoint: address }]) {
      const log = createLog()
      const usage = createAcme({ ...options, logger: log })
      assert.equal((await usage.report()).outcome, 'sent')
      await usage.shutdown()
      assert.equal(receiver.received.at(-1)?.url, posted, given)
      const shown = /sent to (\S+),/.exec(log.lines.join('\n'))?.[1]
      assert.equal(shown, `${receiver.endpoint}${posted}`)
    }
  }
})

test('a receiver whose host is called v1 keeps its address', async () => {
  const usage = createAcme({ environment: { ACME_DB_TELEMETRY_ENDPOINT: 'https://v1/metrics' } })
  const { variables } = await usage.start()
  assert.deepEqual({ ...variables }, { ACME_DB_TELEMETRY_ENDPOINT: 'https://v1/metrics' })
  await usage.shutdown()
})

test('headers for the Collector are written as for OTEL_EXPORTER_OTLP_HEADERS, and go with every report and with a request to be forgotten', async () => {
  await using receiver = await startReceiver()
  const usage = createAcme({
    environment: {
      ACME_DB_TELEMETRY_ENDPOINT: receiver.endpoint,
      ACME_DB_TELEMETRY_HEADERS: ` Authorization=Basic%20${SECRET}== , x-tenant = a%2Cb%3Bc , X%2DPlain=with space,`,
      OTEL_EXPORTER_OTLP_HEADERS: 'x-other=host',
    },
  })
  assert.equal((await usage.report()).outcome, 'sent')
  await usage.forget({ by: 'alice' })
  await usage.shutdown()
  assert.equal(receiver.received.length, 2)
  for (const { headers } of receiver.received) {
    assert.equal(headers['authorization'], `Basic ${SECRET}==`)
    assert.equal(headers['x-tenant'], 'a,b;c')
    assert.equal(headers['x-plain'], 'with space')
    assert.equal(headers['x-other'], undefined)
    assert.equal(headers['content-type'], 'application/json')
  }
})

test('every header with a name and visible characters arrives as it was meant, and no text throws or is repeated in a message', () => {
  const token = fc.stringMatching(/^[a-z_][a-z0-9_.-]{0,20}$/).map((name) => `x-${name}`)
  const value = fc.stringMatching(/^[!-~]([ -~]{0,40}[!-~])?$/)
  fc.assert(
    fc.property(fc.dictionary(token, value, { minKeys: 1, maxKeys: 8 }), (headers) => {
      const text = Object.entries(headers).map(([name, one]) => `${name}=${encodeURIComponent(one)}`)
      assert.deepEqual({ ...readHeaders(text.join(',')).headers }, { ...headers })
    }),
  )
  const KNOWN =
    /^(?:cannot be read: entry \d+ (?:does not begin with the name of a header and =|has a semicolon or a quotation mark, which are written as %3B and %22|has no value|has a character that a header cannot have, or % without two hexadecimal digits|has the name of an earlier one|sets [a-z0-9-]+, which only the usage telemetry and the connection may set)|holds no header|is longer than 8192 characters); write it as name=value,name=value, with %20 for a space and %2C for a comma$/
  const parts = fc.constantFrom(
    '=',
    ',',
    ';',
    '%',
    '%0d%0a',
    '%00',
    '"',
    ' ',
    'a',
    'A',
    'ü',
    '\n',
    'host=x',
    'é=',
    'a=b',
  )
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(parts).map((list) => list.join('')),
      ),
      (text) => {
        const { headers, problem } = readHeaders(text)
        if (problem !== undefined) assert.match(problem, KNOWN)
        else for (const [name, one] of Object.entries(headers)) new Headers().set(name, one)
      },
    ),
    { numRuns: 500 },
  )
})

const UNREADABLE: readonly string[] = [
  SECRET,
  `Bearer ${SECRET}`,
  `=${SECRET}`,
  `authorization=${SECRET}\r\nx-more: 1`,
  `authorization=${SECRET}%0d%0ax-more:%201`,
  `authorization=${SECRET}%zz`,
  `authorization=${SECRET}%ff`,
  `authorization=${SECRET};version=1`,
  `"authorization=${SECRET}"`,
  `authorization=a,${SECRET}`,
  `authorization=a,${SECRET}=`,
  `authorization=a,Authorization=${SECRET}`,
  `${SECRET} a=b`,
  `authorization=${SECRET}${'x'.repeat(9_000)}`,
  ...[
    'content-length',
    'Content-Type',
    'content-encoding',
    'host',
    'Host',
    'connection',
    'transfer-encoding',
  ].map((name) => `${name}=${SECRET}`),
  ...[
    'user-agent',
    'accept-encoding',
    'te',
    'trailer',
    'upgrade',
    'expect',
    'keep-alive',
    'proxy-authorization',
  ].map((name) => `x-a=b,${name}=${SECRET}`),
  ' ',
  ',',
]

test('headers that cannot be read, or that are not the operator’s to set, are a no with a warning: nothing is sent, and nothing is deleted', async () => {
  await using receiver = await startReceiver()
  for (const text of UNREADABLE) {
    for (const beside of [{ ACME_DB_TELEMETRY_ENDPOINT: receiver.endpoint }, {}]) {
      const log = createLog()
      const environment = { ...beside, ACME_DB_TELEMETRY_HEADERS: text }
      const usage = createAcme({ endpoint: receiver.endpoint, environment, logger: log })
      const verdict = await usage.start()
      assert.deepEqual(
        [verdict.state, verdict.source, verdict.disabledBy, verdict.locked],
        ['disabled', 'headers-variable', 'circumstance', true],
        text,
      )
      assert.equal((await usage.report()).outcome, 'suppressed')
      await usage.shutdown()
      const [first = ''] = warningsIn(log.lines)
      assert.match(first, /^warn: ACME_DB_TELEMETRY_HEADERS .*Until then no usage report is sent\.$/)
    }
  }
  assert.equal(receiver.connections, 0)
})

test('the value of no header is shown or kept anywhere, read or unreadable, well or badly spelt', async () => {
  await using receiver = await startReceiver((_, response) => response.writeHead(401).end())
  for (const [name, value] of [
    ...UNREADABLE.slice(0, 6).map((text) => ['ACME_DB_TELEMETRY_HEADERS', text] as const),
    ['ACME_DB_TELEMETRY_HEADERS', `authorization=${SECRET}`],
    ['ACME_DB_TELEMETRY_HEADER', `authorization=${SECRET}`],
    ['ACME_DB_TELEMETRY_OTLP_HEADERS', `authorization=${SECRET}`],
    ['ACME_DB_TELEMETRY_headers', `authorization=${SECRET}`],
    ['acme_db_telemetry_headers', `authorization=${SECRET}`],
    ['OLD_DB_TELEMETRY_HEADERS', `authorization=${SECRET}`],
  ] as const) {
    using scratch = createScratch()
    const log = createLog()
    const shown: unknown[] = [log.lines]
    const usage = createAcme({
      product: { name: 'acme-db', version: '2.4.0', legacyEnvironmentPrefixes: ['OLD_DB'] },
      environment: { ACME_DB_TELEMETRY_ENDPOINT: receiver.endpoint, [name]: value },
      state: scratch.directory,
      logger: log,
      debugOutput: (text) => shown.push(text),
    })
    shown.push(await usage.start(), await usage.report(), await usage.status(), await usage.preview())
    shown.push(await usage.consent.set('enabled', { by: 'alice' }).catch((error) => error.message))
    for await (const entry of usage.ledger.entries()) shown.push({ ...entry, bytes: String(entry.bytes) })
    await usage.shutdown()
    const files = readdirSync(scratch.directory, { recursive: true, withFileTypes: true })
    for (const file of files)
      if (file.isFile()) shown.push(readFileSync(path.join(file.parentPath, file.name), 'utf8'))
    assert.ok(shown.length > 6)
    assert.doesNotMatch(JSON.stringify(shown), new RegExp(SECRET, 'i'), `${name}=${value}`)
  }
})

test('headers without an address of the operator’s own reach nobody, and a warning says so', async () => {
  await using receiver = await startReceiver()
  const log = createLog()
  const usage = createAcme({
    endpoint: receiver.endpoint,
    environment: { ACME_DB_TELEMETRY_HEADERS: `authorization=${SECRET}` },
    logger: log,
  })
  assert.equal((await usage.start()).state, 'enabled')
  assert.equal((await usage.report()).outcome, 'sent')
  await usage.shutdown()
  assert.equal(receiver.received[0]?.headers['authorization'], undefined)
  assert.deepEqual(warningsIn(log.lines), [
    'warn: ACME_DB_TELEMETRY_HEADERS has no effect: these headers go to the address in ACME_DB_TELEMETRY_ENDPOINT only, which is not in use.',
  ])
})

test('after a rename, the headers of the old name go to the address of the old name, and to no other', async () => {
  await using receiver = await startReceiver()
  const product = { name: 'acme-db', version: '2.4.0', legacyEnvironmentPrefixes: ['OLD_DB'] }
  const old = {
    OLD_DB_TELEMETRY_ENDPOINT: receiver.endpoint,
    OLD_DB_TELEMETRY_HEADERS: `authorization=${SECRET}`,
  }
  for (const [environment, expected] of [
    [old, SECRET],
    [{ ...old, ACME_DB_TELEMETRY_ENDPOINT: `${receiver.endpoint}/new` }, undefined],
    [{ ...old, ACME_DB_TELEMETRY_HEADERS: 'authorization=another' }, SECRET],
  ] as const) {
    const usage = createAcme({ product, environment })
    assert.equal((await usage.report()).outcome, 'sent')
    await usage.shutdown()
    assert.equal(receiver.received.at(-1)?.headers['authorization'], expected)
  }
})

test('the warning of an address without encryption says that the headers are readable as well', async () => {
  const usage = createAcme({
    environment: {
      ACME_DB_TELEMETRY_ENDPOINT: 'http://otel-collector:4318',
      ACME_DB_TELEMETRY_HEADERS: `authorization=${SECRET}`,
    },
  })
  const { warnings } = await usage.start()
  assert.match(
    warnings.join(),
    /can read and change the reports, and read the headers of ACME_DB_TELEMETRY_HEADERS\./,
  )
  await usage.shutdown()
})

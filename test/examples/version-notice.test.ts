/** FerretDB and TimescaleDB answer each report with the newest version, and say so to their users while the telemetry is on. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as ferretdbProduct from '../../examples/ferretdb/product.ts'
import * as timescaledbProduct from '../../examples/timescaledb/product.ts'
import {
  createMemoryStore,
  createStartupWarnings,
  createUsageTelemetry,
  type ProductDescription,
  type StateStore,
  type VersionCheckOptions,
} from '../../src/index.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { createLog } from '../support/log.ts'
import { startReceiver } from '../support/receiver.ts'

interface Example {
  readonly product: ProductDescription
  readonly versionCheck: VersionCheckOptions
}

/** Forgets the facts of the product: nothing here is about them. */
const exampleOf = ({ product, versionCheck }: typeof ferretdbProduct | typeof timescaledbProduct) =>
  ({ product, versionCheck }) as unknown as Example

const [ferretdb, timescaledb] = [exampleOf(ferretdbProduct), exampleOf(timescaledbProduct)]

const receiverThatSays = (latest: string) =>
  startReceiver((_, response) =>
    response
      .writeHead(200, { 'content-type': 'application/json', 'usage-latest-versions': latest })
      .end('{"partialSuccess":{}}'),
  )

function createProcess(
  { product, versionCheck }: Example,
  {
    state,
    endpoint,
    opinion,
  }: { readonly state: StateStore; readonly endpoint: string; readonly opinion?: object },
) {
  const [log, warnings] = [createLog(), createStartupWarnings()]
  const prefix = product.name.toUpperCase()
  const usage = createUsageTelemetry({
    ...{ product, versionCheck, state, logger: log, clock: createFakeClock() },
    disclosure: { sinks: [warnings.sink] },
    environment: {
      [`${prefix}_TELEMETRY_ENDPOINT`]: endpoint,
      ...(opinion ?? { [`${prefix}_TELEMETRY`]: 'on' }),
    },
  })
  return { usage, log, warnings }
}

for (const [example, newest, message] of [
  [ferretdb, '2.8.0', 'FerretDB 2.8.0 is available; this is 2.7.0.'],
  [timescaledb, '2.25.1', 'TimescaleDB 2.25.1 is available; this is 2.24.0.'],
] as const) {
  const { name } = example.product

  test(`${name}: the answer to a report names the newest version, and a restart still shows it`, async () => {
    await using receiver = await receiverThatSays(`other=9.0.0, ${name}=${newest}`)
    const options = { state: createMemoryStore(), endpoint: receiver.endpoint }
    const first = createProcess(example, options)
    await first.usage.start()
    assert.equal((await first.usage.report()).outcome, 'sent')
    assert.equal(first.usage.version.notice()?.message, message)
    assert.ok(first.log.lines.includes(`info: ${message}`))
    await first.usage.shutdown()
    const second = createProcess(example, options)
    await second.usage.start()
    assert.equal(second.usage.version.notice()?.message, message)
    assert.equal(second.warnings.lines().at(-1), message)
    await second.usage.shutdown()
  })

  test(`${name}: without the telemetry nobody learns of a newer version, and the notice says so`, async () => {
    await using receiver = await receiverThatSays(`${name}=${newest}`)
    const state = createMemoryStore()
    const { usage } = createProcess(example, {
      ...{ state, endpoint: receiver.endpoint },
      opinion: { DO_NOT_TRACK: '1' },
    })
    await usage.start()
    assert.equal((await usage.report()).outcome, 'suppressed')
    const { disclosure, version } = await usage.status()
    assert.equal(version?.checks, 'off')
    assert.match(disclosure ?? '', /Version checks are off too/)
    assert.deepEqual([usage.version.notice(), receiver.connections], [undefined, 0])
    await usage.shutdown()
  })
}

/** TimescaleDB's list (test/sql/telemetry.sql): `shown` is not called an update, as nobody can compare it. */
for (const [version, condition] of [
  ['10.1.0', 'outdated'],
  ['10.1', 'outdated'],
  ['10', 'outdated'],
  ['2.24.0', 'current'],
  ['1.0.0-rc1', 'current'],
  ['1.0.0-alpha', 'current'],
  ['123456789', 'outdated'],
  ['a', 'unknown'],
  ['a.b.c', 'unknown'],
  ['10.1.1a', 'unknown'],
  ['10.1.1.1', 'outdated'],
  ['10.1.1+rc1', 'outdated'],
  ['!@#$%', undefined],
  ['@10.1.1', undefined],
  ['', undefined],
  ['1'.repeat(129), undefined],
] as const)
  test(`timescaledb: an answer with the version '${version.slice(0, 20)}' is ${condition ?? 'refused'}`, async () => {
    await using receiver = await receiverThatSays(`timescaledb=${version}`)
    const { usage } = createProcess(timescaledb, { state: createMemoryStore(), endpoint: receiver.endpoint })
    await usage.start()
    assert.equal((await usage.report()).outcome, 'sent')
    assert.equal(usage.version.notice()?.condition, condition)
    await usage.shutdown()
  })

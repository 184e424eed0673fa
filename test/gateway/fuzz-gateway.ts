import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { defineCatalog, REPORT_ATTRIBUTES } from '../../src/catalog/index.ts'
import { REMOVED_ATTRIBUTES } from '../../src/maintainer/collector/wire.ts'
import { createRandom } from '../support/random.ts'
import { hostileBody, MARK } from './hostile-bodies.ts'
import { archiveOf, filesWith, report, runGateway, sampleOf, send } from './running-gateway.ts'

const why = 'to know'
const values = { command: ['find', 'insert'], result: ['ok', 'error'] }
export const fuzzCatalog = defineCatalog({
  version: 1,
  prefix: 'acme',
  facts: {
    'acme.edition': {
      kind: 'attribute',
      type: 'enum',
      values: ['free', 'paid'],
      since: 1,
      why,
      example: 'free',
    },
    'acme.motto': {
      kind: 'attribute',
      type: 'string',
      pattern: '[a-z]*',
      maxLength: 9,
      since: 1,
      why,
      example: 'hi',
    },
    'acme.users': { kind: 'gauge', unit: '{user}', since: 1, why, example: 1 },
    'acme.commands': { kind: 'count', unit: '{command}', by: values, since: 1, why },
  },
})

export interface FuzzOptions {
  readonly directory: string
  readonly bodies: number
  readonly seed: number
  readonly say?: (text: string) => void
}

/**
 * Sends hostile bodies to a real gateway, and then looks at all that it has kept: the Collector lives, a good report still
 * passes, no answer is strange, and nothing is in archive or queue that the catalog does not declare.
 */
export async function fuzzGateway(
  t: Pick<TestContext, 'after'>,
  { directory, bodies, seed, say = () => {} }: FuzzOptions,
): Promise<Record<string, number>> {
  const lines: string[] = []
  const gateway = await runGateway(t as TestContext, {
    directory,
    products: [{ name: 'acme-db', catalog: fuzzCatalog }],
    onLine: (line) => lines.push(line),
  })
  const random = createRandom('hostile', seed)
  const answers: Record<string, number> = {}
  let sent = 0
  const caller = async () => {
    while (sent < bodies) {
      sent += 1
      if (sent % 10_000 === 0) say(`${sent} bodies`)
      const { contentType, bytes } = hostileBody(random)
      const { status, text } = await send(gateway.url, bytes, { headers: { 'content-type': contentType } })
      answers[status] = (answers[status] ?? 0) + 1
      const isFine = status === 200 || status === 400
      // What is wrong cannot be said in the answer, because it is no text.
      const isUnsayable = status === 500 && text.includes('failed to marshal error message')
      assert.ok(isFine || isUnsayable, `${status} ${text} for ${bytes.toString('base64')}`)
    }
  }
  await Promise.all(Array.from({ length: 16 }, caller))

  const good = report({ gauges: [{ name: 'acme.users', value: 77 }] })
  assert.equal((await send(gateway.url, good)).status, 200)
  assert.ok((await sampleOf(gateway, 'otelcol_receiver_accepted_metric_points')) > 0)
  const archived = await archiveOf(gateway)
  for (const { resourceMetrics } of archived) for (const one of resourceMetrics) checkKept(one)
  const panics = lines.filter((line) => /panic|goroutine/.test(line))
  assert.deepEqual(panics, [])
  await gateway.stop()
  assert.deepEqual(await filesWith(gateway.directory, [MARK]), [])
  assert.ok(JSON.stringify(archived.at(-1)).includes('77'))
  return answers
}

const KEYS = new Set([
  ...Object.keys(REPORT_ATTRIBUTES),
  ...['acme.edition', 'acme.motto', REMOVED_ATTRIBUTES, 'usage.gateway.forget'],
])
const NAMES = /^(?:usage\.(?:facts|dropped|withheld|forget)|acme\.(?:users|commands))$/

function checkKept(one: ReturnType<typeof report>['resourceMetrics'][number]): void {
  const text = JSON.stringify(one)
  for (const { key, value } of one.resource.attributes) {
    assert.ok(KEYS.has(key), text)
    if (key === 'acme.edition')
      assert.match(JSON.stringify(value), /^\{"stringValue":"(?:free|paid)"\}$/, text)
    if (key === 'acme.motto') assert.match(JSON.stringify(value), /^\{"stringValue":"[a-z]{0,9}"\}$/, text)
  }
  for (const { scope, metrics } of one.scopeMetrics) {
    assert.deepEqual(scope, { name: 'otel-usage' }, text)
    for (const metric of metrics) {
      assert.match(metric.name, NAMES, text)
      const { name, gauge, ...rest } = metric as typeof metric & { unit?: string }
      assert.ok(
        Object.keys(rest).every((key) => key === 'unit'),
        text,
      )
      assert.match(rest.unit ?? '', /^(?:|1|\{[a-z]+\})$/, text)
      for (const point of gauge.dataPoints) checkPoint(name, point, text)
    }
  }
}

function checkPoint(name: string, point: object, text: string): void {
  const {
    attributes = [],
    timeUnixNano,
    asDouble,
    asInt,
    ...rest
  } = point as {
    attributes?: { key: string; value: { stringValue?: string } }[]
    timeUnixNano: string
    asDouble?: number
    asInt?: string
  }
  assert.ok(
    Object.keys(rest).every((key) => key === 'flags'),
    text,
  )
  assert.ok(Number.isFinite(asDouble ?? Number(asInt ?? 0)), text)
  if (name !== 'acme.users') assert.ok((asDouble ?? Number(asInt ?? 0)) >= 0, text)
  assert.ok(Math.abs(Number(timeUnixNano) / 1e6 - Date.now()) < 91 * 86_400_000, text)
  const found = attributes.map(({ key, value }) => `${key}=${value.stringValue}`).sort()
  if (name === 'acme.commands') {
    assert.match(found.join(), /^command=(?:find|insert),result=(?:ok|error)$/, text)
  } else if (name === 'usage.dropped') {
    assert.match(found.join(), /^reason=[a-z][a-z0-9_.-]{0,31}$/, text)
  } else assert.deepEqual(found, [], text)
}

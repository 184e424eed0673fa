import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type CheckedReport, reportCheck } from '../../src/maintainer/collector/index.ts'
import { createRandom } from '../support/random.ts'
import { fuzzCatalog } from './fuzz-gateway.ts'
import { hostileBody } from './hostile-bodies.ts'
import { archiveOf, runGateway, send } from './running-gateway.ts'
import { scratchDirectory } from './scratch.ts'

const products = [{ name: 'acme-db', catalog: fuzzCatalog }]
const check = reportCheck(products)

/** What is kept of a report, in a text that can be compared. Of several points of one series the store keeps one. */
const textOf = ({ reportId, attributes, points }: CheckedReport) =>
  JSON.stringify([
    reportId,
    Object.entries(attributes).sort(),
    points.map(({ name, unit, value, at, attributes: by }) => [
      name,
      unit,
      value,
      at,
      Object.entries(by).sort(),
    ]),
  ])

test('an import keeps of hostile reports what the gateway keeps of them, and no more', async (t) => {
  const seed = Number(process.env['SEED'] ?? 1)
  const gateway = await runGateway(t, { directory: await scratchDirectory(t), products })
  const random = createRandom('hostile', seed)
  const imported = new Map<string, string>()
  let [sent, refusedForItsTime] = [0, 0]
  const caller = async () => {
    while (sent < 3_000) {
      const { contentType, bytes } = hostileBody(random)
      if (contentType !== 'application/json') continue
      sent += 1
      const { status } = await send(gateway.url, bytes)
      const body = bytes.toString()
      // What is no OTLP to the gateway is refused there as a whole.
      if (status !== 200) continue
      for (const item of itemsIn(body)) {
        const report = check(item, { now: Date.now() })
        if (typeof report !== 'string') imported.set(textOf(report), body)
        else if (report.startsWith('its time')) refusedForItsTime += 1
      }
    }
  }
  await Promise.all(Array.from({ length: 16 }, caller))
  // A metric that came without points is in an archive, and nothing for a store.
  const archived = (await archiveOf(gateway))
    .flatMap(({ resourceMetrics }) => resourceMetrics)
    .filter((item) => JSON.stringify(item).includes('"dataPoints":[{'))
  const kept = archived.map((item) => check(item, { isArchive: true, now: Date.now() }))
  const refused = archived.filter((_, index) => typeof kept[index] === 'string')
  assert.deepEqual(
    refused.map((item) => JSON.stringify(item)),
    [],
    'what a gateway has kept is imported from its archive',
  )
  const texts = new Set(kept.map((report) => textOf(report as CheckedReport)))
  const more = [...imported].filter(([text]) => !texts.has(text))
  const inGateway = (text: string) => [...texts].filter((each) => each.startsWith(text.slice(0, 40)))
  assert.deepEqual(
    more.map(([text, body]) => ({ imported: text, kept: inGateway(text), body })),
    [],
  )
  const less = texts.size - imported.size - refusedForItsTime
  t.diagnostic(`${texts.size} kept, ${imported.size} imported, ${refusedForItsTime} refused for their time`)
  assert.ok(imported.size > 500 && less < texts.size / 10, `${less} of ${texts.size}`)
})

function itemsIn(body: string): unknown[] {
  try {
    const items = JSON.parse(body)?.resourceMetrics
    return Array.isArray(items) ? items : []
  } catch {
    return []
  }
}

import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { open } from 'node:fs/promises'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { buffer } from 'node:stream/consumers'
import { pathToFileURL } from 'node:url'
import { gunzipSync, gzipSync } from 'node:zlib'
import type { Catalog } from '../../src/catalog/index.ts'
import { createReportIds } from '../../src/library/report/index.ts'

/** Prepared reports of a load. */
export interface Reports {
  /** File for the load generator: for each report its length in four bytes, little-endian, and its gzipped body. */
  readonly file: string
  /** Report ids, in the order of the file. */
  readonly ids: readonly string[]
  readonly catalog: Catalog
  /** Data points of a report: rows in the store. */
  readonly points: number
  /** Size of a body in bytes, uncompressed and compressed. */
  readonly plain: number
  readonly packed: number
}

/**
 * Writes a number of reports with a number of facts. The first one comes from the library, over its own transport; the others differ in ids,
 * version and values, as those of other installations do.
 */
export async function writeReports(file: string, count: number, facts: number): Promise<Reports> {
  const program = await import(
    pathToFileURL(path.join(import.meta.dirname, '../programs/otel-usage-report.js')).href
  )
  const sent = await sentBy((endpoint) => program.start({ facts, endpoint }))
  const original: Body = JSON.parse(sent.toString())
  const reportIds = createReportIds()
  const ids: string[] = []
  let packed = 0
  const handle = await open(file, 'w')
  try {
    for (let made = 0; made < count; ) {
      const chunk: Buffer[] = []
      for (; made < count && chunk.length < 2_000; made++) {
        const id = reportIds.next(Date.now())
        reportIds.use()
        ids.push(id)
        const body = gzipSync(JSON.stringify(another(original, id)))
        packed += body.length
        const length = Buffer.alloc(4)
        length.writeUInt32LE(body.length)
        chunk.push(length, body)
      }
      await handle.write(Buffer.concat(chunk))
    }
  } finally {
    await handle.close()
  }
  return {
    ...{ file, ids, plain: sent.length, packed: Math.round(packed / count) },
    catalog: program.catalogOf(facts),
    points: pointsOf(original).length,
  }
}

/** Returns the body of the report of a real host. */
async function sentBy(
  start: (endpoint: string) => Promise<{ report(): Promise<unknown>; shutdown(): Promise<void> }>,
): Promise<Buffer> {
  const server = http.createServer()
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const received = (async () => {
    const [request, response] = (await once(server, 'request')) as [http.IncomingMessage, http.ServerResponse]
    const body = await buffer(request)
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
    return gunzipSync(body)
  })()
  const usage = await start(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  await usage.report()
  const body = await received
  await usage.shutdown()
  server.close()
  return body
}

/** The part of a report that varies. */
interface Body {
  readonly resourceMetrics: ReadonlyArray<{
    readonly resource: {
      readonly attributes: ReadonlyArray<{ readonly key: string; readonly value: { stringValue?: string } }>
    }
    readonly scopeMetrics: ReadonlyArray<{
      readonly metrics: ReadonlyArray<{
        readonly name: string
        readonly gauge: { readonly dataPoints: readonly Point[] }
      }>
    }>
  }>
}

interface Point {
  asInt?: number | string
  asDouble?: number
}

const VERSIONS = ['2.4.0', '2.4.1', '2.3.7', '2.3.2', '2.2.9', '2.0.14', '1.9.3']

function another(original: Body, id: string): Body {
  const report = structuredClone(original)
  for (const { key, value } of report.resourceMetrics[0]?.resource.attributes ?? []) {
    if (key === 'usage.report.id') value.stringValue = id
    else if (key === 'service.instance.id') value.stringValue = randomUUID()
    else if (key === 'service.version') value.stringValue = oneOf(VERSIONS)
    else if (value.stringValue === 'community' || value.stringValue === 'enterprise')
      value.stringValue = oneOf(['community', 'enterprise'])
  }
  for (const [name, point] of pointsOf(report)) {
    if (!name.startsWith('acme.')) continue
    // Gauges are rounded to powers of two; in a fleet most numbers are small and some are large.
    const value = Math.floor(Math.exp(Math.random() * 9))
    const rounded = point.asDouble === undefined ? value : 2 ** Math.floor(Math.log2(value))
    if (point.asDouble === undefined) point.asInt = rounded
    else point.asDouble = rounded
  }
  return report
}

const pointsOf = ({ resourceMetrics }: Body): [name: string, point: Point][] =>
  resourceMetrics.flatMap(({ scopeMetrics }) =>
    scopeMetrics.flatMap(({ metrics }) =>
      metrics.flatMap(({ name, gauge }) => gauge.dataPoints.map((point): [string, Point] => [name, point])),
    ),
  )

const oneOf = (values: readonly string[]): string =>
  values[Math.floor(Math.random() * values.length)] as string

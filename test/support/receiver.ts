import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { gunzipSync } from 'node:zlib'

export interface ReceivedReport {
  readonly url: string
  readonly headers: http.IncomingHttpHeaders
  readonly body: Buffer
  readonly json: OtlpRequest
}

/** As much of an OTLP `ExportMetricsServiceRequest` as the tests look at. */
export interface OtlpRequest {
  readonly resourceMetrics: ReadonlyArray<{
    readonly resource: { readonly attributes: ReadonlyArray<{ key: string; value: Record<string, unknown> }> }
    readonly scopeMetrics: ReadonlyArray<{
      readonly metrics: ReadonlyArray<{
        readonly name: string
        readonly gauge: {
          readonly dataPoints: ReadonlyArray<{
            readonly attributes: ReadonlyArray<{ key: string; value: { stringValue: string } }>
            readonly asInt?: number
            readonly asDouble?: number | null
          }>
        }
      }>
    }>
  }>
}

export interface Receiver extends AsyncDisposable {
  readonly endpoint: string
  readonly received: readonly ReceivedReport[]
  /** How many connections were opened, whatever came over them. */
  readonly connections: number
}

type Answer = (request: http.IncomingMessage, response: http.ServerResponse) => void

const accept: Answer = (_, response) => {
  response.writeHead(200, { 'content-type': 'application/json' }).end('{"partialSuccess":{}}')
}

/** A real HTTP server in the place of the gateway. It answers as an OTLP receiver does, or as it is told to. */
export async function startReceiver(answer: Answer = accept): Promise<Receiver> {
  const received: ReceivedReport[] = []
  let connections = 0
  const server = http.createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const raw = Buffer.concat(chunks)
      const body = request.headers['content-encoding'] === 'gzip' ? gunzipSync(raw) : raw
      received.push({
        url: request.url ?? '',
        headers: request.headers,
        body,
        json: JSON.parse(body.toString()),
      })
      answer(request, response)
    })
  })
  server.on('connection', () => connections++)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    get connections() {
      return connections
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** The resource attributes of a report by name. */
export function attributesOf(report: OtlpRequest): Record<string, unknown> {
  const attributes = report.resourceMetrics[0]?.resource.attributes ?? []
  return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]))
}

/** The numbers of a report: `acme.users` or `acme.commands{command=find,result=ok}` by name. */
export function numbersOf(report: OtlpRequest): Record<string, number | null | undefined> {
  const metrics = report.resourceMetrics.flatMap(({ scopeMetrics }) =>
    scopeMetrics.flatMap(({ metrics }) => metrics),
  )
  return Object.fromEntries(
    metrics.flatMap(({ name, gauge }) =>
      gauge.dataPoints.map(({ attributes, asInt, asDouble }) => {
        const by = attributes.map(({ key, value }) => `${key}=${value.stringValue}`).join(',')
        return [by ? `${name}{${by}}` : name, asInt ?? asDouble]
      }),
    ),
  )
}

import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import http from 'node:http'
import net, { type AddressInfo } from 'node:net'
import { gunzipSync } from 'node:zlib'

/** What the other side does: with a report, a connection, or the question where it is. */
export type Conduct = 'ok' | 'refused' | 'hanging' | 'trickling' | 'silent-names' | 'unknown-name'

/** One receiver for one run, whoever the reporter is. */
export interface Endpoint extends AsyncDisposable {
  readonly url: string
  /** The name server to be asked, as `dns.setServers` takes it. Absent: the address needs none. */
  readonly names?: string
  /** How many counts it has accepted. */
  readonly accepted: number
  /** How many requests. */
  readonly requests: number
}

export async function startEndpoint(conduct: Conduct): Promise<Endpoint> {
  return conduct === 'silent-names' || conduct === 'unknown-name'
    ? startNames(conduct)
    : startReceiver(conduct)
}

async function startReceiver(conduct: Conduct): Promise<Endpoint> {
  let accepted = 0
  let requests = 0
  /** A report that comes once more counts once: its id says so. */
  const ids = new Set<string>()
  const sockets = new Set<net.Socket>()
  const web = http.createServer(async (request, response) => {
    // The reporter may be killed in the middle of it.
    const body = await bodyOf(request).catch(() => undefined)
    if (!body) return
    const [, id] = /"usage\.report\.id","value":\{"stringValue":"([^"]+)"/.exec(String(body)) ?? []
    if (id === undefined || !ids.has(id)) accepted += countsIn(body)
    if (id !== undefined) ids.add(id)
    requests++
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
  })
  const server = net.createServer((socket) => {
    sockets.add(socket.on('error', () => {}).on('close', () => sockets.delete(socket)))
    if (conduct === 'ok') web.emit('connection', socket)
    else socket.resume()
    if (conduct === 'trickling') socket.once('data', () => trickle(socket))
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  const close = async () => {
    for (const socket of sockets) socket.destroy()
    if (server.listening) await new Promise((resolve) => server.close(resolve))
  }
  if (conduct === 'refused') await close()
  return {
    url: `http://127.0.0.1:${port}`,
    get accepted() {
      return accepted
    },
    get requests() {
      return requests
    },
    [Symbol.asyncDispose]: close,
  }
}

/** Headers without an end, one letter after the other: no time-out that waits for silence ever comes. */
function trickle(socket: net.Socket): void {
  socket.write('HTTP/1.1 200 OK\r\nx-filler: ')
  const timer = setInterval(() => socket.write('a'), 100)
  socket.on('close', () => clearInterval(timer))
}

/** A name server that says nothing, or that there is no such name (RFC 1035, 4.1.1: a response, code 3). */
async function startNames(conduct: 'silent-names' | 'unknown-name'): Promise<Endpoint> {
  const server = createSocket('udp4')
  server.on('message', (question, { port, address }) => {
    if (conduct === 'silent-names') return
    const answer = Buffer.from(question)
    answer.set([0x81, 0x83], 2)
    server.send(answer, port, address)
  })
  server.bind(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: 'https://usage.acme.example',
    names: `127.0.0.1:${server.address().port}`,
    accepted: 0,
    requests: 0,
    async [Symbol.asyncDispose]() {
      server.close()
    },
  }
}

async function bodyOf(request: http.IncomingMessage): Promise<Buffer> {
  const raw = Buffer.concat(await Array.fromAsync(request as AsyncIterable<Buffer>))
  return request.headers['content-encoding'] === 'gzip' ? gunzipSync(raw) : raw
}

/** As much of an OTLP request, and of a batch of PostHog or Segment, as tells how often something was counted. */
interface Body {
  readonly resourceMetrics?: ReadonlyArray<{
    readonly scopeMetrics: ReadonlyArray<{ readonly metrics: readonly Metric[] }>
  }>
  readonly batch?: readonly unknown[]
}

interface Metric {
  readonly name: string
  readonly gauge?: Points
  readonly sum?: Points
}

interface Points {
  readonly dataPoints: ReadonlyArray<{ readonly asInt?: number | string; readonly asDouble?: number }>
}

function countsIn(body: Buffer): number {
  const { resourceMetrics = [], batch = [] }: Body = JSON.parse(body.toString())
  const points = resourceMetrics
    .flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(({ metrics }) => metrics))
    .filter(({ name }) => name === 'acme.commands')
    .flatMap(({ gauge, sum }) => (gauge ?? sum)?.dataPoints ?? [])
  return points.reduce((sum, { asInt, asDouble }) => sum + Number(asInt ?? asDouble), batch.length)
}

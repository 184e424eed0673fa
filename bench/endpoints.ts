import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import http from 'node:http'
import net, { type AddressInfo } from 'node:net'
import { gunzipSync } from 'node:zlib'

/** Behaviour of the receiver, of its connection, or of the name server. */
export type Conduct = 'ok' | 'refused' | 'hanging' | 'trickling' | 'silent-names' | 'unknown-name'

/** Receiver for one run, for any of the libraries. */
export interface Endpoint extends AsyncDisposable {
  readonly url: string
  /** Name server for `dns.setServers`. Absent: the address needs none. */
  readonly names?: string
  /** Returns the number of accepted counts. */
  readonly accepted: number
  /** Returns the number of requests. */
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
  /** Ids of the accepted reports: a repeated report counts once. */
  const ids = new Set<string>()
  const sockets = new Set<net.Socket>()
  const web = http.createServer(async (request, response) => {
    // The reporter may be killed in the middle of a request.
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

/** Sends headers without an end, one letter after the other, so that no timeout for silence is reached. */
function trickle(socket: net.Socket): void {
  socket.write('HTTP/1.1 200 OK\r\nx-filler: ')
  const timer = setInterval(() => socket.write('a'), 100)
  socket.on('close', () => clearInterval(timer))
}

/** Starts a name server that never answers, or answers that the name does not exist (RFC 1035, 4.1.1: a response, code 3). */
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

/** The part of an OTLP request, and of a batch of PostHog or Segment, that contains the counts. */
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

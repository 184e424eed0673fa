/** Servers of all kinds for the tests of the way over the network. */
import { readFileSync } from 'node:fs'
import http from 'node:http'
import https from 'node:https'
import net, { type AddressInfo, type LookupFunction } from 'node:net'
import path from 'node:path'

export interface Listening extends AsyncDisposable {
  readonly port: number
  /** The connections that are open now. */
  readonly open: ReadonlySet<net.Socket>
  /** How many connections there were. */
  readonly connections: number
}

/** Lets a server listen on this machine; at the end of the test its connections are cut. */
export async function listen(server: net.Server, host = '127.0.0.1'): Promise<Listening> {
  const open = new Set<net.Socket>()
  let connections = 0
  server.on('connection', (socket: net.Socket) => {
    connections++
    open.add(socket.on('error', () => {}).on('close', () => open.delete(socket)))
  })
  await new Promise<void>((resolve, reject) => server.on('error', reject).listen(0, host, resolve))
  return {
    port: (server.address() as AddressInfo).port,
    open,
    get connections() {
      return connections
    },
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** Answers as an OTLP receiver does. */
export const accept: http.RequestListener = (request, response) => {
  request.resume()
  response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
}

export const certificate = (name: string): string =>
  readFileSync(path.join(import.meta.dirname, '../traps/certificates', name), 'utf8')

/** A server with one of the certificates for tests. */
export const createSecureServer = (
  name: 'server' | 'expired' | 'self-signed',
  answer = accept,
): https.Server =>
  https.createServer({ key: certificate(`${name}.key`), cert: certificate(`${name}.crt`) }, answer)

/** All names lead to the same addresses. */
export const leadingTo =
  (...addresses: string[]): LookupFunction =>
  (_, { all }, callback) => {
    const found = addresses.map((address) => ({ address, family: net.isIP(address) }))
    if (all) callback(null, found)
    else callback(null, found[0]?.address ?? '', found[0]?.family)
  }

/** What a proxy was asked for. */
export interface Asked {
  readonly method: string
  readonly target: string
  readonly headers: http.IncomingHttpHeaders
}

export interface ProxyOptions {
  /** What it answers instead of doing its work. */
  readonly refuses?: number
  /** The port on this machine that everything is sent on to. */
  readonly to: number
  /** Whether it is spoken to in TLS. Default: false. */
  readonly secure?: boolean
}

/** A proxy as companies have them: tunnels for https, requests in absolute form for http. */
export function createProxy({ refuses, to, secure = false }: ProxyOptions) {
  const asked: Asked[] = []
  const note = ({ method = '', url: target = '', headers }: http.IncomingMessage) =>
    asked.push({ method, target, headers })
  const forward: http.RequestListener = (request, response) => {
    note(request)
    if (refuses !== undefined) {
      request.resume()
      response.writeHead(refuses).end()
      return
    }
    const { pathname } = new URL(request.url ?? '')
    const { method, headers } = request
    const onward = http.request({ port: to, path: pathname, method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 0, answer.headers)
      answer.pipe(response)
    })
    request.pipe(onward)
  }
  const server = secure ? createSecureServer('server', forward) : http.createServer(forward)
  server.on('connect', (request: http.IncomingMessage, socket: net.Socket) => {
    note(request)
    socket.on('error', () => {})
    if (refuses !== undefined) return socket.end(`HTTP/1.1 ${refuses} No\r\n\r\n`)
    const onward = net.connect(to, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n')
      onward.pipe(socket).pipe(onward)
    })
    onward.on('error', () => socket.destroy())
    socket.on('close', () => onward.destroy())
  })
  return { server, asked }
}

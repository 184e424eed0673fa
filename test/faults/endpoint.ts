import { readFileSync } from 'node:fs'
import http from 'node:http'
import https from 'node:https'
import net from 'node:net'
import path from 'node:path'
import { gunzipSync } from 'node:zlib'
import { freePort } from '../../src/gateway.ts'
import type { Random } from '../support/random.ts'
import type { OtlpRequest } from '../support/receiver.ts'
import { attributesOf } from '../support/receiver.ts'
import type { Arrived } from './tally.ts'

/** A request that has come in whole. The receiver is of one mind: what it has accepted it accepts again, what it has refused it refuses. */
export interface Exchange {
  readonly response: http.ServerResponse
  readonly socket: net.Socket
  readonly random: Random
  /** Accepts the report, whatever is answered then. */
  take(): void
  /** Accepts it, and says so. */
  accept(): void
  /** Refuses it for good. */
  refuse(status: number, headers?: Readonly<Record<string, string>>): void
}

/** What an endpoint does instead of its work. */
export interface Behaviour {
  /** With a new connection, before anything of it is read; `serve` does with it what is usual. */
  readonly connection?: (socket: net.Socket, serve: () => void) => void
  /** With a request, once all of it is there. */
  readonly answer?: (exchange: Exchange) => void
}

/** A receiver that takes each report once, by its id, and misbehaves when it is told to. */
export interface Endpoint extends AsyncDisposable {
  readonly url: string
  readonly port: number
  /** How many different reports were accepted. */
  readonly reports: number
  /** How many came in that had been accepted before. */
  readonly repeats: number
  /** Reports that came again with other bytes than before. */
  readonly changed: number
  /** What the accepted reports sum up to, in each series. */
  arrived(): Arrived
  /** From now on. `share`: the part of the connections and requests that get it, the first one always. Default: all. */
  misbehave(behaviour: Behaviour, share?: number): void
  behave(): void
  /** The next connection, and the next request that is there in whole. */
  connected(): Promise<unknown>
  requested(): Promise<unknown>
  /** Nobody listens any more; then somebody does again, under the same address. */
  close(): Promise<void>
  open(): Promise<void>
  /** The certificate it shows from now on. */
  show(certificate: Certificate): void
}

export type Certificate = 'server' | 'expired' | 'self-signed'

export const AUTHORITY = path.join(import.meta.dirname, '../traps/certificates/authority.crt')

/** @param secure the certificate it shows, where it speaks TLS */
export async function startEndpoint(random: Random, secure?: Certificate): Promise<Endpoint> {
  const accepted = new Map<string, { readonly body: string; readonly numbers: Arrived }>()
  const refused = new Set<string>()
  const sockets = new Set<net.Socket>()
  const count = { repeats: 0, changed: 0 }
  let bad: { behaviour: Behaviour; share: number; used: boolean } | undefined
  let connected = Promise.withResolvers<unknown>()
  let requested = Promise.withResolvers<unknown>()

  function hits(): boolean {
    if (!bad) return false
    const isHit = !bad.used || random.chance(bad.share)
    bad.used = true
    return isHit
  }

  const receive: http.RequestListener = (request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const body = gunzipSync(Buffer.concat(chunks)).toString()
      const report = JSON.parse(body) as OtlpRequest
      const id = String(attributesOf(report)['usage.report.id'])
      const before = accepted.get(id)
      if (before) count.repeats++
      if (before && before.body !== body) count.changed++
      const exchange: Exchange = {
        ...{ response, socket: request.socket, random },
        take() {
          if (!accepted.has(id) && !refused.has(id)) accepted.set(id, { body, numbers: stepsOf(report) })
        },
        accept() {
          exchange.take()
          if (refused.has(id)) response.writeHead(400).end('no')
          else response.writeHead(200, { 'content-type': 'application/json' }).end('{"partialSuccess":{}}')
        },
        refuse(status, headers) {
          if (accepted.has(id)) return exchange.accept()
          refused.add(id)
          response.writeHead(status, headers).end('no')
        },
      }
      const answer = bad?.behaviour.answer
      if (answer && hits()) answer(exchange)
      else exchange.accept()
      requested.resolve(undefined)
      requested = Promise.withResolvers()
    })
  }
  const web = secure ? https.createServer(contextOf(secure), receive) : http.createServer(receive)
  web.on('tlsClientError', () => {})
  // In front of it: what is done with a connection before HTTP, or TLS, has seen it.
  const server = net.createServer((socket) => {
    sockets.add(socket.on('error', () => {}).on('close', () => sockets.delete(socket)))
    const connection = bad?.behaviour.connection
    const serve = () => void web.emit('connection', socket)
    if (connection && hits()) connection(socket, serve)
    else serve()
    connected.resolve(undefined)
    connected = Promise.withResolvers()
  })
  const listen = (port: number) =>
    new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(port, '127.0.0.1', () => resolve(void server.off('error', reject)))
    })
  const close = async () => {
    for (const socket of sockets) socket.resetAndDestroy()
    if (server.listening) await new Promise((resolve) => server.close(resolve))
  }
  // It is closed and opened again: meanwhile nobody must have taken its port.
  const port = await freePort()
  await listen(port)

  return {
    url: secure ? `https://localhost:${port}` : `http://127.0.0.1:${port}`,
    port,
    get reports() {
      return accepted.size
    },
    get repeats() {
      return count.repeats
    },
    get changed() {
      return count.changed
    },
    arrived: () => sumOf([...accepted.values()].map(({ numbers }) => numbers)),
    misbehave(behaviour, share = 1) {
      bad = { behaviour, share, used: false }
    },
    behave() {
      bad = undefined
    },
    connected: () => connected.promise,
    requested: () => requested.promise,
    close,
    open: () => (server.listening ? Promise.resolve() : listen(port)),
    show: (certificate) => (web as https.Server).setSecureContext(contextOf(certificate)),
    [Symbol.asyncDispose]: close,
  }
}

/** What a report says of steps. The Collector writes whole numbers as text. */
export function stepsOf({ resourceMetrics }: OtlpRequest): Arrived {
  const metrics = resourceMetrics.flatMap((one) => one.scopeMetrics.flatMap((scope) => scope.metrics))
  const points = metrics.filter(({ name }) => name === 'acme.steps').flatMap(({ gauge }) => gauge.dataPoints)
  return new Map(
    points.map(({ attributes, asInt, asDouble }) => {
      const by = Object.fromEntries(attributes.map(({ key, value }) => [key, value.stringValue]))
      return [`${by['lane']}/${by['part']}`, Number(asInt ?? asDouble)]
    }),
  )
}

/** What many reports sum up to. */
export function sumOf(reports: readonly Arrived[]): Arrived {
  const sums = new Map<string, number>()
  for (const numbers of reports)
    for (const [series, amount] of numbers) sums.set(series, (sums.get(series) ?? 0) + amount)
  return sums
}

function contextOf(certificate: Certificate): https.ServerOptions {
  const read = (ending: string) =>
    readFileSync(path.join(path.dirname(AUTHORITY), `${certificate}.${ending}`), 'utf8')
  return { key: read('key'), cert: read('crt') }
}

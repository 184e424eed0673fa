/** An admin handler behind a real server, and a client that can send whatever an attacker can. */
import http, { type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import {
  type AdminAccess,
  type AdminHandler,
  type AdminHandlerOptions,
  createAdminHandler,
} from '../../src/admin.ts'
import type { UsageTelemetryOptions } from '../../src/index.ts'
import { type AcmeFacts, createAcme } from '../support/acme.ts'

export const ALICE: AdminAccess = { by: 'alice', read: true, write: true }

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
  // biome-ignore lint/suspicious/noExplicitAny: parsed JSON, whose members the tests look at.
  readonly json: any
}

export interface Asked {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  /** Sent as it is if it is a text, otherwise as JSON with its content type. */
  readonly body?: unknown
}

export type Ask = (path: string, asked?: Asked) => Promise<Answer>

/** Returns a client of the server at a port. */
export function clientOf(port: number): Ask {
  return (path, { method = 'GET', headers = {}, body } = {}) =>
    new Promise((resolve, reject) => {
      const sent = body === undefined || typeof body === 'string' ? body : JSON.stringify(body)
      const type = typeof body === 'object' ? { 'content-type': 'application/json' } : {}
      const options = { port, host: '127.0.0.1', path, method, headers: { ...type, ...headers } }
      const request = http.request(options, async (response) => {
        const { statusCode: status = 0, headers } = response
        const read = await text(response)
        const isJson = /json/.test(headers['content-type'] ?? '') && read !== ''
        resolve({ status, headers, text: read, json: isJson ? JSON.parse(read) : undefined })
      })
      request.on('error', reject)
      request.end(sent)
    })
}

export interface Served extends AsyncDisposable {
  readonly ask: Ask
  readonly port: number
  readonly usage: ReturnType<typeof createAcme>
  readonly admin: AdminHandler
}

/** Serves the telemetry of Acme DB with `node:http`, to alice unless the options say otherwise. */
export async function serve(
  options: AdminHandlerOptions = { authorize: () => ALICE },
  acme: Partial<UsageTelemetryOptions<AcmeFacts>> = {},
): Promise<Served> {
  const usage = createAcme({ consent: { default: 'undecided' }, ...acme })
  await usage.start()
  const admin = createAdminHandler(usage, options)
  return { usage, admin, ...(await listen(http.createServer(admin), () => usage.shutdown())) }
}

/** Starts a server on a free port, with a client for it. */
export async function listen(
  server: http.Server,
  end: () => Promise<unknown> = async () => {},
): Promise<Pick<Served, 'ask' | 'port' | typeof Symbol.asyncDispose>> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    port,
    ask: clientOf(port),
    async [Symbol.asyncDispose]() {
      server.close()
      server.closeAllConnections()
      await end()
    },
  }
}

import http from 'node:http'
import { setTimeout } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { type FleetReport, SECOND, type Sending } from './lives.ts'
import { bytesOf } from './pipeline.ts'
import { isTimedByArrival } from './truth.ts'

export interface SendOptions {
  /** The gateway's. */
  readonly url: string
  /** How many reports are on their way at a time. */
  readonly connections: number
  /** Whether each installation calls from its own address, one of 127.0.0.0/8. */
  readonly fromOwnAddress: boolean
  /** A report was answered with 200, at a moment in milliseconds since 1970. */
  readonly onTaken: (report: FleetReport, at: number) => void
  /** So many are done. */
  readonly onProgress: (done: number) => void
}

/** How often an attempt was put off, by what it was answered. */
export type PutOff = Record<string, number>

/**
 * Sends each report until it is taken, in the order of their arrival, packed and over a connection of its own, as the library
 * does. Who is told to wait waits.
 */
export async function sendAll(sendings: readonly Sending[], options: SendOptions): Promise<PutOff> {
  const { url, connections, fromOwnAddress, onTaken, onProgress } = options
  const putOff: PutOff = {}
  const turns = new Map<string, Promise<void>>()
  let next = 0
  let done = 0

  async function deliver(report: FleetReport): Promise<void> {
    const body = gzipSync(await bytesOf(report))
    const localAddress = fromOwnAddress ? report.caller.address : undefined
    for (;;) {
      const { status, retryAfter, reason } = await post(url, body, localAddress)
      if (status === 200) return onTaken(report, Date.now())
      if (status !== 0 && status !== 429 && status !== 503)
        throw new Error(`The gateway answered ${status} to the report ${report.reportId}: ${reason}`)
      const why = status === 0 ? reason : String(status)
      putOff[why] = (putOff[why] ?? 0) + 1
      await setTimeout((retryAfter ?? 0.1) * SECOND)
    }
  }

  /** Of reports that go by their arrival, those of one installation arrive in seconds of their own: so it is known which is the last. */
  async function deliverInTurn(report: FleetReport): Promise<void> {
    const id = report.id as string
    const turn = (turns.get(id) ?? Promise.resolve()).then(async () => {
      await deliver(report)
      await setTimeout(SECOND - (Date.now() % SECOND) + 5)
    })
    turns.set(id, turn)
    await turn
  }

  const sender = async () => {
    for (let sending = sendings[next++]; sending; sending = sendings[next++]) {
      const { report } = sending
      const hasTurn = report.id !== undefined && isTimedByArrival(report, Date.now())
      await (hasTurn ? deliverInTurn(report) : deliver(report))
      onProgress(++done)
    }
  }
  await Promise.all(Array.from({ length: connections }, sender))
  return putOff
}

const agent = new http.Agent({ keepAlive: false })

interface HttpAnswer {
  /** 0 where there was none. */
  readonly status: number
  /** Seconds. */
  readonly retryAfter?: number
  readonly reason: string
}

function post(url: string, body: Buffer, localAddress: string | undefined): Promise<HttpAnswer> {
  return new Promise((resolve) => {
    const headers = {
      'content-type': 'application/json',
      'content-encoding': 'gzip',
      'content-length': body.byteLength,
    }
    const options = { method: 'POST', agent, headers, ...(localAddress && { localAddress }) }
    const failed = ({ message }: Error) => resolve({ status: 0, reason: message })
    const request = http.request(`${url}/v1/metrics`, options, (response) => {
      const { statusCode: status = 0, headers } = response
      const retryAfter = Number(headers['retry-after'] ?? Number.NaN)
      let reason = ''
      response.setEncoding('utf8')
      response.on('data', (text) => {
        reason += text
      })
      response.on('error', failed)
      response.on('end', () => resolve({ status, reason, ...(retryAfter >= 0 && { retryAfter }) }))
    })
    request.on('error', failed)
    request.end(body)
  })
}

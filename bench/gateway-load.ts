import { connect } from 'node:net'

export interface Load {
  readonly host: string
  readonly port: number
  /** The body of each request, or what makes the next one. */
  readonly body: Buffer | (() => Buffer)
  /** More lines of the request's head, such as `content-encoding: gzip`. */
  readonly headers?: readonly string[]
  readonly connections: number
  readonly seconds: number
  /** Each connection is used again, as a proxy does. Default: one for each report, as installations do. */
  readonly keepAlive?: boolean
}

/** What came of a load: answers by status (0 for a connection that was lost), and how long each took, in milliseconds. */
export interface Loaded {
  readonly statuses: Readonly<Record<number, number>>
  readonly perSecond: number
  readonly p50: number
  readonly p99: number
}

/** Sends reports, so many at a time. Bare sockets, because an HTTP client would take more of the machine than what it measures. */
export async function load(options: Load): Promise<Loaded> {
  const { host, port, body, headers = [], connections, seconds, keepAlive = false } = options
  const head = [
    'POST /v1/metrics HTTP/1.1',
    `host: ${host}`,
    'content-type: application/json',
    `connection: ${keepAlive ? 'keep-alive' : 'close'}`,
    ...headers,
  ]
  const next = typeof body === 'function' ? body : () => body
  const statuses: Record<number, number> = {}
  const times: number[] = []
  const started = performance.now()

  /** One connection, and as many requests as it takes. */
  const connection = () =>
    new Promise<void>((resolve) => {
      let at = performance.now()
      const socket = connect({ host, port, noDelay: true }, () => ask())
      const ask = () => {
        const bytes = next()
        socket.write(`${[...head, `content-length: ${bytes.length}`].join('\r\n')}\r\n\r\n`)
        socket.write(bytes)
      }
      const told = (status: number) => {
        statuses[status] = (statuses[status] ?? 0) + 1
        times.push(performance.now() - at)
        at = performance.now()
      }
      // The answers are short: each comes in one piece.
      socket.on('data', (answer) => {
        told(Number(answer.toString('latin1', 9, 12)))
        if (keepAlive && performance.now() - started < seconds * 1_000) ask()
        else socket.end()
      })
      socket.on('error', () => told(0))
      socket.once('close', () => resolve())
    })
  await Promise.all(
    Array.from({ length: connections }, async () => {
      while (performance.now() - started < seconds * 1_000) await connection()
    }),
  )
  const sorted = times.sort((a, b) => a - b)
  return {
    statuses,
    perSecond: (statuses[200] ?? 0) / ((performance.now() - started) / 1_000),
    p50: sorted[Math.floor(sorted.length * 0.5)] ?? Number.NaN,
    p99: sorted[Math.floor(sorted.length * 0.99)] ?? Number.NaN,
  }
}

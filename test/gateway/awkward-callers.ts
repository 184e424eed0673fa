import { once } from 'node:events'
import { readdir, readFile, readlink } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { type ConnectionOptions, connect as connectTls, createSecureContext } from 'node:tls'
import { constants, createGzip, gzipSync } from 'node:zlib'

/** A head of a request for a report, without the empty line at its end. */
const head = (more = '') =>
  `POST /v1/metrics HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n${more}`

const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'
const frame = (type: number, payload: Buffer) => {
  const start = Buffer.alloc(9)
  start.writeUIntBE(payload.length, 0, 3)
  start[3] = type
  start[8] = 1
  return Buffer.concat([start, payload])
}

/** What a caller sends that no library would, by what is wrong with it. */
export const AWKWARD: Readonly<Record<string, string | Buffer>> = {
  nothing: '',
  'no HTTP': Buffer.from('00ff17030300fe'.repeat(40), 'hex'),
  'half a line': 'POST /v1/met',
  'half a head': head(),
  'half a body': `${head('content-length: 1000\r\n')}\r\n{"resourceMetrics":[`,
  'a wrong length': `${head('content-length: -5\r\n')}\r\n{}`,
  'two lengths': `${head('content-length: 5\r\ncontent-length: 6\r\n')}\r\n{}    `,
  'a broken chunk': `${head('transfer-encoding: chunked\r\n')}\r\nzz\r\n{}\r\n`,
  'a broken gzip': Buffer.concat([
    Buffer.from(`${head('content-encoding: gzip\r\ncontent-length: 40\r\n')}\r\n`),
    gzipSync('{"resourceMetrics":[]}').subarray(0, 20),
    Buffer.alloc(20, 1),
  ]),
  'broken JSON': `${head('content-length: 5\r\n')}\r\n{"a:1`,
  'an unknown encoding': `${head('content-encoding: br\r\ncontent-length: 2\r\n')}\r\n{}`,
  'a large head': `${head(`x-large: ${'x'.repeat(1_200_000)}\r\n`)}\r\n`,
  'a strange host': 'POST /v1/metrics HTTP/1.1\r\nhost: a b\r\n\r\n',
  'an unknown version': 'POST /v1/metrics HTTP/9.9\r\nhost: a\r\n\r\n',
  'an upgrade to HTTP/2': `${head('connection: Upgrade, HTTP2-Settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABkAAQAAP__\r\ncontent-length: 2\r\n')}\r\n{}`,
  'HTTP/2 garbage': Buffer.concat([
    Buffer.from(PREFACE),
    frame(4, Buffer.alloc(5)),
    frame(1, Buffer.alloc(200, 0xff)),
  ]),
  'many at once': `${head('content-length: 2\r\n')}\r\n{}`.repeat(50),
}

export interface Caller {
  readonly port: number
  /** The address it calls from. */
  readonly localAddress: string
  /** Speaks TLS first. */
  readonly tls?: ConnectionOptions
}

/** Sends all that is awkward, and ends each connection in turn by hanging up, by a reset, and by waiting for the other side. */
export async function callAwkwardly(caller: Caller): Promise<void> {
  const ends = Object.values(AWKWARD).flatMap((bytes) => [
    sendAndEnd(caller, bytes, (socket) => socket.end()),
    sendAndEnd(caller, bytes, (socket) => socket.resetAndDestroy()),
  ])
  await Promise.all([...ends, ...handshakes(caller)])
}

async function sendAndEnd(
  { port, localAddress, tls }: Caller,
  bytes: string | Buffer,
  end: (socket: Socket) => void,
): Promise<void> {
  const plain = connect({ port, host: '127.0.0.1', localAddress })
  const socket = tls ? connectTls({ socket: plain, ...tls }) : plain
  for (const each of [plain, socket]) each.on('error', () => {}).resume()
  await once(socket, tls ? 'secureConnect' : 'connect').catch(() => {})
  await new Promise<void>((resolve) => {
    socket.write(bytes, () => resolve())
    socket.once('close', () => resolve())
  })
  // The bytes are to be there before the end.
  await new Promise((resolve) => setTimeout(resolve, 50))
  end(plain)
  setTimeout(() => plain.destroy(), 1_000)
  if (!plain.closed) await once(plain, 'close')
}

/** Handshakes of TLS that fail: with a protocol that is too old, without trust, or with nobody there who speaks TLS. */
function handshakes({ port, localAddress }: Caller): Promise<void>[] {
  const ways: ConnectionOptions[] = [
    {},
    { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL@SECLEVEL=0' },
    { rejectUnauthorized: false, ciphers: 'NULL-SHA256@SECLEVEL=0', maxVersion: 'TLSv1.2' },
  ]
  return ways.map(async (way) => {
    const plain = connect({ port, host: '127.0.0.1', localAddress })
    plain.on('error', () => {})
    const socket = connectTls({ socket: plain, servername: 'localhost', ...way })
    socket.on('error', () => {})
    setTimeout(() => socket.destroy(), 1_000)
    await once(socket, 'close').catch(() => {})
  })
}

/** How a caller may stall, and what it has sent by then. */
export const STALLS = {
  'a head': Buffer.from(head()),
  'a body of which a byte came': Buffer.from(`${head('content-length: 1000\r\n')}\r\n{`),
  'a body of 250 kB': Buffer.from(`${head('content-length: 262144\r\n')}\r\n[${' '.repeat(250_000)}`),
  'a body of 400 bytes that has 250 kB unpacked': Buffer.concat([
    Buffer.from(`${head('content-encoding: gzip\r\ncontent-length: 100000\r\n')}\r\n`),
    await unfinishedGzip(`[${' '.repeat(250_000)}`),
  ]),
  'a head of 900 kB': Buffer.from(`${head(`x: ${'x'.repeat(900_000)}`)}`),
} as const satisfies Record<string, Buffer>

async function unfinishedGzip(text: string): Promise<Buffer> {
  const gzip = createGzip()
  gzip.write(text)
  await new Promise<void>((resolve) => gzip.flush(constants.Z_SYNC_FLUSH, resolve))
  const packed = gzip.read() as Buffer
  gzip.destroy()
  return packed
}

export interface Stalled {
  /** How many of the other side has hung up on. */
  closed(): number
  /** Resolves when the last one is over. */
  readonly over: Promise<unknown>
}

/** Opens connections that send some bytes and stop. Thirty come from each address. */
export async function stall(
  count: number,
  bytes: Buffer,
  { port, tls, perAddress = 30 }: { port: number; tls?: ConnectionOptions; perAddress?: number },
): Promise<Stalled> {
  let closed = 0
  const all: Promise<void>[] = []
  const resumed = tls && (await resumedSession(port, tls))
  for (let index = 0; index < count; index += 1) {
    const from = Math.floor(index / perAddress)
    const localAddress = `127.20.${Math.floor(from / 250)}.${1 + (from % 250)}`
    const plain = connect({ port, host: '127.0.0.1', localAddress })
    const socket = resumed ? connectTls({ socket: plain, ...resumed }) : plain
    for (const each of [plain, socket]) each.on('error', () => {}).resume()
    socket.write(bytes)
    all.push(
      new Promise((resolve) =>
        plain.once('close', () => {
          closed += 1
          resolve()
        }),
      ),
    )
    // The listener's backlog is short.
    if (index % 50 === 49) await new Promise((resolve) => setTimeout(resolve, 20))
  }
  return { closed: () => closed, over: Promise.all(all) }
}

/** Options with which connections resume a session: a thousand full handshakes would take this process seconds. */
async function resumedSession(port: number, tls: ConnectionOptions): Promise<ConnectionOptions> {
  const options = { ...tls, secureContext: createSecureContext({ ...tls, maxVersion: 'TLSv1.2' }) }
  const first = connectTls({ port, host: '127.0.0.1', ...options })
  const [session] = await once(first, 'session')
  first.destroy()
  return { ...options, session }
}

/** The TCP ports at which a process of Linux listens, and the addresses that it does so on. */
export async function listeningPorts(pid: number): Promise<{ port: number; address: string }[]> {
  const names = await readdir(`/proc/${pid}/fd`)
  const links = await Promise.all(names.map((name) => readlink(`/proc/${pid}/fd/${name}`).catch(() => '')))
  const own = new Set(links.flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? []))
  const lines = await Promise.all(
    ['tcp', 'tcp6'].map((kind) => readFile(`/proc/${pid}/net/${kind}`, 'utf8').catch(() => '')),
  )
  return lines
    .join('\n')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , , state, , , , , , inode]) => state === '0A' && own.has(inode ?? ''))
    .map(([, local = '']) => {
      const [address = '', port = ''] = local.split(':')
      return { port: Number.parseInt(port, 16), address }
    })
}

/** The loopback device, as `/proc/net/tcp` and `/proc/net/tcp6` write it. */
export const LOOPBACK = ['0100007F', '00000000000000000000000001000000']

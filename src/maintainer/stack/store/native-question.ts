import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { connect as connectByTls } from 'node:tls'
import { type StoreAccess, StoreRefusal } from './store-access.ts'

/**
 * Sends a query over ClickHouse's native protocol, as a client of an old revision that needs nothing but the query, and returns the
 * values of the first column, which must be a String.
 * https://clickhouse.com/docs/native-protocol
 *
 * @throws {StoreRefusal} if the store refuses the query; with its reason.
 * @throws {Error} if no ClickHouse answers.
 */
export async function askNatively(access: StoreAccess, query: string, timeout: number): Promise<string[]> {
  const { hostname, port, searchParams } = new URL(access.address.replace(/^[a-z]+:/i, 'http:'))
  const host = hostname.replace(/^\[|\]$/g, '')
  const isSecure = searchParams.get('secure') === 'true'
  const address = { host, port: Number(port) || (isSecure ? 9440 : 9000) }
  const socket = isSecure ? connectByTls({ ...address, servername: host }) : connect(address)
  const timer = setTimeout(
    () => socket.destroy(new Error(`no answer within ${timeout / 1_000} seconds`)),
    timeout,
  )
  try {
    await once(socket, isSecure ? 'secureConnect' : 'connect')
    const { user, password, database } = access
    socket.write(
      Buffer.concat(
        [varint(HELLO), text('otel-usage'), varint(1), varint(0), varint(REVISION)].concat(
          [database, user, password].map(text),
        ),
      ),
    )
    return await answerTo(query, socket, reader(socket))
  } finally {
    clearTimeout(timer)
    socket.destroy()
  }
}

const [HELLO, QUERY, DATA] = [0, 1, 2]

/** Protocol revision, below those that added parts to queries and progress. */
const REVISION = 50_264

async function answerTo(query: string, socket: Socket, read: Reader): Promise<string[]> {
  const rows: string[] = []
  while (true) {
    const packet = await read.varint()
    if (packet === 0) {
      for (const field of ['text', 'varint', 'varint', 'varint'] as const) await read[field]()
      const complete = [varint(2), varint(0)]
      const noData = [varint(DATA), text(''), varint(0), varint(0), varint(0)]
      socket.write(Buffer.concat([varint(QUERY), text(''), text(''), ...complete, text(query), ...noData]))
    } else if (packet === 1) rows.push(...(await firstColumn(read)))
    else if (packet === 2) {
      await read.bytes(4)
      await read.text()
      throw new StoreRefusal(await read.text())
    } else if (packet === 3) for (let field = 0; field < 3; field += 1) await read.varint()
    else if (packet === 6) {
      for (const field of ['varint', 'varint', 'varint', 'flag', 'varint', 'flag'] as const)
        await read[field]()
    } else if (packet === 5) return rows
    else throw new Error("what listens there does not talk ClickHouse's native protocol")
  }
}

async function firstColumn(read: Reader): Promise<string[]> {
  await read.text()
  for (let field = await read.varint(); field !== 0; field = await read.varint())
    await read.bytes(field === 1 ? 1 : 4)
  const [columns, count] = [await read.varint(), await read.varint()]
  const values: string[] = []
  for (let column = 0; column < columns; column += 1) {
    await read.text()
    await read.text()
    for (let row = 0; row < count; row += 1) values.push(await read.text())
  }
  return values
}

interface Reader {
  bytes(count: number): Promise<Buffer>
  varint(): Promise<number>
  flag(): Promise<number>
  text(): Promise<string>
}

/** Largest answer that is read, in bytes: far above any that we expect. */
const MAX_TEXT_BYTES = 1 << 20

function reader(socket: Socket): Reader {
  const chunks = socket[Symbol.asyncIterator]()
  let rest = Buffer.alloc(0)
  const read: Reader = {
    async bytes(count) {
      if (count > MAX_TEXT_BYTES)
        throw new Error("what listens there does not talk ClickHouse's native protocol")
      while (rest.length < count) {
        const { value, done } = await chunks.next()
        if (done) throw new Error('the connection was closed in the middle of the answer')
        rest = Buffer.concat([rest, value])
      }
      const found = rest.subarray(0, count)
      rest = rest.subarray(count)
      return found
    },
    flag: async () => (await read.bytes(1))[0] as number,
    async varint() {
      let value = 0
      for (let weight = 1; weight < 2 ** 49; weight *= 128) {
        const byte = await read.flag()
        value += (byte & 0x7f) * weight
        if (byte < 0x80) return value
      }
      throw new Error("what listens there does not talk ClickHouse's native protocol")
    },
    text: async () => (await read.bytes(await read.varint())).toString(),
  }
  return read
}

function varint(value: number): Buffer {
  const bytes: number[] = []
  let rest = value
  for (; rest >= 0x80; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80)
  return Buffer.from([...bytes, rest])
}

const text = (value: string) => Buffer.concat([varint(Buffer.byteLength(value)), Buffer.from(value)])

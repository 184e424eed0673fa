import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { createGunzip, createZstdDecompress, zstdDecompressSync } from 'node:zlib'
import { errorMessage } from '../../package/index.ts'
import { faultOf } from './import-files.ts'

/** Result of reading one location of a file: the text of an OTLP request, or the reason why the location has no request. */
export interface FoundDocument {
  /** Location in the file, such as `line 12`. */
  readonly location: string
  readonly text?: string
  /** As the end of a sentence. */
  readonly problem?: string
}

/** Largest document, in bytes. The gateway writes less than a tenth of it at once. */
export const MAX_DOCUMENT_BYTES = 16_777_216

/**
 * Reads a file document by document: lines, as the Collector's file exporter writes them; a whole file whose name ends in `.json`; or
 * messages with their length before them, as that exporter writes with `compression: zstd`. Unpacks gzip and zstd, by the first bytes. Of
 * a file that turns out to be damaged, what comes before is read. Holds one document in memory, whatever the file holds.
 */
export async function* documentsIn(
  file: string,
  onRead: (bytes: number) => void = () => {},
): AsyncGenerator<FoundDocument> {
  let location = 'its beginning'
  try {
    const start = await firstBytes(file)
    const isFramed = start.subarray(4).equals(ZSTD)
    const chunks = isFramed ? chunksOf(file, onRead) : unpacked(file, start, onRead)
    const isOne = /\.json(\.gz|\.zst)?$/.test(file)
    for await (const found of isFramed ? messagesIn(chunks) : isOne ? wholeOf(chunks) : linesIn(chunks)) {
      location = found.location
      if (found.text?.trim() !== '') yield found
    }
  } catch (error) {
    const isPacked = /^(Z|ERR_ZSTD|ZSTD)_/.test(String((error as NodeJS.ErrnoException).code))
    const problem = isPacked
      ? `the compressed file is damaged or ends too early behind it: ${errorMessage(error)}`
      : faultOf(error)
    yield { location, problem }
  }
}

const GZIP = Buffer.from([0x1f, 0x8b])
const ZSTD = Buffer.from([0x28, 0xb5, 0x2f, 0xfd])

async function firstBytes(file: string): Promise<Buffer> {
  const handle = await open(file, 'r')
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(8), 0, 8, 0)
    return buffer.subarray(0, bytesRead)
  } finally {
    await handle.close()
  }
}

async function* chunksOf(file: string, onRead: (bytes: number) => void): AsyncGenerator<Buffer> {
  for await (const chunk of createReadStream(file, { highWaterMark: 262_144 })) {
    onRead(chunk.length)
    yield chunk
  }
}

function unpacked(file: string, start: Buffer, onRead: (bytes: number) => void): AsyncIterable<Buffer> {
  const isZstd = start.subarray(0, 4).equals(ZSTD)
  if (!isZstd && !start.subarray(0, 2).equals(GZIP)) return chunksOf(file, onRead)
  const source = createReadStream(file, { highWaterMark: 65_536 })
  const unpacking = isZstd ? createZstdDecompress() : createGunzip()
  source.on('data', (chunk) => onRead(chunk.length))
  source.on('error', (error) => unpacking.destroy(error))
  // Whoever reads no further ends both.
  unpacking.on('close', () => source.destroy())
  return source.pipe(unpacking)
}

async function* linesIn(chunks: AsyncIterable<Buffer>): AsyncGenerator<FoundDocument> {
  let [parts, size, line]: [Buffer[], number, number] = [[], 0, 1]
  for await (const chunk of chunks) {
    for (let start = 0; start <= chunk.length; ) {
      const end = chunk.indexOf('\n', start)
      const part = chunk.subarray(start, end < 0 ? chunk.length : end)
      size += part.length
      if (size > MAX_DOCUMENT_BYTES) parts = []
      else parts.push(part)
      if (end < 0) break
      yield documentOf(`line ${line}`, parts, size)
      ;[parts, size, line, start] = [[], 0, line + 1, end + 1]
    }
  }
  if (size > 0) yield documentOf(`line ${line}`, parts, size)
}

async function* wholeOf(chunks: AsyncIterable<Buffer>): AsyncGenerator<FoundDocument> {
  let [parts, size]: [Buffer[], number] = [[], 0]
  for await (const chunk of chunks) {
    size += chunk.length
    // Nothing of it can be used, so that the rest is not unpacked.
    if (size > MAX_DOCUMENT_BYTES) break
    parts.push(chunk)
  }
  if (size > MAX_DOCUMENT_BYTES) parts = []
  yield documentOf('the document', parts, size)
}

async function* messagesIn(chunks: AsyncIterable<Buffer>): AsyncGenerator<FoundDocument> {
  let [rest, message]: [Buffer, number] = [Buffer.alloc(0), 1]
  for await (const chunk of chunks) {
    rest = Buffer.concat([rest, chunk])
    while (rest.length >= 4) {
      const length = rest.readUInt32BE(0)
      const location = `message ${message}`
      if (length > MAX_DOCUMENT_BYTES) {
        yield { location, problem: `it is said to have ${length} bytes; what follows cannot be read either` }
        return
      }
      if (rest.length < 4 + length) break
      yield messageOf(location, rest.subarray(4, 4 + length))
      rest = rest.subarray(4 + length)
      message += 1
    }
  }
  if (rest.length > 0) yield { location: `message ${message}`, problem: 'the file ends within it' }
}

function messageOf(location: string, packed: Buffer): FoundDocument {
  try {
    const bytes = zstdDecompressSync(packed, { maxOutputLength: MAX_DOCUMENT_BYTES })
    return documentOf(location, [bytes], bytes.length)
  } catch (error) {
    return { location, problem: `it cannot be unpacked: ${errorMessage(error)}` }
  }
}

const decoder = new TextDecoder('utf-8', { fatal: true })

function documentOf(location: string, parts: readonly Buffer[], size: number): FoundDocument {
  if (size > MAX_DOCUMENT_BYTES) return { location, problem: `it has more than ${MAX_DOCUMENT_BYTES} bytes` }
  try {
    return { location, text: decoder.decode(Buffer.concat(parts)) }
  } catch {
    return { location, problem: 'it is not UTF-8' }
  }
}

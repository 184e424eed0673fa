/**
 * Pages of a bbolt file, format version 2: a header of 16 bytes (id, kind, number of elements, number of overflow pages), elements of 16
 * bytes, then keys and values. bbolt uses the byte order of the machine; this code is for little-endian machines.
 */

const BRANCH = 0x01
export const LEAF = 0x02
const META = 0x04

/** Flag of a leaf element whose value is a bucket: the page of its root, a sequence number, and, if that page is 0, the root itself. */
export const BUCKET = 0x01

/** The file is not a valid bbolt file. The message says where. */
export class BoltDamage extends Error {
  override readonly name = 'BoltDamage'
}

/** Element of a page: in a branch the page of a child, in a leaf a value. */
export interface Element {
  readonly key: Buffer
  readonly child: number
  readonly value: Buffer
  readonly flags: number
}

export interface Page {
  readonly id: number
  readonly kind: typeof BRANCH | typeof LEAF
  /** Number of overflow pages. */
  readonly overflow: number
  readonly elements: readonly Element[]
}

const HEAD = 16
const ELEMENT = 16
const EMPTY = Buffer.alloc(0)

/** Returns the number of overflow pages of a page. */
export const overflowOf = (head: Buffer): number => head.readUInt32LE(12)

/**
 * Reads a branch or leaf with its overflow pages. Keys and values are views of `bytes`.
 *
 * @throws {BoltDamage} if it is not a valid page.
 */
export function readPage(bytes: Buffer, id: number): Page {
  const damaged = () => new BoltDamage(`page ${id} is not valid`)
  if (bytes.length < HEAD || Number(bytes.readBigUInt64LE(0)) !== id) throw damaged()
  const kind = bytes.readUInt16LE(8)
  if (kind !== BRANCH && kind !== LEAF) throw damaged()
  const count = bytes.readUInt16LE(10)
  if (HEAD + count * ELEMENT > bytes.length) throw damaged()
  const elements = Array.from({ length: count }, (_, index): Element => {
    const at = HEAD + index * ELEMENT
    const isLeaf = kind === LEAF
    const from = at + bytes.readUInt32LE(isLeaf ? at + 4 : at)
    const keyLength = bytes.readUInt32LE(isLeaf ? at + 8 : at + 4)
    const valueLength = isLeaf ? bytes.readUInt32LE(at + 12) : 0
    if (from + keyLength + valueLength > bytes.length) throw damaged()
    return {
      key: bytes.subarray(from, from + keyLength),
      child: isLeaf ? 0 : Number(bytes.readBigUInt64LE(at + 8)),
      value: isLeaf ? bytes.subarray(from + keyLength, from + keyLength + valueLength) : EMPTY,
      flags: isLeaf ? bytes.readUInt32LE(at) : 0,
    }
  })
  return { id, kind, overflow: overflowOf(bytes), elements }
}

/** Returns the size of a page with these elements, in bytes. */
export const sizeOf = (elements: readonly Element[]): number =>
  elements.reduce((sum, { key, value }) => sum + ELEMENT + key.length + value.length, HEAD)

/** Writes a branch or leaf, which may be longer than a page: bbolt accepts that, and divides it at its next write there. */
export function writePage({ id, kind, elements }: Omit<Page, 'overflow'>, pageSize: number): Buffer {
  const pages = Math.ceil(sizeOf(elements) / pageSize)
  const bytes = Buffer.alloc(pages * pageSize)
  bytes.writeBigUInt64LE(BigInt(id), 0)
  bytes.writeUInt16LE(kind, 8)
  bytes.writeUInt16LE(elements.length, 10)
  bytes.writeUInt32LE(pages - 1, 12)
  let from = HEAD + elements.length * ELEMENT
  for (const [index, { key, value, child, flags }] of elements.entries()) {
    const at = HEAD + index * ELEMENT
    if (kind === LEAF) {
      bytes.writeUInt32LE(flags, at)
      bytes.writeUInt32LE(from - at, at + 4)
      bytes.writeUInt32LE(key.length, at + 8)
      bytes.writeUInt32LE(value.length, at + 12)
    } else {
      bytes.writeUInt32LE(from - at, at)
      bytes.writeUInt32LE(key.length, at + 4)
      bytes.writeBigUInt64LE(BigInt(child), at + 8)
    }
    from += key.copy(bytes, from)
    from += value.copy(bytes, from)
  }
  return bytes
}

/** Meta page, the entry into the file. There are two, and the newest valid one counts. */
export interface Meta {
  readonly pageSize: number
  readonly root: number
  readonly rootSequence: bigint
  /** Page of the list of free pages, if there is one. */
  readonly freelist: number | undefined
  /** First page that was never used. */
  readonly end: number
  readonly transaction: bigint
}

export const META_LENGTH = HEAD + 64

const MAGIC = 0xed0cdaed
const VERSION = 2
const NO_FREELIST = 0xffff_ffff_ffff_ffffn

/** Reads a meta page; returns `undefined` if it is not valid. */
export function readMeta(page: Buffer): Meta | undefined {
  if (page.length < META_LENGTH) return undefined
  const meta = page.subarray(HEAD, META_LENGTH)
  if (meta.readUInt32LE(0) !== MAGIC || meta.readUInt32LE(4) !== VERSION) return undefined
  if (meta.readBigUInt64LE(56) !== checksum(meta.subarray(0, 56))) return undefined
  const freelist = meta.readBigUInt64LE(32)
  return {
    pageSize: meta.readUInt32LE(8),
    root: Number(meta.readBigUInt64LE(16)),
    rootSequence: meta.readBigUInt64LE(24),
    freelist: freelist === NO_FREELIST ? undefined : Number(freelist),
    end: Number(meta.readBigUInt64LE(40)),
    transaction: meta.readBigUInt64LE(48),
  }
}

/** Writes a meta page without a list of free pages. The number of its transaction decides whether it is page 0 or 1. */
export function writeMeta({ pageSize, root, rootSequence, end, transaction }: Meta): Buffer {
  const page = Buffer.alloc(META_LENGTH)
  page.writeBigUInt64LE(transaction % 2n, 0)
  page.writeUInt16LE(META, 8)
  const meta = page.subarray(HEAD)
  meta.writeUInt32LE(MAGIC, 0)
  meta.writeUInt32LE(VERSION, 4)
  meta.writeUInt32LE(pageSize, 8)
  meta.writeBigUInt64LE(BigInt(root), 16)
  meta.writeBigUInt64LE(rootSequence, 24)
  meta.writeBigUInt64LE(NO_FREELIST, 32)
  meta.writeBigUInt64LE(BigInt(end), 40)
  meta.writeBigUInt64LE(transaction, 48)
  meta.writeBigUInt64LE(checksum(meta.subarray(0, 56)), 56)
  return page
}

/** Computes FNV-1a with 64 bits. */
function checksum(bytes: Buffer): bigint {
  let hash = 0xcbf29ce484222325n
  for (const byte of bytes) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n)
  return hash
}

import { closeSync, fstatSync, fsyncSync, openSync, readSync, writeSync } from 'node:fs'
import os from 'node:os'
import {
  BoltDamage,
  BUCKET,
  type Element,
  LEAF,
  META_LENGTH,
  type Meta,
  overflowOf,
  type Page,
  readMeta,
  readPage,
  sizeOf,
  writeMeta,
  writePage,
} from './bolt-page.ts'

/** Keys and their new values; `undefined` deletes a key. */
export type Edits = ReadonlyMap<string, Buffer | undefined>

/** Bucket of a bbolt file in which `file_storage` of the Collector keeps all its data. */
export interface BoltFile {
  /** Returns all keys, in the order of their bytes. */
  keys(): IterableIterator<string>
  has(key: string): boolean
  /** Returns the value of a key; `undefined` if there is none. */
  get(key: string): Buffer | undefined
  /**
   * Makes all of the changes or none, and returns when they are on the disk.
   *
   * @throws {Error} of the operating system, such as ENOSPC; the file is unchanged then.
   */
  apply(edits: Edits): void
  close(): void
}

/**
 * Opens a file of bbolt (https://github.com/etcd-io/bbolt) that no other process has open, and reads its whole structure. Synchronous:
 * it runs only at a start, and so many small reads take a sixth of the time.
 *
 * bbolt never changes a page that is in use. A transaction writes new pages, up to the root, and then one of the two meta pages, which
 * is valid only with its checksum. `apply` does the same.
 *
 * @throws {BoltDamage} if the file is damaged.
 */
export function openBolt(file: string, mode: 'r' | 'r+'): BoltFile {
  if (os.endianness() === 'BE') throw new Error('files of bbolt are supported on little-endian machines only')
  const descriptor = openSync(file, mode)
  const state = (meta: Meta) => ({ meta, ...walk(descriptor, meta) })
  try {
    let { meta, values, used, bucket } = state(newestMeta(descriptor))
    return {
      keys: () => values.keys(),
      has: (key) => values.has(key),
      get: (key) => {
        const value = values.get(key)
        return value === undefined || Buffer.isBuffer(value) ? value : readAt(descriptor, value)
      },
      apply: (edits) => {
        const next = commit({ descriptor, meta, used, bucket }, edits)
        ;({ meta, values, used, bucket } = state(next))
      },
      close: () => closeSync(descriptor),
    }
  } catch (error) {
    closeSync(descriptor)
    throw error
  }
}

/** Name of the only bucket of the file. */
const NAME = 'default'

/** Range of bytes in the file. */
interface FileRange {
  readonly at: number
  readonly length: number
}

interface Tree {
  /** Position of each value; for a small bucket, the value itself. */
  readonly values: ReadonlyMap<string, FileRange | Buffer>
  /** Numbers of the pages that are in use. */
  readonly used: ReadonlySet<number>
  /** Page of the bucket's root, and its sequence; for a small bucket, whose root is in the tree of all buckets, its elements. */
  readonly bucket: Bucket | undefined
}

interface Bucket {
  readonly root: number
  readonly sequence: bigint
  readonly inlined: readonly Element[]
}

function newestMeta(descriptor: number): Meta {
  const { size } = fstatSync(descriptor)
  const metaAt = (at: number) =>
    at + META_LENGTH <= size ? readMeta(readAt(descriptor, { at, length: META_LENGTH })) : undefined
  const first = metaAt(0)
  // The second meta page follows one page later, and only the first one says how long a page is.
  const pageSizes = first ? [first.pageSize] : Array.from({ length: 15 }, (_, power) => 1024 << power)
  const second = pageSizes.map(metaAt).find((meta) => meta !== undefined)
  if (first && second) return first.transaction > second.transaction ? first : second
  const only = first ?? second
  if (only === undefined) {
    throw new BoltDamage(size === 0 ? 'it is empty' : 'its first pages are not valid')
  }
  return only
}

/** Visits every page that can be reached, and checks each. */
function walk(descriptor: number, meta: Meta): Tree {
  const used = new Set([0, 1])
  const use = ({ id, overflow }: Pick<Page, 'id' | 'overflow'>) => {
    for (let each = id; each <= id + overflow; each++) {
      if (used.has(each)) throw new BoltDamage(`page ${each} is used twice`)
      used.add(each)
    }
  }
  const leavesUnder = (id: number, onLeaf: (page: Page, bytes: Buffer) => void) => {
    const { page, bytes } = pageAt(descriptor, meta, id)
    use(page)
    if (page.kind === LEAF) onLeaf(page, bytes)
    else for (const { child } of page.elements) leavesUnder(child, onLeaf)
  }
  if (meta.freelist !== undefined) {
    const head = readAt(descriptor, { at: meta.freelist * meta.pageSize, length: 16 })
    use({ id: meta.freelist, overflow: overflowOf(head) })
  }
  let found: Element | undefined
  leavesUnder(meta.root, ({ elements }) => {
    found ??= elements.find(({ key, flags }) => flags === BUCKET && key.toString('latin1') === NAME)
  })
  const values = new Map<string, FileRange | Buffer>()
  if (found === undefined) return { values, used, bucket: undefined }
  if (found.value.length < 16) throw new BoltDamage('its bucket is cut off')

  const bucket = { root: Number(found.value.readBigUInt64LE(0)), sequence: found.value.readBigUInt64LE(8) }
  if (bucket.root === 0) {
    const { elements } = readPage(found.value.subarray(16), 0)
    for (const { key, value } of elements) values.set(key.toString('latin1'), value)
    return { values, used, bucket: { ...bucket, inlined: elements } }
  }
  let last = ''
  leavesUnder(bucket.root, ({ id, elements }, bytes) => {
    for (const { key, value } of elements) {
      const name = key.toString('latin1')
      if (name <= last) throw new BoltDamage(`the keys of page ${id} are not in order`)
      last = name
      const at = id * meta.pageSize + value.byteOffset - bytes.byteOffset
      values.set(name, { at, length: value.length })
    }
  })
  return { values, used, bucket: { ...bucket, inlined: [] } }
}

function pageAt(descriptor: number, { pageSize, end }: Meta, id: number): { page: Page; bytes: Buffer } {
  const at = id * pageSize
  if (id < 2 || id >= end) throw new BoltDamage(`there is no page ${id}`)
  const first = readAt(descriptor, { at, length: pageSize })
  const overflow = overflowOf(first)
  if (id + overflow >= end) throw new BoltDamage(`page ${id} is longer than the file`)
  const bytes = overflow === 0 ? first : readAt(descriptor, { at, length: (overflow + 1) * pageSize })
  return { page: readPage(bytes, id), bytes }
}

function readAt(descriptor: number, { at, length }: FileRange): Buffer {
  const bytes = Buffer.allocUnsafe(length)
  for (let read = 0; read < length; ) {
    const more = readSync(descriptor, bytes, read, length - read, at + read)
    if (more === 0) throw new BoltDamage(`it ends after ${at + read} bytes, in the middle of a page`)
    read += more
  }
  return bytes
}

interface Committing {
  readonly descriptor: number
  readonly meta: Meta
  readonly used: ReadonlySet<number>
  readonly bucket: Bucket | undefined
}

/** Writes new pages where none is in use, syncs them, and then writes the meta page that leads to them. */
function commit({ descriptor, meta, used, bucket }: Committing, edits: Edits): Meta {
  if (bucket === undefined) throw new BoltDamage('it has no bucket')
  let { end } = meta
  const inUse = new Set(used)
  const allocate = (pages: number): number => {
    for (let id = 2, free = 0; id < meta.end; id++) {
      free = inUse.has(id) ? 0 : free + 1
      if (free === pages) return id - pages + 1
    }
    end += pages
    return end - pages
  }
  const put = (kind: Page['kind'], elements: readonly Element[]): number => {
    const pages = Math.ceil(sizeOf(elements) / meta.pageSize)
    const id = allocate(pages)
    for (let each = id; each < id + pages; each++) inUse.add(each)
    writeAll(descriptor, writePage({ id, kind, elements }, meta.pageSize), id * meta.pageSize)
    return id
  }
  /** Page of a part of the tree after the changes, and its first key; `undefined` if nothing of that part is left. */
  const rewrite = (id: number, changes: Change[]): Element | undefined => {
    const { page } = pageAt(descriptor, meta, id)
    const elements =
      page.kind === LEAF
        ? changed(page.elements, changes)
        : page.elements.flatMap((element, index) => {
            const until = page.elements[index + 1]?.key
            const within = changes.filter(
              ({ key }) =>
                (index === 0 || key.compare(element.key) >= 0) && (!until || key.compare(until) < 0),
            )
            return within.length === 0 ? [element] : (rewrite(element.child, within) ?? [])
          })
    const [first] = elements
    return first && { ...first, child: put(page.kind, elements), value: Buffer.alloc(0), flags: 0 }
  }
  const changes = [...edits].map(([key, value]) => ({ key: Buffer.from(key, 'latin1'), value }))
  const root =
    bucket.root === 0
      ? put(LEAF, changed(bucket.inlined, changes))
      : (rewrite(bucket.root, changes)?.child ?? put(LEAF, []))
  const header = Buffer.alloc(16)
  header.writeBigUInt64LE(BigInt(root), 0)
  header.writeBigUInt64LE(bucket.sequence, 8)
  const top = rewrite(meta.root, [{ key: Buffer.from(NAME), value: header }])
  const next = {
    ...meta,
    root: top?.child as number,
    freelist: undefined,
    end,
    transaction: meta.transaction + 1n,
  }
  fsyncSync(descriptor)
  writeAll(descriptor, writeMeta(next), Number(next.transaction % 2n) * meta.pageSize)
  fsyncSync(descriptor)
  return next
}

interface Change {
  readonly key: Buffer
  readonly value: Buffer | undefined
}

function changed(elements: readonly Element[], changes: readonly Change[]): Element[] {
  const byKey = new Map(elements.map((element) => [element.key.toString('latin1'), element]))
  for (const { key, value } of changes) {
    const name = key.toString('latin1')
    if (value === undefined) byKey.delete(name)
    else byKey.set(name, { key, value, child: 0, flags: byKey.get(name)?.flags ?? 0 })
  }
  return [...byKey.values()].sort((a, b) => a.key.compare(b.key))
}

function writeAll(descriptor: number, bytes: Buffer, at: number): void {
  for (let written = 0; written < bytes.length; ) {
    written += writeSync(descriptor, bytes, written, bytes.length - written, at + written)
  }
}

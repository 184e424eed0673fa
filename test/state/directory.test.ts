import assert from 'node:assert/strict'
import { existsSync, lstatSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { type FileFunctions, openFlags } from '../../src/platform/index.ts'
import { createDirectoryStore } from '../../src/state/index.ts'
import { createScratch } from '../support/scratch.ts'
import { errorOf, failing, realFiles, withFailingHandle, withHandles } from './files.ts'

const textOf = (bytes: Uint8Array | undefined) => bytes && new TextDecoder().decode(bytes)

test('the directory and its folders belong to the user alone, and so do the files', async () => {
  using scratch = createScratch()
  const root = path.join(scratch.directory, 'acme', 'usage')
  const store = createDirectoryStore(root)
  await store.write('installation.json', '{}')
  await store.write('outbox/1', '{}')
  await store.append('ledger/1', '{}')
  const modeOf = (name: string) => (lstatSync(path.join(root, name)).mode & 0o777).toString(8)
  for (const folder of ['', 'outbox', 'ledger']) assert.equal(modeOf(folder), '700', folder)
  for (const file of ['installation.json', 'outbox/1', 'ledger/1']) assert.equal(modeOf(file), '600', file)
})

test('nothing is made by reading, listing or removing, or by making the store', async () => {
  using scratch = createScratch()
  const root = path.join(scratch.directory, 'usage')
  const store = createDirectoryStore(root)
  await store.read('installation.json')
  await store.read('outbox/1')
  await store.list('outbox')
  await store.remove('outbox/1')
  assert.equal(existsSync(root), false)
})

test('a write leaves the entry and no temporary file', async () => {
  using scratch = createScratch()
  const store = createDirectoryStore(scratch.directory)
  await store.write('a', '1')
  await store.write('a', '2')
  assert.deepEqual(readdirSync(scratch.directory), ['a'])
})

test('a temporary file that a crash has left is not read as an entry', async () => {
  using scratch = createScratch()
  const store = createDirectoryStore(scratch.directory)
  await store.write('outbox/1', 'x')
  writeFileSync(path.join(scratch.directory, 'outbox', '2.0123456789ab.tmp'), 'hal')
  assert.deepEqual(await store.list('outbox'), ['outbox/1'])
})

test('whoever reads while it is written sees the old entry or the new one, never half of one', async () => {
  using scratch = createScratch()
  const store = createDirectoryStore(scratch.directory)
  const contents = ['a', 'b'].map((letter) => letter.repeat(300_000))
  await store.write('entry', contents[0]!)
  let writing = true
  const writer = (async () => {
    for (let time = 1; time <= 20; time++) await store.write('entry', contents[time % 2]!)
    writing = false
  })()
  let reads = 0
  while (writing) {
    assert.ok(contents.includes(textOf(await store.read('entry')) ?? ''))
    reads++
  }
  await writer
  assert.ok(reads > 0)
})

test('two processes may write the same entry: one of the two stands as a whole', async () => {
  using scratch = createScratch()
  const stores = [createDirectoryStore(scratch.directory), createDirectoryStore(scratch.directory)]
  const contents = stores.map((_, index) => String(index).repeat(100_000))
  await Promise.all(
    stores.flatMap((store, index) =>
      Array.from({ length: 10 }, () => store.write('entry', contents[index]!)),
    ),
  )
  assert.ok(contents.includes(textOf(await stores[0]!.read('entry')) ?? ''))
  assert.deepEqual(readdirSync(scratch.directory), ['entry'])
})

const failures: Record<string, FileFunctions> = {
  'opening (EACCES)': failing('open', 'EACCES'),
  'opening (EMFILE)': failing('open', 'EMFILE'),
  'writing (ENOSPC)': withFailingHandle('writeFile', 'ENOSPC'),
  'syncing (EIO)': withFailingHandle('sync', 'EIO'),
  'renaming (EPERM)': failing('rename', 'EPERM'),
}

for (const [what, files] of Object.entries(failures)) {
  test(`${what} fails: the write rejects, the old entry stands and no temporary file remains`, async () => {
    using scratch = createScratch()
    await createDirectoryStore(scratch.directory).write('entry', 'old')
    const store = createDirectoryStore(scratch.directory, files)
    await assert.rejects(store.write('entry', 'new'), { code: /\((\w+)\)/.exec(what)?.[1] })
    assert.deepEqual(readdirSync(scratch.directory), ['entry'])
    assert.equal(textOf(await createDirectoryStore(scratch.directory).read('entry')), 'old')
  })
}

test('a temporary file that cannot be removed does not hide why the write failed', async () => {
  using scratch = createScratch()
  const files = { ...failing('rename', 'EIO'), unlink: failing('unlink', 'EPERM').unlink }
  await assert.rejects(createDirectoryStore(scratch.directory, files).write('entry', 'new'), { code: 'EIO' })
})

test('a value that is not a path is refused at once, with what to give instead', () => {
  for (const value of [7, null, undefined, '', {}])
    assert.throws(() => createDirectoryStore(value as never), {
      code: 'ERR_USAGE_CONFIGURATION',
      message: /createDirectoryStore.*- directory: is .*; name a directory by its path/s,
    })
})

test('a path from a working directory that was deleted is refused, with what to give instead', () => {
  const scratch = createScratch()
  const before = process.cwd()
  process.chdir(scratch.directory)
  scratch[Symbol.dispose]()
  try {
    assert.throws(() => createDirectoryStore('usage'), {
      code: 'ERR_USAGE_CONFIGURATION',
      message:
        /directory: is 'usage'; it is below a working directory that has been deleted; give the whole path/,
    })
  } finally {
    process.chdir(before)
  }
})

test('entries are listed in order, whatever order the file system has', async () => {
  using scratch = createScratch()
  const readdir = async () => ['b', 'c.0.tmp', 'a']
  const store = createDirectoryStore(scratch.directory, { ...realFiles, readdir })
  assert.deepEqual(await store.list('outbox'), ['outbox/a', 'outbox/b'])
})

test('an entry that is read in pieces is read whole, and one that becomes shorter meanwhile as far as it is there', async () => {
  using scratch = createScratch()
  await createDirectoryStore(scratch.directory).write('entry', 'a longer text')
  for (const [end, expected] of [
    [100, 'a longer text'],
    [7, 'a longe'],
  ] as const) {
    const files = withHandles((handle, flags) => {
      if (flags !== openFlags('read')) return handle
      const read = handle.read.bind(handle) as (...how: unknown[]) => Promise<unknown>
      return Object.assign(handle, {
        read: (bytes: Buffer, offset: number, length: number, position: number) => {
          assert.ok(offset + length <= bytes.length)
          return read(bytes, offset, Math.max(Math.min(length, 3, end - position), 0), position)
        },
      }) as typeof handle
    })
    assert.equal(textOf(await createDirectoryStore(scratch.directory, files).read('entry')), expected)
  }
})

test('a directory that cannot be made rejects the write and the line', async () => {
  using scratch = createScratch()
  const store = createDirectoryStore(path.join(scratch.directory, 'usage'), failing('mkdir', 'EROFS'))
  await assert.rejects(store.write('entry', 'new'), { code: 'EROFS' })
  await assert.rejects(store.append('entry', 'new'), { code: 'EROFS' })
})

test('where a directory cannot be synced, the rename itself must do', async () => {
  using scratch = createScratch()
  const open: FileFunctions['open'] = (file, flags, mode) =>
    flags === 'r' ? Promise.reject(errorOf('EISDIR')) : realFiles.open(file, flags, mode)
  const store = createDirectoryStore(scratch.directory, { ...realFiles, open })
  await store.write('entry', 'new')
  assert.equal(textOf(await store.read('entry')), 'new')
})

test('the bytes are on the disk before the name is, and the name before the write is done', async () => {
  using scratch = createScratch()
  const steps: string[] = []
  const files: FileFunctions = {
    ...withHandles((handle, flags) => {
      const sync = handle.sync.bind(handle)
      return Object.assign(handle, {
        sync() {
          steps.push(flags === 'r' ? 'sync directory' : 'sync file')
          return sync()
        },
      })
    }),
    async rename(from, to) {
      steps.push('rename')
      return realFiles.rename(from, to)
    },
    async link(from, to) {
      steps.push('link')
      return realFiles.link(from, to)
    },
  }
  const store = createDirectoryStore(scratch.directory, files)
  await store.write('entry', 'new')
  assert.deepEqual(steps.splice(0), ['sync file', 'rename', 'sync directory'])
  await store.create('outbox/1', 'new')
  assert.deepEqual(steps.splice(0), ['sync file', 'link', 'sync directory'])
  await store.rename?.('outbox/1', 'entry')
  assert.deepEqual(steps, ['rename', 'sync directory', 'sync directory'])
})

test('an entry that is there and cannot be read rejects, and is not taken for missing', async () => {
  using scratch = createScratch()
  await createDirectoryStore(scratch.directory).write('entry', 'x')
  const store = createDirectoryStore(scratch.directory, failing('open', 'EACCES'))
  await assert.rejects(store.read('entry'), { code: 'EACCES' })
  let tries = 0
  const refused = { ...realFiles, open: async () => Promise.reject(errorOf(`EACCES${tries++ || ''}`)) }
  await assert.rejects(createDirectoryStore(scratch.directory, refused).read('entry'))
  assert.equal(tries, process.platform === 'win32' ? 2 : 1, 'only Windows refuses for a moment')
  const blind = createDirectoryStore(scratch.directory, failing('readdir', 'EACCES'))
  await assert.rejects(blind.list('outbox'), { code: 'EACCES' })
})

test('an entry that cannot be removed rejects', async () => {
  using scratch = createScratch()
  const store = createDirectoryStore(scratch.directory, failing('unlink', 'EBUSY'))
  await assert.rejects(store.remove('entry'), { code: 'EBUSY' })
})

const NAMES = [
  ...[
    '..',
    '../outside',
    'outbox/..',
    'outbox/../../outside',
    '/etc/passwd',
    '.',
    './a',
    '.hidden',
    'outbox/.hidden',
  ],
  ...['', '/', 'a/', '/a', 'a//b', 'a/b/c', 'A', 'a b', 'a\\b', 'a\0', 'a\n', 'ä', 'C:', '-a', '__proto__'],
]

test('a name that could leave the directory is refused, whatever is done with it, and nothing is made', async () => {
  using scratch = createScratch()
  const root = path.join(scratch.directory, 'usage')
  const store = createDirectoryStore(root)
  for (const name of NAMES) {
    const expected = { name: 'StateEntryNameError', code: 'ERR_USAGE_STATE_ENTRY_NAME' }
    await assert.rejects(async () => store.read(name), expected)
    await assert.rejects(store.write(name, 'x'), expected)
    await assert.rejects(store.append(name, 'x'), expected)
    await assert.rejects(store.remove(name), expected)
    await assert.rejects(store.list(name), expected)
  }
  assert.deepEqual(readdirSync(scratch.directory), [])
})

test('a line that a crash has torn does not spoil the line that is added after it', async () => {
  using scratch = createScratch()
  writeFileSync(path.join(scratch.directory, 'log.jsonl'), 'whole\nto')
  const store = createDirectoryStore(scratch.directory)
  await store.append('log.jsonl', 'next')
  await store.append('log.jsonl', 'last')
  assert.equal(readFileSync(path.join(scratch.directory, 'log.jsonl'), 'utf8'), 'whole\nto\nnext\nlast\n')
})

test('a link that leads nowhere is not nothing: it cannot be read', async () => {
  using scratch = createScratch()
  symlinkSync('/nowhere/at/all', path.join(scratch.directory, 'entry'))
  await assert.rejects(createDirectoryStore(scratch.directory).read('entry'), {
    code: 'ERR_USAGE_STATE_ENTRY',
  })
})

/** What else than a file of ours may lie in the place of a state entry: it is not read, not added to, and holds nobody up. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  linkSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import path from 'node:path'
import { test } from 'node:test'
import { createDirectoryStore } from '../../src/state/index.ts'
import { createScratch } from '../support/scratch.ts'

const NOBODY = 65_534
const root = process.getuid?.() === 0 ? {} : { skip: 'only root can give a file to somebody else' }
const textOf = (bytes: Uint8Array | undefined) => bytes && new TextDecoder().decode(bytes)

const NOT_USED = { name: 'StateEntryError', code: 'ERR_USAGE_STATE_ENTRY' }

/** Puts something in the place of an entry. */
const PLACED: Record<string, (file: string) => unknown> = {
  'a FIFO': (file) => execFileSync('mkfifo', [file]),
  'a directory': (file) => mkdirSync(file),
  'a link to an endless file': (file) => symlinkSync('/dev/zero', file),
  'a link to a terminal': (file) => symlinkSync('/dev/tty', file),
  'a link to a file': (file) => {
    writeFileSync(`${file}.target`, 'as it was\n')
    symlinkSync(`${file}.target`, file)
  },
  'a socket': (file) =>
    new Promise<void>((resolve) => {
      const server = createServer().listen(file, resolve)
      server.unref()
    }),
}

for (const [what, place] of Object.entries(PLACED)) {
  test(`${what} in the place of an entry is neither read nor added to, and rejects at once`, async () => {
    using scratch = createScratch()
    const store = createDirectoryStore(scratch.directory)
    for (const name of ['consent.jsonl', 'ledger.jsonl', 'installation.json', 'outbox/0000000001.json']) {
      mkdirSync(path.join(scratch.directory, 'outbox'), { recursive: true })
      const file = path.join(scratch.directory, name)
      await place(file)
      const since = performance.now()
      await assert.rejects(store.read(name), NOT_USED)
      await assert.rejects(store.append(name, 'a line'), NOT_USED)
      assert.ok(performance.now() - since < 1_000)
      if (what === 'a link to a file') assert.equal(readFileSync(`${file}.target`, 'utf8'), 'as it was\n')
      rmSync(file, { recursive: true })
    }
  })
}

test('a FIFO in the place of an entry is replaced when the entry is written', async () => {
  using scratch = createScratch()
  execFileSync('mkfifo', [path.join(scratch.directory, 'schedule.json')])
  const store = createDirectoryStore(scratch.directory)
  await store.write('schedule.json', '{}')
  assert.equal(textOf(await store.read('schedule.json')), '{}')
})

test('an entry is not read where it is larger than any of its kind', async () => {
  using scratch = createScratch()
  mkdirSync(path.join(scratch.directory, 'outbox'))
  const store = createDirectoryStore(scratch.directory)
  for (const [name, size] of [
    ['consent.jsonl', 2 ** 20],
    ['acme.consent.jsonl', 2 ** 20],
    ['installation.json', 2 ** 16],
    ['outbox/0000000001.json', 2 ** 24],
    ['ledger.jsonl', 2 ** 24],
    ['something-else', 2 ** 20],
  ] as const) {
    const file = path.join(scratch.directory, name)
    writeFileSync(file, '')
    truncateSync(file, size)
    assert.equal((await store.read(name))?.length, size)
    // A petabyte takes no room on the disk, and would take all of the memory.
    truncateSync(file, 2 ** 43)
    await assert.rejects(store.read(name), /cannot be used: it has 8796093022208 bytes/)
  }
})

test(
  'where others may write to the directory, an entry of another user is not believed, and not added to',
  root,
  async () => {
    using scratch = createScratch()
    const store = createDirectoryStore(scratch.directory)
    const file = path.join(scratch.directory, 'consent.jsonl')
    writeFileSync(file, 'yes\n', { mode: 0o644 })
    chownSync(file, NOBODY, NOBODY)
    for (const mode of [0o777, 0o1777, 0o775, 0o722]) {
      chmodSync(scratch.directory, mode)
      await assert.rejects(store.read('consent.jsonl'), /belongs to another user \(65534\)/)
      await assert.rejects(store.append('consent.jsonl', 'line'), NOT_USED)
    }
    assert.equal(readFileSync(file, 'utf8'), 'yes\n')

    // Where they may not, somebody has put it there who may; and a directory that others may write is no fault of its own files.
    chmodSync(scratch.directory, 0o755)
    assert.equal(textOf(await store.read('consent.jsonl')), 'yes\n')
    chmodSync(scratch.directory, 0o777)
    chownSync(file, 0, 0)
    assert.equal(textOf(await store.read('consent.jsonl')), 'yes\n')
  },
)

test('what the owner of the directory has put there is believed, also by root', root, async () => {
  using scratch = createScratch()
  chownSync(scratch.directory, NOBODY, NOBODY)
  chmodSync(scratch.directory, 0o777)
  const file = path.join(scratch.directory, 'consent.jsonl')
  writeFileSync(file, 'yes\n')
  chownSync(file, NOBODY, NOBODY)
  assert.equal(textOf(await createDirectoryStore(scratch.directory).read('consent.jsonl')), 'yes\n')
  chownSync(file, 12_345, 12_345)
  await assert.rejects(createDirectoryStore(scratch.directory).read('consent.jsonl'), NOT_USED)
})

test('a choice that every user may change is not believed', {
  skip: process.platform === 'win32',
}, async () => {
  using scratch = createScratch()
  const store = createDirectoryStore(scratch.directory)
  await store.append('consent.jsonl', 'yes')
  chmodSync(path.join(scratch.directory, 'consent.jsonl'), 0o666)
  await assert.rejects(store.read('consent.jsonl'), /every user may change it; chmod 600 mends that/)
})

test(
  'a hard link to a file of root is not added to where others may write to the directory',
  root,
  async () => {
    using scratch = createScratch()
    const other = path.join(scratch.directory, 'passwd')
    writeFileSync(other, 'root\n')
    const directory = path.join(scratch.directory, 'usage')
    mkdirSync(directory)
    chmodSync(directory, 0o777)
    for (const name of ['ledger.jsonl', 'consent.jsonl']) {
      linkSync(other, path.join(directory, name))
      await assert.rejects(createDirectoryStore(directory).append(name, 'line'), /a hard link/)
    }
    assert.equal(readFileSync(other, 'utf8'), 'root\n')
    // Whoever keeps snapshots by links, in a directory of his own, may do so.
    chmodSync(directory, 0o700)
    await createDirectoryStore(directory).append('ledger.jsonl', 'line')
  },
)

test('a folder that another user has put there is neither listed nor written to', root, async () => {
  using scratch = createScratch()
  const elsewhere = path.join(scratch.directory, 'elsewhere')
  const directory = path.join(scratch.directory, 'usage')
  mkdirSync(elsewhere)
  mkdirSync(directory)
  chmodSync(directory, 0o777)
  execFileSync('ln', ['-s', elsewhere, path.join(directory, 'outbox')])
  execFileSync('chown', ['-h', String(NOBODY), path.join(directory, 'outbox')])
  const store = createDirectoryStore(directory)
  await assert.rejects(store.list('outbox'), NOT_USED)
  await assert.rejects(store.create('outbox/0000000001.json', 'x'), NOT_USED)
  await assert.rejects(store.write('outbox/0000000001.json', 'x'), NOT_USED)
  assert.deepEqual(execFileSync('ls', [elsewhere], { encoding: 'utf8' }), '')
})

test('the state directory, and what it lies in, may be symbolic links, as mounts of containers are', async () => {
  using scratch = createScratch()
  mkdirSync(path.join(scratch.directory, 'volume/data'), { recursive: true })
  symlinkSync('volume', path.join(scratch.directory, 'mount'))
  symlinkSync('data', path.join(scratch.directory, 'volume/usage'))
  const store = createDirectoryStore(path.join(scratch.directory, 'mount/usage'))
  await store.append('consent.jsonl', 'yes')
  assert.equal(textOf(await store.read('consent.jsonl')), 'yes\n')
  await store.create('outbox/0000000001.json', 'x')
  assert.deepEqual(await store.list('outbox'), ['outbox/0000000001.json'])
})

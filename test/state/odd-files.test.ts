/** What else than a file of ours may lie in the place of a state entry: it is not read, not added to, and holds nobody up. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  linkSync,
  lstatSync,
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
import { createGuard } from '../../src/state/guard.ts'
import { createDirectoryStore } from '../../src/state/index.ts'
import { startProcessorTime } from '../support/processor-time.ts'
import { createScratch } from '../support/scratch.ts'
import { failing, realFiles } from './files.ts'

const NOBODY = 65_534
const root = process.getuid?.() === 0 ? {} : { skip: 'only root can give a file to somebody else' }
const textOf = (bytes: Uint8Array | undefined) => bytes && new TextDecoder().decode(bytes)

const NOT_USED = { name: 'StateEntryError', code: 'ERR_USAGE_STATE_ENTRY' }
const NOT_REGULAR = { ...NOT_USED, problem: 'it is not a regular file' }

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
      const used = startProcessorTime()
      await assert.rejects(store.read(name), NOT_REGULAR)
      await assert.rejects(store.append(name, 'a line'), NOT_REGULAR)
      assert.ok(used() < 1_000)
      if (what === 'a link to a file') assert.equal(readFileSync(`${file}.target`, 'utf8'), 'as it was\n')
      rmSync(file, { recursive: true })
    }
  })
}

test('whatever a system answers where there is no regular file, nothing is read or added', async () => {
  using scratch = createScratch()
  for (const code of ['ELOOP', 'EMLINK', 'ENXIO', 'ENODEV', 'EISDIR']) {
    const store = createDirectoryStore(scratch.directory, failing('open', code))
    await assert.rejects(store.read('entry'), NOT_REGULAR, code)
    await assert.rejects(store.append('entry', 'a line'), NOT_REGULAR, code)
  }
})

test('a FIFO in the place of an entry is replaced when the entry is written', async () => {
  using scratch = createScratch()
  execFileSync('mkfifo', [path.join(scratch.directory, 'schedule.json')])
  const store = createDirectoryStore(scratch.directory)
  await store.write('schedule.json', '{}')
  assert.equal(textOf(await store.read('schedule.json')), '{}')
})

test('an entry is not read where it is larger than any of its kind', async () => {
  using scratch = createScratch()
  for (const folder of ['outbox', 'acme.outbox', 'leases', 'acknowledged', 'counts', 'ledger'])
    mkdirSync(path.join(scratch.directory, folder))
  const store = createDirectoryStore(scratch.directory)
  for (const [name, size] of [
    ['consent.jsonl', 2 ** 20],
    ['acme.consent.jsonl', 2 ** 20],
    ['installation.json', 2 ** 16],
    ['outbox/0000000001.json', 2 ** 24],
    ['ledger.jsonl', 2 ** 24],
    ['acme.outbox/0000000001.json', 2 ** 24],
    ['acme.schedule.json', 2 ** 16],
    ['my-schedule.json', 2 ** 20],
    ['product.json', 2 ** 16],
    ['retry.json', 2 ** 16],
    ['schedule.json', 2 ** 16],
    ['detached.json', 2 ** 22],
    ['leases/drain.0000000001.json', 2 ** 16],
    ['acknowledged/0000000001.json', 2 ** 24],
    ['counts/a.json', 2 ** 22],
    ['ledger/0000000001.jsonl', 2 ** 24],
    ['something-else', 2 ** 20],
  ] as const) {
    const file = path.join(scratch.directory, name)
    writeFileSync(file, '')
    truncateSync(file, size)
    assert.equal((await store.read(name))?.length, size, name)
    truncateSync(file, size + 1)
    await assert.rejects(store.read(name), NOT_USED, name)
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
  for (const name of ['consent.jsonl', 'acme.consent.jsonl']) {
    await store.append(name, 'yes')
    chmodSync(path.join(scratch.directory, name), 0o666)
    await assert.rejects(store.read(name), /every user may change it; chmod 600 mends that/)
  }
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

/** `user` uses what belongs to `owner`; the directory and the folder in it are `top` and `folder`, each with an owner and a mode. */
const ME = 12_345
const USES = [
  { what: 'what is one\u2019s own', owner: ME, top: [ME, 0o777], folder: [ME, 0o777], is: 'used' },
  { what: 'what is root\u2019s', owner: 0, top: [ME, 0o777], folder: [0, 0o777], is: 'used' },
  {
    what: 'what the owner of the directory made',
    owner: NOBODY,
    top: [NOBODY, 0o777],
    folder: [NOBODY, 0o777],
    is: 'used',
  },
  {
    what: 'what lies where only the owners may write',
    owner: NOBODY,
    top: [ME, 0o755],
    folder: [ME, 0o755],
    is: 'used',
  },
  {
    what: 'what lies in a folder that others may write to',
    owner: NOBODY,
    top: [ME, 0o755],
    folder: [ME, 0o777],
    is: 'refused',
  },
  {
    what: 'what lies in a folder within a directory that others may write to',
    owner: NOBODY,
    top: [ME, 0o777],
    folder: [ME, 0o755],
    is: 'refused',
  },
] as const

for (const { what, owner, top, folder, is } of USES) {
  test(`${what} is ${is}`, root, async () => {
    using scratch = createScratch()
    const directory = path.join(scratch.directory, 'usage')
    const file = path.join(directory, 'outbox/1')
    mkdirSync(path.dirname(file), { recursive: true })
    writeFileSync(file, 'x')
    chownSync(file, owner, owner)
    for (const [name, [uid, mode]] of [
      [directory, top],
      [path.dirname(file), folder],
    ] as const) {
      chownSync(name, uid, uid)
      chmodSync(name, mode)
    }
    const guard = createGuard(directory, realFiles, ME)
    const uses = [
      guard.checkEntry('outbox/1', lstatSync(file), 'read'),
      guard.checkEntry('outbox/1', lstatSync(file), 'append'),
    ]
    if (is === 'used') await Promise.all(uses)
    else await Promise.all(uses.map((use) => assert.rejects(use, NOT_USED)))
  })
}

test(
  'a folder is used where its owner, or who may write to the directory, is beyond doubt',
  root,
  async () => {
    using scratch = createScratch()
    const directory = path.join(scratch.directory, 'usage')
    const folder = path.join(directory, 'outbox')
    mkdirSync(folder, { recursive: true })
    for (const [owner, topOwner, mode, isUsed] of [
      [ME, NOBODY, 0o777, true],
      [0, NOBODY, 0o777, true],
      [NOBODY, NOBODY, 0o777, true],
      [NOBODY, ME, 0o755, true],
      [NOBODY, ME, 0o757, false],
      [NOBODY, ME, 0o775, false],
    ] as const) {
      chownSync(folder, owner, owner)
      chownSync(directory, topOwner, topOwner)
      chmodSync(directory, mode)
      const checked = createGuard(directory, realFiles, ME).checkFolder(folder)
      if (isUsed) await checked
      else await assert.rejects(checked, /belongs to another user \(65534\), who may have put it there/)
    }
  },
)

test('files of the own user or of root are used also where the directory cannot be opened', async () => {
  using scratch = createScratch()
  const file = path.join(scratch.directory, 'entry')
  writeFileSync(file, 'x')
  for (const user of [process.getuid?.() ?? 0, ME]) {
    if (user === ME && process.getuid?.() !== 0) continue
    const guard = createGuard(scratch.directory, failing('open', 'EACCES'), user)
    await guard.checkEntry('entry', lstatSync(file), 'read')
    await guard.checkFolder(scratch.directory)
    if (user === ME) {
      chownSync(file, ME, ME)
      await guard.checkEntry('entry', lstatSync(file), 'append')
      chownSync(scratch.directory, ME, ME)
      await guard.checkFolder(scratch.directory)
    }
  }
})

test('what is read need not be the only name of a file, unless it decides; what is large may be added to', async () => {
  using scratch = createScratch()
  chmodSync(scratch.directory, 0o777)
  const file = path.join(scratch.directory, 'ledger.jsonl')
  writeFileSync(file, 'x')
  linkSync(file, `${file}.other`)
  const guard = createGuard(scratch.directory, realFiles)
  await guard.checkEntry('ledger.jsonl', lstatSync(file), 'read')
  await assert.rejects(guard.checkEntry('consent.jsonl', lstatSync(file), 'read'), NOT_USED)
  rmSync(`${file}.other`)
  truncateSync(file, 2 ** 30)
  await guard.checkEntry('ledger.jsonl', lstatSync(file), 'append')
})

test('a foreign entry in a directory that is a link is looked at like any other', root, async () => {
  using scratch = createScratch()
  const [real, link] = ['real', 'link'].map((name) => path.join(scratch.directory, name)) as [string, string]
  mkdirSync(real)
  symlinkSync(real, link)
  writeFileSync(path.join(real, 'entry'), 'x')
  chownSync(path.join(real, 'entry'), NOBODY, NOBODY)
  assert.equal(textOf(await createDirectoryStore(link).read('entry')), 'x')
})

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
  if (process.getuid?.() === 0) {
    execFileSync('chown', ['-h', String(NOBODY), path.join(scratch.directory, 'volume/usage')])
    chmodSync(path.join(scratch.directory, 'volume/data'), 0o777)
  }
  const store = createDirectoryStore(path.join(scratch.directory, 'mount/usage'))
  await store.append('consent.jsonl', 'yes')
  assert.equal(textOf(await store.read('consent.jsonl')), 'yes\n')
  await store.create('outbox/0000000001.json', 'x')
  assert.deepEqual(await store.list('outbox'), ['outbox/0000000001.json'])
})

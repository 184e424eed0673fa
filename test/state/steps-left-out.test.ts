/** Steps that a file system does not know are left out, and it is said what that costs; what another process holds is waited for. */
import assert from 'node:assert/strict'
import { chownSync, readdirSync } from 'node:fs'
import { unlink } from 'node:fs/promises'
import { test } from 'node:test'
import type { FileFunctions, OpenFile } from '../../src/platform/index.ts'
import { createDirectoryStore, type StateStore } from '../../src/state/index.ts'
import { createPatience } from '../../src/state/patience.ts'
import { createFakeClock, type FakeClock } from '../support/fake-clock.ts'
import { createScratch } from '../support/scratch.ts'
import { errorOf, failing, realFiles, withFailingHandle, withHandles } from './files.ts'

const textOf = (bytes: Uint8Array | undefined) => bytes && new TextDecoder().decode(bytes)

async function useAll(store: StateStore): Promise<void> {
  await store.write('installation.json', 'one')
  await store.append('ledger.jsonl', 'line')
  assert.equal(await store.create('outbox/0000000001.json', 'made'), true)
  assert.equal(await store.create('outbox/0000000001.json', 'again'), false)
  assert.equal(textOf(await store.read('installation.json')), 'one')
  assert.equal(textOf(await store.read('ledger.jsonl')), 'line\n')
  assert.equal(textOf(await store.read('outbox/0000000001.json')), 'made')
}

const NO_SYNC = [
  ...['ENOTSUP', 'EOPNOTSUPP', 'EINVAL', 'ENOSYS', 'ENOTTY'],
  ...['ERR_ACCESS_DENIED', 'ERR_METHOD_NOT_IMPLEMENTED'],
]

for (const code of NO_SYNC) {
  test(`a file system that cannot sync (${code}) does not count as one that cannot be written: it stores without it, and says so`, async () => {
    using scratch = createScratch()
    const store = createDirectoryStore(scratch.directory, withFailingHandle('sync', code))
    assert.deepEqual(store.health?.(), { durable: true, problems: [] })
    await useAll(store)
    const health = store.health?.()
    assert.equal(health?.durable, false)
    assert.match(health?.problems[0] ?? '', new RegExp(`cannot sync files \\(${code}\\)`))
  })
}

test('files that have no way to sync, or to be given to somebody, are stored all the same', async () => {
  using scratch = createScratch()
  // Root would give the files to the owner of the directory.
  if (process.getuid?.() === 0) chownSync(scratch.directory, 65_534, 65_534)
  let open = 0
  const bare = ({ stat, read, writeFile, close }: OpenFile): OpenFile => ({ stat, read, writeFile, close })
  const files: FileFunctions = {
    ...realFiles,
    async open(file, flags, mode) {
      const handle = await realFiles.open(file, flags, mode)
      open++
      return bare({
        stat: () => handle.stat(),
        read: (...how) => handle.read(...how),
        writeFile: (data) => handle.writeFile(data),
        close: () => handle.close().finally(() => open--),
      })
    },
  }
  const store = createDirectoryStore(scratch.directory, files)
  await useAll(store)
  assert.deepEqual(store.health?.(), {
    durable: false,
    problems: [
      `${scratch.directory} is on a file system that cannot sync files (ENOSYS): what was written last may be gone after a loss of power.`,
    ],
  })
  assert.equal(open, 0)
})

test('where syncing fails because of the disk, the write rejects', async () => {
  using scratch = createScratch()
  for (const code of ['EIO', 'ENOSPC', 'EDQUOT']) {
    const store = createDirectoryStore(scratch.directory, withFailingHandle('sync', code))
    await assert.rejects(store.write('entry', 'new'), { code })
    await assert.rejects(store.append('lines', 'new'), { code })
  }
})

for (const code of ['EPERM', 'EACCES', 'EINVAL', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP', 'EMLINK', 'EXDEV']) {
  test(`a file system that makes no links (${code}) makes entries once all the same`, async () => {
    using scratch = createScratch()
    await useAll(createDirectoryStore(scratch.directory, failing('link', code)))
  })
}

test('an entry that cannot be made for another reason rejects, with links and without', async () => {
  using scratch = createScratch()
  const broken = createDirectoryStore(scratch.directory, failing('link', 'EIO'))
  await assert.rejects(broken.create('outbox/1', 'x'), { code: 'EIO' })
  const files: FileFunctions = {
    ...failing('link', 'EPERM'),
    open: async (file, ...how) => {
      if (file.endsWith('/1')) throw errorOf('ENOSPC')
      return realFiles.open(file, ...how)
    },
  }
  await assert.rejects(createDirectoryStore(scratch.directory, files).create('outbox/1', 'x'), {
    code: 'ENOSPC',
  })
  assert.deepEqual(await createDirectoryStore(scratch.directory).list('outbox'), [])
})

/** The step fails until so much time has passed, as while a virus scanner has the file open. */
function heldFor(milliseconds: number, step: 'rename' | 'unlink', code: string, clock = createFakeClock()) {
  let tried = 0
  const files = {
    ...realFiles,
    async [step](...names: [string, string]) {
      tried++
      if (clock.monotonic() < milliseconds) throw errorOf(code)
      return (realFiles[step] as (...names: string[]) => Promise<void>)(...names)
    },
  } as FileFunctions
  return { clock, files, tries: () => tried }
}

/** Lets time pass until a step has ended: behind a slow disk, it begins to wait only when some time has passed already. */
async function whileTimePasses<R>(clock: FakeClock, step: Promise<R>): Promise<R> {
  let isOver = false
  const end = () => {
    isOver = true
  }
  step.then(end, end)
  while (!isOver) await clock.advance(100)
  return step
}

for (const code of ['EPERM', 'EACCES', 'EBUSY']) {
  test(`on Windows a file that another process has open (${code}) can be replaced and removed some milliseconds later`, async () => {
    using scratch = createScratch()
    const held = heldFor(800, 'rename', code)
    const store = createDirectoryStore(scratch.directory, held.files, held.clock)
    const written = store.write('entry', 'new')
    await whileTimePasses(held.clock, written)
    assert.equal(textOf(await store.read('entry')), 'new')

    const alsoHeld = heldFor(500, 'unlink', code)
    const removed = createDirectoryStore(scratch.directory, alsoHeld.files, alsoHeld.clock).remove('entry')
    await whileTimePasses(alsoHeld.clock, removed)
    assert.deepEqual(readdirSync(scratch.directory), [])
  })
}

test('what is held for longer than a second is waited for once, and not again with every write', async () => {
  using scratch = createScratch()
  const held = heldFor(60_000, 'rename', 'EPERM')
  const store = createDirectoryStore(scratch.directory, held.files, held.clock)
  const first = assert.rejects(store.write('entry', 'new'), { code: 'EPERM' })
  await whileTimePasses(held.clock, first)
  const tries = held.tries()
  assert.ok(tries > 4 && tries < 15, String(tries))
  await assert.rejects(store.write('entry', 'new'), { code: 'EPERM' })
  assert.equal(held.tries(), tries + 1)
  assert.deepEqual(readdirSync(scratch.directory), [], 'no temporary file stays')
})

test('what is held is tried again ever later, for a second in all; then once each time, until it succeeds', async () => {
  let now = 0
  const after = (delay: number, callback: () => void) => {
    now += delay
    queueMicrotask(callback)
    return { cancel() {} }
  }
  const patiently = createPatience({ ...createFakeClock(), after })
  let held = true
  const tried: number[] = []
  const step = async () => {
    assert.ok(tried.length < 50)
    tried.push(now)
    if (held) throw errorOf('EBUSY')
  }
  await assert.rejects(patiently(step), { code: 'EBUSY' })
  assert.deepEqual(tried.splice(0), [0, 10, 30, 70, 150, 310, 470, 630, 790, 950, 1_000])
  await assert.rejects(patiently(step), { code: 'EBUSY' })
  assert.equal(tried.splice(0).length, 1)
  held = false
  await patiently(step)
  held = true
  await assert.rejects(patiently(step), { code: 'EBUSY' })
  assert.equal(tried.length, 12)
  await assert.rejects(
    patiently(() => Promise.reject(errorOf('EIO'))),
    { code: 'EIO' },
  )
})

test('an entry that was made is made, though its temporary file cannot be removed', async () => {
  using scratch = createScratch()
  const files = {
    ...realFiles,
    unlink: async (file: string) => {
      if (file.endsWith('.tmp')) throw errorOf('EIO')
      return unlink(file)
    },
  }
  const store = createDirectoryStore(scratch.directory, files)
  assert.equal(await store.create('outbox/0000000001.json', 'x'), true)
  assert.deepEqual(await store.list('outbox'), ['outbox/0000000001.json'])
})

test('handles are closed whatever fails', async () => {
  using scratch = createScratch()
  let open = 0
  const files = withHandles((handle) => {
    open++
    const close = handle.close.bind(handle)
    return Object.assign(handle, {
      stat: async () => Promise.reject(errorOf('EIO')),
      close: () => close().finally(() => open--),
    })
  })
  const store = createDirectoryStore(scratch.directory, files)
  await store.write('entry', 'x')
  await assert.rejects(store.read('entry'), { code: 'EIO' })
  await assert.rejects(store.append('entry', 'x'), { code: 'EIO' })
  assert.equal(open, 0)
})

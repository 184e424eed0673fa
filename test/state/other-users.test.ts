/** Root and a service on one directory, as real users: what root makes is the service's. */
import assert from 'node:assert/strict'
import {
  chmodSync,
  chownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { createGuard } from '../../src/state/guard.ts'
import { createDirectoryStore } from '../../src/state/index.ts'
import { createScratch } from '../support/scratch.ts'
import { withHandles } from './files.ts'

const NOBODY = 65_534
const asRoot = process.getuid?.() === 0 ? {} : { skip: 'only root can give a file to somebody else' }

const ownersIn = (directory: string) =>
  new Set(
    readdirSync(directory, { recursive: true, encoding: 'utf8' }).map((name) => {
      const { uid, gid } = lstatSync(path.join(directory, name))
      return `${uid}:${gid}`
    }),
  )

async function makeAll(directory: string): Promise<void> {
  const store = createDirectoryStore(directory)
  await store.write('installation.json', '{}')
  await store.append('consent.jsonl', 'yes')
  await store.append('consent.jsonl', 'no')
  await store.create('outbox/0000000001.json', '{}')
  await store.append('ledger.jsonl', 'line')
  await store.rename?.('ledger.jsonl', 'ledger/0000000001-aaaaaaaa.jsonl')
}

test(
  'what root makes in the directory of a service belongs to the service, folders included',
  asRoot,
  async () => {
    using scratch = createScratch()
    const directory = path.join(scratch.directory, 'usage')
    mkdirSync(directory, { mode: 0o700 })
    chownSync(directory, NOBODY, NOBODY)
    await makeAll(directory)
    assert.deepEqual([...ownersIn(directory)], [`${NOBODY}:${NOBODY}`])
  },
)

test(
  'a directory that root makes for a user belongs to the user, and so does all that is in it',
  asRoot,
  async () => {
    using scratch = createScratch()
    const home = path.join(scratch.directory, 'home')
    mkdirSync(home)
    chownSync(home, NOBODY, NOBODY)
    await makeAll(path.join(home, '.local/state/acme/usage'))
    assert.deepEqual([...ownersIn(home)], [`${NOBODY}:${NOBODY}`])
  },
)

test(
  'what root makes in a directory of root belongs to root, also where others may write',
  asRoot,
  async () => {
    using scratch = createScratch()
    const directory = path.join(scratch.directory, 'usage')
    mkdirSync(directory)
    chmodSync(directory, 0o777)
    chownSync(directory, 0, NOBODY)
    await makeAll(directory)
    assert.deepEqual([...ownersIn(directory)], ['0:0'])
  },
)

test(
  'root gives away nothing but what it has made: a folder that was there stays what it was',
  asRoot,
  async () => {
    using scratch = createScratch()
    const directory = path.join(scratch.directory, 'usage')
    const elsewhere = path.join(scratch.directory, 'elsewhere')
    mkdirSync(directory)
    mkdirSync(elsewhere)
    chownSync(directory, NOBODY, NOBODY)
    symlinkSync(elsewhere, path.join(directory, 'outbox'))
    await createDirectoryStore(directory).create('outbox/0000000001.json', '{}')
    assert.equal(lstatSync(elsewhere).uid, 0)
  },
)

test(
  'only root gives away what it makes, and no directory that somebody else has made meanwhile; it closes each',
  asRoot,
  async () => {
    using scratch = createScratch()
    const [directory, mine] = ['usage', 'usage/mine'].map((name) => path.join(scratch.directory, name)) as [
      string,
      string,
    ]
    const theirs = path.join(mine, 'theirs')
    mkdirSync(theirs, { recursive: true })
    chownSync(directory, NOBODY, NOBODY)
    chownSync(theirs, 12_345, 12_345)
    let open = 0
    const files = withHandles((handle) => {
      open++
      const close = handle.close.bind(handle)
      return Object.assign(handle, { close: () => close().finally(() => open--) })
    })
    const owners = () => [mine, theirs].map((folder) => lstatSync(folder).uid)
    const service = createGuard(directory, files, NOBODY)
    await service.giveFolders(mine, theirs)
    const handle = await files.open(mine, 'r')
    await service.giveFile(handle)
    await handle.close()
    assert.deepEqual(owners(), [0, 12_345])
    await createGuard(directory, files, 0).giveFolders(mine, theirs)
    assert.deepEqual(owners(), [NOBODY, 12_345])
    assert.equal(open, 0)
  },
)

test(
  'root gives away no file that was there before, by appending to it: neither one with content nor a link to one',
  asRoot,
  async () => {
    using scratch = createScratch()
    const directory = path.join(scratch.directory, 'usage')
    mkdirSync(directory, { mode: 0o700 })
    chownSync(directory, NOBODY, NOBODY)
    const [full, empty] = ['full', 'empty'].map((name) => path.join(scratch.directory, name)) as [
      string,
      string,
    ]
    writeFileSync(full, 'x\n')
    writeFileSync(empty, '')
    linkSync(empty, path.join(directory, 'empty'))
    renameSync(full, path.join(directory, 'full'))
    const store = createDirectoryStore(directory)
    for (const name of ['full', 'empty']) {
      await store.append(name, 'line')
      assert.equal(lstatSync(path.join(directory, name)).uid, 0, name)
    }
  },
)

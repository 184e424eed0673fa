/** What writes leave beside an entry, whose process was killed, is removed one day; nothing else is. */
import assert from 'node:assert/strict'
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { createDirectoryStore } from '../../src/state/index.ts'
import { createAcme } from '../support/acme.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { createScratch } from '../support/scratch.ts'
import { errorOf, realFiles } from './files.ts'

const TWO_DAYS_AGO = new Date(Date.now() - 2 * 86_400_000)

/** A write whose process is killed before the entry is in its place. */
async function leave(directory: string, ...names: string[]): Promise<void> {
  const fails = async () => {
    throw errorOf('EIO')
  }
  const store = createDirectoryStore(directory, { ...realFiles, rename: fails, link: fails, unlink: fails })
  for (const name of names) await assert.rejects(store.write(name, 'x'))
}

const leftIn = (directory: string) =>
  readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.tmp'))
    .map((name) => name.replace(/\.[^/]*$/, ''))
    .sort()

const age = (directory: string) => {
  for (const name of readdirSync(directory, { recursive: true, encoding: 'utf8' }))
    utimesSync(path.join(directory, name), TWO_DAYS_AGO, TWO_DAYS_AGO)
}

test('left-overs of killed writes are removed with a report, those of a living process stay, and so does what has another name', async () => {
  using scratch = createScratch()
  const { directory } = scratch
  await leave(
    directory,
    'schedule.json',
    'counts/a.json',
    'outbox/0000000001.json',
    'other.acknowledged/b.json',
    'foreign/b.json',
  )
  const others = [
    'notes.tmp',
    'counts/notes.tmp',
    'counts/a.1-0-x.tmp.txt',
    'counts/a.1-0-x.tmpx',
    'counts/Notes.1-0-x.tmp',
  ]
  for (const name of others) writeFileSync(path.join(directory, name), 'x')
  age(directory)
  await leave(directory, 'acknowledged/young.json', 'counts/young.json')
  const usage = createAcme({ state: directory, consent: { default: 'disabled' } })
  await usage.report()
  await usage.shutdown()
  assert.deepEqual(leftIn(directory), [
    'acknowledged/young',
    'counts/Notes',
    'counts/notes',
    'counts/young',
    'foreign/b',
    'notes',
  ])
  for (const name of others) assert.ok(existsSync(path.join(directory, name)), name)
})

test('a folder that is a link is not cleared: what lies there is not ours', async () => {
  using scratch = createScratch()
  const [state, other] = ['state', 'other'].map((name) => path.join(scratch.directory, name)) as [
    string,
    string,
  ]
  await leave(other, 'counts/a.json')
  age(other)
  mkdirSync(state)
  symlinkSync(path.join(other, 'counts'), path.join(state, 'counts'))
  await createDirectoryStore(state).tidy?.()
  assert.deepEqual(leftIn(other), ['counts/a'])
})

test('a left-over is a day old before it is removed, and a folder that goes meanwhile does no harm', async () => {
  using scratch = createScratch()
  const { directory } = scratch
  await leave(directory, 'schedule.json', 'counts/a.json')
  age(directory)
  const clock = createFakeClock(lstatSync(path.join(directory, 'counts')).mtimeMs + 86_400_000)
  const tidy = (files = realFiles) => createDirectoryStore(directory, files, clock).tidy?.()
  await tidy()
  assert.deepEqual(leftIn(directory), ['counts/a', 'schedule'])
  await clock.advance(1)
  const lstat = async (file: string) =>
    file.endsWith('counts') ? Promise.reject(errorOf('ENOENT')) : realFiles.lstat(file)
  await tidy({ ...realFiles, lstat })
  assert.deepEqual(leftIn(directory), ['counts/a'])
  await tidy()
  assert.deepEqual(leftIn(directory), [])
})

test('a process that slept in the middle of a write for days, and finds its file gone, writes it all the same', async () => {
  using scratch = createScratch()
  const { directory } = scratch
  let slept = false
  const store = createDirectoryStore(directory, {
    ...realFiles,
    async rename(from, to) {
      if (!slept) {
        slept = true
        age(directory)
        await createDirectoryStore(directory).tidy?.()
        assert.deepEqual(leftIn(directory), [])
      }
      await realFiles.rename(from, to)
    },
  })
  await store.write('schedule.json', 'late')
  assert.equal(new TextDecoder().decode(await store.read('schedule.json')), 'late')
})

test('very many left-overs are removed a thousand at a time', async () => {
  using scratch = createScratch()
  const { directory } = scratch
  for (const folder of ['counts', 'outbox']) mkdirSync(path.join(directory, folder))
  for (let number = 0; number < 2_500; number++) {
    const file = path.join(directory, number % 2 ? 'counts' : 'outbox', `a.json.1-${number}-0.tmp`)
    writeFileSync(file, 'x')
    utimesSync(file, TWO_DAYS_AGO, TWO_DAYS_AGO)
  }
  const store = createDirectoryStore(directory)
  const left: number[] = []
  for (let time = 0; time < 3; time++) {
    await store.tidy?.()
    left.push(leftIn(directory).length)
  }
  assert.deepEqual(left, [1_500, 500, 0])
})

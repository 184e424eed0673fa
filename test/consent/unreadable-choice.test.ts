/** A stored choice that cannot be read: always a no, never fatal, never overwritten, and kept aside with the next choice. */
import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import {
  createDirectoryStore,
  createMemoryStore,
  type StateStore,
  storeWithMemoryFallback,
} from '../../src/state/index.ts'
import { createLog } from '../support/log.ts'
import { createScratch } from '../support/scratch.ts'
import { consentIn } from './running.ts'

const choice = (more: Record<string, unknown> = {}) =>
  JSON.stringify({
    format: 1,
    at: '2026-01-01T00:00:00.000Z',
    state: 'enabled',
    by: 'alice',
    productVersion: '2.4.0',
    catalogVersion: 2,
    ...more,
  })
const YES = `${choice()}\n`

const BAD: Readonly<Record<string, string | Uint8Array>> = {
  'an empty file': '',
  'nothing but line breaks': '\n\n \r\n',
  'a line of a newer format': `${YES}${choice({ format: 2 })}\n`,
  'a line without a format': `${YES}${choice({ format: undefined })}\n`,
  'a state that there is not': `${YES}${choice({ state: 'Enabled' })}\n`,
  'a moment that there is not': `${YES}${choice({ at: 'yesterday' })}\n`,
  'a moment that steers a terminal': `${YES}${choice({ at: '1 (\u{1b}[31m)' })}\n`,
  'a name that is none': `${YES}${choice({ by: null })}\n`,
  'a catalog version that is a word': `${YES}${choice({ catalogVersion: 'two' })}\n`,
  'a level that is a number': `${YES}${choice({ level: 1 })}\n`,
  'JSON that is no object': `${YES}null\n`,
  'a number': `${YES}1\n`,
  'something behind the JSON': `${YES}${choice()}x\n`,
  'a control character inside the JSON': `${YES}${choice().replace('alice', 'al\u{1b}ice')}\n`,
  'zeros, as a file system leaves them after a crash': Buffer.concat([Buffer.from(YES), Buffer.alloc(200)]),
  'bytes that are not UTF-8': Buffer.from(`${choice().replace('alice', 'al\u{ff}ice')}\n`, 'latin1'),
  'UTF-16': Buffer.from(YES, 'utf16le'),
  'a megabyte of letters': 'x'.repeat(1_000_000),
  'a megabyte of brackets': '['.repeat(1_000_000),
  'half a line of a megabyte': `${YES}${choice({ by: 'x'.repeat(1_000_000) }).slice(0, -1)}`,
}

for (const [name, bytes] of Object.entries(BAD)) {
  test(`${name}: a no, with a warning that names the file; the next choice keeps it aside and holds`, async () => {
    using scratch = createScratch()
    const file = path.join(scratch.directory, 'consent.jsonl')
    writeFileSync(file, bytes)
    const consent = consentIn(scratch.directory, { inputs: { default: 'enabled', seed: 'on' } })

    const verdict = await consent.begin()

    assert.deepEqual(
      [verdict.state, verdict.level, verdict.source, verdict.locked],
      ['disabled', 'off', 'stored-choice', false],
    )
    assert.equal(verdict.warnings.length, 1)
    assert.match(
      verdict.warnings[0] ?? '',
      new RegExp(
        `^the stored choice in ${file} .*, so it counts as a no; choose again, or restore what was there\\.`,
      ),
    )
    assert.deepEqual(readFileSync(file), Buffer.from(bytes))

    assert.equal((await consent.set('enabled', { by: 'bob' })).state, 'enabled')

    const aside = readdirSync(scratch.directory).filter((entry) => entry.endsWith('.unreadable'))
    assert.equal(aside.length, 1)
    assert.deepEqual(readFileSync(path.join(scratch.directory, aside[0] ?? '')), Buffer.from(bytes))
    const again = await consentIn(scratch.directory).begin()
    assert.deepEqual([again.state, again.warnings], ['enabled', []])
    assert.equal((await consent.history()).at(-1)?.by, 'bob')
    assert.deepEqual(readFileSync(file).subarray(0, bytes.length), Buffer.from(bytes))
  })
}

test('a line that broke off at any byte is a no, and none of what came before it is lost', async () => {
  const last = choice({ state: 'disabled', at: '2026-01-02T00:00:00.000Z', by: 'bøb' })
  const bytes = Buffer.from(YES + last)
  const before = Buffer.byteLength(YES)
  for (let length = 0; length < bytes.length; length++) {
    // Broken off just behind a whole line, nothing tells that there was more.
    if (length === before || length === before - 1) continue
    const store = createMemoryStore()
    await store.write('consent.jsonl', bytes.subarray(0, length))
    const consent = consentIn(store, { inputs: { default: 'enabled' } })
    const { state, source } = await consent.begin()
    assert.deepEqual([state, source], ['disabled', 'stored-choice'], `after ${length} bytes`)
    assert.equal((await consent.history()).length, length > before ? 1 : 0)

    assert.equal((await consent.set('basic', { by: 'carol' })).level, 'basic')
    const history = await consent.history()
    assert.deepEqual(
      history.map(({ by }) => by),
      length > before ? ['alice', 'carol'] : ['carol'],
    )
  }
  const whole = createMemoryStore()
  await whole.write('consent.jsonl', bytes)
  assert.equal((await consentIn(whole).begin()).state, 'disabled')
})

test('a broken line in the middle does not take the choice after it away', async () => {
  const store = createMemoryStore()
  await store.write('consent.jsonl', `${YES}{"format":1,"st\n${choice({ state: 'disabled' })}\n`)
  const consent = consentIn(store)
  assert.equal((await consent.begin()).state, 'disabled')
  assert.equal((await consent.history()).length, 2)
})

test('a directory in its place is a no, until the next choice moves it aside', async () => {
  using scratch = createScratch()
  mkdirSync(path.join(scratch.directory, 'consent.jsonl'))
  const log = createLog()
  const store = storeWithMemoryFallback(createDirectoryStore(scratch.directory), log)
  const consent = consentIn(store, { inputs: { default: 'enabled' } })
  const verdict = await consent.begin()
  assert.deepEqual([verdict.state, verdict.source], ['disabled', 'stored-choice'])
  assert.match(verdict.warnings[0] ?? '', /consent\.jsonl cannot be read \(it is not a regular file\)/)
  assert.equal((await consent.refresh()).state, 'disabled')
  assert.deepEqual(readdirSync(scratch.directory), ['consent.jsonl'])
  assert.equal((await consent.set('enabled', { by: 'alice' })).state, 'enabled')
  assert.match(readdirSync(scratch.directory).join(), /^consent\.\d+\.unreadable,consent\.jsonl/)
})

test('a symbolic link in its place is a no wherever it leads, and nothing is added to what it leads to', async () => {
  using scratch = createScratch()
  const elsewhere = path.join(scratch.directory, 'elsewhere')
  writeFileSync(elsewhere, YES)
  const root = path.join(scratch.directory, 'usage')
  mkdirSync(root)
  for (const target of [elsewhere, 'consent.jsonl', '/nowhere/at/all', '/dev/zero']) {
    symlinkSync(target, path.join(root, 'consent.jsonl'))
    const consent = consentIn(root, { inputs: { default: 'enabled' } })
    const { state, source, warnings } = await consent.begin()
    assert.deepEqual([state, source], ['disabled', 'stored-choice'], target)
    assert.match(warnings[0] ?? '', /cannot be read \(it is not a regular file\), so it counts as a no/)
    assert.equal((await consent.set('enabled', { by: 'bob' })).state, 'enabled')
    rmSync(path.join(root, 'consent.jsonl'))
  }
  assert.equal(readFileSync(elsewhere, 'utf8'), YES)
})

test('a store that cannot be read is a no, whatever it throws, and recovers by itself', async () => {
  const whole = createMemoryStore()
  await whole.write('consent.jsonl', YES)
  for (const thrown of [
    Object.assign(new Error('denied'), { code: 'EACCES' }),
    new Error('the database is away\n\u{1b}[31m'),
    'a string',
    undefined,
    null,
  ]) {
    let away = true
    const store: StateStore = {
      ...whole,
      read: async (name) => {
        if (away) throw thrown
        return whole.read(name)
      },
    }
    const consent = consentIn(store, { inputs: { default: 'enabled' } })
    const { state, source, warnings } = await consent.begin()
    assert.deepEqual([state, source, warnings.length], ['disabled', 'stored-choice', 1])
    assert.doesNotMatch(warnings[0] ?? '', /[\p{C}\p{Zl}\p{Zp}]/u)
    assert.deepEqual(await consent.history(), [])
    away = false
    assert.equal((await consent.refresh()).state, 'enabled')
  }
})

test('a choice that cannot be read is a no against every yes; where a flag overrules a stored no, no warning says that nothing is sent', async () => {
  const store = createMemoryStore()
  await store.write('consent.jsonl', 'rhubarb')
  const no = await consentIn(store, { inputs: { flag: 'on' } }).begin()
  assert.deepEqual([no.state, no.source, no.disabledBy], ['disabled', 'stored-choice', 'circumstance'])
  const inputs = { flag: 'on', overruleStoredNo: ['flag'] } as const
  const { state, source, warnings } = await consentIn(store, { inputs }).begin()
  assert.deepEqual([state, source], ['enabled', 'flag'])
  assert.match(
    warnings[0] ?? '',
    /^the stored choice in memory\/consent\.jsonl ends with a line that cannot be read/,
  )
  for (const warning of warnings) assert.doesNotMatch(warning, /no usage report is sent/)
})

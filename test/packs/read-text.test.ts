/** What a real file system holds in the place of a small text file. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmodSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { systemPackHost } from '../../src/library/packs/index.ts'
import { readText } from '../../src/library/packs/read-text.ts'
import { createScratch } from '../support/scratch.ts'

const read = (file: string | URL, longest?: number) => readText(systemPackHost, file, longest)

test('a small text is read whole, by path or address, also to the last byte that is allowed', async () => {
  using scratch = createScratch()
  const file = path.join(scratch.directory, 'file')
  writeFileSync(file, 'ID=débian\n')
  assert.equal(await read(file), 'ID=débian\n')
  assert.equal(await read(pathToFileURL(file)), 'ID=débian\n')
  assert.equal(await read(file, 11), 'ID=débian\n')
  assert.equal(await read(file, 10), undefined)
})

test('anything but a small text file is ignored', async () => {
  using scratch = createScratch()
  const at = (name: string) => path.join(scratch.directory, name)
  writeFileSync(at('huge'), Buffer.alloc(5_000_000, 'x'))
  writeFileSync(at('binary'), Uint8Array.of(0x7f, 0x45, 0x4c, 0x46, 0, 1))
  writeFileSync(at('latin'), Uint8Array.of(0x64, 0xe9))
  symlinkSync(at('circle'), at('circle'))
  for (const file of [
    at('huge'),
    at('binary'),
    at('latin'),
    at('circle'),
    scratch.directory,
    at('absent'),
    '',
  ]) {
    assert.equal(await read(file), undefined, file)
  }
  if (process.platform === 'win32') return
  assert.equal(await read('/dev/zero'), undefined)
  writeFileSync(at('secret'), 'ID=debian\n')
  chmodSync(at('secret'), 0)
  // Root reads it all the same.
  if (process.getuid?.() !== 0) assert.equal(await read(at('secret')), undefined)
})

test('a pipe in the place of a file holds nothing up', { skip: process.platform === 'win32' }, () => {
  using scratch = createScratch()
  const pipe = path.join(scratch.directory, 'pipe')
  execFileSync('mkfifo', [pipe])
  // In a process of its own: one that waits for the pipe would never end.
  const program = path.join(import.meta.dirname, 'processes/read-text.ts')
  const output = execFileSync(process.execPath, [program, pipe], { encoding: 'utf8', timeout: 20_000 })
  assert.equal(output, 'undefined\n')
})

test('files of the kernel, which have no size, are read', {
  skip: process.platform !== 'linux',
}, async () => {
  assert.match((await read('/proc/self/mountinfo', 1_024 * 1_024)) ?? '', / \/ /)
})

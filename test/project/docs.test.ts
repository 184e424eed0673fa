import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { freePort } from '../../src/gateway.ts'
import { createScratch } from '../support/scratch.ts'

const root = path.resolve(import.meta.dirname, '../..')

test('every room of src is on the page about the architecture, and every room there exists', () => {
  const page = readFileSync(path.join(root, 'docs/architecture.md'), 'utf8')
  const described = [...page.matchAll(/^\| `([\w/-]+)\/` \|/gm)].map(([, room]) => room)
  const rooms = globSync('src/**/index.ts', { cwd: root })
    .map((door) => path.posix.dirname(path.relative('src', door)))
    .filter((room) => room !== '.')
  assert.deepEqual(described.toSorted(), rooms.toSorted())
})

test('the smallest host of the README has at most 25 lines and runs', async () => {
  const text = readFileSync(path.join(root, 'examples/smallest.ts'), 'utf8')
  assert.ok(text.trimEnd().split('\n').length <= 25)

  using scratch = createScratch()
  const port = await freePort()
  const { PATH = '' } = process.env
  const host = spawn(process.execPath, ['examples/smallest.ts', String(port)], {
    cwd: root,
    env: { PATH, ACME_NOTES_TELEMETRY_DIR: scratch.directory, DO_NOT_TRACK: '1' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  try {
    for await (const line of createInterface(host.stdout)) {
      assert.match(line, /^Acme Notes sends no usage reports \(DO_NOT_TRACK=1\)/)
      break
    }
    assert.equal(await (await fetch(`http://localhost:${port}`)).text(), 'Hello\n')
  } finally {
    host.kill()
  }
})

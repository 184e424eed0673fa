import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, test } from 'node:test'
import { createInstallation } from '../../src/library/identity/index.ts'
import { systemClock } from '../../src/platform/index.ts'
import { createDirectoryStore } from '../../src/state/index.ts'
import { bundled } from '../support/bundled.ts'
import { createScratch } from '../support/scratch.ts'
import { UUID_V4 } from './host.ts'

const PROCESSES = 20
const ROUNDS = 10
const STORED = '0b7c1d1e-5f0a-4c3e-9a57-2f6d1f1f3a10'

/** What twenty processes of one machine find at once. */
const FOUND: Record<string, (directory: string) => void | Promise<void>> = {
  'no directory': () => {},
  'a torn entry': (directory) => writeEntry(directory, '{"id":"0b7c1d1e'),
  'an empty entry': (directory) => writeEntry(directory, ''),
  'an id without its secret': (directory) => writeEntry(directory, `{"id":"${STORED}"}`),
  "another machine's directory": async (directory) => {
    const store = createDirectoryStore(directory)
    const original = createInstallation(store, systemClock, { machine: () => 'another' })
    await original.propose()
    await original.keep()
  },
}

const programs = createScratch()
const program = bundled(path.join(import.meta.dirname, 'hosts/keep.ts'), programs.directory)
const hosts = Array.from({ length: PROCESSES }, startHost)
before(async () => {
  for (const host of hosts) assert.equal(await host.line(), 'ready')
})
after(() => {
  for (const host of hosts) host.end()
  programs[Symbol.dispose]()
})

for (const [what, prepare] of Object.entries(FOUND)) {
  test(`twenty processes that find ${what} at once report under one id, with one secret`, async () => {
    for (let round = 0; round < ROUNDS; round++) {
      using scratch = createScratch()
      const directory = path.join(scratch.directory, 'usage')
      await prepare(directory)
      for (const host of hosts) host.tell(directory)
      const said = await Promise.all(hosts.map((host) => host.line()))
      assert.deepEqual([...new Set(said)], [said[0]])
      assert.deepEqual(readdirSync(directory), ['installation.json'])
      const { id, secret } = JSON.parse(readFileSync(path.join(directory, 'installation.json'), 'utf8'))
      assert.equal(said[0], `${id} ${secret}`)
      assert.match(id, UUID_V4)
      assert.equal(id === STORED, what === 'an id without its secret')
    }
  })
}

function startHost() {
  const child = spawn(process.execPath, [program, 'this machine'], { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    tell: (line: string) => child.stdin.write(`${line}\n`),
    line: async (): Promise<string> => (await lines.next()).value ?? assert.fail('the process has ended'),
    end: () => child.stdin.end(),
  }
}

function writeEntry(directory: string, content: string): void {
  mkdirSync(directory)
  writeFileSync(path.join(directory, 'installation.json'), content)
}

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import path from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'

const run = promisify(execFile)
const host = path.join(import.meta.dirname, 'hosts/lazy.ts')

async function lazyHost(...flags: string[]): Promise<Record<string, string>> {
  const { stdout } = await run(process.execPath, [...flags, host])
  return JSON.parse(stdout)
}

/** Whether Node.js keeps contexts with its resources. There the loader of modules itself remembers the request that has imported them. */
const isOlder = Number.parseInt(process.versions.node, 10) < 24

const NOBODY = { store: 'nobody', sink: 'nobody', logger: 'nobody', listener: 'nobody', source: 'nobody' }

test('imported and started in the middle of a request, it does not keep what the context of the request holds', async () => {
  const { remembered, ...seen } = await lazyHost('--expose-gc')
  assert.deepEqual(seen, { ...NOBODY, request: 'alice' })
  if (!isOlder) assert.equal(remembered, 'nobody')
})

const olderWay = { skip: isOlder && 'the test above has tried it: this Node.js knows no other way' }
test(
  'nothing runs in the context of a request where Node.js keeps contexts with its resources',
  olderWay,
  async () => {
    const { remembered, ...seen } = await lazyHost('--no-async-context-frame')
    assert.deepEqual(seen, { ...NOBODY, request: 'alice' })
  },
)

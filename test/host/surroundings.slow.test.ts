/** Hosts in which others have changed what Node.js brings: test runners, browsers' surroundings, libraries. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import path from 'node:path'
import { suite, test } from 'node:test'
import { promisify } from 'node:util'
import { attributesOf, startReceiver } from '../support/receiver.ts'
import { createScratch } from '../support/scratch.ts'

const run = promisify(execFile)
const host = path.join(import.meta.dirname, 'hosts/life.ts')

/** Those that leave nothing of what they have replaced can be there only after the import. */
const CASES = [
  ['fake timers', 'before'],
  ['fake timers', 'after'],
  ['fake timers and a clock that is given', 'before'],
  ['fake timers and a clock that is given', 'after'],
  ['zone.js', 'before'],
  ['zone.js', 'after'],
  ['zone.js and fake timers', 'before'],
  ['timers that are numbers', 'before'],
  ['timers that are numbers', 'after'],
  ['a date that stands still', 'after'],
  ['a Date.now that is broken', 'before'],
  ['a Date.now that is broken', 'after'],
  ['a Math.random that is always the same', 'before'],
  ['globals that are gone', 'after'],
] as const

suite('a host', { concurrency: 4 }, () => {
  for (const [surroundings, when] of CASES) {
    test(`${surroundings}, ${when} the import: every step comes to its end, in real time`, async () => {
      using scratch = createScratch()
      await using receiver = await startReceiver()
      const args = [host, surroundings, when, receiver.endpoint, scratch.directory]
      const before = Date.now()
      const { stdout, stderr } = await run(process.execPath, args, { timeout: 20_000 })
      const { status, ...steps } = JSON.parse(stdout)
      assert.equal(stderr, '')
      assert.deepEqual(steps, { start: 'enabled', preview: true, report: 'sent' })
      assert.ok(Date.parse(status) >= before && Date.parse(status) <= Date.now(), status)
      const { json } = receiver.received[0] ?? assert.fail('nothing has arrived')
      assert.equal(attributesOf(json)['service.name'], 'acme')
    })
  }
})

test('a property that every object has makes nothing throw, and no rejection goes unheard', async () => {
  const { stdout } = await run(process.execPath, [path.join(import.meta.dirname, 'hosts/polluted.ts')])
  assert.deepEqual(JSON.parse(stdout), [])
})

/** A choice and an erasure on a file system that is mounted read-only in the middle of a process's life. */
import assert from 'node:assert/strict'
import { execFile, spawnSync } from 'node:child_process'
import path from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { bundled } from '../support/bundled.ts'
import { attributesOf, startReceiver } from '../support/receiver.ts'
import { createScratch } from '../support/scratch.ts'

const HOST = bundled(path.join(import.meta.dirname, 'hosts/read-only.ts'))

/** Whether a process may have mounts of its own: root may on Linux, outside of most containers. */
const MOUNT = 'mount --bind "$1" "$1" && mount -o remount,ro,bind "$1"'
const mayMount = () => {
  using scratch = createScratch()
  return (
    process.platform === 'linux' &&
    spawnSync('unshare', ['-m', 'sh', '-c', MOUNT, 'sh', scratch.directory]).status === 0
  )
}
const skip = mayMount() ? false : 'this user may not mount anything'

async function live(endpoint: string, directory: string, decision: string) {
  const host = [process.execPath, HOST, endpoint, directory, decision]
  const { stdout } = await promisify(execFile)('unshare', ['-m', ...host])
  return JSON.parse(stdout)
}

const ids = (receiver: Awaited<ReturnType<typeof startReceiver>>) =>
  receiver.received.map(({ json }) => attributesOf(json)['service.instance.id'])

test('a no on a file system that was just mounted read-only rejects, says what to do, and holds in this process', {
  skip,
}, async () => {
  using scratch = createScratch()
  await using receiver = await startReceiver()
  const { outcomes, said, state, log } = await live(receiver.endpoint, scratch.directory, 'disabled')
  assert.deepEqual([outcomes, state], [['sent', 'suppressed'], 'disabled'])
  const { message, ...error } = said
  const location = path.join(scratch.directory, 'consent.jsonl')
  assert.deepEqual(error, { name: 'NotStoredError', code: 'ERR_USAGE_NOT_STORED', what: 'choice', location })
  assert.match(
    message,
    /^The choice 'disabled' .* was not stored in .* \(EROFS\)\. .* Set ACME_DB_TELEMETRY_OPTOUT=1/,
  )
  assert.equal(receiver.received.length, 1)
  assert.ok(log.filter((line: string) => line.startsWith('warn')).length <= 2, log.join('\n'))
})

test('an erasure on a file system that was just mounted read-only rejects and says what to do; the id is the same afterwards', {
  skip,
}, async () => {
  using scratch = createScratch()
  await using receiver = await startReceiver()
  const { outcomes, said } = await live(receiver.endpoint, scratch.directory, 'forget')
  const { message, location, ...error } = said
  assert.deepEqual(error, { name: 'NotStoredError', code: 'ERR_USAGE_NOT_STORED', what: 'erasure' })
  assert.ok(location.startsWith(scratch.directory), location)
  assert.match(message, /EROFS.* ACME_DB_TELEMETRY_OPTOUT=1/)
  assert.equal(outcomes[0], 'sent')
  assert.equal(new Set(ids(receiver)).size, 1)
})

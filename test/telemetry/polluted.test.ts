/** What another library adds to every object is no option, no record and no part of a report, whatever name it has. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import path from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { startReceiver } from '../support/receiver.ts'
import { createScratch } from '../support/scratch.ts'

const HOSTS = path.join(import.meta.dirname, 'hosts')

/** Names of options and of members of records that each changed a report, a verdict or a start. */
const NAMES = [
  ...['age', 'attributes', 'by', 'catalogVersion', 'clock', 'debugOutput', 'delivery', 'dueAt', 'ended'],
  ...['failure', 'final', 'forget', 'grace', 'id', 'lastReportAt', 'lineage', 'maxLength', 'newer'],
  ...['noLocation', 'note', 'problem', 'proxy', 'random', 'rejectedDataPoints', 'schemaUrl', 'sources'],
  ...['undecidedDelay', 'unwritten', 'values', 'current', 'interval', 'at', 'counts', 'seed', 'environment'],
  ...[
    'merged',
    'after',
    'share',
    'isVolatile',
    'isUsable',
    'asPersisted',
    'pending',
    'impediment',
    'ignore',
    'flag',
    'path',
    'auth',
  ],
]

test('a name that another library has added to every object changes neither a report nor a decision', async () => {
  using scratch = createScratch()
  await using receiver = await startReceiver()
  const directory = path.join(scratch.directory, 'usage')
  const { stdout } = await promisify(execFile)(process.execPath, [
    path.join(HOSTS, 'polluted.ts'),
    receiver.endpoint,
    directory,
    ...NAMES,
  ])
  assert.equal(stdout, '')
})

test('nothing that every object inherits is read as an option, a member of a record or an answer', async () => {
  using scratch = createScratch()
  await using receiver = await startReceiver()
  const { stdout } = await promisify(execFile)(process.execPath, [
    path.join(HOSTS, 'inherited.ts'),
    receiver.endpoint,
    path.join(scratch.directory, 'usage'),
  ])
  assert.equal(stdout, '')
  assert.ok(receiver.received.length > 4)
})

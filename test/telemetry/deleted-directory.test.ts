/** A process whose working directory is gone. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, suite, test } from 'node:test'
import { createDirectoryStore } from '../../src/index.ts'
import { createAcme } from '../support/acme.ts'
import { createLog } from '../support/log.ts'

// Only here: other tests of the room run in the same process.
suite('in a working directory that was deleted', () => {
  const home = process.cwd()
  before(() => {
    const directory = mkdtempSync(path.join(tmpdir(), 'otel-usage-test-'))
    process.chdir(directory)
    rmdirSync(directory)
    assert.throws(() => process.cwd(), /uv_cwd/)
  })
  after(() => process.chdir(home))

  test('a relative state below a working directory that was deleted throws no uv_cwd error: the host starts, in memory, and a warning says why', async () => {
    const log = createLog()
    const usage = createAcme({ state: 'usage', environment: { ACME_DB_TELEMETRY: 'on' }, logger: log })
    assert.equal((await usage.start()).state, 'enabled')
    await usage.report()
    await usage.status()
    await usage.shutdown()
    assert.match(log.lines.join('\n'), /warn: .*'usage' is below a working directory that has been deleted/)
    assert.doesNotMatch(log.lines.join('\n'), /uv_cwd|error:/)
  })

  test('a directory store that is made there says so in a sentence', () => {
    assert.throws(() => createDirectoryStore('usage'), {
      code: 'ERR_USAGE_CONFIGURATION',
      message: /'usage'; it is below a working directory that has been deleted/,
    })
  })

  test('what a package says in a relative directory cannot be read there, and is a no', async () => {
    const product = { name: 'acme-db', version: '2.4.0', root: '.' }
    const usage = createAcme({ product })
    assert.equal((await usage.start()).state, 'disabled')
    await usage.shutdown()
  })
})

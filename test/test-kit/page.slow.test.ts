/** The example of docs/testing.md, in a folder of its own, with the package as it is built. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { bareEnvironment } from '../support/bare-environment.ts'
import { createScratch } from '../support/scratch.ts'

const root = path.resolve(import.meta.dirname, '../..')

test('the example of the page about testing runs as it stands there', async () => {
  using scratch = createScratch()
  const page = readFileSync(path.join(root, 'docs/testing.md'), 'utf8')
  const files = [...page.matchAll(/^```js\n\/\/ (\S+)\n(.*?)^```$/gms)]
  assert.deepEqual(
    files.map(([, name]) => name),
    ['commands.js', 'product.js', 'commands.test.js'],
  )
  for (const [, name = '', text = ''] of files) writeFileSync(path.join(scratch.directory, name), text)
  writeFileSync(path.join(scratch.directory, 'package.json'), '{ "type": "module" }')
  mkdirSync(path.join(scratch.directory, 'node_modules'))
  symlinkSync(root, path.join(scratch.directory, 'node_modules/otel-usage'))
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--preserve-symlinks', '--test', '--test-reporter=tap', 'commands.test.js'],
    { cwd: scratch.directory, env: bareEnvironment() },
  )
  assert.match(stdout, /^# pass 4$/m)
})

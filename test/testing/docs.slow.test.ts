/** The example of docs/testing.md, as a maintainer has it: run against a product with the telemetry of the tests. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { createScratch } from '../support/scratch.ts'

const root = path.resolve(import.meta.dirname, '../..')
const page = readFileSync(path.join(root, 'docs/testing.md'), 'utf8')
const example = /(?<!<!-- not run -->\n)```ts\n(.*?)```/s.exec(page)?.[1] ?? assert.fail('no example')
const address = (file: string) => pathToFileURL(path.join(root, file)).href

test('the example proves that a product which asks is silent', async () => {
  const { code, stdout } = await runExample('enabled')
  assert.equal(code, 0, stdout)
  assert.match(stdout, /^# pass 4$/m)
})

test('the example finds a product that does not listen', async () => {
  const { code, stdout } = await runExample('ignores what it is told')
  assert.equal(code, 1, stdout)
  assert.match(stdout, /^# fail 3$/m)
  assert.match(stdout, /The host was not silent/)
})

async function runExample(manner: 'enabled' | 'ignores what it is told') {
  using scratch = createScratch()
  mkdirSync(path.join(scratch.directory, 'bin'))
  writeFileSync(path.join(scratch.directory, 'package.json'), '{"type":"module"}')
  const consent =
    manner === 'enabled'
      ? "{ default: 'enabled' }"
      : "{ default: 'enabled', ignore: ['do-not-track', 'opt-out-variable', 'otel-sdk-disabled'] }"
  writeFileSync(
    path.join(scratch.directory, 'bin/acme-db.js'),
    `import { createAcme } from '${address('test/support/acme.ts')}'
     const usage = createAcme({ environment: process.env, consent: ${consent} })
     await usage.report()
     await usage.shutdown()`,
  )
  writeFileSync(
    path.join(scratch.directory, 'off-is-off.test.ts'),
    example.replace("'otel-usage/testing'", `'${address('src/testing/index.ts')}'`),
  )
  const { PATH = '' } = process.env
  return await new Promise<{ code: number; stdout: string }>((resolve) => {
    execFile(
      process.execPath,
      ['--test', '--test-reporter=tap', 'off-is-off.test.ts'],
      { cwd: scratch.directory, env: { PATH, TMPDIR: scratch.directory } },
      (error, stdout) => resolve({ code: Number(error?.code ?? 0), stdout }),
    )
  })
}

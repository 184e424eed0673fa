/** The examples of docs/testing.md, as a maintainer has them: run against a product with the telemetry of the tests. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { after, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { freePort } from '../../src/maintainer/stack/process/ports.ts'
import { bundled } from '../support/bundled.ts'
import { createScratch } from '../support/scratch.ts'

const root = path.resolve(import.meta.dirname, '../..')
const page = readFileSync(path.join(root, 'docs/testing.md'), 'utf8')
const examples = [...page.matchAll(/```ts\n(.*?)```/gs)].map(([, example = '']) => example)
/** The product's own modules in few files: it starts 24 times, and most of its time under strace would go into finding modules. */
const modules = createScratch()
const acme = bundled(path.join(root, 'test/support/acme.ts'), modules.directory)
after(() => modules[Symbol.dispose]())

/** The examples stand for this many tests: three variables of the tool, and the server. */
const TESTS = 4

test('the examples prove that a product which asks is silent, and is caught when it is allowed to send', async () => {
  const { code, stdout } = await runExamples({})
  assert.equal(code, 0, stdout)
  assert.match(stdout, new RegExp(`^# pass ${TESTS}$`, 'm'))
})

test('the examples find a product that does not listen', async () => {
  const ignore = "['do-not-track', 'opt-out-variable', 'otel-sdk-disabled']"
  const { code, stdout } = await runExamples({ consent: `{ default: 'enabled', ignore: ${ignore} }` })
  assert.equal(code, 1, stdout)
  assert.match(stdout, new RegExp(`^# fail ${TESTS}$`, 'm'))
  assert.match(stdout, /The host was not silent/)
})

test('the examples do not pass for a product that never comes to its report: silence alone proves nothing', async () => {
  const { code, stdout } = await runExamples({ report: 'async () => {}' })
  assert.equal(code, 1, stdout)
  assert.match(stdout, new RegExp(`^# fail ${TESTS}$`, 'm'))
  assert.match(stdout, /With its usage telemetry on, the host sent nothing either/)
})

interface Product {
  readonly consent?: string
  readonly report?: string
}

async function runExamples({ consent = "{ default: 'enabled' }", report = 'usage.report' }: Product) {
  using scratch = createScratch()
  const port = await freePort()
  mkdirSync(path.join(scratch.directory, 'bin'))
  writeFileSync(path.join(scratch.directory, 'package.json'), '{"type":"module"}')
  writeFileSync(
    path.join(scratch.directory, 'bin/acme-db.js'),
    `import { createServer } from 'node:net'
     import { createAcme } from '${pathToFileURL(acme)}'
     const usage = createAcme({ environment: process.env, consent: ${consent} })
     if (process.argv.includes('--serve')) createServer().listen(${port}, '::')
     const report = ${report}
     if (process.argv.includes('--report-usage')) await report()
     console.log('usage report made')
     await usage.shutdown()`,
  )
  writeFileSync(
    path.join(scratch.directory, 'off-is-off.test.ts'),
    examples
      .join('\n')
      .replace('5432', String(port))
      .replace("'otel-usage/testing'", `'${pathToFileURL(path.join(root, 'src/testing/index.ts'))}'`),
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

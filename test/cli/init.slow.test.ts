/** The first files of a product as they are written, run: by Node.js, by its test runner, by the commands, and seen by TypeScript. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { createScratch } from '../support/scratch.ts'
import { tsc } from '../support/tsc.ts'

const root = path.resolve(import.meta.dirname, '../..')
const bin = path.join(root, 'dist/bin.js')
const run = promisify(execFile)

for (const [what, manifest, options, ending] of [
  ['ES modules', { version: '1.2.3', type: 'module' }, [], 'js'],
  ['a CommonJS package', { version: '1.2.3' }, [], 'mjs'],
  ['TypeScript', { version: '1.2.3', type: 'module' }, ['--typescript'], 'ts'],
] as const) {
  test(`what init has written for ${what} runs: off is off, and the page is what check expects`, async () => {
    using scratch = createScratch()
    const cwd = scratch.directory
    mkdirSync(path.join(cwd, 'node_modules/@types'), { recursive: true })
    symlinkSync(root, path.join(cwd, 'node_modules/otel-usage'))
    symlinkSync(path.join(root, 'node_modules/@types/node'), path.join(cwd, 'node_modules/@types/node'))
    writeFileSync(path.join(cwd, 'package.json'), JSON.stringify(manifest))
    await run(process.execPath, [bin, 'init', 'acme-db', ...options], { cwd })

    // Without the variable by which a test runner tells its child processes that they are such.
    const { NODE_TEST_CONTEXT: _, ...env } = process.env
    const { stdout } = await run(
      process.execPath,
      ['--test', '--test-reporter=tap', `telemetry/off-is-off.test.${ending}`],
      {
        cwd,
        env,
      },
    )
    assert.match(stdout, /^# pass 2$/m)

    const product = ['--product', `telemetry/product.${ending}`]
    await run(process.execPath, [bin, 'catalog', 'docs', ...product, '--out', 'TELEMETRY.md'], { cwd })
    const check = await run(
      process.execPath,
      [bin, 'catalog', 'check', ...product, '--docs', 'TELEMETRY.md'],
      { cwd },
    )
    assert.equal(check.stderr, '')
    assert.equal(check.stdout, 'The catalog of acme-db, version 1, has 2 facts and no errors.\n')

    if (ending !== 'ts') return
    const flags =
      '--noEmit --strict --module nodenext --target es2022 --types node --allowImportingTsExtensions'
    const files = ['catalog', 'product', 'usage', 'report', 'off-is-off.test'].map(
      (name) => `telemetry/${name}.ts`,
    )
    assert.equal(await tsc([...flags.split(' '), ...files], cwd), '')
  })
}

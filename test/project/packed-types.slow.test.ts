/**
 * What a maintainer re-exports of the package, such as a pack or the telemetry itself, compiles where declarations are built. A type
 * that no door exports cannot be named there (TS2742, TS2883).
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { before, test } from 'node:test'
import { promisify } from 'node:util'
import { createScratch } from '../support/scratch.ts'
import { tsc } from '../support/tsc.ts'

const run = promisify(execFile)
const root = path.resolve(import.meta.dirname, '../..')
const installed = path.join(root, 'node_modules')
const scratch = createScratch()
const host = path.join(scratch.directory, 'host')

before(async () => {
  const modules = path.join(host, 'node_modules')
  mkdirSync(path.join(modules, 'otel-usage'), { recursive: true })
  const to = ['--ignore-scripts', '--pack-destination', scratch.directory, '--json']
  const [{ filename }] = JSON.parse((await run('npm', ['pack', ...to], { cwd: root })).stdout)
  const tarball = path.join(scratch.directory, filename)
  await run('tar', ['-xzf', tarball, '-C', path.join(modules, 'otel-usage'), '--strip-components=1'])
  // What npm installs with it.
  for (const name of ['@opentelemetry', '@types', 'commander', 'undici-types'])
    symlinkSync(path.join(installed, name), path.join(modules, name))
  cpSync(path.join(import.meta.dirname, 'hosts/declarations'), host, { recursive: true })
  return () => scratch[Symbol.dispose]()
})

for (const [what, type, module, moduleResolution] of [
  ['a project of ES modules', 'module', 'nodenext', 'nodenext'],
  ['a project of CommonJS modules', 'commonjs', 'nodenext', 'nodenext'],
  ['a project of ES modules under node16', 'module', 'node16', 'node16'],
  ['a project of CommonJS modules under node16', 'commonjs', 'node16', 'node16'],
  ['a project that is bundled', 'module', 'esnext', 'bundler'],
] as const) {
  test(`${what} builds declarations over what it re-exports`, async () => {
    writeFileSync(path.join(host, 'package.json'), JSON.stringify({ name: 'acme', type, private: true }))
    const options = {
      ...{ target: 'es2022', lib: ['es2022'], module, moduleResolution, strict: true, skipLibCheck: false },
      ...{ declaration: true, outDir: 'out', rootDir: '.', types: ['node'] },
    }
    writeFileSync(
      path.join(host, 'tsconfig.json'),
      JSON.stringify({ compilerOptions: options, include: ['*.ts'] }),
    )
    assert.equal(await tsc(['-p', '.'], host), '')
  })
}

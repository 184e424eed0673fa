/** The command as somebody meets it who has installed this package and nothing beside it. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { cp, mkdir, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { type TestContext, test } from 'node:test'
import { promisify } from 'node:util'
import description from '../../package.json' with { type: 'json' }
import { bareEnvironment, scratchDirectory, script } from './scratch.ts'

const root = path.resolve(import.meta.dirname, '../..')
const run = promisify(execFile)

test('`gateway up` names all packages that are missing, with one command, before it fetches a Collector', async (t) => {
  const project = await freshProject(t)
  const { code, stderr } = await project.gateway(['up'])
  assert.equal(code, 1)
  assert.match(stderr, /the packages chdb and ffi-rs are not installed/)
  assert.match(stderr, /`npm install chdb ffi-rs @clickhouse\/client`/)
  assert.equal(stderr.match(/npm install/g)?.length, 1, 'one command')
  assert.doesNotMatch(stderr, /Collector/)
})

test('where the maintainer has a store, `gateway up` names the client alone', async (t) => {
  const project = await freshProject(t)
  const { code, stderr } = await project.gateway(['up'], { CLICKHOUSE_URL: 'http://127.0.0.1:1' })
  assert.equal(code, 1)
  assert.equal(
    stderr,
    'The package @clickhouse/client is not installed; `npm install @clickhouse/client` beside otel-usage.\n',
  )
})

test('what is installed already is not in the command', async (t) => {
  const project = await freshProject(t, ['ffi-rs'])
  const { stderr } = await project.gateway(['up'])
  assert.match(stderr, /the package chdb is not installed/)
  assert.match(stderr, /`npm install chdb @clickhouse\/client`/)
})

/** A project with this package as it is published, with what it depends on, and with those of the optional ones that are given. */
async function freshProject(t: TestContext, installed: readonly string[] = []) {
  const home = await scratchDirectory(t)
  const modules = path.join(home, 'node_modules')
  const own = path.join(modules, 'otel-usage')
  await mkdir(own, { recursive: true })
  for (const name of ['dist', 'package.json', 'collector-config']) {
    await cp(path.join(root, name), path.join(own, name), { recursive: true })
  }
  for (const name of [...Object.keys(description.dependencies), ...installed]) {
    await mkdir(path.dirname(path.join(modules, name)), { recursive: true })
    await symlink(path.join(root, 'node_modules', name), path.join(modules, name))
  }
  await writeFile(path.join(home, 'package.json'), '{"private":true}')
  const otelcol = await script(path.join(home, 'otelcol'), 'echo "otelcol-contrib version 0.161.0"')
  return {
    async gateway(args: readonly string[], environment: Record<string, string> = {}) {
      const env = { ...bareEnvironment(home), OTELCOL: otelcol, ...environment }
      return run(process.execPath, [path.join(own, 'dist/bin.js'), 'gateway', ...args], {
        cwd: home,
        env,
      }).then(
        ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
        (error) => ({ code: error.code as number, stdout: error.stdout, stderr: error.stderr as string }),
      )
    },
  }
}

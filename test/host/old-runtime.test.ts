/** A Node.js that is too old for the library is no reason for the host not to start. Uses the build in `dist`. */
import assert from 'node:assert/strict'
import { execFile, execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { OLDEST_NODE, unsuitableRuntime } from '../../src/platform/index.ts'

const run = promisify(execFile)
const root = path.resolve(import.meta.dirname, '../..')
const host = path.join(import.meta.dirname, 'hosts/everything.mjs')
const library = pathToFileURL(path.join(root, 'dist/index.js')).href

async function everythingOn(node: string, ...flags: string[]) {
  const { stdout, stderr } = await run(node, [...flags, host, library])
  assert.equal(stderr, '')
  return JSON.parse(stdout)
}

const nothingOn = (runtime: string) => ({
  state: 'disabled',
  locked: true,
  because: runtime,
  explained: runtime,
  outcome: 'suppressed',
  lines: [
    `warn: Acme DB has no usage telemetry on ${runtime}: it needs Node.js ${OLDEST_NODE} or later. ` +
      'Nothing is collected, stored or sent.',
  ],
})

/** A Node.js on the PATH that is none of npm's, and older than what the library needs. */
function oldNode(): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(path.delimiter)
  const nodes = folders
    .filter((folder) => !folder.includes('node_modules'))
    .map((one) => path.join(one, 'node'))
  return nodes.filter(existsSync).find((node) => {
    const version = execFileSync(node, ['-p', 'process.versions.node'], { encoding: 'utf8' }).trim()
    return unsuitableRuntime(version) !== undefined
  })
}

test('the oldest Node.js that the library runs on is that of package.json', () => {
  const { engines } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'))
  assert.equal(engines.node, `>=${OLDEST_NODE}`)
  const versions = { '22.15.0': true, '22.14.9': false, '23.0.0': true, '100.1.0': true, '20.20.2': false }
  for (const [version, suits] of Object.entries(versions))
    assert.equal(unsuitableRuntime(version) === undefined, suits, version)
})

test('where functions are missing that an old Node.js does not have, it does nothing, throws nothing and warns once', async () => {
  const missing = [
    'delete process.getBuiltinModule',
    'delete Map.groupBy',
    'delete Promise.withResolvers',
    'delete String.prototype.isWellFormed',
    'delete Array.prototype.toSorted',
    'delete URL.canParse',
    "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '18.20.8' } })",
  ].join('\n')
  const preload = `data:text/javascript,${encodeURIComponent(missing)}`
  assert.deepEqual(await everythingOn(process.execPath, '--import', preload), nothingOn('Node.js 18.20.8'))
})

const old = oldNode()
test('on a real Node.js that is too old it does nothing, throws nothing and warns once', {
  skip: old ? false : 'there is none on the PATH',
}, async () => {
  const version = execFileSync(old ?? '', ['-p', 'process.versions.node'], { encoding: 'utf8' }).trim()
  assert.deepEqual(await everythingOn(old ?? ''), nothingOn(`Node.js ${version}`))
})

/** Schemathesis reads the OpenAPI document, and sends what it permits and what it does not. Needs Python, and once the package registry. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync, rmSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { startReceiver } from '../support/receiver.ts'
import { createScratch } from '../support/scratch.ts'
import { ALICE, serve } from './served.ts'

const run = promisify(execFile)
const VERSION = '4.32.5'
const root = path.resolve(import.meta.dirname, '../..')
const environment = path.join(root, `node_modules/.cache/otel-usage-tests/schemathesis-${VERSION}`)
const bin = process.platform === 'win32' ? 'Scripts' : 'bin'
const schemathesis = path.join(environment, bin, 'schemathesis')

/** Makes a Python environment with Schemathesis; returns the reason why that is not possible, or `undefined`. */
async function prepare(): Promise<string | undefined> {
  if (existsSync(schemathesis)) return undefined
  let pip: readonly string[]
  try {
    pip = await makeEnvironment()
  } catch (error) {
    return `there is no Python with venv: ${(error as Error).message.split('\n')[0]}`
  }
  try {
    const [program = '', ...args] = pip
    // What of it runs is compiled when it first runs, a third of it.
    await run(program, [...args, 'install', '--quiet', '--no-compile', `schemathesis==${VERSION}`])
    return undefined
  } catch (error) {
    rmSync(environment, { recursive: true, force: true })
    return `Schemathesis cannot be installed: ${(error as { stderr?: string }).stderr?.slice(-200)}`
  }
}

/** Makes the environment, and returns the command of the pip that installs into it: that of the system if it can, as a second pip takes long. */
async function makeEnvironment(): Promise<readonly string[]> {
  const python = path.join(environment, bin, 'python')
  const ofSystem = ['-m', 'pip', '--python', python]
  await run('python3', ['-m', 'venv', '--without-pip', environment])
  const can = await run('python3', [...ofSystem, '--version']).catch(() => undefined)
  if (can) return ['python3', ...ofSystem]
  await run('python3', ['-m', 'venv', environment])
  return [path.join(environment, bin, 'pip')]
}

for (const [phases, excluded] of [
  // The stream of events has no end.
  ['coverage,fuzzing', ['/events']],
  // An erasure deletes the reports that were just made, which Schemathesis takes for a loss.
  ['stateful', ['/events', '/forget']],
] as const) {
  test(`Schemathesis finds nothing (${phases})`, async (t) => {
    const hindrance = await prepare()
    if (hindrance !== undefined) return t.skip(hindrance)
    using scratch = createScratch()
    await using receiver = await startReceiver()
    await using served = await serve({ authorize: () => ALICE }, { endpoint: receiver.endpoint })
    const base = `http://127.0.0.1:${served.port}/telemetry`
    const args = [
      ...['run', `${base}/openapi.json`, '--url', base, '--phases', phases, '--seed', '1', '--no-color'],
      ...['--max-examples', '20', ...excluded.flatMap((one) => ['--exclude-path', one])],
    ]
    const { stdout } = await run(schemathesis, args, {
      cwd: scratch.directory,
      maxBuffer: 1e7,
      // Empty: what was compiled is kept.
      env: { ...process.env, PYTHONDONTWRITEBYTECODE: '' },
    }).catch((error: { stdout: string }) => assert.fail(error.stdout))
    assert.match(stdout, /No issues found|\d+ passed/)
  })
}

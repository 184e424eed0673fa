/**
 * The package as a stranger gets it: packed, judged, and installed beside what hosts really have, which for a year to come
 * is `@opentelemetry/api` 1.9 with SDK 2.x. npm then nests a second copy of the API under `otel-usage`.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { cpSync, readdirSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { before, test } from 'node:test'
import { promisify } from 'node:util'
import { numbersOf, startReceiver } from '../support/receiver.ts'
import { createScratch } from '../support/scratch.ts'
import { tsc } from '../support/tsc.ts'

const run = promisify(execFile)
const root = path.resolve(import.meta.dirname, '../..')
const bin = (name: string) => path.join(root, 'node_modules/.bin', name)
const scratch = createScratch()
let tarball = ''

before(async () => {
  await run('npm', ['pack', '--ignore-scripts', '--pack-destination', scratch.directory], { cwd: root })
  tarball = path.join(
    scratch.directory,
    readdirSync(scratch.directory).find((name) => name.endsWith('.tgz')) ?? '',
  )
  return () => scratch[Symbol.dispose]()
})

test('publint finds nothing to say', async () => {
  const { stdout } = await run(process.execPath, [bin('publint'), '--strict', tarball])
  assert.match(stdout, /All good!/)
})

test('the types resolve for every consumer, of ES modules and of CommonJS modules', async () => {
  await run(process.execPath, [bin('attw'), tarball, '--profile', 'node16', '--no-color'])
})

test('the tarball holds what is needed, the pages that people read included, and nothing else', async () => {
  const { stdout } = await run('tar', ['-tzf', tarball])
  const packed = stdout.trim().split('\n')
  const top = new Set(packed.map((file) => file.split('/')[1]))
  assert.deepEqual([...top].toSorted(), [
    'CHANGELOG.md',
    'LICENSE',
    'README.md',
    'SECURITY.md',
    'collector-config',
    'dist',
    'docs',
    'package.json',
  ])
  assert.ok(packed.includes('package/docs/consent.md'))
  assert.deepEqual(
    packed.filter((file) => file.startsWith('package/docs/records/')),
    [],
    'records of runs are for the repository',
  )
})

test('in an empty project, beside what hosts really have', { timeout: 300_000 }, async (t) => {
  const host = path.join(scratch.directory, 'host')
  cpSync(path.join(import.meta.dirname, 'hosts/otel-2'), host, { recursive: true })
  const { dependencies, ...about } = await readJson(path.join(host, 'package.json'))
  writeFileSync(
    path.join(host, 'package.json'),
    JSON.stringify({ ...about, dependencies: { ...dependencies, 'otel-usage': `file:${tarball}` } }),
  )
  await run('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', '--prefer-offline'], {
    cwd: host,
  })

  await t.test('npm installs a second copy of the API, nested', async () => {
    const versionIn = async (place: string) =>
      (await readJson(path.join(host, place, '@opentelemetry/api/package.json'))).version
    assert.match(await versionIn('node_modules'), /^1\.9\./)
    assert.equal(await versionIn('node_modules/otel-usage/node_modules'), '1.10.0')
  })

  await t.test(
    'a host on api 1.9 and SDK 2.x registers its own provider, or ours, and fills the catalog',
    async () => {
      const { result, report } = await runHost(host)
      assert.deepEqual(result, { outcome: 'sent', registered: true })
      assert.equal(numbersOf(report.json)['acme.runs'], 2)
    },
  )

  await t.test("traceparent and baggage of the host's instrumentation do not leave", async () => {
    const { plain, report } = await runHost(host)
    assert.match(String(plain.headers['traceparent']), /^00-/, 'the instrumentation does not work')
    assert.match(String(plain.headers['baggage']), /user\.id=alice/, 'there is no baggage')
    const names = Object.keys(report.headers)
    assert.deepEqual(
      names.filter((name) => /trace|baggage/.test(name)),
      [],
    )
    assert.doesNotMatch(report.body.toString(), /alice/)
  })

  for (const module of ['node16', 'nodenext']) {
    await t.test(`a host of CommonJS modules compiles under ${module}, and sends its report`, async () => {
      await compile(host, { module, moduleResolution: module }, 'host.cts')
      await using gateway = await startReceiver()
      const { stdout, stderr } = await run(process.execPath, ['host.cjs', gateway.endpoint], { cwd: host })
      assert.deepEqual([JSON.parse(stdout), stderr], [{ outcome: 'sent', refused: 1 }, ''])
      assert.equal(numbersOf((gateway.received[0] ?? assert.fail('no report')).json)['acme.runs'], 1)
    })
  }

  for (const [module, moduleResolution] of [
    ['node16', 'node16'],
    ['nodenext', 'nodenext'],
    ['esnext', 'bundler'],
  ] as const) {
    await t.test(
      `a host in TypeScript compiles with moduleResolution ${moduleResolution}, declarations checked`,
      async () => {
        await compile(host, { module, moduleResolution, noEmit: 'true' }, 'consumer.ts')
      },
    )
  }
})

/** Compiles a file of the host, the declarations of what it imports checked as well. */
async function compile(host: string, options: Record<string, string>, file: string): Promise<void> {
  const all = { strict: 'true', skipLibCheck: 'false', target: 'es2023', lib: 'es2023', ...options }
  const types = ['--types', 'node', '--typeRoots', path.join(root, 'node_modules/@types')]
  const args = [...Object.entries(all).flatMap(([name, value]) => [`--${name}`, value]), ...types, file]
  assert.equal(await tsc(args, host), '')
}

/** Runs the host between a gateway and a service of its own, both real. */
async function runHost(host: string) {
  await using gateway = await startReceiver()
  await using service = await startReceiver()
  const { stdout } = await run(
    process.execPath,
    ['--require', './instrumentation.cjs', 'host.mjs', gateway.endpoint, service.endpoint],
    { cwd: host },
  )
  return {
    result: JSON.parse(stdout.trim().split('\n').at(-1) ?? ''),
    report: gateway.received[0] ?? assert.fail('no report'),
    plain: service.received[0] ?? assert.fail("the host's own request did not arrive"),
  }
}

async function readJson(file: string) {
  return JSON.parse(await readFile(file, 'utf8'))
}

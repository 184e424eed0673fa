/** The package as a host gets it: what it installs, what it loads, what it exports. Uses the build in `dist`. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { LIBRARY_VERSION } from '../../src/platform/index.ts'
import { createScratch } from '../support/scratch.ts'

const run = promisify(execFile)
const root = path.resolve(import.meta.dirname, '../..')
const manifest = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'))
const lock = JSON.parse(readFileSync(path.join(root, 'package-lock.json'), 'utf8'))

test('one copy of each OpenTelemetry package is installed', () => {
  const copies = Object.keys(lock.packages).filter((place) => place.includes('node_modules/@opentelemetry/'))
  assert.ok(copies.length >= 8)
  for (const place of copies)
    assert.match(place, /^node_modules\/@opentelemetry\/[\w-]+$/, 'a second, nested copy')
})

test('the OpenTelemetry packages are pinned to the set that installs as one copy', () => {
  const pinned = Object.entries(manifest.dependencies).filter(([name]) => name.startsWith('@opentelemetry/'))
  assert.deepEqual(Object.fromEntries(pinned), {
    '@opentelemetry/api': '1.10.0',
    '@opentelemetry/exporter-metrics-otlp-http': '0.301.0',
    '@opentelemetry/otlp-transformer': '0.301.0',
    '@opentelemetry/resources': '3.1.0',
    '@opentelemetry/sdk-metrics': '3.1.0',
  })
})

test('the version that reports carry is the version of the package', () => {
  assert.equal(LIBRARY_VERSION, manifest.version)
})

test('types come first in every export, and every file of the exports is built', () => {
  for (const [door, target] of Object.entries(manifest.exports)) {
    if (typeof target === 'string') continue
    assert.deepEqual(Object.keys(Object(target)), ['import', 'require'], door)
    for (const files of Object.values<Record<string, string>>(Object(target))) {
      assert.deepEqual(Object.keys(files), ['types', 'default'], door)
      for (const file of Object.values(files))
        assert.doesNotThrow(() => readFileSync(path.join(root, file)), door)
    }
  }
})

test('require of any door gives what import gives, the very same, and prints nothing', async () => {
  const doors = Object.keys(manifest.exports).filter((door) => door !== './package.json')
  const script = `
    for (const name of process.argv.slice(1)) {
      const required = require(name)
      import(name).then((imported) => {
        for (const [key, value] of Object.entries(imported)) if (required[key] !== value) throw new Error(name + ' ' + key)
        console.log(name + ' ' + (Object.keys(required).length === Object.keys(imported).length))
      })
    }`
  const names = doors.map((door) => door.replace('.', 'otel-usage'))
  const args = ['--input-type=commonjs', '--eval', script, ...names]
  const { stdout, stderr } = await run(process.execPath, args, { cwd: root })
  assert.deepEqual(stdout.trim().split('\n').toSorted(), names.map((name) => `${name} true`).toSorted())
  assert.equal(stderr, '')
})

/**
 * The bytes of the package as it is downloaded, and as it lies in node_modules. It comes with its documentation. Of them 115 kB and 370 kB
 * are the charts of the maintainer's side: Observable Plot and the map, in a file that no host loads.
 */
const MAX_DOWNLOAD = 970_000
const MAX_UNPACKED = 3_350_000

test('the operator’s page is at most 60 kB, gzipped', () => {
  const page = path.join(root, 'dist/page')
  const sizes = readdirSync(page).map((file) => gzipSync(readFileSync(path.join(page, file))).length)
  assert.ok(sizes.length >= 3)
  const size = sizes.reduce((sum, one) => sum + one, 0)
  assert.ok(size <= 60_000, `The page has ${size} bytes: leave out what it does not need.`)
})

test('what draws the charts is in one file, which no door and no command loads but by import()', () => {
  const dist = readdirSync(path.join(root, 'dist')).filter((file) => file.endsWith('.js'))
  const texts = new Map(dist.map((file) => [file, readFileSync(path.join(root, 'dist', file), 'utf8')]))
  const drawing = dist.filter((file) => /"?Siachen Glacier"?/.test(texts.get(file) ?? ''))
  assert.equal(drawing.length, 1)
  const [file = ''] = drawing
  assert.ok(gzipSync(texts.get(file) ?? '').length < 130_000)
  const doors = Object.values<{ import?: { default: string } }>(Object(manifest.exports)).flatMap(
    (target) => target.import?.default ?? [],
  )
  const reached = new Set([...doors.map((door) => path.basename(door)), 'bin.js'])
  for (const one of reached)
    for (const [, imported = ''] of (texts.get(one) ?? '').matchAll(/(?:from|import) ?"\.\/([^"]+)"/g))
      reached.add(imported)
  assert.ok(reached.size > 10)
  assert.ok(!reached.has(file))
})

test('the package does not grow unseen', async () => {
  const { stdout } = await run('npm', ['pack', '--dry-run', '--ignore-scripts', '--json'], { cwd: root })
  const [{ size, unpackedSize, files }] = JSON.parse(stdout)
  const largest = (files as Array<{ path: string; size: number }>)
    .toSorted((a, b) => b.size - a.size)
    .slice(0, 10)
    .map((file) => `${file.size} ${file.path}`)
  assert.ok(
    size <= MAX_DOWNLOAD && unpackedSize <= MAX_UNPACKED,
    `The package has ${size} bytes, and ${unpackedSize} unpacked. Leave out what nobody needs who installs it, or raise the bounds ` +
      `when it is worth that. The largest files: ${largest.join(', ')}`,
  )
})

test('importing and starting loads no package; the SDK is loaded when the first report is made', async () => {
  const script = `
    import { registerHooks } from 'node:module'
    const loaded = []
    registerHooks({ load: (url, context, next) => { loaded.push(url); return next(url, context) } })
    const { createMemoryStore, createUsageTelemetry, defineCatalog } = await import('otel-usage')
    const catalog = defineCatalog({ version: 1, prefix: 'acme', facts: {
      'acme.runs': { kind: 'count', unit: '{run}', since: 1, why: 'Shows whether it is used.' },
    } })
    const usage = createUsageTelemetry({
      product: { name: 'acme', version: '1.0.0' }, catalog, endpoint: 'http://127.0.0.1:9',
      consent: { default: 'disabled' }, state: createMemoryStore(), environment: {},
    })
    usage.counter('acme.runs').bind({}).add()
    usage.getMeter('acme').createCounter('acme.runs').add(1)
    await usage.start()
    const packages = () => [...new Set(loaded.flatMap((url) => /node_modules\\/((?:@[^/]+\\/)?[^/]+)/.exec(url)?.[1] ?? []))]
    const atStart = packages()
    await usage.report()
    await usage.shutdown()
    console.log(JSON.stringify({ atStart, atReport: packages().includes('@opentelemetry/sdk-metrics') }))
  `
  const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', script], { cwd: root })
  assert.deepEqual(JSON.parse(stdout), { atStart: [], atReport: true })
})

/** Loads the library in a script, and makes `usage` with it, whose state is in the directory of the first argument. */
const CREATE_USAGE = `
    const { createUsageTelemetry, defineCatalog } = await import('otel-usage')
    const usage = createUsageTelemetry({
      product: { name: 'acme', version: '1.0.0' },
      catalog: defineCatalog({ version: 1, prefix: 'acme', facts: {} }),
      endpoint: 'http://127.0.0.1:9',
      consent: { default: 'enabled' }, state: process.argv[1], environment: {},
    })
`

/** What a start reads of this library, in bytes. Half of the time of an import is Node.js compiling it. */
const MAX_START_BYTES = 284_500

/** The modules of Node.js, and parts of them, that a start makes ready. */
const MAX_START_MODULES = 8

test('a start reads two files, and makes nothing of Node.js ready that is not needed before a report', async () => {
  using scratch = createScratch()
  const script = `
    import { registerHooks } from 'node:module'
    const files = []
    registerHooks({ load: (url, context, next) => { files.push(url); return next(url, context) } })
    const before = process.moduleLoadList.length
    ${CREATE_USAGE}
    await usage.start()
    const modules = process.moduleLoadList.slice(before)
    process.stdout.write(JSON.stringify({ files, modules }))
  `
  const start = async (): Promise<{ files: string[]; modules: string[] }> => {
    const args = ['--input-type=module', '--eval', script, scratch.directory]
    return JSON.parse((await run(process.execPath, args, { cwd: root })).stdout)
  }
  const [first, later] = [await start(), await start()]
  for (const { files } of [first, later]) {
    const read = files.filter((url) => url.startsWith('file:'))
    assert.equal(read.length, 2, read.join(', '))
    const bytes = read.reduce((sum, url) => sum + readFileSync(new URL(url)).byteLength, 0)
    assert.ok(
      bytes <= MAX_START_BYTES,
      `A start reads ${bytes} bytes of JavaScript, and each 100 kB of them costs a host two or three milliseconds. Import what a ` +
        'start does not need where it is needed. Where a start needs it: measure with `npm run bench`, then raise MAX_START_BYTES.',
    )
  }
  const costly = /\b(?:crypto|perf_hooks|stream|http|dns)\b/
  const found = ({ modules }: { modules: string[] }) => modules.filter((name) => costly.test(name))
  assert.ok(
    later.modules.length <= MAX_START_MODULES,
    `A start makes ${later.modules.length} modules of Node.js ready. Fetch them when they are used (src/platform/files.ts): ${later.modules.join(', ')}`,
  )
  assert.deepEqual(found(first), [])
  assert.deepEqual(found(later), [])
  assert.ok(!later.modules.some((name) => name.includes('fs/promises')), 'only the first start writes')
})

test('a report over HTTP makes neither TLS ready nor the client of fetch, which take longer than the report itself', async () => {
  using scratch = createScratch()
  const script = `
    ${CREATE_USAGE}
    const { outcome } = await usage.report()
    process.stdout.write(JSON.stringify({ outcome, modules: process.moduleLoadList }))
  `
  const args = ['--input-type=module', '--eval', script, scratch.directory]
  const { outcome, modules } = JSON.parse((await run(process.execPath, args, { cwd: root })).stdout)
  assert.equal(outcome, 'queued')
  assert.ok(modules.includes('NativeModule _http_client'))
  assert.deepEqual(
    modules.filter((name: string) => /\b(?:undici|tls|http2|webstreams)\b/.test(name)),
    [],
  )
})

/**
 * Runs all tests: `node scripts/test.ts`; or those without Collector, ClickHouse and many processes: `node scripts/test.ts fast`. First
 * comes the build: the examples use the built package. A run of all tests also checks formatter, linter and types, beside the first tests.
 * The fast tests of a room share a process, because to start one and to load the library takes longer than most of them. The slow tests,
 * in files that end in `.slow.test.ts`, have a process for each file and are reported separately. Each has its own ports and directories
 * and waits half of the time, so that twice as many run at once as there are processors. The last line counts passed and failed tests.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { availableParallelism, getPriority, setPriority } from 'node:os'
import path from 'node:path'
import { finished } from 'node:stream/promises'
import { run } from 'node:test'
import { spec } from 'node:test/reporters'
import { pathToFileURL } from 'node:url'
import { temporaryDirectory } from './test-directory.ts'

const root = path.resolve(import.meta.dirname, '..')
const fastOnly = process.argv[2] === 'fast'
const names = process.argv.slice(2).filter((word) => word !== 'fast')
const processors = availableParallelism()
/** Directory kept between runs: compiled modules, which each test process would otherwise compile again, and how long each process took. */
const cache = path.join(root, 'node_modules/.cache/otel-usage-tests')
const timesFile = path.join(cache, 'times.json')
const times = readTimes()
/** Largest number of files that share a process: each waits for those before it, and a room with many files should use all processors. */
const MAX_FILES = 12
/** Largest number of files of a room that shares its processes with others like it. */
const SMALL_ROOM = 4
/**
 * Slow test files that take longest, about in this order: the first run of a fresh clone knows no times. Those that compute and those that
 * wait take turns.
 */
const LONGEST = [
  'gateway/queue-guard',
  'gateway/alerts',
  'faults/faults',
  'gateway/proxy',
  'gateway/stalled',
  'fleet/fleet',
  'project/getting-started',
  'insights/import',
  'gateway/store-cluster',
  'gateway/store-erasure',
  'project/start',
  'insights/insights',
  'gateway/command',
  'page/page',
  'admin/fuzz',
  'gateway/store',
  'gateway/poison',
  'page/community-report',
  'gateway/store-rollups',
  'testing/off-is-off',
  'gateway/status',
  'faults/endurance',
  'gateway/reader',
  'gateway/durability',
  'telemetry/many-tools',
  'project/packed',
  'gateway/protection',
  'telemetry/short-lived',
  'gateway/operators-collector',
]
/** Rooms of fast tests that take longest. */
const LONG_ROOMS = [
  'telemetry',
  'packs',
  'small-rooms',
  'transport',
  'gateway',
  'schedule',
  'version',
  'admin',
  'delivery',
]
/** Time of a test file of which nothing is known, in milliseconds: it may be long. */
const UNKNOWN = 20_000
/** Directory of test files that run when all others have ended: their time goes 20 times as fast, and so do timeouts on a busy machine. */
const ALONE = 'test/many-processes/'
/** Test files whose processes run. */
const underWay = new Set<string>()
/** Modules that are loaded before each test file. Node.js 22 does not support `using`. */
const preloaded = [
  'test-errors.ts',
  'test-deadline.ts',
  ...(process.versions.node.startsWith('22.') ? ['older-syntax.mjs'] : []),
]
const totals = { passed: 0, failed: 0, skipped: 0 }

process.chdir(root)
mkdirSync(cache, { recursive: true })
process.env['NODE_COMPILE_CACHE'] = path.join(cache, 'compiled')
process.env['TMPDIR'] = temporaryDirectory()
endAfter(60)
await step('build', ['scripts/build.ts'])
const checks = fastOnly ? undefined : check()

const files = globSync('test/**/*.test.ts').filter((file) => names.every((name) => file.includes(name)))
await runTests('fast', inRooms(files.filter((file) => !file.endsWith('.slow.test.ts'))), processors + 1)
if (!fastOnly) {
  const slow = files.filter((file) => file.endsWith('.slow.test.ts'))
  await runTests(
    'slow',
    slow.filter((file) => !file.startsWith(ALONE)),
    2 * processors,
  )
  await runTests(
    'slow, by themselves',
    slow.filter((file) => file.startsWith(ALONE)),
    processors,
  )
}

await checks
writeFileSync(timesFile, JSON.stringify(times, undefined, 2))

const skipped = totals.skipped > 0 ? `, ${totals.skipped} skipped` : ''
console.log(`\n${totals.passed} passed, ${totals.failed} failed${skipped}`)
process.exitCode = totals.failed > 0 || totals.passed === 0 ? 1 : 0

/** Checks formatter, linter and types. */
async function check(): Promise<void> {
  const types = async () => {
    await step('types', ['node_modules/typescript/bin/tsc'])
    await step('types of the page', ['node_modules/typescript/bin/tsc', '-p', 'src/operator/page'])
  }
  const biome = ['node_modules/@biomejs/biome/bin/biome', 'check', '--error-on-warnings', '.']
  await Promise.all([step('formatter and linter', biome, 'npm run fix'), types()])
}

/** Ends the run after some minutes, even if a test process hangs. */
function endAfter(minutes: number): void {
  setTimeout(() => {
    const under = [...underWay].join(', ')
    console.error(`\nThe tests did not end within ${minutes} minutes. Still running: ${under}.`)
    console.log(`${totals.passed} passed, ${totals.failed + Math.max(1, underWay.size)} failed`)
    process.exit(1)
  }, minutes * 60_000).unref()
}

/** Runs a step, which counts as a test. It has a low priority: most steps run beside the first tests, and must not slow them down. */
async function step(name: string, args: readonly string[], repair?: string): Promise<void> {
  const child = spawn(process.execPath, args, { stdio: 'inherit' })
  const exit = once(child, 'exit')
  if (child.pid !== undefined) setPriority(child.pid, Math.min(getPriority() + 7, 19))
  const [code] = await exit
  if (code === 0) {
    totals.passed++
    return
  }
  totals.failed++
  console.error(`✖ ${name} failed.${repair ? ` To repair what can be repaired by itself: ${repair}` : ''}`)
}

/**
 * Writes files that import the test files of a room, or of several small ones, and returns their names. They lie in `node_modules`, where
 * TypeScript is not run.
 */
function inRooms(files: readonly string[]): string[] {
  const directory = path.join(path.relative(root, cache), 'rooms')
  mkdirSync(directory, { recursive: true })
  const roomOf = (file: string) => path.basename(path.dirname(file))
  const { true: small = [], false: large = [] } = Object.groupBy(files.toSorted(), (file) =>
    String(files.filter((other) => roomOf(other) === roomOf(file)).length <= SMALL_ROOM),
  )
  const rooms = { ...Object.groupBy(large, roomOf), 'small-rooms': small }
  return Object.entries(rooms).flatMap(([room, members = []]) => {
    const processes = Math.ceil(members.length / MAX_FILES)
    return Array.from({ length: processes }, (_, index) => {
      const imports = members
        .filter((_, position) => position % processes === index)
        .map((file) => `import '${pathToFileURL(file).href}'\n`)
      const name = path.join(directory, `${room}-${index + 1}.mjs`)
      writeFileSync(name, imports.join(''))
      return name
    })
  })
}

async function runTests(kind: string, files: readonly string[], concurrency: number): Promise<void> {
  if (files.length === 0) return
  const before = { ...totals }
  const started = performance.now()
  // The longest first, so that no long file runs alone at the end.
  const sorted = files.toSorted().toSorted((a, b) => timeOf(b) - timeOf(a) || 0)
  const stream = run({
    files: sorted,
    timeout: kind === 'fast' ? 240_000 : 480_000,
    execArgv: preloaded.flatMap((file) => [
      '--import',
      pathToFileURL(path.join(import.meta.dirname, file)).href,
    ]),
    concurrency,
  })
  const isFile = (one: { name: string; nesting: number }) => one.nesting === 0 && sorted.includes(one.name)
  stream.on('test:dequeue', (one) => void (isFile(one) && underWay.add(one.name)))
  stream.on('test:complete', (one) => {
    if (!isFile(one)) return
    underWay.delete(one.name)
    times[one.name] = Math.round(one.details.duration_ms)
  })
  stream.on('test:summary', ({ file, counts }) => {
    if (file !== undefined) return
    totals.passed += counts.passed
    totals.failed += counts.tests - counts.passed - counts.skipped - counts.todo
    totals.skipped += counts.skipped + counts.todo
  })
  const report = stream.compose(new spec())
  report.pipe(process.stdout, { end: false })
  await finished(report)
  const seconds = ((performance.now() - started) / 1_000).toFixed(1)
  const [passed, failed] = [totals.passed - before.passed, totals.failed - before.failed]
  console.log(`${kind} tests: ${passed} passed, ${failed} failed in ${seconds} s`)
}

/** Returns how long a process took in the last run, in milliseconds, or a time that puts it where it belongs among the others. */
function timeOf(file: string): number {
  const known = times[file]
  if (known !== undefined) return known
  const names = file.endsWith('.mjs') ? LONG_ROOMS : LONGEST
  const position = names.findIndex(
    (name) => file.includes(`/${name}.slow.`) || file.includes(`/rooms/${name}-`),
  )
  return position === -1 ? UNKNOWN : 1_000_000 - position
}

/** Times of the processes, in milliseconds. */
function readTimes(): Record<string, number> {
  try {
    return JSON.parse(readFileSync(timesFile, 'utf8'))
  } catch {
    return {}
  }
}

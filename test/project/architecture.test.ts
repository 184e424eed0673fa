/** The layout is the architecture: what design and docs/architecture.md say about imports is held here. */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { parseSync } from 'oxc-parser'

const source = path.resolve(import.meta.dirname, '../../src')

/** The rooms from the top to the bottom: an import points downwards. */
const ROOMS = [
  'operator/page',
  'operator/admin',
  'operator/page',
  'operator/commands',
  'operator/operations',
  'maintainer/commands',
  'maintainer/community',
  'maintainer/publish',
  'maintainer/feed',
  'maintainer/charts',
  'maintainer/insights',
  'maintainer/stack',
  'maintainer/store',
  'maintainer/collector',
  'maintainer/package',
  'library/test-kit',
  'library/exporter',
  'library/telemetry',
  'library/short-lived',
  'library/version',
  'library/bridge',
  'library/report',
  'library/delivery',
  'library/transport',
  'library/schedule',
  'library/counts',
  'library/ledger',
  'library/otlp',
  'library/packs',
  'library/facts',
  'library/consent',
  'library/identity',
  'testing',
  'feed',
  'catalog',
  'state',
  'platform',
]

/** One for each of the people who use the project. No wing imports another one. */
const WINGS = ['library', 'operator', 'maintainer']

/** All that the maintainer's wing takes from the library: the example report and the rules of the options, for what it publishes. */
const MAINTAINER_TAKES = new Set(['library/report', 'library/telemetry'])

/**
 * All that the operator's wing takes from the library: the public telemetry, and the reading of a report's bytes. Of other rooms it knows
 * the types of what the telemetry returns.
 */
const OPERATOR_TAKES = new Set(['library/telemetry', 'library/otlp'])

/** Rooms that load packages: entered by `import()` from what the host imports. */
const LAZY_ROOMS = new Set([
  'library/short-lived',
  'library/test-kit',
  'library/exporter',
  'library/bridge',
  'library/delivery',
  'library/transport',
  'library/report',
  'library/ledger',
  'library/version',
  'feed',
])

/** Second doors: of what a host does not load at its start, and of types that the page needs and the package does not ship. */
const SECOND_DOORS = new Set(['library/counts/log.ts', 'operator/admin/schemas.ts', 'platform/columns.ts'])

interface Edge {
  readonly from: string
  readonly to: string
  readonly kind: 'static' | 'type' | 'dynamic'
}

const files = globSync('**/*.{ts,tsx}', { cwd: source }).toSorted()
const edges = files.flatMap(importsOf)

test('every folder in src is a room of the list, and every room has its door', () => {
  for (const file of files) {
    const room = roomOf(file)
    if (room === undefined) continue
    assert.ok(
      ROOMS.includes(room),
      `src/${room} is not in the list of rooms; add it at its place in ${import.meta.filename}`,
    )
    assert.ok(files.includes(`${room}/index.ts`), `src/${room} has no index.ts; it is the room's door`)
  }
})

test('imports between rooms point downwards', () => {
  const upward = edges.filter(({ from, to }) => {
    const [above, below] = [roomOf(from), roomOf(to)]
    return (
      above !== below &&
      above !== undefined &&
      (below === undefined || ROOMS.indexOf(below) < ROOMS.indexOf(above))
    )
  })
  assert.deepEqual(upward, [])
})

test('no wing imports another one, but what is listed of the library', () => {
  const across = edges.filter(({ from, to, kind }) => {
    const [importing, imported] = [wingOf(from), wingOf(to)]
    if (importing === imported || importing === undefined || imported === undefined) return false
    if (importing === 'operator' && imported === 'library')
      return !(kind === 'type' || OPERATOR_TAKES.has(roomOf(to) ?? ''))
    return !(importing === 'maintainer' && MAINTAINER_TAKES.has(roomOf(to) ?? ''))
  })
  assert.deepEqual(across, [])
})

test('other rooms are entered by their index.ts', () => {
  const around = edges.filter(
    ({ from, to }) =>
      roomOf(from) !== roomOf(to) && roomOf(to) && path.basename(to) !== 'index.ts' && !SECOND_DOORS.has(to),
  )
  assert.deepEqual(around, [])
})

test('no file imports itself in a circle', () => {
  const circles: string[] = []
  for (const file of files) {
    const seen = new Set<string>()
    const queue = [file]
    for (let current = queue.pop(); current !== undefined; current = queue.pop()) {
      for (const { to } of edges.filter(({ from }) => from === current)) {
        if (to === file) circles.push(file)
        if (!seen.has(to)) queue.push(to)
        seen.add(to)
      }
    }
  }
  assert.deepEqual(circles, [])
})

/** The rooms on a report's way, the last step first: each knows only those before it in this list. */
const WAY = ['library/facts', 'library/counts', 'library/delivery', 'library/report', 'library/telemetry']

test("nothing on a report's way imports a later step, and what is behind the gate knows a verdict only as a value", () => {
  const order = (file: string) => WAY.indexOf(roomOf(file) ?? '')
  const back = edges.filter(({ from, to }) => order(from) >= 0 && order(to) > order(from))
  assert.deepEqual(back, [])
  const asking = edges.filter(
    ({ from, to, kind }) =>
      ['library/counts', 'library/delivery'].includes(roomOf(from) ?? '') &&
      roomOf(to) === 'library/consent' &&
      kind !== 'type',
  )
  assert.deepEqual(asking, [])
})

/** What a step may ask of those above it: values of the moment, read and never changed. */
const QUESTIONS = new Set([
  'catalog',
  'random',
  'productVersion',
  'readVerdict',
  'maySend',
  'totals',
  'runs',
  'isCumulative',
])

test('no step of a report calls back up: what it is given to call only reads', () => {
  for (const room of ['library/counts', 'library/delivery']) {
    const door = readFileSync(path.join(source, room, 'index.ts'), 'utf8')
    for (const file of globSync(`${room}/*.ts`, { cwd: source })) {
      const text = readFileSync(path.join(source, file), 'utf8')
      for (const [, name = '', members = ''] of text.matchAll(/interface (\w+Options)[^{]*\{\n(.*?)\n\}/gs)) {
        if (!door.includes(`create${name.replace('Options', '')}`)) continue
        const calls = [...members.matchAll(/^ {2}readonly (\w+)\??: \(/gm)].map(([, member = '']) => member)
        assert.deepEqual(
          calls.filter((member) => !QUESTIONS.has(member)),
          [],
          `${file}, ${name}`,
        )
      }
    }
  }
})

test('what the host imports reaches no package and no lazy room at run time', () => {
  const reached = new Set(['index.ts'])
  for (const file of reached) {
    for (const { from, to, kind } of edges) if (from === file && kind === 'static') reached.add(to)
  }
  assert.deepEqual(
    [...reached].filter((file) => LAZY_ROOMS.has(roomOf(file) ?? '') || SECOND_DOORS.has(file)),
    [],
  )
  assert.deepEqual(
    [...reached].flatMap((file) => packagesOf(file).map((name) => `${file} imports ${name}`)),
    [],
  )
})

test('only the room platform touches the clock, randomness, the environment and the console', () => {
  const forbidden =
    /\b(?:Date\.now\(|new Date\(\)|Math\.random\(|process\.env\b|console\.|(?<!\.)set(?:Timeout|Interval)\()/
  const host = files.filter(
    (file) =>
      !['platform', 'operator/page'].includes(roomOf(file) ?? '') &&
      wingOf(file) !== 'maintainer' &&
      file !== 'bin.ts',
  )
  const found = host.filter((file) =>
    forbidden.test(withoutComments(readFileSync(path.join(source, file), 'utf8'))),
  )
  assert.deepEqual(
    found,
    [],
    'take the time, the environment and the like from the room platform, or as an option',
  )
})

/** Returns the room of a file: its folder, below its wing where it has one. A door of the package is in no room. */
function roomOf(file: string): string | undefined {
  const [first = '', ...rest] = file.split('/')
  if (rest.length === 0) return undefined
  return wingOf(file) === undefined || rest.length === 1 ? first : `${first}/${rest[0]}`
}

function wingOf(file: string): string | undefined {
  return WINGS.find((wing) => file.startsWith(`${wing}/`))
}

function importsOf(from: string): Edge[] {
  return specifiersOf(from)
    .filter(({ specifier }) => specifier.startsWith('.'))
    .map(({ specifier, kind }) => ({ from, to: path.posix.join(path.posix.dirname(from), specifier), kind }))
}

function packagesOf(file: string): string[] {
  return specifiersOf(file)
    .filter(({ specifier, kind }) => kind === 'static' && !/^(\.|node:)/.test(specifier))
    .map(({ specifier }) => specifier)
}

function specifiersOf(file: string): Array<{ specifier: string; kind: Edge['kind'] }> {
  const text = readFileSync(path.join(source, file), 'utf8')
  const { module, errors } = parseSync(file, text)
  assert.deepEqual(errors, [])
  return [
    ...module.staticImports.map(({ moduleRequest, entries }) => ({
      specifier: moduleRequest.value,
      kind:
        entries.length > 0 && entries.every(({ isType }) => isType) ? ('type' as const) : ('static' as const),
    })),
    ...module.staticExports.flatMap(({ entries }) =>
      entries.flatMap(({ moduleRequest, isType }) =>
        moduleRequest
          ? [{ specifier: moduleRequest.value, kind: isType ? ('type' as const) : ('static' as const) }]
          : [],
      ),
    ),
    ...module.dynamicImports.map(({ moduleRequest }) => ({
      specifier: text.slice(moduleRequest.start, moduleRequest.end).replaceAll(/^['"`]|['"`]$/g, ''),
      kind: 'dynamic' as const,
    })),
  ]
}

function withoutComments(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '')
}

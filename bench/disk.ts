import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { pathToFileURL } from 'node:url'
import { findStrace } from '../src/testing/strace.ts'
import { parseTrace, type SystemCall } from '../src/testing/strace-trace.ts'
import { startEndpoint } from './endpoints.ts'
import { environmentOf } from './fresh-process.ts'
import { table } from './page.ts'

/** Titles of the phases of `one-disk.js`. */
const PHASES = {
  'first start': 'the first start',
  'first report': 'the first report',
  start: 'a start, with reports behind it',
  hour: 'an hour in which something is counted in each five minutes',
  report: 'a report',
  'idle day': 'a day in which nothing is counted, its report included',
  end: '`usage.shutdown()`, something counted',
  'idle end': '`usage.shutdown()`, nothing counted',
} as const

/** Call that changes the state directory. */
interface Change {
  readonly phase: string
  readonly name: 'open' | 'write' | 'fsync' | 'rename' | 'link' | 'unlink'
  /** Number of bytes that a `write` has written. */
  readonly bytes: number
}

/** Measures the writes of a host to its state directory. One run is enough, because they are almost the same in every run. */
export async function measureDisk(): Promise<string[]> {
  const strace = await findStrace()
  const changes = await changesOf('problem' in strace ? undefined : strace.command)
  return [
    ...table(
      ['what', 'writes', 'bytes', 'fsyncs', 'files opened to write', 'renames, links, removals'],
      Object.entries(PHASES).map(([phase, title]) => {
        const those = changes.filter((change) => change.phase === phase)
        const often = (...names: ReadonlyArray<Change['name']>) =>
          String(those.filter(({ name }) => names.includes(name)).length)
        const bytes = those.reduce((sum, change) => sum + change.bytes, 0)
        return [
          title,
          often('write'),
          bytes.toLocaleString('en-US'),
          often('fsync'),
          often('open'),
          often('rename', 'link', 'unlink'),
        ]
      }),
    ),
    '',
    'In the state directory, three facts declared, the report accepted at the first attempt. Each entry is written beside its place, synchronised, and renamed or linked into it, and its directory is ' +
      'synchronised as well: two fsyncs. What was counted is written every five minutes where it has changed. ' +
      ('problem' in strace
        ? `Counted at the file functions, because ${strace.problem}.`
        : 'Counted by strace, all threads.'),
  ]
}

/** Runs the host once, under the command `tracer`; without one the host counts its calls itself. */
async function changesOf(tracer: readonly string[] | undefined): Promise<Change[]> {
  const home = mkdtempSync(path.join(tmpdir(), 'otel-usage-bench-'))
  await using endpoint = await startEndpoint('ok')
  const directory = path.join(home, 'usage')
  const trace = path.join(home, 'trace')
  const argument = {
    program: pathToFileURL(path.join(import.meta.dirname, 'programs/otel-usage.js')).href,
    how: { state: 'on', directory, endpoint: endpoint.url },
    layer: tracer === undefined,
  }
  const [command = '', ...args] = [
    ...(tracer ? [...tracer, '-y', '-e', 'signal=none', '-e', TRACED, '-o', trace] : []),
    ...[process.execPath, path.join(import.meta.dirname, 'one-disk.js'), JSON.stringify(argument)],
  ]
  const child = spawn(command, args, {
    cwd: home,
    env: environmentOf(home),
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const output = await text(child.stdout)
  const changes: Change[] = tracer
    ? changesIn(parseTrace(readFileSync(trace, 'utf8')), directory)
    : JSON.parse(output.trim().split('\n').at(-1) ?? '')
  rmSync(home, { recursive: true, force: true })
  return changes
}

const NAMES: Readonly<Record<string, Change['name']>> = {
  ...{ open: 'open', openat: 'open' },
  ...{ write: 'write', writev: 'write', pwrite64: 'write', pwritev: 'write' },
  ...{ fsync: 'fsync', fdatasync: 'fsync' },
  ...{ rename: 'rename', renameat: 'rename', renameat2: 'rename' },
  ...{ link: 'link', linkat: 'link', unlink: 'unlink', unlinkat: 'unlink' },
}

const TRACED = `trace=${Object.keys(NAMES)
  .map((name) => `?${name}`)
  .join(',')}`

function changesIn(trace: readonly SystemCall[], directory: string): Change[] {
  let phase = ''
  return trace.flatMap((call): Change[] => {
    phase = /^1<[^>]*>, "phase ([\w ]*)\\n"/.exec(call.args)?.[1] ?? phase
    const name = NAMES[call.name]
    const isReading = name === 'open' && !/O_WRONLY|O_RDWR/.test(call.args)
    const hasFailed = call.result.startsWith('-1')
    if (!name || isReading || hasFailed || !call.args.includes(directory)) return []
    return [{ phase, name, bytes: name === 'write' ? Number.parseInt(call.result, 10) : 0 }]
  })
}

import { spread } from './figure.ts'
import { inTurns, type Run, type Start } from './fresh-process.ts'
import { type Budget, digits, missed, range, table, times, verdict } from './page.ts'
import { PEERS } from './peers.ts'

const BARE: Run = { measure: 'start' }

/** Programs to measure. This library is the first; the others are compared with it. */
const CONTENDERS: ReadonlyArray<readonly [title: string, run: Run]> = [
  ['otel-usage, enabled', ours({ state: 'on' })],
  ['otel-usage, enabled, the first start in a directory', ours({ state: 'on', directory: 'usage' })],
  ['otel-usage, disabled', ours({ state: 'off' })],
  ...PEERS.map(
    ({ title, folder }) =>
      [title, { program: `peers/${folder}/program.js`, measure: 'start', how: { state: 'on' } }] as const,
  ),
  ['three empty files', { program: 'programs/empty-files.js', measure: 'start' }],
  [
    '*least*: three empty files, a timer, an address, a date as text, an asynchronous context',
    { program: 'programs/least.js', measure: 'start' },
  ],
]

const TIME: Budget = {
  what: 'Time of import and start',
  limit: 10,
  unit: 'ms',
  floor:
    'Half of it is Node.js reading and compiling 231 kB of source (26 µs for each kB), a fifth checking catalog and options; most of the rest is code that runs for the first time. ' +
    'Tried: two files instead of five (2.4 ms less, done); one file (0.8 ms less, but what a report loads later needs what is in it, and the door is for the host alone); ' +
    'random numbers loaded with the first id instead of at the start (5 ms less, done); the time without `performance`, which loads all of `perf_hooks` (0.8 ms less, done); ' +
    'what only a report needs in files of its own (20 kB less to read, 0.5 ms, done); the variables of the process looked at once instead of with each verdict (3 ms less, done); ' +
    'no white space (0.6 ms); short names as well (2 ms, which is not worth that nobody can read what runs in their process).',
}

const MEMORY: Budget = {
  what: 'Memory of import and start',
  limit: 4,
  unit: 'MB',
  floor:
    'The host pays for what is in the column “own”. The rest are pages of the Node.js executable that are read in, which all of its processes share: ' +
    '2 MB are the optimizing compiler of V8, which Node.js sets to work on its own `path.resolve` after a few imports with long paths (with `--no-maglev`, ' +
    'or with the package in a directory with a very short name, they are not there), and 1 MB is what it reads to write a date as text. ' +
    'The row *least* has both, so that is the floor, and a host that imports files of its own and logs has paid for them already. ' +
    'Tried: `crypto` loaded with the first id (3.3 MB less, done); two files instead of five (0.7 MB less, done); no white space (nothing); short names as well (0.15 MB); ' +
    'no asynchronous context (0.35 MB, but then the host’s baggage would follow our timers); no Unicode classes in regular expressions (0.1 MB).',
}

/** Measures milliseconds and megabytes above a bare Node.js: medians of fresh processes that take turns. */
export async function measureStart(): Promise<string[]> {
  const [bare, ...others] = inTurns<Start>([BARE, ...CONTENDERS.map(([, run]) => run)], 15)
  const above = (runs: readonly Start[] | undefined, key: keyof Start) =>
    runs && spread(runs.map((one, index) => (one[key] ?? Number.NaN) - (bare?.[index]?.[key] ?? Number.NaN)))
  const rows = CONTENDERS.map(([title], index) => ({
    title,
    time: above(others[index], 'time'),
    rss: above(others[index], 'rss'),
    own: above(others[index], 'own'),
    heap: above(others[index], 'heap'),
  }))
  const [ours] = rows
  if (!ours?.time || !ours.rss) throw new Error('otel-usage itself cannot be started; see above.')
  const { time: oursTime, rss: oursRss } = ours
  return [
    ...table(
      [
        'what',
        'time',
        'range',
        'for one of ours',
        'memory (RSS)',
        'for one of ours',
        'of it own',
        'of it heap',
      ],
      rows.map(({ title, time, rss, own, heap }) =>
        time && rss && own && heap
          ? [
              title,
              `${digits(time.median)} ms`,
              range(time),
              times(time.median, oursTime.median),
              `${digits(rss.median)} MB`,
              times(rss.median, oursRss.median),
              `${digits(own.median)} MB`,
              `${digits(heap.median)} MB`,
            ]
          : [title, 'cannot be installed or loaded here', ...Array(6).fill('–')],
      ),
    ),
    '',
    `Above a bare Node.js of ${digits(spread((bare ?? []).map(({ rss }) => rss)).median)} MB, in the same run. ` +
      `Time ${verdict(oursTime.median, TIME)}; memory ${verdict(oursRss.median, MEMORY)}.`,
    ...missed([
      [oursTime.median, TIME],
      [oursRss.median, MEMORY],
    ]),
  ]
}

function ours(how: NonNullable<Run['how']>): Run {
  return { program: 'programs/otel-usage.js', measure: 'start', how }
}

import { spread } from './figure.ts'
import { inTurns, type Run, type Start } from './fresh-process.ts'
import { type Budget, digits, missed, range, table, times, verdict } from './page.ts'
import { PEERS } from './peers.ts'

const BARE: Run = { measure: 'start' }

/** Program that the budgets are compared with: as many files as a start of this library reads, with nothing in them. */
const EMPTY = 'two empty files'

/** Programs to measure. This library is the first; the others are compared with it. */
const CONTENDERS: ReadonlyArray<readonly [title: string, run: Run]> = [
  ['otel-usage, enabled', ours({ state: 'on' })],
  ['otel-usage, enabled, the first start in a directory', ours({ state: 'on', directory: 'usage' })],
  ['otel-usage, disabled', ours({ state: 'off' })],
  ...PEERS.map(
    ({ title, folder }) =>
      [title, { program: `peers/${folder}/program.js`, measure: 'start', how: { state: 'on' } }] as const,
  ),
  [EMPTY, { program: 'programs/empty-files.js', measure: 'start' }],
  [
    '*least*: two empty files, a timer, an address, a date as text, an asynchronous context',
    { program: 'programs/least.js', measure: 'start' },
  ],
]

const TIME: Budget = {
  what: 'Processor time of import and start, above two empty files',
  limit: 10,
  unit: 'ms',
  floor:
    'Where it goes (processor time between steps of one start, medians of 21 processes): 6 ms to compile 228 kB of source, which Node.js does with each import of a module; ' +
    '2 ms to link and evaluate it; 1.6 ms to check the catalog; 2 ms to check the options; 1.5 ms to read environment and state; 1.9 ms to wire the parts together and decide about consent; ' +
    '4 ms to read the stored choice, to schedule and to write the notice. A second start in the same process takes 3.5 ms for all of this but the compiling: the rest is code that is parsed and compiled for the first time. ' +
    'No `node:` module and no package is loaded meanwhile, but two internal ones for the asynchronous context. So the floor follows from the number of functions, and not from the bytes: ' +
    'without white space 178 kB take 0.8 ms less, with short names as well 127 kB take 0.9 ms less, which is not worth that nobody can read what runs in their process. ' +
    'Of no use: compiling in the main thread only, no optimizing compilers (0 ms), the hint that all functions are called on load (0 ms). ' +
    'Done before: two files instead of five (2.4 ms less); random numbers loaded with the first id (5 ms); the time without `performance` (0.8 ms); what only a report or a short-lived process needs in files of its own (0.6 ms); ' +
    'the variables of the process looked at once instead of with each verdict (3 ms).',
}

const MEMORY: Budget = {
  what: 'Memory of import and start, above two empty files',
  limit: 4,
  unit: 'MB',
  floor:
    'The host pays for what is in the column “own”; the rest are pages of the Node.js executable that all of its processes share. ' +
    'Done before: `crypto` loaded with the first id (3.3 MB less); two files instead of five (0.7 MB less).',
}

/** Measures milliseconds of processor time and megabytes above a bare Node.js: medians of fresh processes that take turns. */
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
  const empty = rows.find(({ title }) => title === EMPTY)
  const [time, memory] = [
    oursTime.median - (empty?.time?.median ?? Number.NaN),
    oursRss.median - (empty?.rss?.median ?? Number.NaN),
  ]
  return [
    ...table(
      [
        'what',
        'processor time',
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
      `The budgets are for what comes on top of ${EMPTY}: ${digits(time)} ms, ${verdict(time, TIME)}; ${digits(memory)} MB, ${verdict(memory, MEMORY)}.`,
    ...missed([
      [time, TIME],
      [memory, MEMORY],
    ]),
  ]
}

function ours(how: NonNullable<Run['how']>): Run {
  return { program: 'programs/otel-usage.js', measure: 'start', how }
}

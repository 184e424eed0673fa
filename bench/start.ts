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
    'Measured on 2026-11-27 on a busy machine, in processor time, each as the first quartile of 25 processes that took turns: import and start took 21.7 ms. ' +
    'The import was 9.4 ms of it. A host that calls `module.enableCompileCache()` first has an import of 3.7 ms from its second start on: the difference is Node.js compiling the source. ' +
    'The rest, 12.3 ms, is code that runs for the first time: 1.6 ms to declare the catalog, 2.1 ms to check the options, 7.9 ms to start (means of 60 processes). ' +
    'A third start in the same process took less than 1 ms for all of that; with the compile cache the first one took as long as without. ' +
    'Loading less does not reach the budget: a start runs 440 of 1,100 functions; with the bodies of the others emptied, 167 kB instead of 273 kB, import and start took 2.6 ms less. ' +
    'Nor does another form: without white space 1.0 ms less, minified 1.9 ms less, but then nobody could read what runs in their process. ' +
    'Without optimizing compilers 1.3 ms less; in one thread the same. ' +
    'A function that ran for the first time took 28 µs. In two other libraries, bundled into one file each, with one small task, it took 55 µs (`yaml`, 209 kB, a document of twelve lines read and written: 16.2 ms with the import) ' +
    'and 69 µs (`ajv`, 265 kB, a schema of four members compiled: 42.3 ms). ' +
    'Done before: two files instead of five (2.4 ms less); random numbers loaded with the first id (5 ms); the time without `performance` (0.8 ms); separate files for what only a report or a short-lived process needs (0.6 ms); ' +
    'the variables of the process read once instead of with each verdict (3 ms).',
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

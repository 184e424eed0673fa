/**
 * Tests the tests of a room by mutation: `npm run test:mutants -- counts`, or without a name those of every room in `mutants/rooms.ts`.
 * Stryker makes small changes to the room's code, one at a time, and each must make a test fail. Run by hand: a room takes 10 minutes to an hour.
 */
import { createRequire } from 'node:module'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { ROOMS } from './mutants/rooms.ts'

/** Required, not imported: its types do not pass this project's checks. */
const { Stryker } = createRequire(import.meta.url)('@stryker-mutator/core')

const { values, positionals } = parseArgs({
  allowPositionals: true,
  allowNegative: true,
  options: {
    /** Number of mutants that are tested at the same time. */
    concurrency: { type: 'string', default: '1' },
    /** Most processor time of a test that runs, in milliseconds; `Infinity` for mutants that survive without the long tests. */
    longest: { type: 'string', default: '400' },
    /** Tests changes to what is computed once while a module is loaded, such as a list: each needs a separate process. */
    static: { type: 'boolean', default: true },
    /** Part of the room to mutate: `src/state/lease.ts:10-40`. Default: all of it. */
    mutate: { type: 'string', multiple: true },
    /** Test files to run, as `rooms.ts` has them, for a quick look at a file. Default: those of the room. Their results are not kept. */
    tests: { type: 'string', multiple: true },
  },
})
process.chdir(path.resolve(import.meta.dirname, '..'))
process.env['MUTANTS_LONGEST'] = values.longest

for (const name of positionals.length > 0 ? positionals : Object.keys(ROOMS)) {
  const room = ROOMS[name]
  if (!room) throw new Error(`There is no room '${name}'; use one of ${Object.keys(ROOMS).join(', ')}.`)
  // For the processes that run the tests.
  process.env['MUTANTS_TESTS'] = (values.tests ?? room.tests).join()
  process.env['MUTANTS_CODE'] = (values.mutate ?? room.code)
    .filter((pattern) => !pattern.startsWith('!'))
    .map((pattern) => pattern.replace(/:\d.*$/, ''))
    .join()
  await new Stryker({
    mutate: values.mutate ?? [...room.code],
    testRunner: 'in-process',
    plugins: ['runner', 'as-found'].map((plugin) => path.resolve(`scripts/mutants/${plugin}.ts`)),
    coverageAnalysis: 'perTest',
    ignoreStatic: !values.static,
    concurrency: Number(values.concurrency),
    // Longer than the runner gives a test: a process that exceeds it is stuck.
    timeoutMS: 60_000,
    // Stryker rewrites a tsconfig.json through the API of an older TypeScript.
    tsconfigFile: 'none',
    // Not below node_modules, where Node.js strips no types.
    tempDirName: `.mutants/${name}`,
    // Of other rooms that run at the same time.
    ignorePatterns: ['.mutants'],
    // Tests again only what has changed, and what survived and a new test runs. A run that is stopped keeps its results.
    incremental: values.tests === undefined,
    incrementalFile: `node_modules/.cache/mutants/${name}-incremental.json`,
    reporters: ['as-found', 'clear-text', 'progress-append-only', 'json'],
    jsonReporter: { fileName: `node_modules/.cache/mutants/${name}${values.tests ? '-look' : ''}.json` },
    clearTextReporter: { allowColor: false, logTests: false, reportTests: false },
    allowConsoleColors: false,
  }).runMutationTest()
}

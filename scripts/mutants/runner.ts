/**
 * A test runner for Stryker that runs all tests of a room in its own process, through `registry.ts`, and so loads the code once. Stryker's
 * runner for TAP starts a process for each mutant and test file. Stryker starts another process for a mutant in code that runs only while a
 * module is loaded, and for one that never ends.
 */
import { chmodSync, globSync, readFileSync, writeFileSync } from 'node:fs'
import { registerHooks } from 'node:module'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import fc from 'fast-check'
import { type Context, hooks, type KeptTest, kept, load, mock } from './registry.ts'

/** State that Stryker's changed code reads and writes. */
interface Instrumented {
  activeMutant?: string | undefined
  currentTestId?: string | undefined
  hitCount?: number | undefined
  hitLimit?: number | undefined
  mutantCoverage?: { readonly perTest: Record<string, unknown> }
}

interface MutantRun {
  readonly activeMutant: { readonly id: string }
  readonly testFilter?: readonly string[]
  readonly hitLimit?: number
  readonly mutantActivation: 'runtime' | 'static'
}

const instrumented: Instrumented = {}
const [PASSED, FAILED, SKIPPED] = [0, 1, 2]
/** Time limit of a test, in milliseconds: one that takes more than half a second of processor time does not run. */
const TIME_LIMIT = 10_000
/** The same without a mutant: nothing is known of the tests and the machine yet. */
const FIRST_LIMIT = 200_000
/** Most processor time of a test that runs, in microseconds. Each mutant that survives costs the time of all of its tests. */
const LONG = Number(process.env['MUTANTS_LONGEST']) * 1_000
/** Processor time of each test by its id, for the other processes of a run. In the copy of the project that Stryker makes. */
const COSTS = '.test-costs.json'

/** Ends the running test with an error that nothing else has caught. */
let fail: (error: unknown) => void = () => {}

class Runner {
  /** Test files that are not loaded yet. */
  readonly #files = (process.env['MUTANTS_TESTS'] ?? '').split(',')

  capabilities() {
    return { reloadEnvironment: false }
  }

  init() {
    Object.assign(globalThis, { __stryker__: instrumented })
    // One counterexample is enough; looking for the smallest takes long.
    fc.configureGlobal({ endOnFailure: true })
    const registry = new URL('registry.ts', import.meta.url).href
    registerHooks({
      resolve: (specifier, context, next) =>
        specifier === 'node:test' ? { url: registry, shortCircuit: true } : next(specifier, context),
    })
    for (const event of ['uncaughtException', 'unhandledRejection'])
      process.on(event, (error: unknown) => fail(error))
  }

  async dryRun() {
    // For tests that start a process of another user: Stryker makes the copy of the project for its own user alone.
    chmodSync('.', 0o755)
    // What is computed while a file is loaded belongs to no test, not even to the first one that needs a file which the library loads late.
    for (const file of globSync((process.env['MUTANTS_CODE'] ?? '').split(',')))
      await import(pathToFileURL(path.resolve(file)).href)
    while (this.#files.length > 0) await this.#loadNext()
    const tests = []
    const costs: Record<string, number> = {}
    for (const one of kept) {
      instrumented.currentTestId = one.id
      const [began, before] = [performance.now(), process.cpuUsage()]
      const failureMessage = await failureOf(one, FIRST_LIMIT)
      const about = { id: one.id, name: one.id, timeSpentMs: performance.now() - began }
      const { user, system } = process.cpuUsage(before)
      const cost = user + system
      costs[one.id] = cost
      if (cost > LONG) delete instrumented.mutantCoverage?.perTest[one.id]
      if (failureMessage !== undefined) tests.push({ ...about, status: FAILED, failureMessage })
      else tests.push({ ...about, status: cost > LONG ? SKIPPED : PASSED })
    }
    instrumented.currentTestId = undefined
    writeFileSync(COSTS, JSON.stringify(costs))
    return { status: 'complete', tests, mutantCoverage: instrumented.mutantCoverage }
  }

  async mutantRun({ activeMutant, testFilter, hitLimit, mutantActivation }: MutantRun) {
    if (mutantActivation === 'static') instrumented.activeMutant = activeMutant.id
    const costs: Record<string, number> = JSON.parse(readFileSync(COSTS, 'utf8'))
    const costOf = ({ id }: KeptTest) => costs[id] ?? 0
    let nrOfTests = 0
    for await (const one of this.#tests(mutantActivation === 'static', costOf)) {
      if (testFilter ? !testFilter.includes(one.id) : costOf(one) > LONG) continue
      nrOfTests++
      Object.assign(instrumented, { activeMutant: activeMutant.id, hitLimit, hitCount: hitLimit && 0 })
      const failureMessage = await failureOf(one)
      if (failureMessage === undefined) continue
      Object.assign(instrumented, { activeMutant: undefined, hitLimit: undefined, hitCount: undefined })
      // The cause is the change only if the test passes without it. Otherwise an earlier mutant has spoilt this process, and Stryker
      // tries the mutant in another one.
      const isSound = mutantActivation === 'static' || (await failureOf(one)) === undefined
      if (!isSound) throw new Error(`'${one.id}' fails without the change too.`)
      return { status: 'killed', killedBy: [one.id], failureMessage, nrOfTests }
    }
    return { status: 'survived', nrOfTests }
  }

  /** Returns all tests, the cheapest first. In a separate process for one mutant, loading costs most, so there they are file by file. */
  async *#tests(isOwnProcess: boolean, costOf: (test: KeptTest) => number): AsyncGenerator<KeptTest> {
    let done = 0
    while (this.#files.length > 0) {
      await this.#loadNext()
      if (!isOwnProcess) continue
      yield* kept.slice(done)
      done = kept.length
    }
    yield* kept.slice(done).sort((a, b) => costOf(a) - costOf(b))
  }

  async #loadNext() {
    const name = this.#files.shift() as string
    await load(name, pathToFileURL(path.resolve('test', `${name}.test.ts`)).href)
    for (const hook of hooks.splice(0)) await hook()
  }
}

/** Returns the message of the error that a test ends with; `undefined` if it passes. */
async function failureOf(one: KeptTest, limit = TIME_LIMIT): Promise<string | undefined> {
  const ends = [...one.ends]
  const context: Context = { after: (end) => void ends.unshift(end), mock }
  const { promise: failed, reject } = Promise.withResolvers<never>()
  failed.catch(() => {})
  fail = reject
  const timer = setTimeout(() => reject(new Error('The test does not end.')), limit)
  try {
    await Promise.race([one.body(context), failed])
    return
  } catch (error) {
    return String(error)
  } finally {
    clearTimeout(timer)
    for (const end of ends) await end()
    mock.restoreAll()
  }
}

export const strykerPlugins = [{ kind: 'TestRunner', name: 'in-process', injectableClass: Runner }]

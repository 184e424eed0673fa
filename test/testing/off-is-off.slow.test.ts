/** Off is off: whoever says no, the product opens no socket, asks no name, starts no process, and has no identity. */
import assert from 'node:assert/strict'
import { cpSync, existsSync, mkdirSync } from 'node:fs'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { SOURCES } from '../../src/library/consent/index.ts'
import {
  assertSilent,
  HostNotSilentError,
  observeHost,
  straceProblem,
  type Tracer,
} from '../../src/testing/index.ts'
import { createAcme } from '../support/acme.ts'
import { bundled } from '../support/bundled.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { type Receiver, startReceiver } from '../support/receiver.ts'
import { createScratch } from '../support/scratch.ts'
import { WAYS_TO_SAY_NO, type WayToSayNo } from './ways-to-say-no.ts'

const tracers: ReadonlyArray<readonly [Tracer, string | false]> = [
  ['strace', (await straceProblem()) ?? false],
  ['node', false],
]
const DAY = 86_400_000
const scratch = createScratch()
const reportedBefore = path.join(scratch.directory, 'reported-before')
// A bundle: each file that a program reads stops it several times under strace, and there are a hundred programs.
const product = bundled(
  path.join(import.meta.dirname, 'hosts/product.ts'),
  path.join(scratch.directory, 'program'),
)
let receiver: Receiver
let runs = 0

before(async () => {
  receiver = await startReceiver()
  // A state directory from better times: an id, a report that still waits to be sent, and the next one long due.
  const usage = createAcme({ state: reportedBefore, clock: createFakeClock(Date.now() - 7 * DAY) })
  assert.equal((await usage.report()).outcome, 'queued')
  await usage.shutdown()
  assert.ok(existsSync(path.join(reportedBefore, 'installation.json')))
})
after(async () => {
  await receiver[Symbol.asyncDispose]()
  scratch[Symbol.dispose]()
})

test('every source that can say no is held here', () => {
  const held = new Set(Object.values(WAYS_TO_SAY_NO).map(({ source }) => source))
  assert.deepEqual(
    SOURCES.filter(({ source }) => !held.has(source)),
    [],
  )
})

for (const [tracer, skip] of tracers) {
  describe(`off is off, as ${tracer} sees it`, { concurrency: 3 }, () => {
    for (const [name, way] of Object.entries(WAYS_TO_SAY_NO)) {
      for (const past of ['at its first start', 'after it has reported']) {
        test(`${name}: silent ${past}`, { skip }, async () => {
          const observation = await run(way, tracer, past === 'after it has reported')
          assertSilent(observation)
          const { source, state = 'disabled', scheduled = true } = way
          assert.deepEqual(JSON.parse(observation.stdout), {
            source,
            state,
            outcomes: scheduled ? ['suppressed', 'suppressed'] : ['suppressed'],
            wouldBeSent: false,
          })
        })
      }
    }

    test('with consent, the same product is not silent: it sends, and has an identity', {
      skip,
    }, async () => {
      const observation = await run({ source: 'default' }, tracer, false)
      const port = new URL(receiver.endpoint).port
      assert.throws(
        () => assertSilent(observation),
        (error) =>
          error instanceof HostNotSilentError &&
          new RegExp(`socket: connect .*127\\.0\\.0\\.1:${port}`).test(error.message) &&
          /identity-file: .*installation\.json/.test(error.message),
      )
      assert.deepEqual(JSON.parse(observation.stdout).source, 'default')
      assert.equal(observation.exitCode, 0)
    })
  })
}

/** Runs the product, with one way to say no, in a state directory of its own. */
async function run(way: WayToSayNo, tracer: Tracer, hasReported: boolean) {
  const directory = path.join(scratch.directory, String(runs++))
  const stateDirectory = path.join(directory, 'state')
  mkdirSync(stateDirectory, { recursive: true })
  if (hasReported) cpSync(reportedBefore, stateDirectory, { recursive: true })
  const place = { directory, stateDirectory }

  const options = {
    endpoint: receiver.endpoint,
    state: stateDirectory,
    scheduled: way.scheduled,
    ...way.options,
    ...(await way.before?.(place)),
  }
  const { PATH = '' } = process.env
  return observeHost({
    command: [process.execPath, way.program?.(place, product) ?? product, JSON.stringify(options)],
    // What Node.js has compiled serves the next run: the whole table in half the time.
    environment: { PATH, NODE_COMPILE_CACHE: path.join(scratch.directory, 'compiled'), ...way.environment },
    stateDirectory,
    tracer,
  })
}

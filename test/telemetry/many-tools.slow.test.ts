/** Many short-lived processes at once on one directory, and a child process that cannot come to its end. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { after, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { straceProblem } from '../../src/testing/index.ts'
import { bundled } from '../support/bundled.ts'
import { attributesOf, numbersOf, type Receiver, startReceiver } from '../support/receiver.ts'
import { createScratch } from '../support/scratch.ts'
import { until } from '../support/until.ts'
import { DONE, deliverersOf, runTool, TOOL } from './tool.ts'

const TOOLS = 50

const programs = createScratch()
after(() => programs[Symbol.dispose]())
/** Each of the fifty makes a report, and all but one find that they are late: as modules, the SDK would take most of the time. */
const bundledTool = bundled(TOOL, programs.directory)

/** What has arrived, each report once: where all of these processes share two cores, an answer may be too late, and its report be repeated. */
function reportsAt({ received }: Receiver) {
  const reports = received.map(({ json }) => ({
    ...{ id: attributesOf(json)['usage.report.id'], installation: attributesOf(json)['service.instance.id'] },
    runs: Number(numbersOf(json)['acme.runs'] ?? 0),
  }))
  return [...new Map(reports.map((report) => [report.id, report])).values()]
}

for (const delivery of [{ within: '30s' }, 'detached']) {
  for (const exits of [false, true]) {
    const ends = exits ? 'that end by process.exit()' : 'that end by themselves'
    const name = delivery === 'detached' ? 'detached' : 'within a budget'
    test(`${TOOLS} tools at once ${ends}, delivery ${name}: one report, and no run is lost or counted twice`, async () => {
      using scratch = createScratch()
      const { directory } = scratch
      await using receiver = await startReceiver()
      const options = {
        ...{ endpoint: receiver.endpoint, state: directory, delivery, exits },
        schedule: { initialDelay: '0s' },
      }
      // A bundle has no script for a child process.
      const how = delivery === 'detached' ? {} : { program: bundledTool }
      const results = await Promise.all(Array.from({ length: TOOLS }, () => runTool(options, how)))
      assert.deepEqual(results, Array(TOOLS).fill(DONE))
      await until(() => receiver.received.length > 0 && !existsSync(path.join(directory, 'detached.json')))
      assert.equal(reportsAt(receiver).length, 1)
      assert.equal(readdirSync(path.join(directory, 'counts')).length, TOOLS)

      await runTool({ ...options, delivery: 'inline', reports: true })
      const [first = assert.fail(), second = assert.fail(), ...others] = reportsAt(receiver)
      assert.deepEqual(others, [])
      assert.equal(first.runs + second.runs, TOOLS + 1)
      assert.equal(first.installation, second.installation)
    })
  }
}

test('a child whose file system does not answer is gone within half a minute', {
  skip: (await straceProblem()) ?? false,
}, async (t) => {
  using scratch = createScratch()
  const { directory } = scratch
  const options = { endpoint: 'http://127.0.0.1:9', state: directory, delivery: 'detached' }
  // The child alone opens the ledger. The call has no answer for a minute, and holds up process.exit() as well.
  const stuck = ['-P', path.join(directory, 'ledger.jsonl'), '-e', 'inject=openat:delay_enter=60s']
  const tool = [process.execPath, TOOL, JSON.stringify({ ...options, schedule: { initialDelay: '0s' } })]
  const { PATH = '' } = process.env
  const tracer = spawn('strace', ['-f', '-qq', '-o', path.join(directory, 'calls'), ...stuck, ...tool], {
    env: { PATH },
    stdio: 'ignore',
  })
  t.after(() => tracer.kill('SIGKILL'))
  await until(() => deliverersOf(directory).length === 1)
  await until(() => readFileSync(path.join(directory, 'calls'), 'utf8').includes('ledger.jsonl'))
  const since = performance.now()
  while (deliverersOf(directory).length > 0) await setTimeout(100)
  assert.ok(performance.now() - since < 55_000, 'the call had its answer before')
})

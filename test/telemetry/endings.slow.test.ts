/** However a host comes to its end, what was kept until then arrives later, once. Real processes and threads, a gateway that hangs. */
import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { after, test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { createAcme } from '../support/acme.ts'
import { bareEnvironment } from '../support/bare-environment.ts'
import { bundled } from '../support/bundled.ts'
import { attributesOf, numbersOf, type Receiver, startReceiver } from '../support/receiver.ts'
import { createScratch } from '../support/scratch.ts'
import { until } from '../support/until.ts'
import { startStubborn } from './tool.ts'

const programs = createScratch()
after(() => programs[Symbol.dispose]())
const ENDS = bundled(path.join(import.meta.dirname, 'hosts/ends.ts'), programs.directory)
const COUNT = 'acme.commands{command=find,result=ok}'

/** How it ends, with which exit, and what was kept: the report that hung (3), or all that was counted (7). */
const WAYS: ReadonlyArray<readonly [way: string, exit: number | NodeJS.Signals, kept: 3 | 7]> = [
  ['nothing more to do', 0, 3],
  ['process.exit()', 0, 3],
  ['shutdown', 0, 7],
  ['shutdown and process.exit()', 0, 7],
  ['SIGTERM, which it does not handle', 'SIGTERM', 3],
  ['SIGTERM, which it handles', 143, 7],
  ['an uncaught exception', 1, 3],
  ['an unhandled rejection', 1, 3],
  ['nothing more to do in a worker', 0, 3],
  ['process.exit() in a worker', 0, 3],
  ['shutdown in a worker', 0, 7],
  ['worker.terminate() in a worker', 0, 3],
]

for (const [way, exit, kept] of WAYS) {
  test(`a host that ends by ${way}: ${kept === 7 ? 'all that was counted' : 'what was in a report'} arrives later, once`, async () => {
    using scratch = createScratch()
    using silence = await startStubborn()
    const host = fork(ENDS, [silence.endpoint, scratch.directory, way], {
      silent: true,
      env: bareEnvironment(),
    })
    const output = Promise.all([host.stdout, host.stderr].map((stream) => text(stream ?? assert.fail())))
    await until(() => silence.connections > 0)
    const exited = once(host, 'exit')
    host.send('end')
    const [code, signal]: Array<number | NodeJS.Signals> = await exited
    assert.equal(signal ?? code, exit)
    const [stdout, stderr = ''] = await output
    assert.equal(stdout, '')
    if (way.startsWith('an un')) assert.match(stderr, /The host fails on purpose\./)
    else assert.equal(stderr, '')

    await using receiver = await startReceiver()
    for (let run = 0; run < 2; run++)
      await createAcme({ endpoint: receiver.endpoint, state: scratch.directory }).report()
    const { counts, ids } = arrivedAt(receiver)
    assert.equal(counts[0], 3)
    assert.equal(sum(counts), kept)
    assert.equal(new Set(ids).size, ids.length)
  })
}

test('several worker threads of a process, on one directory: one report, one installation, and every count once', async () => {
  using scratch = createScratch()
  await using receiver = await startReceiver()
  const argv = [receiver.endpoint, scratch.directory, 'shutdown in a worker']
  const workers = Array.from({ length: 4 }, () => new Worker(ENDS, { argv }))
  await until(() => receiver.received.length > 0)
  const exits = workers.map((worker) => once(worker, 'exit'))
  for (const worker of workers) worker.postMessage('end')
  assert.deepEqual(await Promise.all(exits), Array(4).fill([0]))
  assert.equal(receiver.received.length, 1)

  await createAcme({ endpoint: receiver.endpoint, state: scratch.directory }).report()
  const { counts, ids, installations } = arrivedAt(receiver)
  // The end may come between the report and its answer; then it is sent again under its id, and the receiver counts it once.
  assert.equal(sum([...new Map(ids.map((id, index) => [id, counts[index] ?? 0])).values()]), 4 * 7)
  assert.equal(new Set(installations).size, 1)
})

const sum = (numbers: readonly number[]) => numbers.reduce((all, number) => all + number, 0)

function arrivedAt({ received }: Receiver) {
  const attributes = received.map(({ json }) => attributesOf(json))
  return {
    counts: received.map(({ json }) => numbersOf(json)[COUNT] ?? 0),
    ids: attributes.map((report) => report['usage.report.id']),
    installations: attributes.map((report) => report['service.instance.id']),
  }
}

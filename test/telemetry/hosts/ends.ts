/**
 * A host that counts 3, is in the middle of a report, counts 4 and comes to its end in the way that it is told, as soon as its parent
 * says so over the channel of `fork`: `node ends.ts ENDPOINT STATE WAY`. `in a worker`: the telemetry runs in a worker thread.
 */
import { once } from 'node:events'
import { isMainThread, parentPort, Worker } from 'node:worker_threads'
import { createAcme } from '../../support/acme.ts'

const [endpoint = '', state = '', way = ''] = process.argv.slice(2)
const isWorkers = way.endsWith('in a worker')

if (isMainThread && isWorkers) {
  const worker = new Worker(new URL(import.meta.url), { argv: [endpoint, state, way] })
  await once(process, 'message')
  process.disconnect()
  worker.postMessage('end')
  if (way === 'worker.terminate() in a worker') {
    await once(worker, 'message')
    await worker.terminate()
  } else await once(worker, 'exit')
} else await live()

async function live(): Promise<void> {
  const usage = createAcme({ endpoint, state, schedule: { initialDelay: '0s' } })
  const count = (amount: number) =>
    usage.counter('acme.commands').add(amount, { command: 'find', result: 'ok' })
  count(3)
  await usage.start()
  if (way === 'SIGTERM, which it handles') {
    process.once('SIGTERM', async () => {
      await usage.shutdown()
      process.exit(143)
    })
  }
  await (parentPort ? once(parentPort, 'message') : once(process, 'message'))
  count(4)
  if (way.startsWith('shutdown')) await usage.shutdown()
  parentPort?.postMessage('counted')
  if (process.connected && isMainThread) process.disconnect()
  if (way.includes('process.exit()')) process.exit(0)
  if (way.startsWith('SIGTERM')) process.kill(process.pid, 'SIGTERM')
  if (way === 'an uncaught exception') setImmediate(() => fail())
  if (way === 'an unhandled rejection') void Promise.reject(new Error('The host fails on purpose.'))
  // Until it is ended, unless it has nothing more to do.
  if (/SIGTERM|terminate/.test(way)) setTimeout(() => {}, 60_000)
}

function fail(): never {
  throw new Error('The host fails on purpose.')
}

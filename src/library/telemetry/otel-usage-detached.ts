/**
 * The child process of a short-lived host: makes the report that is due, sends what waits, and ends. It has half a minute, says nothing,
 * loads nothing of the host, and starts no process. Whatever goes wrong, all is left as it is for the next one.
 *
 * Usage: node otel-usage-detached.ts <state directory>
 */
import type { Catalog } from '../../catalog/index.ts'
import {
  groupBy,
  keepingProcessAlive,
  process,
  systemClock,
  systemEnvironment,
} from '../../platform/index.ts'
import { createDirectoryStore, ENTRIES, storeWithTimeout } from '../../state/index.ts'
import { parseSeriesKey } from '../facts/index.ts'
import { MACHINE } from './child-process.ts'
import { begin, DEADLINE, type Job, readJob } from './hand-over.ts'
import type { UsageRecorder } from './recorder.ts'
import type { UsageTelemetry } from './surface.ts'
import { createUsageTelemetry } from './usage-telemetry.ts'

const [directory = ''] = process.argv.slice(2)
/** By force: a file system that does not answer holds up `process.exit()`. Nothing is lost: what is written is on the disk. */
const end = () => process.kill(process.pid, 'SIGKILL')
process.on('uncaughtException', end)
systemClock.after(DEADLINE, end)
void keepingProcessAlive(run).finally(end)

async function run(): Promise<void> {
  const store = storeWithTimeout(createDirectoryStore(directory), systemClock)
  const job = await readJob(store)
  if (!job || !('options' in job)) return
  // Where that cannot be written, the child is at it all the same.
  await begin(store, job).catch(() => {})
  await deliver(job)
  await store.remove(ENTRIES.detached)
}

async function deliver({ options, environment, parts, attributes, points, observed }: Job): Promise<void> {
  const { [MACHINE]: machine, ...own } = systemEnvironment()
  const usage: UsageTelemetry = createUsageTelemetry({
    ...options,
    identity: { ...options.identity, ...(machine !== undefined && { machine: () => machine }) },
    state: directory,
    environment: { ...own, ...environment },
    delivery: { within: DEADLINE - 5_000 },
  })
  const recorders: ReadonlyArray<readonly [Catalog, Recorder]> = [
    [options.catalog, usage],
    ...parts.map((part) => [part, usage.contribute(part)] as const),
  ]
  const ownerOf = (name: string) => recorders.find(([{ facts }]) => Object.hasOwn(facts, name))?.[1]
  for (const [name, value] of Object.entries(attributes)) ownerOf(name)?.set(name, value)
  for (const [name, values] of groupBy(points, (point) => point.name)) ownerOf(name)?.set(name, () => values)
  for (const [key, total] of Object.entries(observed)) {
    const { name = '', attributes } = parseSeriesKey(key) ?? {}
    const meter = ownerOf(name)?.getMeter(name)
    meter?.createObservableCounter(name).addCallback((result) => result.observe(total, attributes))
  }
  await usage.start()
  await usage.shutdown()
}

type Recorder = Pick<UsageRecorder, 'getMeter'> & { set(name: string, value: unknown): void }

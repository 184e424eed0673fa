/**
 * Child process of a short-lived host. Makes the report that is due, sends the reports that wait, and ends, within 30 seconds. Prints
 * nothing, loads nothing of the host, and starts no process.
 *
 * Usage: node otel-usage-detached.ts <state directory>
 */
import type { Catalog } from '../../catalog/index.ts'
import { groupBy, process, systemEnvironment } from '../../platform/index.ts'
import { parseSeriesKey } from '../facts/index.ts'
import { deliverJob, MACHINE } from '../short-lived/index.ts'
import type { DetachedWork } from './detached-work.ts'
import type { UsageRecorder } from './recorder.ts'
import type { UsageTelemetry } from './surface.ts'
import { createUsageTelemetry } from './usage-telemetry.ts'

/** Longest time to send, in milliseconds: shorter than the life of the process, which leaves time for the disk. */
const MAX_SENDING_TIME = 25_000

const [directory = ''] = process.argv.slice(2)
deliverJob(directory, (work) => report(work as DetachedWork))

async function report(work: DetachedWork): Promise<void> {
  const { options, environment, parts, attributes, points, observed } = work
  const { [MACHINE]: machine, ...own } = systemEnvironment()
  const usage: UsageTelemetry = createUsageTelemetry({
    ...options,
    identity: { ...options.identity, ...(machine !== undefined && { machine: () => machine || undefined }) },
    state: directory,
    environment: { ...own, ...environment },
    delivery: { within: MAX_SENDING_TIME },
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

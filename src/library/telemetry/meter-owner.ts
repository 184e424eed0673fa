import { globalMeterProvider, type Logger } from '../../platform/index.ts'
import type { FactStore } from '../facts/index.ts'

/**
 * Notices that a process has two owners of OpenTelemetry's one global MeterProvider: the usage telemetry, and an SDK of the host.
 * Whoever registers second is refused without a word, and what is recorded by the API alone goes to the first.
 */
export interface MeterOwner {
  /** Warns where somebody else's metrics come to us, and go nowhere. */
  look(): void
  /** Warns where our facts may go to somebody else, too: when a report is due, the host has had the time to tell them. */
  lookAtReport(): void
}

export interface MeterOwnerOptions {
  readonly logger: Logger
  /** The product's own store first. */
  readonly stores: readonly FactStore[]
  /** What the host holds as our MeterProviders: the product's, and those of contributions. */
  readonly own: Pick<WeakSet<object>, 'has'>
}

export function createMeterOwner({ logger, stores, own }: MeterOwnerOptions): MeterOwner {
  let warned = false

  function warnOnce(message: string): void {
    if (!warned) logger.warn(message)
    warned = true
  }

  function look(): void {
    const owner = globalMeterProvider()
    if (owner === undefined || !own.has(owner)) return
    const [stranger] = stores.flatMap(({ usage: asked }) => [...asked.undeclaredNames])
    if (stranger === undefined) return
    warnOnce(
      `The usage telemetry is OpenTelemetry's global MeterProvider, and is asked for metrics that its catalog does not declare, such as '${stranger}'. ` +
        'They go nowhere. Where the product has an OpenTelemetry SDK of its own, register that one instead, ' +
        'and take the instruments of the facts from usage.getMeter() or usage.counter().',
    )
  }

  function lookAtReport(): void {
    look()
    const owner = globalMeterProvider()
    if (owner === undefined || own.has(owner)) return
    if (stores.some(({ usage: asked }) => asked.usesNumbers) || !stores.some(hasNumbers)) return
    warnOnce(
      "Another MeterProvider than the usage telemetry is OpenTelemetry's global one, and no gauge or count of the usage catalog has been told here. " +
        'What is recorded by metrics.getMeter() of @opentelemetry/api goes to that one, and is in no usage report. ' +
        'Take the instruments of the facts from usage.getMeter() or usage.counter().',
    )
  }

  return { look, lookAtReport }
}

const hasNumbers = ({ gauges, counts }: FactStore): boolean => gauges.size + counts.size > 0

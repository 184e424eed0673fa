import { globalMeterProvider, type Logger } from '../../platform/index.ts'
import type { FactStore } from '../facts/index.ts'

/**
 * Detects that two parts of a process want to be OpenTelemetry's one global MeterProvider: the usage telemetry, and an SDK of the host.
 * OpenTelemetry silently refuses the second one, and everything that is recorded by the API goes to the first.
 */
export interface MeterOwner {
  /** Warns if metrics of other code come to the usage telemetry, which drops them. */
  look(): void
  /** Warns like `look`, and also if facts may go to another provider. Called before a report: by then the host has had time to record facts. */
  lookAtReport(): void
}

export interface MeterOwnerOptions {
  readonly logger: Logger
  /** Stores of facts, the product's own first. */
  readonly stores: readonly FactStore[]
  /** MeterProviders of the usage telemetry: the product's, and those of contributions. */
  readonly own: Pick<WeakSet<object>, 'has'>
  /** Returns `true` while the host's provider may have a reader of this telemetry, through which facts recorded there arrive here. */
  readonly hasReader: () => boolean
}

export function createMeterOwner({ logger, stores, own, hasReader }: MeterOwnerOptions): MeterOwner {
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
        'These metrics are dropped. If the product has its own OpenTelemetry SDK, register that one instead, ' +
        'and take the instruments of the facts from usage.getMeter() or usage.counter().',
    )
  }

  function lookAtReport(): void {
    look()
    const owner = globalMeterProvider()
    if (owner === undefined || own.has(owner) || hasReader()) return
    if (stores.some(({ usage: asked }) => asked.usesNumbers) || !stores.some(hasNumbers)) return
    warnOnce(
      "Another MeterProvider than the usage telemetry is OpenTelemetry's global one, and no gauge or count of the usage catalog has been recorded here. " +
        'What is recorded by metrics.getMeter() of @opentelemetry/api goes to that provider, and is in no usage report. ' +
        'Take the instruments of the facts from usage.getMeter() or usage.counter(), or give that provider a reader of the facts: await usage.reader().',
    )
  }

  return { look, lookAtReport }
}

const hasNumbers = ({ gauges, counts }: FactStore): boolean => gauges.size + counts.size > 0

import type { Facts } from '../../catalog/index.ts'
import { inOwnContext } from '../../platform/index.ts'
import type { UsageTelemetry } from './surface.ts'

/**
 * The same telemetry, outside of the asynchronous context of whoever calls it. A telemetry that is started in the middle of a request
 * lives longer than that, and so do its timers and promises, and what the context of the request holds with them.
 */
export function outsideContext<F extends Facts>(usage: UsageTelemetry<F>): UsageTelemetry<F> {
  const { consent, ledger } = usage
  return {
    ...usage,
    contribute: (catalog) => inOwnContext(() => usage.contribute(catalog)),
    reader: () => inOwnContext(usage.reader),
    start: () => inOwnContext(usage.start),
    shutdown: () => inOwnContext(usage.shutdown),
    preview: () => inOwnContext(usage.preview),
    report: () => inOwnContext(usage.report),
    forget: (chooser) => inOwnContext(() => usage.forget(chooser)),
    status: () => inOwnContext(usage.status),
    consent: {
      ...consent,
      set: (decision, chooser) => inOwnContext(() => consent.set(decision, chooser)),
      history: () => inOwnContext(consent.history),
    },
    ledger: {
      ...ledger,
      last: (outcome) => inOwnContext(() => ledger.last(outcome)),
      check: () => inOwnContext(ledger.check),
    },
  }
}

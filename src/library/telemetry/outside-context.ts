import type { Facts } from '../../catalog/index.ts'
import { inOwnContext } from '../../platform/index.ts'
import type { UsageTelemetry } from './surface.ts'

/**
 * Returns the same telemetry, run outside of the asynchronous context of its caller. A telemetry that a request starts outlives the
 * request. Its timers and promises would keep everything that the context of the request refers to.
 */
export function outsideContext<F extends Facts>(usage: UsageTelemetry<F>): UsageTelemetry<F> {
  const { consent, ledger, version } = usage
  return {
    ...usage,
    contribute: (catalog) => inOwnContext(() => usage.contribute(catalog)),
    reader: () => inOwnContext(usage.reader),
    observe: (provider) => inOwnContext(() => usage.observe(provider)),
    start: () => inOwnContext(usage.start),
    shutdown: () => inOwnContext(usage.shutdown),
    preview: (options) => inOwnContext(() => usage.preview(options)),
    report: () => inOwnContext(usage.report),
    export: (save) => inOwnContext(() => usage.export(save)),
    explain: (hypothesis) => inOwnContext(() => usage.explain(hypothesis)),
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
    version: {
      ...version,
      check: () => inOwnContext(version.check),
      acknowledge: (id, choice) => inOwnContext(() => version.acknowledge(id, choice)),
    },
  }
}

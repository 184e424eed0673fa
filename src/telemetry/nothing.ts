import type { Meter } from '@opentelemetry/api'
import type { Facts } from '../catalog/index.ts'
import { ConsentLockedError, decideConsent } from '../consent/index.ts'
import type { Settings } from './settings.ts'
import type { UsageTelemetry } from './surface.ts'

/** The usage telemetry of a package that has none: nothing is collected, loaded or written, and nobody can change that. */
export function createNothing<F extends Facts>(settings: Settings): UsageTelemetry<F> {
  const { prefix, levels, defaultBy, startedAt } = settings.consentInputs
  // No source is asked: not even a flag brings back what is not there.
  const silence = { prefix, levels, defaultBy, environment: {}, ...(startedAt && { startedAt }) }
  const verdict = { ...decideConsent({ ...silence, default: 'disabled' }), locked: true }
  const bytes = new Uint8Array()
  const nothing = () => {}
  return {
    getMeter: () => NO_METER,
    set: nothing,
    use: nothing,
    counter: () => ({ add: nothing, bind: () => ({ add: nothing }) }),
    contribute: () => ({
      getMeter: () => NO_METER,
      set: nothing,
      use: nothing,
      counter: () => ({ add: nothing, bind: () => ({ add: nothing }) }),
      remove: nothing,
    }),
    start: async () => verdict,
    shutdown: async () => {},
    preview: async () => ({
      bytes,
      json: {},
      facts: { attributes: {}, points: [] },
      text: '',
      wouldBeSent: false,
    }),
    report: async () => ({ outcome: 'suppressed', reportId: '', reason: verdict.because, bytes }),
    forget: async () => ({ outcome: 'suppressed', reportId: '', reason: verdict.because, bytes }),
    status: async () => ({
      verdict,
      delivery: { waiting: 0, failures: 0 },
      state: { location: settings.state.location, durable: true, problems: [] },
      facts: { reported: [], newer: [], aboveLevel: [], excluded: [], expired: [] },
    }),
    consent: {
      verdict: () => verdict,
      set: async () => {
        throw new ConsentLockedError(verdict)
      },
      history: async () => [],
      on: () => nothing,
    },
    ledger: {
      async *entries() {},
      last: async () => undefined,
      check: async () => ({ entries: 0, torn: 0 }),
    },
  }
}

const instrument = { add() {}, record() {}, addCallback() {}, removeCallback() {} }

const NO_METER: Meter = {
  createGauge: () => instrument,
  createHistogram: () => instrument,
  createCounter: () => instrument,
  createUpDownCounter: () => instrument,
  createObservableGauge: () => instrument,
  createObservableCounter: () => instrument,
  createObservableUpDownCounter: () => instrument,
  addBatchObservableCallback() {},
  removeBatchObservableCallback() {},
}

import type { Meter } from '@opentelemetry/api'
import type { Facts } from '../../catalog/index.ts'
import { OLDEST_NODE, safeLogger, silentLogger } from '../../platform/index.ts'
import { ConsentLockedError, decideConsent } from '../consent/index.ts'
import type { UsageTelemetryOptions } from './options.ts'
import { prefixOf, type Settings } from './settings.ts'
import type { UsageTelemetry } from './surface.ts'

/** The usage telemetry of a package that has none. */
export const createRemoved = <F extends Facts>({ consentInputs, state }: Settings): UsageTelemetry<F> =>
  createNoopTelemetry({ ...consentInputs, location: state.location })

/**
 * The usage telemetry where the library cannot run. A Node.js that is too old is the operator's, so nothing is thrown; and much of what
 * checks the options does not run on it either.
 */
export function createUnsuitable<F extends Facts>(
  { product, catalog, logger = silentLogger }: Partial<UsageTelemetryOptions<F>>,
  runtime: string,
): UsageTelemetry<F> {
  const prefix = product?.environmentPrefix ?? prefixOf(String(product?.name))
  return createNoopTelemetry({ prefix, levels: catalog?.levels ?? [], defaultBy: runtime }, () =>
    safeLogger(logger).warn(
      `${product?.title ?? product?.name} has no usage telemetry on ${runtime}: it needs Node.js ${OLDEST_NODE} or later. ` +
        'Nothing is collected, stored or sent.',
    ),
  )
}

interface Silence extends Pick<Settings['consentInputs'], 'prefix' | 'levels' | 'defaultBy' | 'startedAt'> {
  /** Where the state would be. Default: nowhere. */
  readonly location?: string
}

/** Nothing is collected, loaded or written, and nobody can change that. `tell` is called at the first start. */
function createNoopTelemetry<F extends Facts>(
  { prefix, levels, defaultBy, startedAt, location = 'nowhere' }: Silence,
  tell = () => {},
): UsageTelemetry<F> {
  // No source is asked: not even a flag brings back what is not there.
  const silence = { prefix, levels, defaultBy, environment: {}, ...(startedAt && { startedAt }) }
  const verdict = { ...decideConsent({ ...silence, default: 'disabled' }), locked: true }
  let told = false
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
    async reader() {
      const { FactReader } = await import('../bridge/index.ts')
      return new FactReader(
        nothing,
        async () => {},
        () => {},
      )
    },
    async start() {
      if (!told) tell()
      told = true
      return verdict
    },
    shutdown: async () => {},
    preview: async () => ({
      facts: { attributes: {}, points: [] },
      text: '',
      wouldBeSent: false,
    }),
    report: async () => ({ outcome: 'suppressed', reason: verdict.because }),
    forget: async () => ({ outcome: 'suppressed', reason: verdict.because }),
    status: async () => ({
      verdict,
      delivery: { waiting: 0, failures: 0 },
      state: { location, durable: true, problems: [] },
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

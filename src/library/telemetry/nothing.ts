import type { Meter } from '@opentelemetry/api'
import type { Catalog, Facts } from '../../catalog/index.ts'
import { OLDEST_NODE, safeLogger, silentLogger } from '../../platform/index.ts'
import { ConsentLockedError, decideConsent } from '../consent/index.ts'
import type { UsageTelemetryOptions } from './options.ts'
import { prefixOf, type Settings } from './settings.ts'
import { productUnder, type UsageStatus } from './status.ts'
import type { UsageTelemetry } from './surface.ts'

/** Creates the usage telemetry of a product whose package has removed it. */
export const createRemoved = <F extends Facts>(settings: Settings): UsageTelemetry<F> =>
  createNoopTelemetry({
    ...settings.consentInputs,
    location: settings.state.location,
    product: productUnder(settings),
    catalog: settings.catalog,
  })

/**
 * Creates the usage telemetry for a version of Node.js on which the library cannot run. Does not check the options, as the checks do not
 * run there either. Throws nothing: the operator chose that version.
 */
export function createUnsuitable<F extends Facts>(
  { product, catalog, logger = silentLogger }: Partial<UsageTelemetryOptions<F>>,
  runtime: string,
): UsageTelemetry<F> {
  const prefix = product?.environmentPrefix ?? prefixOf(String(product?.name))
  const name = String(product?.name)
  const title = product?.title ?? name
  const about = { name, title, version: String(product?.version), environmentPrefix: prefix }
  const silence = { prefix, levels: catalog?.levels ?? [], defaultBy: runtime, product: about, catalog }
  return createNoopTelemetry(silence, () =>
    safeLogger(logger).warn(
      `${title} has no usage telemetry on ${runtime}: it needs Node.js ${OLDEST_NODE} or later. ` +
        'Nothing is collected, stored or sent.',
    ),
  )
}

interface Silence extends Pick<Settings['consentInputs'], 'prefix' | 'levels' | 'defaultBy' | 'startedAt'> {
  /** Location where the state would be. Default: nowhere. */
  readonly location?: string
  readonly product: UsageStatus['product']
  /** Default: no facts. */
  readonly catalog?: Catalog | undefined
}

/** Creates a telemetry that collects, loads and writes nothing, and that nobody can enable. Calls `announce` at the first start. */
function createNoopTelemetry<F extends Facts>(
  { prefix, levels, defaultBy, startedAt, location = 'nowhere', product, catalog = NO_FACTS }: Silence,
  announce = () => {},
): UsageTelemetry<F> {
  // No source is read: not even a flag can enable a telemetry that the package does not have.
  const silence = { prefix, levels, defaultBy, environment: {}, ...(startedAt && { startedAt }) }
  const verdict = { ...decideConsent({ ...silence, default: 'disabled' }), locked: true }
  let isAnnounced = false
  const nothing = () => {}
  return {
    getMeter: () => NO_METER,
    set: nothing,
    use: nothing,
    counter: () => NO_COUNTER,
    contribute: () => ({
      getMeter: () => NO_METER,
      set: nothing,
      use: nothing,
      counter: () => NO_COUNTER,
      remove: nothing,
    }),
    observe: () => nothing,
    async reader() {
      const { FactReader } = await import('../bridge/index.ts')
      return new FactReader(
        { facts: {} },
        nothing,
        async () => {},
        () => {},
      )
    },
    async start() {
      if (!isAnnounced) announce()
      isAnnounced = true
      return verdict
    },
    shutdown: async () => {},
    preview: async () => ({
      facts: { attributes: {}, points: [] },
      text: '',
      wouldBeSent: false,
    }),
    report: async () => ({ outcome: 'suppressed', reason: verdict.because }),
    export: async () => ({ outcome: 'suppressed', reason: verdict.because }),
    explain: async () => verdict,
    catalog: () => catalog,
    forget: async () => ({ outcome: 'suppressed', reason: verdict.because }),
    status: async () => ({
      product,
      verdict,
      delivery: { waiting: 0, failures: 0 },
      state: { location, durable: true, problems: [] },
      dropped: [],
      facts: { reported: [], newer: [], aboveLevel: [], excluded: [], expired: [] },
    }),
    on: () => nothing,
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
    version: {
      notice: () => undefined,
      check: async () => ({ outcome: 'off', reason: verdict.because }),
      acknowledge: async () => {
        throw new ConsentLockedError(verdict)
      },
    },
  }
}

const NO_FACTS: Catalog = { version: 0, prefix: '', levels: [], facts: {} }
const NO_COUNTER = { add() {}, bind: () => ({ add() {} }), observe() {} }

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

import { type Catalog, valuesIn, withholdingReason } from '../../catalog/index.ts'
import type { Environment } from '../../platform/index.ts'
import { createConfigurationReader, type Verdict, variablesIn } from '../consent/index.ts'
import { collectFacts, countsToJson, type FactPoint } from '../facts/index.ts'
import type { Contributions } from './contributions.ts'
import type { UsageTelemetryOptions } from './options.ts'
import type { Settings } from './settings.ts'

/** Work of a child process that reports instead of this one. It is data only, without code or configuration of the host. */
export interface DetachedWork {
  readonly options: Pick<
    UsageTelemetryOptions,
    'product' | 'catalog' | 'endpoint' | 'proxy' | 'consent' | 'schedule' | 'identity' | 'versionCheck'
  >
  /** Variables of this process that decide about consent. */
  readonly environment: Environment
  /** Catalogs that contribute facts. */
  readonly parts: readonly Catalog[]
  /** Values of the attribute facts by name. */
  readonly attributes: Readonly<Record<string, unknown>>
  /** Values of the gauge facts. */
  readonly points: readonly Pick<FactPoint, 'name' | 'attributes' | 'value'>[]
  /** Totals of sources that outlive the process, by series key. */
  readonly observed: Readonly<Record<string, number>>
}

/** Longest time of a source of facts, in milliseconds. It is short because the process is about to end. */
const FACT_BUDGET = 20

/** Collects the facts that a verdict permits, for a child process. */
export async function makeDetachedWork(
  settings: Settings,
  contributions: Contributions,
  verdict: Verdict,
): Promise<DetachedWork> {
  const { product, clock, policy, consentInputs, versionCheck } = settings
  const { machine: _, adopt, ...identity } = settings.identity
  // The child has no code of the host: the id goes with the work.
  const adopted = adopt && (await adoptedId(settings))
  const { prefix, legacyPrefixes = [], environment } = consentInputs
  const known = new Set([
    ...Object.values(variablesIn(environment, { prefix, legacyPrefixes }).names).flat(),
    ...[prefix, ...legacyPrefixes].map((one) => `${one}_TELEMETRY_ENDPOINT`),
    ...(versionCheck
      ? (await import('./version-check.ts')).versionVariablesIn(environment, versionCheck, [
          prefix,
          ...legacyPrefixes,
        ])
      : []),
  ])
  const catalog = contributions.catalog()
  const [, ...parts] = contributions.stores.all.map((store) => store.catalog)
  const moment = { at: clock.now(), productVersion: product.version }
  const collected = await collectFacts(contributions.stores, {
    clock,
    sourceTimeout: FACT_BUDGET,
    includes: (name) => withholdingReason(catalog, name, verdict.permitted, moment) === undefined,
  })
  const { attributes, points, observed } = collected.snapshot()
  return {
    options: {
      product: {
        ...{ name: product.name, version: product.version },
        ...{ environmentPrefix: prefix, legacyEnvironmentPrefixes: legacyPrefixes },
      },
      catalog: settings.catalog,
      endpoint: settings.productEndpoint,
      ...(settings.proxyEnvironment && { proxy: 'environment' }),
      consent: {
        default: consentInputs.default,
        flag: policy.flag,
        // A function stays here: the child goes by what it returns now.
        configured: createConfigurationReader(policy.configured)().configured,
        ...(policy.ignore && { ignore: policy.ignore }),
        ...(policy.overruleStoredNo && { overruleStoredNo: policy.overruleStoredNo }),
        ...(policy.keepInstallation && { keepInstallation: true }),
      },
      schedule: scheduleOf(settings),
      ...(versionCheck && { versionCheck: { ...versionCheck, printAtEnd: false } }),
      identity: { ...identity, ...(adopted && { adopt: adopted }) },
    },
    // Without the directory: the child knows it.
    // Without unknown variables: a misspelt one may hold a password, and the work is written into the state.
    environment: Object.fromEntries(Object.entries(environment).filter(([name]) => known.has(name))),
    parts,
    attributes: Object.fromEntries(valuesIn(catalog, attributes)),
    points: points
      .filter(({ kind }) => kind === 'gauge')
      .map(({ name, attributes, value }) => ({ name, attributes, value })),
    observed: countsToJson(observed),
  }
}

const scheduleOf = ({ interval, initialDelay, undecidedDelay, firstPhase }: Settings) => ({
  ...{ interval, initialDelay, undecidedDelay },
  ...(firstPhase && { firstPhase }),
})

async function adoptedId({ state, clock, identity, logger }: Settings): Promise<string | undefined> {
  const { createAdoption } = await import('../identity/index.ts')
  return createAdoption({ store: state, clock, adopt: identity.adopt, warn: logger.warn }).take()
}

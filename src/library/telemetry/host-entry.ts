import type { Catalog } from '../../catalog/index.ts'
import { type Environment, LIBRARY_VERSION, TextDecoder } from '../../platform/index.ts'
import { ENTRIES } from '../../state/index.ts'
import { createConfigurationReader, type Verdict, variablesIn } from '../consent/index.ts'
import type { Contributions } from './contributions.ts'
import type { UsageTelemetryOptions } from './options.ts'
import type { Settings } from './settings.ts'

/** Entry of a host that has started, for a person who inspects the state while the host does not run. It is data only. */
export interface HostEntry {
  readonly format: typeof HOST_FORMAT
  /** Version of this library. */
  readonly library: string
  readonly options: Pick<
    UsageTelemetryOptions,
    'product' | 'catalog' | 'endpoint' | 'consent' | 'schedule' | 'identity'
  >
  /** Variables that decide about consent, as the host has found them. None of them holds a password. */
  readonly environment: Environment
  /** Catalogs that contribute facts. */
  readonly parts: readonly Catalog[]
}

export const HOST_FORMAT = 1

/** Stores what an inspection needs of a host, if it is not stored already. */
export async function recordHost(
  settings: Settings,
  contributions: Contributions,
  verdict: Verdict,
): Promise<void> {
  const { state, policy } = settings
  const isSilent = verdict.state === 'disabled' && policy.whileDisabled === 'nothing'
  if (isSilent || state.failure() !== undefined) return
  const data = `${JSON.stringify(entryOf(settings, contributions, verdict))}\n`
  const found = await state.read(ENTRIES.host)
  if (found && new TextDecoder().decode(found) === data) return
  await state.write(ENTRIES.host, data)
}

function entryOf(settings: Settings, contributions: Contributions, verdict: Verdict): HostEntry {
  const { policy, product, title, homepage, consentInputs, productEndpoint, identity } = settings
  const { prefix, legacyPrefixes = [], environment, endpoint, headers, executableName } = consentInputs
  const { development } = policy
  const { machine: _, adopt: __, ...kept } = identity
  const known = Object.values(variablesIn(environment, { prefix, legacyPrefixes }).names).flat()
  if (typeof development === 'string') known.push(development)
  const variables = known.flatMap((name) => [[name, environment[name]] as const])
  // Many variables say what runs the process: one of them stands for all.
  const isAutomation = verdict.opinions?.some(
    ({ source, state }) => source === 'automation' && state === 'disabled',
  )
  const [, ...parts] = contributions.stores.all.map((store) => store.catalog)
  return {
    format: HOST_FORMAT,
    library: LIBRARY_VERSION,
    options: {
      product: {
        ...{ name: product.name, version: product.version, title, ...(homepage && { homepage }) },
        ...{ environmentPrefix: prefix, legacyEnvironmentPrefixes: legacyPrefixes },
      },
      catalog: settings.catalog,
      endpoint: productEndpoint,
      consent: {
        default: consentInputs.default,
        flag: policy.flag,
        configured: createConfigurationReader(policy.configured)().configured,
        seed: policy.seed,
        ...(executableName !== undefined && { executableName }),
        ...(policy.automation && { automation: policy.automation }),
        ...(development !== undefined && typeof development !== 'function' && { development }),
        ...(policy.ignore && { ignore: policy.ignore }),
        ...(policy.overruleStoredNo && { overruleStoredNo: policy.overruleStoredNo }),
        ...(policy.keepInstallation && { keepInstallation: true }),
        ...(policy.whileDisabled && { whileDisabled: policy.whileDisabled }),
      },
      schedule: { interval: settings.interval, undecidedDelay: settings.undecidedDelay },
      identity: kept,
    },
    // The address of the operator is stored as it is shown, without a password.
    environment: Object.fromEntries([
      ...variables,
      ...(endpoint ? [[endpoint.name, endpoint.value]] : []),
      // A variable with passwords is never stored: one that cannot be read is stored as another one that cannot.
      ...(headers?.problem !== undefined ? [[headers.name, 'unreadable']] : []),
      ...(isAutomation ? [['CI', 'true']] : []),
    ]),
    parts,
  }
}

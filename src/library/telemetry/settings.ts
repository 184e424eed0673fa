import type { Catalog } from '../../catalog/index.ts'
import {
  type Clock,
  Date,
  type Environment,
  type Logger,
  ownOf,
  parseDuration,
  readEndpoint,
  readEnvironment,
  safeClock,
  safeLogger,
  silentLogger,
  systemClock,
  systemEnvironment,
  systemStderr,
  tellHost,
  URL,
} from '../../platform/index.ts'
import {
  createCheckedStore,
  createWatchedStore,
  namespacedStore,
  type StateStore,
  type StoreWithMemoryFallback,
  storeWithMemoryFallback,
  storeWithTimeout,
} from '../../state/index.ts'
import type { ConsentInputs, ConsentPolicy, HistoryLocation } from '../consent/index.ts'
import type { Mistakes, SourceTimeouts } from '../facts/index.ts'
import type { IdentityPolicy } from '../identity/index.ts'
import type { Transport } from '../transport/index.ts'
import type { FetchFeed } from '../version/index.ts'
import { earlierStores } from './earlier-stores.ts'
import type { UsageTelemetryOptions } from './options.ts'
import { type PackagingSwitch, readPackagingSwitch } from './packaging.ts'
import { createRunningProduct, type RunningProduct } from './running-product.ts'
import { type StateLocation, stateLocationOf, storeAt } from './state-location.ts'
import { timeoutsOf } from './timeouts.ts'
import { readVariables } from './variables.ts'

/** Effects that only a test replaces. */
export interface Effects {
  /** Way to the receiver. Default: HTTP. */
  readonly transport?: Transport
  /** Way to the version feed. Default: HTTP. */
  readonly fetchFeed?: FetchFeed
  /** Clock for the time limits of sources. Default: the clock of the telemetry. */
  readonly sourceClock?: Clock
  /** Returns a number from 0 to 1, 1 excluded, for the times of reports and attempts. Default: `Math.random`. */
  readonly random?: () => number
}

/** Options, checked and complete. */
export interface Settings {
  readonly product: RunningProduct
  readonly title: string
  readonly homepage: string | undefined
  readonly prefix: string
  readonly catalog: Catalog
  /** Address that reports are sent to. */
  readonly endpoint: string
  /** Headers that the operator has set for that endpoint. Their values are never shown and never written. */
  readonly headers: Readonly<Record<string, string>> | undefined
  /** Variable with these headers, for a child process; empty if there are none. */
  readonly headersVariable: Environment
  /** Endpoint in the options, even if the operator has set another one. */
  readonly productEndpoint: string
  readonly identity: IdentityPolicy
  /** Environment whose variables name a proxy; `undefined` if no proxy is used. */
  readonly proxyEnvironment: Environment | undefined
  readonly policy: ConsentPolicy
  readonly consentInputs: ConsentInputs
  readonly disclosure: NonNullable<UsageTelemetryOptions['disclosure']>
  /** Setting of the person who packaged the product. */
  readonly packaging: PackagingSwitch | undefined
  /** Reads the environment as it is now. */
  readonly readEnvironment: () => Environment
  /** Time between reports, in milliseconds, as are the other times of the schedule. */
  readonly interval: number
  readonly initialDelay: number
  readonly undecidedDelay: number
  readonly firstPhase: { readonly count: number; readonly interval: number } | undefined
  readonly jitter: number | undefined
  readonly scope: 'installation' | 'process'
  readonly delayFrom: 'installation' | 'start'
  readonly phase: 'random' | 'start'
  /** `within`: milliseconds in which the shutdown sends it. */
  readonly finalReport: boolean | { readonly within: number }
  readonly timeouts: SourceTimeouts & { readonly clock: Clock }
  /** Way to the receiver; `undefined` for HTTP. */
  readonly transport: Transport | undefined
  /** Way to the version feed; `undefined` for HTTP. */
  readonly fetchFeed: FetchFeed | undefined
  /** Source of random numbers; `undefined` for the process's. */
  readonly random: (() => number) | undefined
  /** Options of the version checks, not checked yet; `undefined` if the product makes none. */
  readonly versionCheck: UsageTelemetryOptions['versionCheck']
  /** Delivery of reports; `within` is in milliseconds. */
  readonly delivery: 'inline' | 'detached' | { readonly within: number }
  readonly state: StoreWithMemoryFallback
  /** Returns whether the state is known to belong to this product, which proves that it could be written once. */
  readonly isClaimed: () => boolean
  /** Returns the location of an entry of the state, for people. Never rejects. */
  readonly locationOf: (entry: string) => Promise<string>
  /** Entries where a choice may lie that was made under another name of the product. */
  readonly earlierStores: readonly HistoryLocation[]
  /** Reason why the state cannot be stored, as a clause: then nothing that is written outlives the process. */
  readonly noLocation: string | undefined
  /** Directory of the state, for a child process; `undefined` if the state is in another kind of store. */
  readonly directory: string | undefined
  /** `true` if the state is in files. An end of the process waits for a slow disk, but for no database. */
  readonly isInFiles: boolean
  readonly logger: Logger
  readonly clock: Clock
  /** Time at which the telemetry was created and began to count, in milliseconds since 1970. */
  readonly createdAt: number
  /** Prints a report for the operator; `undefined` unless the operator wants reports printed instead of sent. */
  readonly debug: ((text: string) => void) | undefined
}

/** Returns the clock of the host, by default the system's. */
export const clockOf = ({ clock }: UsageTelemetryOptions): Clock => (clock ? safeClock(clock) : systemClock)

/** Reads the setting of the person who packaged the product. Called at the creation, as the setting is in the product's files. */
export const packagingOf = ({ product }: UsageTelemetryOptions): PackagingSwitch | undefined =>
  product.root === undefined ? undefined : readPackagingSwitch(product.root)

/**
 * Returns the settings of a running telemetry. Reads the environment once: variables from a file count if the host loads the file
 * before this call, and not if it does so later.
 *
 * @param options as returned by `checkOptions`
 * @param mistakes where mistakes of the product's code are noted. Default: nowhere
 */
export function resolveSettings(
  options: UsageTelemetryOptions,
  packaging = packagingOf(options),
  createdAt = clockOf(options).now(),
  mistakes?: Mistakes,
  { transport, fetchFeed, sourceClock, random }: Effects = NOTHING,
): Settings {
  const { product, catalog, consent = NOTHING, schedule = NOTHING, disclosure = NOTHING } = options
  const readNow = () => (options.environment ? readEnvironment(options.environment) : systemEnvironment())
  const environment = readNow()
  const logger = safeLogger(options.logger ?? silentLogger)
  const clock = clockOf(options)
  const prefix = variablePrefix(product)
  const legacyPrefixes = product.legacyEnvironmentPrefixes ?? []
  const variables = readVariables(environment, [prefix, ...legacyPrefixes])
  const { debugOutput = systemStderr } = options
  const endpoint = readEndpoint(options.endpoint).url as string
  const { location, noLocation, advice } = ownOf<StateLocation>(
    stateLocationOf({
      product,
      state: options.state,
      environment,
      variables,
      prefix,
    }),
  )
  const store = storeWithTimeout(createCheckedStore(storeAt(location, noLocation, prefix, clock)), clock)
  const own = namespacedStore(
    createWatchedStore(store, logger),
    { name: product.name, prefix, legacyPrefixes },
    logger,
  )
  const state = storeWithMemoryFallback(own, logger, {
    advice: advice ?? `Make it writable, or name another directory in ${prefix}_TELEMETRY_DIR.`,
  })
  return {
    product: createRunningProduct(product, mistakes),
    title: product.title ?? product.name,
    homepage: product.homepage && new URL(product.homepage).href,
    prefix,
    catalog,
    endpoint: variables.endpoint && !variables.endpoint.problem ? variables.endpoint.value : endpoint,
    headers: variables.headers?.headers,
    headersVariable: variables.headers ? { [variables.headers.name]: variables.headers.text } : {},
    productEndpoint: endpoint,
    proxyEnvironment: options.proxy === 'environment' ? environment : undefined,
    debug: variables.debugs ? (text) => tellHost(() => debugOutput(text)) : undefined,
    policy: consent,
    packaging,
    readEnvironment: readNow,
    consentInputs: ownOf<ConsentInputs>({
      flag: consent.flag,
      configured: consent.configured,
      seed: consent.seed,
      development: consent.development,
      executableName: consent.executableName,
      ignore: consent.ignore,
      overruleStoredNo: consent.overruleStoredNo,
      default: packaging && packaging.state !== 'none' ? packaging.state : (consent.default ?? 'undecided'),
      defaultBy: packaging?.name,
      prefix,
      legacyPrefixes,
      environment,
      levels: catalog.levels,
      facts: Object.keys(catalog.facts),
      endpoint: variables.endpoint,
      headers: variables.headers && { name: variables.headers.name, problem: variables.headers.problem },
      warnings: variables.warnings,
      variables: variables.all,
      startedAt: new Date(createdAt).toISOString(),
    }),
    disclosure,
    ...rhythmOf(schedule),
    jitter: schedule.jitter,
    scope: schedule.scope ?? 'installation',
    phase: schedule.phase ?? 'random',
    finalReport: finalReportOf(schedule.finalReport),
    timeouts: { ...timeoutsOf(options.facts), clock: sourceClock ?? clock },
    ...{ transport, fetchFeed, random },
    versionCheck: options.versionCheck?.mode === 'never' ? undefined : options.versionCheck,
    delivery: deliveryOf(options.delivery),
    state,
    isClaimed: own.isClaimed,
    locationOf: own.locationOf,
    earlierStores: earlierStores({
      ...{
        product: product.name,
        prefixes: [prefix, ...legacyPrefixes],
        environment,
        clock,
        location,
        store,
        own,
      },
      directories: variables.directories,
    }),
    noLocation,
    directory: typeof location === 'string' ? state.location : undefined,
    isInFiles: store.blocking === true,
    identity: identityOf(options.identity, state),
    logger,
    clock,
    createdAt,
  }
}

/** Placeholder for options that are left out. It does not inherit what another library has added to every object. */
const NOTHING = Object.freeze(Object.create(null))

const DEFAULT = { interval: '24h', initialDelay: '5m', undecidedDelay: '1h' } as const

/** Returns the times of a schedule in milliseconds, with the defaults. */
export const rhythmOf = (
  schedule: NonNullable<UsageTelemetryOptions['schedule']> = NOTHING,
): Pick<Settings, 'interval' | 'initialDelay' | 'undecidedDelay' | 'delayFrom' | 'firstPhase'> => ({
  interval: parseDuration(schedule.interval ?? DEFAULT.interval) as number,
  initialDelay: parseDuration(schedule.initialDelay ?? DEFAULT.initialDelay) as number,
  undecidedDelay: parseDuration(schedule.undecidedDelay ?? DEFAULT.undecidedDelay) as number,
  delayFrom: schedule.delayFrom ?? 'installation',
  firstPhase: schedule.firstPhase && {
    count: schedule.firstPhase.count,
    interval: parseDuration(schedule.firstPhase.interval) as number,
  },
})

function identityOf(
  { period, ...policy }: NonNullable<UsageTelemetryOptions['identity']> = NOTHING,
  { shared }: StateStore,
): IdentityPolicy {
  return ownOf({
    ...(shared && { copies: 'keep' as const }),
    ...policy,
    ...(period !== undefined && { period: parseDuration(period) as number }),
  })
}

const deliveryOf = (delivery: UsageTelemetryOptions['delivery'] = 'inline'): Settings['delivery'] =>
  typeof delivery === 'string' ? delivery : timeOf(delivery)

const finalReportOf = (
  finalReport: NonNullable<UsageTelemetryOptions['schedule']>['finalReport'] = false,
): Settings['finalReport'] => (typeof finalReport === 'boolean' ? finalReport : timeOf(finalReport))

const timeOf = ({ within }: { readonly within: string | number }) => ({
  within: parseDuration(within) as number,
})

export const prefixOf = (name: string) => name.toUpperCase().replaceAll('-', '_')

/** Returns the prefix of the product's variables. */
export const variablePrefix = ({
  name,
  environmentPrefix = prefixOf(name),
}: Pick<UsageTelemetryOptions['product'], 'name' | 'environmentPrefix'>): string => environmentPrefix

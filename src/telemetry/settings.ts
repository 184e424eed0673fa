import type { Catalog } from '../catalog/index.ts'
import { type ChoicePlace, type ConsentInputs, type ConsentPolicy, optsOut } from '../consent/index.ts'
import {
  type Clock,
  Date,
  type Environment,
  type Logger,
  parseDuration,
  safeClock,
  safeLogger,
  silentLogger,
  systemClock,
  systemEnvironment,
  systemStderr,
  tellHost,
  UsageConfigurationError,
} from '../host/index.ts'
import type { IdentityPolicy } from '../identity/index.ts'
import {
  createAbsentStore,
  createCheckedStore,
  createDirectoryStore,
  createOwnStore,
  createResilientStore,
  createTimelyStore,
  createWatchedStore,
  defaultStateDirectory,
  type ResilientStore,
  type StateStore,
} from '../state/index.ts'
import { oldPlaces } from './old-places.ts'
import { endpointProblem, mistakesOf } from './option-rules.ts'
import type { UsageTelemetryOptions } from './options.ts'
import { type PackagingSwitch, readPackagingSwitch } from './packaging.ts'

/** The options, checked and complete. */
export interface Settings {
  readonly product: { readonly name: string; readonly version: string }
  readonly title: string
  readonly homepage: string | undefined
  readonly prefix: string
  readonly catalog: Catalog
  /** Where reports go. */
  readonly endpoint: string
  /** The product's own endpoint, whatever the operator has set. */
  readonly schemaUrl: string
  readonly identity: IdentityPolicy
  /** Where a proxy is looked for; absent where none is used. */
  readonly proxyEnvironment: Environment | undefined
  readonly policy: ConsentPolicy
  readonly consentInputs: ConsentInputs
  readonly disclosure: NonNullable<UsageTelemetryOptions['disclosure']>
  /** What whoever packaged the product has set. */
  readonly packaging: PackagingSwitch | undefined
  /** Milliseconds. */
  readonly interval: number
  readonly initialDelay: number
  readonly undecidedDelay: number
  readonly firstPhase: { readonly count: number; readonly interval: number } | undefined
  readonly jitter: number | undefined
  readonly scope: 'installation' | 'process'
  readonly finalReport: boolean
  /** `within`: milliseconds. */
  readonly delivery: 'inline' | 'detached' | { readonly within: number }
  readonly state: ResilientStore
  /** Where a choice may lie that was made under another name. */
  readonly oldPlaces: readonly ChoicePlace[]
  /** Whether there is no place at all for the state: nothing that is written outlives the process. */
  readonly isStateless: boolean
  /** The directory of the state, where it was named: a child process finds it there. */
  readonly directory: string | undefined
  readonly logger: Logger
  readonly clock: Clock
  /** Where the operator wants every report printed; then none is sent. */
  readonly debug: ((text: string) => void) | undefined
}

/** @throws {UsageConfigurationError} that lists every mistake of the maintainer. */
export function resolveOptions(options: UsageTelemetryOptions): Settings {
  const mistakes = mistakesOf(options)
  if (mistakes.length > 0) throw new UsageConfigurationError('createUsageTelemetry', mistakes)
  const { product, catalog, endpoint, consent = {}, schedule = {}, disclosure = {} } = options
  const environment = options.environment ?? systemEnvironment()
  const logger = safeLogger(options.logger ?? silentLogger)
  const clock = options.clock ? safeClock(options.clock) : systemClock
  const prefix = product.environmentPrefix ?? prefixOf(product.name)
  const packaging = product.root === undefined ? undefined : readPackagingSwitch(product.root)
  const legacyPrefixes = product.legacyEnvironmentPrefixes ?? []
  /** What the operator has set, under the product's present name or an old one. */
  const variables = (name: string) =>
    [prefix, ...legacyPrefixes].flatMap((one) => environment[`${one}_TELEMETRY_${name}`] || [])
  const debugs = variables('DEBUG').some(optsOut)
  const { debugOutput = systemStderr } = options
  const [operatorsEndpoint] = variables('ENDPOINT')
  const [operatorsDirectory] = variables('DIR')
  const place = operatorsDirectory ?? options.state ?? defaultStateDirectory(product.name, environment)
  const store = createTimelyStore(createCheckedStore(storeAt(place, prefix, clock)), clock)
  const own = createOwnStore(
    createWatchedStore(store, logger),
    { name: product.name, prefix, legacyPrefixes },
    logger,
  )
  const state = createResilientStore(own, logger, {
    advice: `Make it writable, or name another place with ${prefix}_TELEMETRY_DIR.`,
  })
  const problem = operatorsEndpoint ? endpointProblem(operatorsEndpoint) : undefined
  return {
    product: { name: product.name, version: product.version },
    title: product.title ?? product.name,
    homepage: product.homepage,
    prefix,
    catalog,
    endpoint: operatorsEndpoint && !problem ? operatorsEndpoint : endpoint,
    schemaUrl: endpoint,
    proxyEnvironment: options.proxy === 'environment' ? environment : undefined,
    debug: debugs ? (text) => tellHost(() => debugOutput(text)) : undefined,
    policy: consent,
    packaging,
    consentInputs: {
      flag: consent.flag,
      configured: consent.configured,
      seed: consent.seed,
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
      endpointProblem: problem,
      startedAt: new Date(clock.now()).toISOString(),
    },
    disclosure,
    interval: parseDuration(schedule.interval ?? DEFAULT.interval) as number,
    initialDelay: parseDuration(schedule.initialDelay ?? DEFAULT.initialDelay) as number,
    undecidedDelay: parseDuration(schedule.undecidedDelay ?? DEFAULT.undecidedDelay) as number,
    firstPhase: schedule.firstPhase && {
      count: schedule.firstPhase.count,
      interval: parseDuration(schedule.firstPhase.interval) as number,
    },
    jitter: schedule.jitter,
    scope: schedule.scope ?? 'installation',
    finalReport: schedule.finalReport ?? false,
    delivery: deliveryOf(options.delivery),
    state,
    oldPlaces: oldPlaces({
      ...{
        product: product.name,
        prefixes: [prefix, ...legacyPrefixes],
        environment,
        clock,
        place,
        store,
        own,
      },
      directories: variables('DIR'),
    }),
    isStateless: place === undefined,
    directory: typeof place === 'string' ? state.location : undefined,
    identity: identityOf(options.identity, state),
    logger,
    clock,
  }
}

const DEFAULT = { interval: '24h', initialDelay: '5m', undecidedDelay: '1h' } as const

function identityOf(
  { period, ...policy }: NonNullable<UsageTelemetryOptions['identity']> = {},
  { shared }: StateStore,
): IdentityPolicy {
  return {
    ...(shared && { copies: 'keep' }),
    ...policy,
    ...(period !== undefined && { period: parseDuration(period) as number }),
  }
}

const deliveryOf = (delivery: UsageTelemetryOptions['delivery'] = 'inline'): Settings['delivery'] =>
  typeof delivery === 'string' ? delivery : { within: parseDuration(delivery.within) as number }

export const prefixOf = (name: string) => name.toUpperCase().replaceAll('-', '_')

function storeAt(place: string | StateStore | undefined, prefix: string, clock: Clock): StateStore {
  if (typeof place === 'object') return place
  return place
    ? createDirectoryStore(place, undefined, clock)
    : createAbsentStore(`$${prefix}_TELEMETRY_DIR`, 'it is not set, and this user has no home directory')
}

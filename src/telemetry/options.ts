import type { Catalog, Facts } from '../catalog/index.ts'
import { type ConsentState, optsOut } from '../consent/index.ts'
import {
  type Clock,
  type Duration,
  type Environment,
  type Logger,
  type Mistake,
  parseDuration,
  safeLogger,
  silentLogger,
  systemClock,
  systemEnvironment,
  systemStderr,
  UsageConfigurationError,
  whatWasGot,
} from '../host/index.ts'
import {
  createDirectoryStore,
  createMemoryStore,
  createResilientStore,
  defaultStateDirectory,
  type StateStore,
} from '../state/index.ts'

/** What the maintainer tells of the product and decides for it. */
export interface UsageTelemetryOptions<F extends Facts = Facts> {
  readonly product: {
    /** The product's name on the wire: lower-case words joined by dashes, such as `acme-db`. */
    readonly name: string
    readonly version: string
    /** The product as people call it. Default: its name. */
    readonly title?: string
    /** The page about the product's telemetry, named in every notice. */
    readonly homepage?: string
    /** What the product's variables start with. Default: its name in capitals, `ACME_DB`. */
    readonly environmentPrefix?: string
  }
  readonly catalog: Catalog<F>
  /** The gateway's base address: `https://`, or `http://` on this machine. */
  readonly endpoint: string
  readonly consent?: {
    /** What holds while nobody has said anything. Default: `undecided`, which is `enabled` after `undecidedDelay`. */
    readonly default?: ConsentState
    /** The raw value of the product's command-line flag, whatever it is. */
    readonly flag?: unknown
    /** The raw value of the product's configuration, whatever it is. */
    readonly configured?: unknown
    /** The name or path that the process was started by. `donottrack` in it, in any case, is a no. */
    readonly executableName?: string | undefined
  }
  readonly schedule?: {
    /** From one report to the next: 1 minute to 2^31-1 ms (24.8 days). Default: `24h`. */
    readonly interval?: Duration
    /** From the start to the first report. Default: `5m`. */
    readonly initialDelay?: Duration
    /** How long nothing is sent while nobody has decided. Default: `1h`. */
    readonly undecidedDelay?: Duration
  }
  /** A directory, or a state store. Default: the user's directory for state; `<PREFIX>_TELEMETRY_DIR` comes first. */
  readonly state?: string | StateStore
  /** Where notices and reports are logged. `console`, pino and winston fit. Default: nowhere. */
  readonly logger?: Logger
  /** The environment variables. Default: the process's own. */
  readonly environment?: Environment
  /** Times and timers. Default: the system's. For tests. */
  readonly clock?: Clock
  /** Where `<PREFIX>_TELEMETRY_DEBUG=1` prints reports. Default: standard error. */
  readonly debugOutput?: (text: string) => void
}

/** The options, checked and complete. */
export interface Settings {
  readonly product: { readonly name: string; readonly version: string }
  readonly title: string
  readonly homepage: string | undefined
  readonly prefix: string
  readonly catalog: Catalog
  readonly endpoint: string
  readonly consent: NonNullable<UsageTelemetryOptions['consent']> & { readonly default: ConsentState }
  /** Milliseconds. */
  readonly interval: number
  readonly initialDelay: number
  readonly undecidedDelay: number
  readonly state: StateStore
  readonly logger: Logger
  readonly environment: Environment
  readonly clock: Clock
  /** What is wrong with the address that the operator has set, as the end of a sentence. */
  readonly endpointProblem: string | undefined
  /** Where the operator wants every report printed; then none is sent. */
  readonly debug: ((text: string) => void) | undefined
}

/** @throws {UsageConfigurationError} that lists every mistake of the maintainer. */
export function resolveOptions(options: UsageTelemetryOptions): Settings {
  const mistakes = mistakesOf(options)
  if (mistakes.length > 0) throw new UsageConfigurationError('createUsageTelemetry', mistakes)
  const { product, catalog, endpoint, consent = {}, schedule = {} } = options
  const environment = options.environment ?? systemEnvironment()
  const logger = safeLogger(options.logger ?? silentLogger)
  const prefix = product.environmentPrefix ?? prefixOf(product.name)
  const operatorsEndpoint = environment[`${prefix}_TELEMETRY_ENDPOINT`]
  const problem = operatorsEndpoint ? endpointProblem(operatorsEndpoint) : undefined
  return {
    product: { name: product.name, version: product.version },
    title: product.title ?? product.name,
    homepage: product.homepage,
    prefix,
    catalog,
    endpoint: operatorsEndpoint && !problem ? operatorsEndpoint : endpoint,
    endpointProblem: problem,
    debug: optsOut(environment[`${prefix}_TELEMETRY_DEBUG`])
      ? (options.debugOutput ?? systemStderr)
      : undefined,
    consent: { ...consent, default: consent.default ?? 'undecided' },
    interval: parseDuration(schedule.interval ?? DEFAULT.interval) as number,
    initialDelay: parseDuration(schedule.initialDelay ?? DEFAULT.initialDelay) as number,
    undecidedDelay: parseDuration(schedule.undecidedDelay ?? DEFAULT.undecidedDelay) as number,
    state: createResilientStore(storeFrom(options.state, product.name, prefix, environment), logger),
    logger,
    environment,
    clock: options.clock ?? systemClock,
  }
}

const DEFAULT = { interval: '24h', initialDelay: '5m', undecidedDelay: '1h' } as const

/** The longest delay that a timer takes; beyond it Node.js would fire at once. */
const LONGEST_DELAY = 2 ** 31 - 1

const prefixOf = (name: string) => name.toUpperCase().replaceAll('-', '_')

function storeFrom(
  state: string | StateStore | undefined,
  product: string,
  prefix: string,
  environment: Environment,
): StateStore {
  const byOperator = environment[`${prefix}_TELEMETRY_DIR`]
  if (byOperator) return createDirectoryStore(byOperator)
  if (typeof state === 'object') return state
  const directory = state ?? defaultStateDirectory(product, environment)
  return directory ? createDirectoryStore(directory) : createMemoryStore()
}

function mistakesOf(options: UsageTelemetryOptions): Mistake[] {
  if (typeof options !== 'object' || options === null) {
    return [
      {
        place: 'options',
        message: `is ${whatWasGot(options)}; pass an object with product, catalog and endpoint`,
      },
    ]
  }
  const mistakes: Mistake[] = []
  const check = (good: boolean, place: string, value: unknown, fix: string) => {
    if (!good) mistakes.push({ place, message: `is ${whatWasGot(value)}; ${fix}` })
  }
  const { product, catalog, endpoint, consent, schedule, state, logger } = options

  check(
    /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(String(product?.name)),
    'product.name',
    product?.name,
    "use lower-case words joined by dashes, such as 'acme-db'",
  )
  check(
    typeof product?.version === 'string' && /^[\w.+-]{1,64}$/.test(product.version),
    'product.version',
    product?.version,
    "give the product's version, such as '2.4.0'",
  )
  check(
    product?.environmentPrefix === undefined || /^[A-Z][A-Z0-9_]*$/.test(product.environmentPrefix),
    'product.environmentPrefix',
    product?.environmentPrefix,
    "use capitals and underscores, such as 'ACME_DB'",
  )
  check(
    typeof catalog === 'object' && catalog !== null && typeof catalog.facts === 'object',
    'catalog',
    catalog,
    'pass what defineCatalog returns',
  )
  const problem = endpointProblem(endpoint)
  if (problem) mistakes.push({ place: 'endpoint', message: `${whatWasGot(endpoint)} ${problem}` })
  check(
    consent?.default === undefined || ['enabled', 'disabled', 'undecided'].includes(consent.default),
    'consent.default',
    consent?.default,
    "use 'enabled', 'disabled' or 'undecided'",
  )
  const interval = schedule?.interval === undefined ? 60_000 : (parseDuration(schedule.interval) ?? -1)
  check(
    interval >= 60_000 && interval <= LONGEST_DELAY,
    'schedule.interval',
    schedule?.interval,
    "use '1m' to '24d', a day is '24h'",
  )
  for (const key of ['initialDelay', 'undecidedDelay'] as const) {
    const delay = schedule?.[key] === undefined ? 0 : (parseDuration(schedule[key]) ?? -1)
    check(delay >= 0 && delay <= LONGEST_DELAY, `schedule.${key}`, schedule?.[key], "use '0s' to '24d'")
  }
  check(
    state === undefined ||
      (typeof state === 'string' && state !== '') ||
      typeof (state as StateStore).read === 'function',
    'state',
    state,
    'name a directory or pass a state store',
  )
  check(
    logger === undefined ||
      (['debug', 'info', 'warn', 'error'] as const).every((level) => typeof logger?.[level] === 'function'),
    'logger',
    logger,
    'pass an object with debug, info, warn and error, such as console',
  )
  return mistakes
}

/** Why reports cannot go to an address, as the end of a sentence. Without TLS only this machine is an address. */
function endpointProblem(endpoint: unknown): string | undefined {
  const url = typeof endpoint === 'string' && URL.canParse(endpoint) ? new URL(endpoint) : undefined
  if (!url || !['http:', 'https:'].includes(url.protocol)) {
    return "is not an http or https address; give the gateway's, such as 'https://usage.acme.example'"
  }
  if (url.username || url.password)
    return 'holds a user name or a password; leave them out, they would stand in every log'
  if (url.search || url.hash) return 'has a query or a fragment; give the base address alone'
  if (url.protocol === 'http:' && !isLoopback(url.hostname)) {
    return `sends reports unencrypted to another machine; use https://${url.host}`
  }
  return undefined
}

const isLoopback = (host: string) => host === 'localhost' || host === '[::1]' || /^127(\.\d+){3}$/.test(host)

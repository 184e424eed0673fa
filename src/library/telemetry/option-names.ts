import type { OptionNames } from '../../platform/index.ts'
import type { DisclosureTexts } from '../consent/index.ts'
import type { ProductDescription } from './description.ts'
import type { UsageTelemetryOptions } from './options.ts'

type Names<T> = { readonly [Name in keyof Required<T>]: true | OptionNames }
type Below<Name extends keyof UsageTelemetryOptions> = Names<NonNullable<UsageTelemetryOptions[Name]>>

/** Names of all options. The compiler compares them with the type. */
const NAMES = {
  product: {
    name: true,
    version: true,
    title: true,
    homepage: true,
    environmentPrefix: true,
    legacyEnvironmentPrefixes: true,
    root: true,
  } satisfies Below<'product'>,
  catalog: true,
  endpoint: true,
  proxy: true,
  consent: {
    default: true,
    flag: true,
    configured: true,
    seed: true,
    executableName: true,
    automation: true,
    development: true,
    ignore: true,
    onConflict: true,
    optOutOnlyBy: true,
    overruleStoredNo: true,
    sticky: true,
    whileDisabled: true,
    keepInstallation: true,
  } satisfies Below<'consent'>,
  disclosure: {
    sinks: true,
    texts: {
      enabled: true,
      enabledWithoutLog: true,
      undecided: true,
      undecidedWithoutLog: true,
      disabled: true,
      disabledWithoutLog: true,
      optIn: true,
      level: true,
      nextReport: true,
      deleted: true,
      newFacts: true,
      coveredFacts: true,
      versionCheck: true,
      versionCheckOff: true,
      readMore: true,
    } satisfies Names<DisclosureTexts>,
    legalNote: true,
    optOut: true,
    optIn: true,
  } satisfies Below<'disclosure'>,
  schedule: {
    interval: true,
    initialDelay: true,
    undecidedDelay: true,
    delayFrom: true,
    phase: true,
    firstPhase: { count: true, interval: true } satisfies Names<
      NonNullable<NonNullable<UsageTelemetryOptions['schedule']>['firstPhase']>
    >,
    jitter: true,
    scope: true,
    finalReport: true,
  } satisfies Below<'schedule'>,
  facts: { sourceTimeout: true, reportTimeout: true } satisfies Below<'facts'>,
  delivery: true,
  identity: {
    mode: true,
    period: true,
    copies: true,
    lineage: true,
    machine: true,
    adopt: true,
    createWhen: true,
  } satisfies Below<'identity'>,
  versionCheck: {
    feed: true,
    mode: true,
    optOutVariable: true,
    interval: true,
    channel: true,
    keys: true,
    allowedHosts: true,
    printAtEnd: true,
  } satisfies Below<'versionCheck'>,
  state: true,
  logger: true,
  environment: true,
  clock: true,
  debugOutput: true,
} satisfies Names<UsageTelemetryOptions>

/** Names that a description of the product has besides: options of the telemetry, and texts of the product's page. */
const { catalog, endpoint, proxy, state, consent, disclosure, schedule, identity, versionCheck } = NAMES
const DESCRIBED = {
  ...{ catalog, endpoint, proxy, state, consent, disclosure, schedule, identity, versionCheck },
  neverCollected: true,
  receiver: true,
} satisfies Names<Omit<ProductDescription, keyof UsageTelemetryOptions['product']>>

/** Every option, with those that the product's description may have. */
export const OPTION_NAMES: OptionNames = { ...NAMES, product: { ...NAMES.product, ...DESCRIBED } }

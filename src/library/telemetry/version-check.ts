import { type Environment, ownOf, parseDuration, URL } from '../../platform/index.ts'
import { optsOut, printable, type Verdict } from '../consent/index.ts'
import {
  permissionOf,
  type ShownVersion,
  type VersionCheckOptions,
  type VersionWatch,
  type VersionWatchOptions,
} from '../version/index.ts'
import type { Settings } from './settings.ts'
import { requireVersionOptions } from './version-rules.ts'
import { consentKey, type DisclosedVersions, productKey, type VersionStart } from './version-start.ts'

/** Version checks of a product, as its options and the operator's variables say. */
export interface VersionCheck {
  /** Returns what the notice at the start says about the version checks under a verdict. */
  disclosed(verdict: Verdict): DisclosedVersions
  /** Returns `true` if nothing is requested and nothing shown under a verdict. */
  isOff(verdict: Verdict): boolean
  /** Loads what makes the checks. */
  watch(): Promise<VersionWatch>
}

/**
 * Creates the version checks of a product from its settings. A product without them gets some that never make a request.
 *
 * @throws {UsageConfigurationError} that lists every mistake in the options.
 */
export function createVersionCheck(
  settings: Settings,
  consent: Pick<VersionWatchOptions, 'verdict' | 'readVerdict' | 'maySend'>,
): VersionCheck {
  const { product, title, homepage, state, clock, logger, proxyEnvironment, consentInputs } = settings
  const { initialDelay, undecidedDelay, delayFrom, disclosure, delivery } = settings
  const given: VersionCheckOptions = settings.versionCheck ?? ownOf({ mode: 'never' as const })
  requireVersionOptions(given)
  const { mode = 'with-telemetry', channel = 'stable', keys = [], allowedHosts = [] } = given
  const { prefix, legacyPrefixes = [], environment } = consentInputs
  const prefixes = [prefix, ...legacyPrefixes]
  const { feed, problem } = feedOf(given, environment, prefixes)
  const optOut = given.optOutVariable ?? `${prefix}_VERSION_CHECK_OPTOUT`
  // A no that is set later is obeyed as well, and one that was there at the start is not taken back.
  const optedOutBy = () =>
    optOutIn(environment, optOut, prefixes) ?? optOutIn(settings.readEnvironment(), optOut, prefixes)
  const watchOptions = (): VersionWatchOptions => ({
    ...consent,
    ...{ mode, title, state, clock, logger, initialDelay, undecidedDelay, delayFrom, feed, channel, keys },
    ...{ proxyEnvironment, optedOutBy, fetchFeed: settings.fetchFeed },
    feedProblem: problem,
    interval: parseDuration(given.interval ?? '24h') as number,
    product: product.name,
    version: product.readVersion,
    hosts: [...allowedHosts, ...[given.feed, feed, homepage].flatMap(hostOf)],
    sinks: disclosure.sinks ?? [],
    isShortLived: delivery !== 'inline',
    printAtEnd: given.printAtEnd,
    startFor,
  })
  let watch: VersionWatch | undefined

  function disclosed({ state }: Pick<Verdict, 'state'>): DisclosedVersions {
    const isOff = mode === 'with-telemetry' && state === 'disabled'
    if (mode === 'never' || optedOutBy() !== undefined || (feed === undefined && !isOff)) return {}
    return {
      versionCheck: isOff ? 'off' : 'on',
      versionFeed: feed === undefined ? '' : new URL(feed).host || 'a file on this machine',
      versionOptOut: `${optOut}=1`,
    }
  }

  /** Returns what the next start says and shows. A variable that cannot be used is warned of at each start. */
  function startFor(shown: ShownVersion): VersionStart | undefined {
    if (problem !== undefined) return undefined
    const now = consent.verdict()
    return {
      ...{ product: productKey(settings), consent: consentKey(now, consent.maySend(now)) },
      disclosed: [disclosed({ state: 'disabled' }), disclosed({ state: 'enabled' })],
      ...shown,
    }
  }

  return {
    disclosed,
    isOff: (now) =>
      permissionOf(now, { ...consent, mode, optedOutBy, hasWaited: () => true }).checks === 'off',
    async watch() {
      const { createVersionWatch } = await import('../version/index.ts')
      watch ??= createVersionWatch(watchOptions())
      return watch
    },
  }
}

/** Returns the names of the variables in an environment that are about version checks, for a child process. */
export function versionVariablesIn(
  environment: Environment,
  { optOutVariable }: VersionCheckOptions,
  prefixes: readonly string[],
): string[] {
  const isFeed = (name: string) => prefixes.some((prefix) => name === `${prefix}_VERSION_CHECK_FEED`)
  return [...optOutsIn(environment, optOutVariable, prefixes), ...Object.keys(environment).filter(isFeed)]
}

/** Returns the variables by which the operator stops the version checks. Obvious misspellings stop them too. */
function optOutsIn(
  environment: Environment,
  name: string | undefined,
  prefixes: readonly string[],
): string[] {
  const misspelt = new RegExp(`^(?:${prefixes.join('|')})_VERSION_?CHECKS?_?(?:OPT_?OUT|DISABLED?|OFF)$`, 'i')
  return Object.keys(environment).filter(
    (one) => (one === name || misspelt.test(one)) && optsOut(environment[one]),
  )
}

/** Returns the variable that stops the version checks, with its value. */
function optOutIn(environment: Environment, name: string, prefixes: readonly string[]): string | undefined {
  const [found] = optOutsIn(environment, name, prefixes)
  return found && `${found}=${printable(environment[found])}`
}

/** Returns the address of the feed. The operator's comes first, and may be without TLS, as the operator's own Collector may be. */
function feedOf(
  { feed }: VersionCheckOptions,
  environment: Environment,
  prefixes: readonly string[],
): { readonly feed: string | undefined; readonly problem: string | undefined } {
  const name = prefixes
    .map((prefix) => `${prefix}_VERSION_CHECK_FEED`)
    .find((one) => environment[one]?.trim())
  if (name === undefined) return { feed: feed && new URL(feed).href, problem: undefined }
  const text = environment[name]?.trim() ?? ''
  const url = !/[\s\p{C}]/u.test(text) && URL.canParse(text) ? new URL(text) : undefined
  if (url && ['https:', 'http:', 'file:'].includes(url.protocol)) {
    const { username, password, search, hash, href } = url
    if (username + password + search + hash === '') return { feed: href, problem: undefined }
  }
  return {
    feed: undefined,
    problem:
      `${name}='${printable(text.replace(/\/\/[^/@]*@/, '//…@'))}' is not an https, http or file address without user name, query and ` +
      'fragment, so no version feed is read.',
  }
}

const hostOf = (address: string | undefined): string[] => {
  const host = address === undefined ? '' : new URL(address).hostname
  return host === '' ? [] : [host]
}

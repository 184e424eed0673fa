import type { AbortController, Clock, Environment, Logger } from '../../platform/index.ts'
import type { StateStore } from '../../state/index.ts'
import type { VersionHeaders } from '../transport/index.ts'
import type { Checked, FetchFeed } from './check.ts'
import type { KnownVersions } from './known.ts'
import type { Permission } from './permission.ts'
import type { VersionCheckResult } from './types.ts'

/** Version checks of one process, one at a time. What fetches and compares is loaded for each. */
export interface Checking {
  /** Reads the feed, if that is permitted. Never rejects. */
  check(): Promise<VersionCheckResult>
  /** Takes over what the headers of a delivered report say. Returns whether they name another feed. */
  hear(headers: VersionHeaders): Promise<boolean>
  /** Concludes from the stored feed, if the version was not running when it was fetched. */
  concludeAgain(): Promise<void>
  /** Returns whether the feed may be read. */
  isPermitted(): Promise<boolean>
  /** Returns the address of the feed that would be read now. */
  feed(): string | undefined
  /** Ends the request in progress. */
  callOff(): void
}

export interface CheckingOptions {
  /** Address of the feed from the product or the operator; `undefined` if only a header may name one. */
  readonly feed: string | undefined
  /** Reason why that address cannot be used, as the end of a sentence. */
  readonly feedProblem: string | undefined
  readonly channel: string
  readonly keys: readonly string[]
  /** Hosts that addresses in feeds and headers may name. */
  readonly hosts: readonly string[]
  /** Name of the product, as in its reports. */
  readonly product: string
  /** Returns the running version. */
  readonly version: () => string
  readonly state: StateStore
  readonly clock: Clock
  readonly logger: Logger
  readonly proxyEnvironment: Environment | undefined
  /** Way to the feed. Default: HTTP. */
  readonly fetchFeed?: FetchFeed | undefined
  /** Reads the stored choice, and returns whether the feed may be read. Changes nothing. */
  readonly readPermission: () => Promise<Permission>
  /** Returns `true` from the shutdown to the next start: no request is made then. */
  readonly hasEnded: () => boolean
  /** Shows what is known now. */
  readonly show: () => Promise<void>
}

export function createChecking(known: KnownVersions, options: CheckingOptions): Checking {
  const { feed, feedProblem, version, logger, readPermission, hasEnded, show } = options
  let abort: AbortController | undefined

  // The product's own address, or the operator's, is never replaced by a header's.
  const feedNow = () => (feed !== undefined || feedProblem !== undefined ? feed : known.memory().headerFeed)
  const isPermitted = async () => (await readPermission()).checks === 'on'

  async function checkNow(address: string): Promise<VersionCheckResult> {
    const before = known.notice()?.message
    const { checkAlone, createCallOff } = await import('./check.ts')
    if (hasEnded()) return { outcome: 'off', reason: 'the telemetry has been shut down' }
    abort ??= createCallOff()
    const { signal } = abort
    const checked = await checkAlone({
      ...options,
      ...{ feed: address, memory: known.memory(), signal, isPermitted, version: version() },
    })
    if (!checked) return { outcome: 'unchanged', reason: 'another process reads the feed right now' }
    if (signal.aborted || !(await isPermitted()))
      return {
        outcome: 'off',
        reason: signal.aborted ? 'the check was called off' : (await readPermission()).because,
      }
    if (checked.outcome !== 'read') return failed(address, checked)
    await known.change({ ...checked.memory, lastFailure: undefined, loggedFailure: undefined })
    await show()
    const isSame = known.notice()?.message === before
    return { outcome: isSame ? 'unchanged' : 'changed', reason: `the version feed ${address} was read` }
  }

  async function failed(
    address: string,
    { outcome, failure, memory }: Exclude<Checked, { outcome: 'read' }>,
  ): Promise<VersionCheckResult> {
    const { failures, loggedFailure } = known.memory()
    // Once until the feed can be read again, and not once a day: on a closed network it never can.
    const toLog = outcome === 'refused' ? `refused: ${failure}` : outcome
    if (toLog !== loggedFailure) logger.warn(failureText(outcome, address, failure))
    await known.change({
      ...memory,
      failures: { ...failures, [outcome]: failures[outcome] + 1 },
      lastFailure: failure,
      loggedFailure: toLog,
    })
    return { outcome, reason: failure }
  }

  return {
    isPermitted,
    feed: feedNow,
    async check() {
      await known.look()
      const address = feedNow()
      const { checks, because } = await readPermission()
      if (checks !== 'on') return { outcome: 'off', reason: because }
      if (address === undefined)
        return { outcome: 'off', reason: feedProblem ?? 'no address of a version feed is known' }
      return checkNow(address)
    },
    async hear(headers) {
      const { readHeaders, concludeFromHeader } = await import('./check.ts')
      const { latest, feed: address, problem } = readHeaders(headers, options)
      const { failures, findings, headerFeed } = known.memory()
      if (problem !== undefined)
        await known.change({
          failures: { ...failures, refused: failures.refused + 1 },
          lastFailure: problem,
        })
      const isFromFeed = findings?.source === 'feed' && findings.version === version()
      if (latest !== undefined && !isFromFeed)
        await known.change({ findings: await concludeFromHeader(latest, version()) })
      const isNews = address !== undefined && address !== headerFeed && feed === undefined
      if (isNews) await known.change({ headerFeed: address })
      return isNews
    },
    async concludeAgain() {
      if (known.memory().findings?.version === version()) return
      const { concludeAgain } = await import('./check.ts')
      const findings = await concludeAgain({ ...options, version: version() })
      if (findings) await known.change({ findings })
    },
    callOff() {
      abort?.abort()
      abort = undefined
    },
  }
}

const failureText = (outcome: 'refused' | 'unreachable', address: string, failure: string) =>
  outcome === 'refused'
    ? `The version feed ${address} ${failure}. It is not used; what was known before still holds.`
    : `The version feed ${address} cannot be read: ${failure}. New versions and advisories are not known until it can be read; this is not logged again.`

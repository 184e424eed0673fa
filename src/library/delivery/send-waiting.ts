import type { Catalog } from '../../catalog/index.ts'
import { type AbortSignal, type Clock, errorOf, type Logger, ownOf } from '../../platform/index.ts'
import { type StateStore, takeLease } from '../../state/index.ts'
import type { Verdict } from '../consent/index.ts'
import {
  inBatches,
  isMerge,
  isReport,
  type MergeEntry,
  type OutboxBackend,
  type WaitingReport,
} from '../counts/log.ts'
import type { ReportOutcome } from '../ledger/index.ts'
import { isErasureRequest, type Misfit, misfitsIn, type ReportContent, readReport } from '../otlp/index.ts'
import type { Transport } from '../transport/index.ts'
import type { Outcome } from './result.ts'
import type { Retries } from './retry.ts'

/** What became of reports, by report id. */
export type Outcomes = Map<string, Outcome>

export interface SendWaitingOptions {
  readonly state: StateStore
  readonly backend: OutboxBackend
  readonly retries: Retries
  readonly transport: Transport
  /** Where reports go, as it is known to the ledger. */
  readonly endpoint: string
  readonly catalog: () => Catalog
  readonly productVersion: string
  readonly clock: Clock
  readonly logger: Logger
  /** Asked for each report before an attempt, and once more right before its bytes would leave. */
  readonly readVerdict: () => Promise<Verdict>
  readonly maySend: (verdict: Verdict) => boolean
  /** Writes an outcome into the ledger. */
  readonly record: (
    outcome: ReportOutcome,
    reportId: string,
    reason: string,
    bytes: Uint8Array,
  ) => Promise<void>
}

/**
 * Makes what sends the waiting reports, oldest first, until one cannot be sent now; one process of an installation at a time.
 * What consent does not reach any more is discarded, and of too many the oldest. A report leaves the outbox only with its outcome:
 * where it was delivered, its share is acknowledged; otherwise that belongs into the next one.
 */
export function createSendWaiting(
  options: SendWaitingOptions,
): (signal: () => AbortSignal) => Promise<Outcomes> {
  const { state, backend, retries, transport, endpoint } = options
  const { catalog, productVersion, clock, logger, readVerdict, maySend, record } = options
  const { outbox } = backend
  /** Whether it is logged that reports do not get through. */
  let alreadyLogged = false

  return async (signal) => {
    const outcomes: Outcomes = new Map()
    try {
      if (!(await outbox.waits())) return outcomes
      const lease = await takeLease({ store: state, clock, task: 'drain' })
      if (!lease) return outcomes
      try {
        await sendAll(outcomes, signal, () => lease.renew())
      } finally {
        await lease.release()
      }
    } catch (error) {
      // Sending past an unrecorded outcome would count twice: the next round tries it again.
      logger.debug(`Usage reports wait in ${state.location}: ${errorOf(error).message}.`)
    }
    return outcomes
  }

  async function sendAll(
    outcomes: Outcomes,
    signal: () => AbortSignal,
    goesOn: () => Promise<boolean>,
  ): Promise<void> {
    const last = await backend.lastOutcome()
    await discardTooMuch(last)
    const numbers = await outbox.numbers()
    // Their outcome is recorded by another process, or their number was given to another one: they must not be sent.
    await inBatches(numbers.filter((number) => number <= last).slice(0, MAX_ENTRIES_PER_ROUND), (number) =>
      // An entry that stays is void.
      outbox.remove(number).catch(() => {}),
    )
    const corrupt: number[] = []
    let isFirst = true
    for (const number of numbers.filter((one) => one > last).slice(0, MAX_ENTRIES_PER_ROUND)) {
      const entry = await outbox.read(number)
      if (!entry || entry === 'unreadable') continue
      const content = isReport(entry) && readReport(entry.bytes)
      if (entry === 'corrupt' || content === undefined) {
        corrupt.push(number)
        continue
      }
      if (!isFirst && !(await goesOn())) break
      isFirst = false
      await discardCorrupt(corrupt.splice(0))
      // An entry that stays is void.
      if (await backend.hasOutcome(number)) await outbox.remove(number).catch(() => {})
      else if (isMerge(entry)) await acknowledgeMerge(entry)
      else if (!(await sendOne(entry, content as ReportContent, outcomes, signal))) break
    }
    await discardCorrupt(corrupt)
  }

  /** Their share of the counts is pending again. The outcome of the last one covers those before it. */
  async function discardCorrupt(numbers: readonly number[]): Promise<void> {
    const last = numbers.at(-1)
    if (last === undefined) return
    const which = numbers.length === 1 ? `report ${last}` : `reports ${numbers[0]} to ${last}`
    const what = numbers.length === 1 ? 'is corrupt and was' : 'are corrupt and were'
    logger.warn(`The waiting usage ${which} in ${backend.location} ${what} discarded.`)
    await backend.recordOutcome({ number: last }, await readVerdict())
    await inBatches(numbers.slice(0, -1), (number) => outbox.remove(number).catch(() => {}))
  }

  /** Merged counters have waited for the reports before them. */
  async function acknowledgeMerge({ number, merged }: MergeEntry): Promise<void> {
    const verdict = await readVerdict()
    // A no deletes what was counted.
    if (verdict.disabledBy === 'person') await outbox.remove(number)
    else await backend.recordOutcome({ number, merged }, verdict)
  }

  /** One attempt with one report. `false` where none after it may be tried. */
  async function sendOne(
    report: WaitingReport,
    content: ReportContent,
    outcomes: Outcomes,
    signal: () => AbortSignal,
  ): Promise<boolean> {
    const { bytes, reportId } = report
    // Taken before the question: a no that is given from here on ends the attempt, whatever was answered.
    const calledOff = signal()
    const before = await readVerdict()
    const reason = hindrance(before, content)
    if (before.state === 'disabled') {
      outcomes.set(reportId, { outcome: 'queued', reason: before.because })
      return false
    }
    if (reason !== undefined) return discard(report, reason, outcomes, before)
    if (!maySend(before)) return false
    if (await retries.isRetired(endpoint)) {
      outcomes.set(reportId, { outcome: 'queued', reason: RETIRED })
      return false
    }
    if ((await retries.heldUntil()) > clock.now()) {
      outcomes.set(reportId, { outcome: 'queued', reason: HELD })
      return false
    }
    let latest = before
    const result = await transport.send(bytes, calledOff, async () => {
      // Once more: names, connections and TLS take their time, and another process may have stored a no.
      latest = await readVerdict()
      return hindrance(latest, content) === undefined && maySend(latest)
    })
    if (result.outcome === 'accepted' || result.outcome === 'refused') {
      alreadyLogged = false
      const [outcome, reason] =
        result.outcome === 'accepted'
          ? (['sent', ownOf(result).note ?? before.because] as const)
          : (['refused', result.reason] as const)
      if (outcome === 'sent') await retries.succeeded()
      // Warned once per reason, across restarts.
      else if (await retries.refused(reason))
        logger.warn(`Usage report ${reportId} was refused by ${endpoint}: ${reason}.`)
      outcomes.set(reportId, { outcome, reason })
      await end(report, outcome, reason, before)
      return true
    }
    outcomes.set(reportId, { outcome: 'queued', reason: result.reason })
    const hindered = hindrance(latest, content)
    if (latest.state === 'disabled') outcomes.set(reportId, { outcome: 'queued', reason: latest.because })
    else if (hindered !== undefined) return discard(report, hindered, outcomes, latest)
    if (!maySend(latest)) return false
    if (result.outcome === 'retired') {
      await retries.retired(endpoint)
      logger.warn(
        `Usage reports are not sent any more: ${RETIRED}. Reports to another endpoint are sent again.`,
      )
    } else if (!calledOff.aborted) {
      // Where it has failed before, it is logged already, in this life of the process or an earlier one.
      const isKnown = alreadyLogged || (await retries.next()) > 0
      await retries.failed(result.retryAfter)
      if (!isKnown)
        logger.debug(
          `Usage reports wait in ${backend.location}: ${result.reason}. They are sent later${backend.isVolatile ? ', if the process lives until then' : ''}.`,
        )
      alreadyLogged = true
    }
    return false
  }

  /**
   * The oldest go first: their counts are in the next report, and what else they say is out of date. But not the one that is tried
   * next: it may have arrived though no answer came back, and then its counts would arrive again. The others were never tried.
   */
  async function discardTooMuch(last: number): Promise<void> {
    // What has an outcome does not wait: the next one is the first behind it.
    const numbers = (await outbox.numbers()).filter((number) => number > last)
    if (numbers.length > MAX_RECORDED_DISCARDS) return discardMany(numbers)
    // The newest stays, so that its number is not given again.
    for (const [index, number] of numbers.slice(1, -1).entries()) {
      const report = await outbox.read(number)
      if (!isReport(report) || isErasureRequest(report.bytes)) continue
      const isTooMuch =
        numbers.length - index > MAX_WAITING_REPORTS || clock.now() - report.at > MAX_WAITING_TIME
      if (!isTooMuch) return
      await record('discarded', report.reportId, TOO_MUCH, report.bytes)
      await backend.abandon(number)
    }
  }

  /** More than the library leaves. Some of them go in each round, in one line: the log is not for the rest of the disk. */
  async function discardMany(numbers: readonly number[]): Promise<void> {
    let dropped = 0
    await inBatches(
      numbers.slice(1, -MAX_WAITING_REPORTS).slice(0, MAX_ENTRIES_PER_ROUND),
      async (number) => {
        const entry = await outbox.read(number).catch(() => undefined)
        const isWanted = isReport(entry) ? isErasureRequest(entry.bytes) : entry !== 'corrupt'
        if (isWanted) return
        await backend.abandon(number)
        dropped++
      },
    )
    logger.warn(
      `Of ${numbers.length} usage reports that wait in ${backend.location}, ${dropped} are discarded: ${TOO_MUCH}.`,
    )
  }

  /**
   * Returns why a report does not leave under a verdict; `undefined` where it may. It was made under an earlier consent, and perhaps by an
   * earlier version of the product: what these allowed and the ones of now do not, stays here.
   */
  function hindrance({ state, because, permitted }: Verdict, content: ReportContent): string | undefined {
    if (state === 'disabled') return because
    const misfits = misfitsIn(content, { catalog: catalog(), permitted, at: clock.now(), productVersion })
    if (misfits.size === 0) return undefined
    const gone = [...misfits].flatMap(([name, why]) => (NOT_CONSENT.has(why) ? [name] : []))
    if (gone.length === 0) return `it contains facts that ${because} does not permit`
    return `it contains what is not reported any more: ${gone.slice(0, 3).map(printableFactName).join(', ')}`
  }

  async function discard(
    report: WaitingReport,
    reason: string,
    outcomes: Outcomes,
    verdict: Verdict,
  ): Promise<true> {
    outcomes.set(report.reportId, { outcome: 'discarded', reason })
    await end(report, 'discarded', reason, verdict)
    logger.info(`Usage report ${report.reportId} is not sent any more, ${reason}.`)
    return true
  }

  /** The ledger first: an outcome that is recorded and in no log would be one that nobody can see. */
  async function end(
    report: WaitingReport,
    outcome: ReportOutcome,
    reason: string,
    verdict: Verdict,
  ): Promise<void> {
    const { number, at, totalsSince, share, sources, reportId, bytes } = report
    await record(outcome, reportId, reason, bytes)
    const delivered = outcome === 'sent' ? { totalsSince, share } : {}
    await backend.recordOutcome({ number, at, sources, ...delivered }, verdict)
  }
}

/** Misfits of the catalog, and not of consent. */
const NOT_CONSENT: ReadonlySet<string> = new Set<Misfit>(['undeclared', 'expired'])

/** What stands in a file may be anything. */
const printableFactName = (name: string) => (/^[a-z0-9_.]{1,128}$/.test(name) ? name : 'an unreadable name')

/** Sixty reports of at most 200 kB: a month of no network, and no full disk. */
const MAX_WAITING_REPORTS = 60

/** How many are discarded one by one, each with a line in the ledger. The library leaves no more behind. */
const MAX_RECORDED_DISCARDS = 500

/** How many are looked at in one round. */
const MAX_ENTRIES_PER_ROUND = 1_000

/** 30 days, in milliseconds. */
const MAX_WAITING_TIME = 30 * 86_400_000

const TOO_MUCH = `at most ${MAX_WAITING_REPORTS} reports wait, for at most 30 days, and the oldest that was not tried goes first`

const HELD = 'the receiver asked us to retry later (Retry-After)'

/** Why nothing is sent to an endpoint that answered with status 410. */
export const RETIRED = 'the endpoint has said that it is retired (410)'

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

/** Outcomes by report id. */
export type Outcomes = Map<string, Outcome>

export interface SendWaitingOptions {
  readonly state: StateStore
  readonly backend: OutboxBackend
  readonly retries: Retries
  readonly transport: Transport
  /** Address of the receiver, as in the ledger. */
  readonly endpoint: string
  readonly catalog: () => Catalog
  /** Returns the version of the product as it is now. */
  readonly productVersion: () => string
  readonly clock: Clock
  readonly logger: Logger
  /** Resolves to the current verdict. Called for each report before an attempt, and again right before its bytes are sent. */
  readonly readVerdict: () => Promise<Verdict>
  readonly maySend: (verdict: Verdict) => boolean
  /** Writes an outcome to the ledger. */
  readonly record: (
    outcome: ReportOutcome,
    reportId: string,
    reason: string,
    bytes: Uint8Array,
  ) => Promise<void>
  /** Returns a function to call right before a report is sent. */
  readonly sending: (reportId: string, bytes: Uint8Array) => () => void
  /** Called after an attempt has failed, with what becomes of the report. */
  readonly attemptFailed: (
    outcome: ReportOutcome,
    reportId: string,
    reason: string,
    bytes: Uint8Array,
  ) => void
}

/**
 * Creates a function that sends the waiting reports, oldest first, until one cannot be sent now. One process of an installation sends at
 * a time. A report that consent no longer permits is discarded; so are the oldest, if too many wait. A report leaves the outbox only
 * after its outcome is recorded. Its share is acknowledged if it was delivered; otherwise the share is pending again.
 */
export function createSendWaiting(
  options: SendWaitingOptions,
): (signal: () => AbortSignal) => Promise<Outcomes> {
  const { state, backend, retries, transport, endpoint } = options
  const { catalog, productVersion, clock, logger, readVerdict, maySend, record } = options
  const { outbox } = backend
  /** `true` after a failed attempt was logged. */
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
    // Another process has recorded the outcomes of these numbers, or uses the numbers: the entries must not be sent.
    await inBatches(numbers.filter((number) => number <= last).slice(0, MAX_ENTRIES_PER_ROUND), (number) =>
      // An entry that cannot be removed is ignored from now on.
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
      // An entry that cannot be removed is ignored from now on.
      if (await backend.hasOutcome(number)) await outbox.remove(number).catch(() => {})
      else if (isMerge(entry)) await acknowledgeMerge(entry)
      else if (!(await sendOne(entry, content as ReportContent, outcomes, signal))) break
    }
    await discardCorrupt(corrupt)
  }

  /** Discards corrupt reports, so that their shares are pending again. The outcome of the last report covers those before it. */
  async function discardCorrupt(numbers: readonly number[]): Promise<void> {
    const last = numbers.at(-1)
    if (last === undefined) return
    const which = numbers.length === 1 ? `report ${last}` : `reports ${numbers[0]} to ${last}`
    const what = numbers.length === 1 ? 'is corrupt and was' : 'are corrupt and were'
    logger.warn(`The waiting usage ${which} in ${backend.location} ${what} discarded.`)
    await backend.recordOutcome({ number: last }, await readVerdict())
    await inBatches(numbers.slice(0, -1), (number) => outbox.remove(number).catch(() => {}))
  }

  /** Records merged counters, now that no report waits before them. */
  async function acknowledgeMerge({ number, merged }: MergeEntry): Promise<void> {
    const verdict = await readVerdict()
    // A person's no deletes all counts.
    if (ownOf(verdict).disabledBy === 'person') await outbox.remove(number)
    else await backend.recordOutcome({ number, merged }, verdict)
  }

  /** Makes one attempt to send a report. Resolves to `false` if the reports after it must wait. */
  async function sendOne(
    report: WaitingReport,
    content: ReportContent,
    outcomes: Outcomes,
    signal: () => AbortSignal,
  ): Promise<boolean> {
    const { bytes, reportId } = report
    // Read before the verdict, so that a later no ends the attempt even if this verdict is a yes.
    const calledOff = signal()
    const before = await readVerdict()
    const reason = reasonNotToSend(before, content)
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
    const leaves = options.sending(reportId, bytes)
    const result = await transport.send(bytes, calledOff, async () => {
      // Read again, because names, connections and TLS take time, and another process may have stored a no meanwhile.
      latest = await readVerdict()
      const isPermitted = reasonNotToSend(latest, content) === undefined && maySend(latest)
      if (isPermitted) leaves()
      return isPermitted
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
    const hindered = reasonNotToSend(latest, content)
    if (latest.state === 'disabled') outcomes.set(reportId, { outcome: 'queued', reason: latest.because })
    else if (hindered !== undefined) return discard(report, hindered, outcomes, latest)
    options.attemptFailed('queued', reportId, outcomes.get(reportId)?.reason ?? result.reason, bytes)
    if (!maySend(latest)) return false
    if (result.outcome === 'retired') {
      await retries.retired(endpoint)
      logger.warn(
        `Usage reports are not sent any more: ${RETIRED}. Reports to another endpoint are sent again.`,
      )
    } else if (!calledOff.aborted) {
      // An earlier failure was logged already, by this process or an earlier one.
      const isKnown = alreadyLogged || (await retries.next()) > 0
      await retries.failed(ownOf(result).retryAfter)
      if (!isKnown)
        logger.debug(
          `Usage reports wait in ${backend.location}: ${result.reason}. They are sent later${backend.isVolatile ? ', if the process lives until then' : ''}.`,
        )
      alreadyLogged = true
    }
    return false
  }

  /**
   * Discards the oldest reports if too many wait: their counts are in the next report, and their other facts are out of date. Keeps the
   * first one: it may have arrived without an answer, and its counts would arrive again. The others were never tried.
   */
  async function discardTooMuch(last: number): Promise<void> {
    // Reports up to `last` have an outcome and do not wait.
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

  /** Discards part of very many entries, with a single line in the log, so that the log does not fill the disk. The library itself leaves fewer. */
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
   * Returns the reason why a verdict does not permit sending a report; `undefined` if it does. The report may be from an earlier consent or
   * an earlier version of the product, which permitted other facts.
   */
  function reasonNotToSend(
    { state, because, permitted }: Verdict,
    content: ReportContent,
  ): string | undefined {
    if (state === 'disabled') return because
    const moment = { at: clock.now(), productVersion: productVersion() }
    const misfits = misfitsIn(content, { catalog: catalog(), permitted, ...moment })
    if (misfits.size === 0) return undefined
    const gone = [...misfits].flatMap(([name, why]) => (NOT_CONSENT.has(why) ? [name] : []))
    if (gone.length === 0) return `it contains facts that ${because} does not permit`
    return `it contains facts that the product no longer reports: ${gone.slice(0, 3).map(printableFactName).join(', ')}`
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

  /** Records an outcome, in the ledger first: nobody could see an outcome that is not in the ledger. */
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

/** Misfits that follow from the catalog and not from consent. */
const NOT_CONSENT: ReadonlySet<string> = new Set<Misfit>(['undeclared', 'expired'])

/** Returns a name for the log. A name from a file may be any text. */
const printableFactName = (name: string) => (/^[a-z0-9_.]{1,128}$/.test(name) ? name : 'an unreadable name')

/** Largest number of waiting reports: sixty of at most 200 kB take 12 MB of the disk. */
const MAX_WAITING_REPORTS = 60

/** Largest number of waiting reports that are discarded with a line each in the ledger. The library itself leaves fewer. */
const MAX_RECORDED_DISCARDS = 500

/** Largest number of entries in one round. */
const MAX_ENTRIES_PER_ROUND = 1_000

/** Longest time that a report waits, in milliseconds: 30 days. */
const MAX_WAITING_TIME = 30 * 86_400_000

const TOO_MUCH = `at most ${MAX_WAITING_REPORTS} reports wait, for at most 30 days, and the oldest that was not tried goes first`

const HELD = 'the receiver asked us to retry later (Retry-After)'

/** Reason why reports are not sent to an endpoint that answered with status 410. */
export const RETIRED = 'the receiver answered that this endpoint is retired (410)'

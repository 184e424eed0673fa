import type { Catalog } from '../../catalog/index.ts'
import { type AbortSignal, type Clock, errorOf, type Logger } from '../../platform/index.ts'
import { type StateStore, takeLease } from '../../state/index.ts'
import type { Verdict } from '../consent/index.ts'
import {
  inBatches,
  isReport,
  type MergeEntry,
  type OutboxBackend,
  type WaitingReport,
} from '../counts/index.ts'
import type { LedgerOutcome } from '../ledger/index.ts'
import { isErasureRequest, type Misfit, misfitsIn, type ReportContent, readReport } from '../otlp/index.ts'
import { keepErasureOf, type Retries } from '../outbox/index.ts'
import type { Transport } from '../transport/index.ts'

/** What became of the reports of one round, by report id. */
export type DrainResults = Map<
  string,
  { readonly outcome: 'sent' | 'suppressed' | 'queued' | 'refused'; readonly reason: string }
>

export interface DrainOptions {
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
  /** Asked for each report before an attempt, right before its bytes would leave, and again when the attempt was in vain. */
  readonly consent: () => Verdict | Promise<Verdict>
  readonly maySend: (verdict: Verdict) => boolean
  /** Writes an outcome down, once it is known. */
  readonly record: (
    outcome: LedgerOutcome,
    reportId: string,
    reason: string,
    bytes: Uint8Array,
  ) => Promise<void>
  /** Deletes installation id and counts, before the ledger says that a report is not sent any more. */
  readonly forget: () => Promise<void>
}

/**
 * Makes what sends the waiting reports, oldest first, until one cannot be sent now; one process of an installation at a time.
 * What consent does not reach any more is discarded, and of too many the oldest are given up. A report leaves the outbox only
 * with its outcome: delivered, it has taken its counts along; otherwise they belong into the next one.
 */
export function createDrain(options: DrainOptions): (signal: () => AbortSignal) => Promise<DrainResults> {
  const { state, backend, retries, transport, endpoint } = options
  const { catalog, productVersion, clock, logger, consent, maySend, record } = options
  const { outbox } = backend
  /** Whether the operator knows that reports do not get through. */
  let told = false

  return async (signal) => {
    const results: DrainResults = new Map()
    try {
      if (!(await outbox.waits())) return results
      const lease = await takeLease({ store: state, clock, task: 'drain' })
      // A no does not wait for anybody.
      if (!lease && (await consent()).disabledBy !== 'person') return results
      try {
        await drain(results, signal, async () => !lease || lease.renew())
      } finally {
        await lease?.release()
      }
    } catch (error) {
      // What cannot be read or put down must be, before anything else is sent: the next round tries it again.
      logger.debug(`Usage reports wait in ${state.location}: ${errorOf(error).message}.`)
    }
    return results
  }

  async function drain(
    results: DrainResults,
    signal: () => AbortSignal,
    goesOn: () => Promise<boolean>,
  ): Promise<void> {
    await giveUpTooMuch()
    const settled = await backend.lastOutcome()
    const numbers = await outbox.numbers()
    // Settled by another process, or made by one that has slept through it: it must not be sent.
    await inBatches(numbers.filter((number) => number <= settled).slice(0, MOST_AT_ONCE), (number) =>
      // One that stays is void.
      outbox.remove(number).catch(() => {}),
    )
    const corrupt: number[] = []
    let isFirst = true
    for (const number of numbers.filter((one) => one > settled).slice(0, MOST_AT_ONCE)) {
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
      // One that stays is void.
      if (await backend.hasOutcome(number)) await outbox.remove(number).catch(() => {})
      else if ('merged' in entry) await takeOver(entry)
      else if (!(await sendOne(entry, content as ReportContent, results, signal))) break
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
    await backend.recordOutcome({ number: last }, await consent())
    await inBatches(numbers.slice(0, -1), (number) => outbox.remove(number).catch(() => {}))
  }

  /** What ended processes have counted has waited for the reports before it. */
  async function takeOver({ number, merged }: MergeEntry): Promise<void> {
    const verdict = await consent()
    // A no deletes what was counted.
    if (verdict.disabledBy === 'person') await outbox.remove(number)
    else await backend.recordOutcome({ number, merged }, verdict)
  }

  /** One attempt with one report. `false` where none after it may be tried. */
  async function sendOne(
    report: WaitingReport,
    content: ReportContent,
    results: DrainResults,
    signal: () => AbortSignal,
  ): Promise<boolean> {
    const { bytes, reportId } = report
    // Taken before the question: a no that is given from here on ends the attempt, whatever was answered.
    const calledOff = signal()
    const before = await consent()
    if (isHeldBy(before)) return hold(report, results, before)
    if (hindrance(before, content)) return discard(report, content, results, before)
    if (!maySend(before)) return false
    if (await retries.isRetired(endpoint)) {
      results.set(reportId, { outcome: 'queued', reason: RETIRED })
      return false
    }
    if ((await retries.heldUntil()) > clock.now()) {
      results.set(reportId, { outcome: 'queued', reason: HELD })
      return false
    }
    const result = await transport.send(bytes, calledOff, async () => {
      // Once more: names, connections and TLS take their time, and another process may have stored a no.
      const now = await consent()
      return hindrance(now, content) === undefined && maySend(now)
    })
    if (result.outcome === 'accepted' || result.outcome === 'refused') {
      told = false
      const [outcome, reason] =
        result.outcome === 'accepted'
          ? (['sent', result.note ?? before.because] as const)
          : (['refused', result.reason] as const)
      if (outcome === 'sent') await retries.succeeded()
      // Told once, however many lives of the process and reports it lasts.
      else if (await retries.refused(reason))
        logger.warn(`Usage report ${reportId} was refused by ${endpoint}: ${reason}.`)
      results.set(reportId, { outcome, reason })
      await settle(report, outcome, reason, before)
      return true
    }
    const after = await consent()
    if (isHeldBy(after)) return hold(report, results, after)
    if (hindrance(after, content)) return discard(report, content, results, after)
    results.set(reportId, { outcome: 'queued', reason: result.reason })
    if (!maySend(after)) return false
    if (result.outcome === 'retired') {
      await retries.retired(endpoint)
      logger.warn(`Usage reports are not sent any more: ${RETIRED}. Another endpoint begins anew.`)
    } else if (!calledOff.aborted) {
      // Where it has failed before, the operator has been told, in this life of the process or an earlier one.
      const known = told || (await retries.next()) > 0
      await retries.failed(result.retryAfter)
      if (!known)
        logger.debug(
          `Usage reports wait in ${backend.location}: ${result.reason}. They are sent later${backend.isVolatile ? ', if the process lives until then' : ''}.`,
        )
      told = true
    }
    return false
  }

  /**
   * The oldest go first: their counts are in the next report, and what else they say is out of date. But not the one that is tried
   * next: it may have arrived though no answer came back, and then its counts would arrive again. The others were never tried.
   */
  async function giveUpTooMuch(): Promise<void> {
    const numbers = await outbox.numbers()
    if (numbers.length > MOST_ENTRIES) return giveUpMany(numbers)
    // The newest stays, so that its number is not given again.
    for (const [place, number] of numbers.slice(1, -1).entries()) {
      const report = await outbox.read(number)
      if (!isReport(report) || isErasureRequest(report.bytes)) continue
      const isTooMuch = numbers.length - place > MOST_WAITING || clock.now() - report.at > LONGEST_WAIT
      if (!isTooMuch) return
      await record('discarded', report.reportId, TOO_MUCH, report.bytes)
      await backend.abandon(number)
    }
  }

  /** So many were not left by this library. Some of them go in each round, in one line: the log is not for the rest of the disk. */
  async function giveUpMany(numbers: readonly number[]): Promise<void> {
    let dropped = 0
    await inBatches(numbers.slice(1, -MOST_WAITING).slice(0, MOST_AT_ONCE), async (number) => {
      const entry = await outbox.read(number).catch(() => undefined)
      const isWanted = isReport(entry) ? isErasureRequest(entry.bytes) : entry !== 'corrupt'
      if (isWanted) return
      await backend.abandon(number)
      dropped++
    })
    logger.warn(
      `Of ${numbers.length} usage reports that wait in ${backend.location}, ${dropped} are dropped: ${TOO_MUCH}.`,
    )
  }

  /**
   * Why a report does not leave under a verdict; `undefined` where it may. It was made under an earlier consent, and perhaps by an
   * earlier version of the product: what these allowed and the ones of now do not, stays here.
   */
  function hindrance({ state, because, reach }: Verdict, content: ReportContent): string | undefined {
    if (state === 'disabled') return because
    const misfits = misfitsIn(content, { catalog: catalog(), reach, at: clock.now(), productVersion })
    if (misfits.size === 0) return undefined
    const gone = [...misfits].flatMap(([name, why]) => (NOT_CONSENT.has(why) ? [name] : []))
    if (gone.length === 0) return `it holds more than ${because} reaches`
    return `it holds what is not reported any more: ${gone.slice(0, 3).map(shown).join(', ')}`
  }

  /** What a no holds that nobody meant waits until it has passed. */
  function hold({ reportId }: WaitingReport, results: DrainResults, { because }: Verdict): false {
    results.set(reportId, { outcome: 'queued', reason: because })
    return false
  }

  async function discard(
    report: WaitingReport,
    content: ReportContent,
    results: DrainResults,
    verdict: Verdict,
  ): Promise<true> {
    const { state: decided, because } = verdict
    const reason = hindrance(verdict, content) ?? because
    results.set(report.reportId, { outcome: 'suppressed', reason })
    if (decided !== 'disabled') await settle(report, 'discarded', reason, verdict)
    else {
      await options.forget()
      await keepErasureOf(state, report.bytes)
      // The process in which the no was given may have done it already.
      const isThere = await outbox.read(report.number).catch(() => report)
      await outbox.remove(report.number)
      if (isThere) await record('discarded', report.reportId, because, report.bytes)
    }
    logger.info(`Usage report ${report.reportId} is not sent any more, ${reason}.`)
    return true
  }

  async function settle(
    report: WaitingReport,
    outcome: LedgerOutcome,
    reason: string,
    verdict: Verdict,
  ): Promise<void> {
    const { number, at, totalsSince, share, sources, reportId, bytes } = report
    await record(outcome, reportId, reason, bytes)
    const delivered = outcome === 'sent' ? { totalsSince, share } : {}
    await backend.recordOutcome({ number, at, sources, ...delivered }, verdict)
  }
}

/** What the catalog says, and not consent. */
const NOT_CONSENT: ReadonlySet<string> = new Set<Misfit>(['undeclared', 'expired'])

/** What stands in a file may be anything. */
const shown = (name: string) => (/^[a-z0-9_.]{1,128}$/.test(name) ? name : 'a name that is none')

const isHeldBy = ({ state, disabledBy }: Verdict): boolean => state === 'disabled' && disabledBy !== 'person'

/** Sixty reports of at most 200 kB: a month of no network, and no full disk. */
const MOST_WAITING = 60

/** How many are given up one by one, each with a line in the ledger. More is nothing that this library leaves behind. */
const MOST_ENTRIES = 500

/** How many are looked at in one round. */
const MOST_AT_ONCE = 1_000

/** 30 days, in milliseconds. */
const LONGEST_WAIT = 30 * 86_400_000

const TOO_MUCH = `at most ${MOST_WAITING} reports wait, for at most 30 days, and the oldest that was not tried goes first`

const HELD = 'the receiver has asked not to be tried yet'

/** Why nothing is sent to an endpoint that answered with status 410. */
export const RETIRED = 'the endpoint has said that it is retired (410)'

import type { Catalog } from '../../catalog/index.ts'
import { type Clock, errorOf, type Logger } from '../../platform/index.ts'
import { type Lease, type StateStore, takeLease } from '../../state/index.ts'
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
import type { Outcome } from './result.ts'

/** Outcomes by report id. */
export type Outcomes = Map<string, Outcome>

export interface WaitingReportsOptions {
  readonly state: StateStore
  readonly backend: OutboxBackend
  readonly catalog: () => Catalog
  /** Returns the version of the product as it is now. */
  readonly productVersion: () => string
  readonly clock: Clock
  readonly logger: Logger
  /** Resolves to the current verdict. */
  readonly readVerdict: () => Promise<Verdict>
  /** Writes an outcome to the ledger. */
  readonly record: (
    outcome: ReportOutcome,
    reportId: string,
    reason: string,
    bytes: Uint8Array,
  ) => Promise<void>
}

/** Takes the lease of sending: one process of an installation sends at a time. */
export const takeSendingLease = (state: StateStore, clock: Clock): Promise<Lease | undefined> =>
  takeLease({ store: state, clock, task: 'drain' })

/** Handles one waiting report. Resolves to `false` if the reports after it must wait. */
type HandleReport = (report: WaitingReport, content: ReportContent) => Promise<boolean>

/** Reports that wait in one outbox, and the steps that end one: sending and exporting are made of these. */
export interface WaitingReports {
  readonly backend: OutboxBackend
  /**
   * Handles the waiting reports, oldest first, until `handle` resolves to `false`. Discards the oldest, if too many wait, and those that
   * are corrupt. Never rejects.
   *
   * @param lease The lease of sending. Default: it is taken, and nothing happens while another process holds it.
   */
  handleAll(handle: HandleReport, lease?: Lease): Promise<void>
  /** Resolves to the waiting reports that a verdict permits sending, oldest first, as far as `fits` returns `true`. Changes nothing. */
  permitted(verdict: Verdict, fits: (report: WaitingReport) => boolean): Promise<readonly WaitingReport[]>
  /**
   * Returns the reason why a verdict does not permit sending a report; `undefined` if it does. The report may be from an earlier consent
   * or an earlier version of the product, which permitted other facts.
   */
  reasonNotToSend(verdict: Verdict, content: ReportContent): string | undefined
  /** Records that a report is discarded. */
  discard(report: WaitingReport, reason: string, outcomes: Outcomes, verdict: Verdict): Promise<true>
  /** Records an outcome, in the ledger first: nobody could see an outcome that is not in the ledger. */
  end(report: WaitingReport, outcome: ReportOutcome, reason: string, verdict: Verdict): Promise<void>
}

/** A report leaves the outbox only after its outcome is recorded. Its share is acknowledged if it was delivered; otherwise it is pending again. */
export function createWaitingReports(options: WaitingReportsOptions): WaitingReports {
  const { state, backend, catalog, productVersion, clock, logger, readVerdict, record } = options
  const { outbox } = backend

  async function goThrough(handle: HandleReport, goesOn: () => Promise<boolean>): Promise<void> {
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
      else if (!(await handle(entry, content as ReportContent))) break
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
    await inBatches(numbers, (number) => outbox.remove(number).catch(() => {}))
  }

  /** Records merged counters, now that no report waits before them. */
  async function acknowledgeMerge({ number, merged }: MergeEntry): Promise<void> {
    await backend.recordOutcome({ number, merged }, await readVerdict())
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

  async function end(
    report: WaitingReport,
    outcome: ReportOutcome,
    reason: string,
    verdict: Verdict,
  ): Promise<void> {
    const { number, at, totalsSince, share, sources, reportId, bytes } = report
    await record(outcome, reportId, reason, bytes)
    const delivered = DELIVERED.has(outcome) ? { totalsSince, share } : {}
    await backend.recordOutcome({ number, at, sources, ...delivered }, verdict)
  }

  return {
    ...{ backend, reasonNotToSend, discard, end },
    async handleAll(handle, given) {
      try {
        if (!(await outbox.waits())) return
        const lease = given ?? (await takeSendingLease(state, clock))
        if (!lease) return
        try {
          await goThrough(handle, () => lease.renew())
        } finally {
          if (!given) await lease.release()
        }
      } catch (error) {
        // Going past an unrecorded outcome would count twice: the next round tries it again.
        logger.debug(`Usage reports wait in ${state.location}: ${errorOf(error).message}.`)
      }
    },
    async permitted(verdict, fits) {
      const last = await backend.lastOutcome()
      const found: WaitingReport[] = []
      const numbers = (await outbox.numbers()).filter((number) => number > last)
      for (const number of numbers.slice(0, MAX_ENTRIES_PER_ROUND)) {
        const report = await outbox.read(number)
        const content = isReport(report) ? readReport(report.bytes) : undefined
        if (!content || reasonNotToSend(verdict, content) !== undefined) continue
        if (!fits(report as WaitingReport)) break
        found.push(report as WaitingReport)
      }
      return found
    },
  }
}

/** Outcomes after which the counts of a report are not reported again. */
const DELIVERED: ReadonlySet<ReportOutcome> = new Set(['sent', 'exported'])

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

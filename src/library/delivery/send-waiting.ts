import { type AbortSignal, type Clock, type Logger, ownOf } from '../../platform/index.ts'
import type { Verdict } from '../consent/index.ts'
import type { WaitingReport } from '../counts/log.ts'
import type { ReportOutcome } from '../ledger/index.ts'
import type { ReportContent } from '../otlp/index.ts'
import type { Transport } from '../transport/index.ts'
import type { Retries } from './retry.ts'
import type { Outcomes, WaitingReports } from './waiting-reports.ts'

export interface SendWaitingOptions {
  readonly waiting: WaitingReports
  readonly retries: Retries
  readonly transport: Transport
  /** Address of the receiver, as in the ledger. */
  readonly endpoint: string
  readonly clock: Clock
  readonly logger: Logger
  /** Resolves to the current verdict. Called for each report before an attempt, and again right before its bytes are sent. */
  readonly readVerdict: () => Promise<Verdict>
  readonly maySend: (verdict: Verdict) => boolean
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
 * Creates a function that sends the waiting reports, oldest first, until one cannot be sent now. A report that consent no longer permits
 * is discarded.
 */
export function createSendWaiting(
  options: SendWaitingOptions,
): (signal: () => AbortSignal) => Promise<Outcomes> {
  const { waiting, retries, transport, endpoint, clock, logger, readVerdict, maySend } = options
  const { backend } = waiting
  return async (signal) => {
    const outcomes: Outcomes = new Map()
    await waiting.handleAll((report, content) => sendOne(report, content, outcomes, signal))
    return outcomes
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
    const reason = waiting.reasonNotToSend(before, content)
    if (before.state === 'disabled') {
      outcomes.set(reportId, { outcome: 'queued', reason: before.because })
      return false
    }
    if (reason !== undefined) return waiting.discard(report, reason, outcomes, before)
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
      const isPermitted = waiting.reasonNotToSend(latest, content) === undefined && maySend(latest)
      if (isPermitted) leaves()
      return isPermitted
    })
    if (result.outcome === 'accepted' || result.outcome === 'refused') {
      const [outcome, reason] =
        result.outcome === 'accepted'
          ? (['sent', ownOf(result).note ?? before.because] as const)
          : (['refused', result.reason] as const)
      if (outcome === 'sent') await retries.succeeded()
      // Warned once per reason, across restarts.
      else if (await retries.refused(reason))
        logger.warn(`Usage report ${reportId} was refused by ${endpoint}: ${reason}.`)
      outcomes.set(reportId, { outcome, reason })
      await waiting.end(report, outcome, reason, before)
      return true
    }
    const isNo = latest.state === 'disabled'
    const hindered = waiting.reasonNotToSend(latest, content)
    if (!isNo && hindered !== undefined) return waiting.discard(report, hindered, outcomes, latest)
    const why = isNo ? latest.because : result.reason
    outcomes.set(reportId, { outcome: 'queued', reason: why })
    options.attemptFailed('queued', reportId, why, bytes)
    if (!maySend(latest)) return false
    if (result.outcome === 'retired') {
      await retries.retired(endpoint)
      logger.warn(
        `Usage reports are not sent any more: ${RETIRED}. Reports to another endpoint are sent again.`,
      )
    } else if (!calledOff.aborted) {
      // An earlier failure was logged already, by this process or an earlier one.
      const isKnown = (await retries.next()) > 0
      await retries.failed(ownOf(result).retryAfter)
      if (!isKnown)
        logger.debug(
          `Usage reports wait in ${backend.location}: ${result.reason}. They are sent later${backend.isVolatile ? ', if the process lives until then' : ''}.`,
        )
    }
    return false
  }
}

const HELD = 'the receiver asked us to retry later (Retry-After)'

/** Reason why reports are not sent to an endpoint that answered with status 410. */
export const RETIRED = 'the receiver answered that this endpoint is retired (410)'

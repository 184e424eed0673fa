import type { ReportOutcome } from '../ledger/index.ts'

/** What became of a report, and why, in words. */
export interface Outcome {
  readonly outcome: ReportOutcome
  readonly reason: string
}

/** A report with what became of it. */
export interface DeliveryResult extends Outcome {
  readonly reportId: string
  /** When it was made, in milliseconds since 1970. */
  readonly at: number
  /** The report as it went into the log and over the wire. */
  readonly bytes: Uint8Array
}

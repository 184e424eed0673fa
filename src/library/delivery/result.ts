import type { ReportOutcome } from '../ledger/index.ts'
import type { ExportDocument } from './export-waiting.ts'

/** Outcome of a report, with the reason. */
export interface Outcome {
  readonly outcome: ReportOutcome
  readonly reason: string
}

/** Report with its outcome. */
export interface DeliveryResult extends Outcome {
  readonly reportId: string
  /** Time of the report, in milliseconds since 1970. */
  readonly at: number
  /** Bytes of the report, the same in the log and on the wire. */
  readonly bytes: Uint8Array
  /** Document that the report was exported in; absent if it was not. */
  readonly document?: ExportDocument
}

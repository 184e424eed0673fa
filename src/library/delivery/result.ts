import type { ReportOutcome } from '../ledger/index.ts'

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

/** Reports in one document, for somebody to carry to the receiver. */
export interface ExportDocument {
  /**
   * OTLP `ExportMetricsServiceRequest` in JSON with all the reports, oldest first, each with its own bytes. The receiver takes it in one
   * request. In JSON, its text.
   */
  readonly bytes: Uint8Array
  /** SHA-256 of the bytes, in hexadecimal digits. */
  readonly sha256: string
  /** Address that the receiver takes it at. */
  readonly endpoint: string
  /** Ids of the reports, oldest first. */
  readonly reportIds: readonly string[]
}

/**
 * Local log of every report, sent or not, with its exact bytes. People read it; no other room depends on its content.
 */
export {
  createLedger,
  type Ledger,
  type LedgerCheck,
  type LedgerEntry,
  type LedgerOptions,
  type LedgerReadOptions,
  type NewLedgerEntry,
  type ReportOutcome,
  type UsageLedger,
} from './ledger.ts'
export { MAX_REPORT_BYTES } from './lines.ts'

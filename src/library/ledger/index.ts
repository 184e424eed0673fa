/**
 * The local log: every report there was, sent or not, with its exact bytes. It is written first and read by people; nothing else
 * depends on what stands in it.
 */
export {
  createLedger,
  type Ledger,
  type LedgerCheck,
  type LedgerEntry,
  type LedgerOptions,
  type LedgerReadOptions,
  type ReportOutcome,
  type UsageLedger,
} from './ledger.ts'
export { LARGEST_REPORT } from './lines.ts'

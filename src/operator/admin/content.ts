import type { LedgerEntry } from '../../library/ledger/index.ts'
import { sha256, TextDecoder } from '../../platform/index.ts'
import { factsOf, type ReportedFacts } from '../operations/index.ts'

/** Entry of the log without its bytes. */
export interface Summary extends Pick<LedgerEntry, 'at' | 'reportId' | 'outcome' | 'reason' | 'endpoint'> {
  readonly size: number
  readonly sha256?: string
  readonly facts?: ReportedFacts
}

/** Returns an entry of the log without its bytes, and with what they say where that is asked for. */
export function summaryOf(
  { at, reportId, outcome, reason, endpoint, bytes, omitted = 0 }: LedgerEntry,
  withFacts = false,
): Summary {
  const about = { at, reportId, outcome, reason, endpoint }
  if (!bytes) return { ...about, size: omitted }
  const hash = sha256(bytes).toString('hex')
  return { ...about, size: bytes.length, sha256: hash, ...(withFacts && { facts: factsOf(bytes) }) }
}

/** Returns the exact bytes of a report as text, with their hash. */
export const contentOf = (bytes: Uint8Array) => ({
  size: bytes.length,
  sha256: sha256(bytes).toString('hex'),
  text: new TextDecoder().decode(bytes),
})

/** Returns the hash of bytes as the header `Repr-Digest` has it (RFC 9530). */
export const digestOf = (bytes: Uint8Array): string => `sha-256=:${sha256(bytes).toString('base64')}:`

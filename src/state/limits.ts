import { ENTRIES } from './entries.ts'

const KIBIBYTE = 1_024
const MEBIBYTE = 1_024 * KIBIBYTE

/**
 * Largest size of an entry of each kind, in bytes, many times the size that the library writes. A larger entry is not the library's,
 * and reading it would cost the host its memory.
 */
const LARGEST: ReadonlyArray<readonly [entry: string, bytes: number]> = [
  [ENTRIES.consent, MEBIBYTE],
  [ENTRIES.installation, 64 * KIBIBYTE],
  [ENTRIES.product, 64 * KIBIBYTE],
  [ENTRIES.retry, 64 * KIBIBYTE],
  [ENTRIES.schedule, 64 * KIBIBYTE],
  [ENTRIES.detached, 4 * MEBIBYTE],
  [ENTRIES.host, 4 * MEBIBYTE],
  [`${ENTRIES.leases}/`, 64 * KIBIBYTE],
  // A report has 200 kB at most; the counts that it includes grow with the number of processes.
  [`${ENTRIES.outbox}/`, 16 * MEBIBYTE],
  [`${ENTRIES.acknowledged}/`, 16 * MEBIBYTE],
  [`${ENTRIES.counts}/`, 4 * MEBIBYTE],
  // A segment of the ledger has a tenth of 10 MiB, and room for one more line.
  [ENTRIES.ledger, 16 * MEBIBYTE],
  [`${ENTRIES.ledgerSegments}/`, 16 * MEBIBYTE],
]

/** Returns the largest size of an entry, in bytes. Its name may have a product's name as a prefix (`acme.outbox/…`). */
export function largestOf(name: string): number {
  const kind = LARGEST.find(([entry]) => {
    const start = name.indexOf(entry)
    return start === 0 || name[start - 1] === '.'
  })
  return kind?.[1] ?? MEBIBYTE
}

/** Returns whether an entry decides about consent: it is only appended to, and other users must not be able to change it. */
export const decides = (name: string): boolean =>
  name === ENTRIES.consent || name.endsWith(`.${ENTRIES.consent}`)

/** Pattern of the names of entries and folders. */
export const ENTRY_NAME = /^[a-z0-9][a-z0-9.-]*(?:\/[a-z0-9][a-z0-9.-]*)?$/

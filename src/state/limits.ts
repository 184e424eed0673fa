import { ENTRIES } from './entries.ts'

const KIBIBYTE = 1_024
const MEBIBYTE = 1_024 * KIBIBYTE

/**
 * The most bytes that an entry of each kind may have, many times as much as the library ever writes. What is larger was not
 * written by it, and to read it would cost the host its memory.
 */
const LARGEST: ReadonlyArray<readonly [entry: string, bytes: number]> = [
  [ENTRIES.consent, MEBIBYTE],
  [ENTRIES.installation, 64 * KIBIBYTE],
  [ENTRIES.product, 64 * KIBIBYTE],
  [ENTRIES.retry, 64 * KIBIBYTE],
  [ENTRIES.schedule, 64 * KIBIBYTE],
  [ENTRIES.detached, 4 * MEBIBYTE],
  [`${ENTRIES.leases}/`, 64 * KIBIBYTE],
  // A report has 200 kB at most; what it has taken of the counts grows with the number of processes.
  [`${ENTRIES.outbox}/`, 16 * MEBIBYTE],
  [`${ENTRIES.acknowledged}/`, 16 * MEBIBYTE],
  [`${ENTRIES.counts}/`, 4 * MEBIBYTE],
  // A piece of the ledger has a tenth of 10 MiB, and room for a line more.
  [ENTRIES.ledger, 16 * MEBIBYTE],
  [`${ENTRIES.ledgerSegments}/`, 16 * MEBIBYTE],
]

/** The most bytes that an entry may have. Names may begin with that of a product (`acme.outbox/…`). */
export function largestOf(name: string): number {
  const kind = LARGEST.find(([entry]) => {
    const start = name.indexOf(entry)
    return start === 0 || (start > 0 && name[start - 1] === '.')
  })
  return kind?.[1] ?? MEBIBYTE
}

/** Whether an entry decides about consent: it is only ever added to, and nobody else may change it. */
export const decides = (name: string): boolean =>
  name === ENTRIES.consent || name.endsWith(`.${ENTRIES.consent}`)

/** The names that entries may have, and folders. */
export const ENTRY_NAME = /^[a-z0-9][a-z0-9.-]*(?:\/[a-z0-9][a-z0-9.-]*)?$/

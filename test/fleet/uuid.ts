import type { Random } from '../support/random.ts'

/** A random UUID of a version (RFC 9562); of version 7 with its time, in milliseconds since 1970. */
export function uuidFrom(random: Random, version: 4 | 7 | 8, time?: number): string {
  const hex = (digits: number) =>
    random
      .below(16 ** digits)
      .toString(16)
      .padStart(digits, '0')
  const start =
    time === undefined ? hex(8) + hex(4) : Math.max(0, time).toString(16).padStart(12, '0').slice(-12)
  return `${start.slice(0, 8)}-${start.slice(8)}-${version}${hex(3)}-a${hex(3)}-${hex(6)}${hex(6)}`
}

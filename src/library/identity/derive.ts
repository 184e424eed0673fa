/**
 * What is derived from the secret of an installation: whoever does not know it can neither guess what comes out nor tell that two
 * of them belong together.
 */
import { Buffer, sha256 } from '../../platform/index.ts'

/**
 * The id of the period that a moment falls into, a UUID of RFC 9562's version 8. Every process comes to the same one without
 * writing it down. The periods of an installation begin at a time of its own: a fleet does not change its ids on one day.
 */
export function periodId(noise: string, now: number, period: number): string {
  const offset = (digest(noise, 'offset').readUIntBE(0, 6) / 2 ** 48) * period
  const bytes = digest(noise, 'period', period, Math.floor((now + offset) / period))
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6)
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8)
  return bytes.toString('hex', 0, 16).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
}

/** What a machine is known again by. Without the secret nobody can tell that two markers are of one machine. */
export const markerOf = (noise: string, machine: string): string =>
  digest(noise, 'machine', machine).toString('hex')

const digest = (...parts: ReadonlyArray<string | number>): Buffer => sha256(Buffer.from(parts.join('\n')))

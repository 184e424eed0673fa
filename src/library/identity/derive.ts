/**
 * Derivation of ids and markers from the secret of an installation. Without the secret, nobody can compute a derived value or find out that
 * two derived values belong to the same installation.
 */
import { Buffer, sha256 } from '../../platform/index.ts'

/**
 * Returns the id of the period that contains a time, a UUID of version 8 (RFC 9562). All processes of the installation compute the same
 * id, so it is not stored. `now` and `period` are in milliseconds. The secret determines when the periods begin, so that the installations
 * of a fleet do not change their ids on the same day.
 */
export function periodId(secret: string, now: number, period: number): string {
  const offset = (digest(secret, 'offset').readUIntBE(0, 6) / 2 ** 48) * period
  const bytes = digest(secret, 'period', period, Math.floor((now + offset) / period))
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6)
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8)
  return bytes.toString('hex', 0, 16).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
}

/** Returns a marker of the machine: a hash of the machine id and the secret, as 64 hexadecimal digits. */
export const markerOf = (secret: string, machine: string): string =>
  digest(secret, 'machine', machine).toString('hex')

const digest = (...parts: ReadonlyArray<string | number>): Buffer => sha256(Buffer.from(parts.join('\n')))

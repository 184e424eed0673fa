/**
 * What is derived from the secret of an installation. SHA-256 by the global `crypto`, which Node.js loads when it is used; whoever
 * does not know the secret can neither guess what comes out nor tell that two of them belong together.
 */

/**
 * The id of the period that a moment falls into, a UUID of RFC 9562's version 8. Every process comes to the same one without
 * writing it down. The periods of an installation begin at a time of its own: a fleet does not change its ids on one day.
 */
export async function periodId(noise: string, now: number, period: number): Promise<string> {
  const offset = ((await digest(noise, 'offset')).readUIntBE(0, 6) / 2 ** 48) * period
  const bytes = await digest(noise, 'period', period, Math.floor((now + offset) / period))
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6)
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8)
  return bytes.toString('hex', 0, 16).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
}

/** What a machine is known again by. Without the secret nobody can tell that two markers are of one machine. */
export const markerOf = async (noise: string, machine: string): Promise<string> =>
  (await digest(noise, 'machine', machine)).toString('hex')

async function digest(...parts: ReadonlyArray<string | number>): Promise<Buffer> {
  const bytes = new TextEncoder().encode(parts.join('\n'))
  return Buffer.from(await globalThis.crypto.subtle.digest('SHA-256', bytes))
}

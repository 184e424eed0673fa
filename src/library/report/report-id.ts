import { getRandomValues } from 'node:crypto'
import { Buffer } from '../../platform/index.ts'

/** Generator of report ids. */
export interface ReportIds {
  /** Returns the id of the next report at `time` (milliseconds since 1970). For a time it is the same until {@link ReportIds.use}. */
  next(time: number): string
  /** Marks the id as used, so that the next report gets another one. */
  use(): void
}

/**
 * Creates a generator of UUIDs of version 7 (RFC 9562): the time of the report, then random bytes. The random bytes are drawn ahead,
 * so that a preview and a report of the same moment have the same bytes.
 */
export function createReportIds(random: (bytes: Uint8Array) => Uint8Array = getRandomValues): ReportIds {
  const draw = () => random(new Uint8Array(10))
  let tail = draw()
  return {
    next: (time) => uuidV7(time, tail),
    use() {
      tail = draw()
    },
  }
}

function uuidV7(time: number, tail: Uint8Array): string {
  const bytes = Buffer.alloc(16)
  bytes.writeUIntBE(Math.max(0, Math.trunc(time)), 0, 6)
  bytes.set(tail, 6)
  bytes[6] = (bytes[6]! & 0x0f) | 0x70
  bytes[8] = (bytes[8]! & 0x3f) | 0x80
  return bytes.toString('hex').replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, '$1-$2-$3-$4-$5')
}

import { getRandomValues } from 'node:crypto'
import { Buffer } from '../../platform/index.ts'

/** Gives reports their ids. */
export interface ReportIds {
  /** The id of the next report, were it made at `time` (milliseconds since 1970): the same until {@link ReportIds.use}. */
  next(time: number): string
  /** The next report has been made: the one after it gets another id. */
  use(): void
}

/**
 * UUIDs of version 7 (RFC 9562): the time of the report, then randomness. The random part is drawn ahead, so that a
 * preview and the report that follows it at the same moment are the same bytes.
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

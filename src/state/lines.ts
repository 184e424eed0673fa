import { Buffer } from '../platform/index.ts'

const LINE_FEED = 0x0a

/** Whether what comes after these bytes begins on a line of its own. */
export const endsWhole = (bytes: Uint8Array): boolean => bytes.length === 0 || bytes.at(-1) === LINE_FEED

/** The bytes with more lines behind them, which begin on a line of their own. */
export function joinLines(bytes: Uint8Array, more: Uint8Array): Uint8Array {
  return Buffer.concat(endsWhole(bytes) ? [bytes, more] : [bytes, Uint8Array.of(LINE_FEED), more])
}

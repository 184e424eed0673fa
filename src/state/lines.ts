import { Buffer } from '../platform/index.ts'
import type { EntryEnd } from './types.ts'

const LINE_FEED = 0x0a

/** Returns whether the bytes are empty or end with a line feed. */
export const endsWhole = (bytes: Uint8Array): boolean => bytes.length === 0 || bytes.at(-1) === LINE_FEED

/** Returns the last `length` bytes of an entry that was read. */
export const endOf = (bytes: Uint8Array, length: number): EntryEnd => ({
  bytes: bytes.subarray(Math.max(bytes.length - length, 0)),
  size: bytes.length,
})

/** Returns the bytes followed by `more`, with a line feed between them if one is missing. */
export function joinLines(bytes: Uint8Array, more: Uint8Array): Uint8Array {
  return Buffer.concat(endsWhole(bytes) ? [bytes, more] : [bytes, Uint8Array.of(LINE_FEED), more])
}

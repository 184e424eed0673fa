import { TextDecoder } from '../../platform/index.ts'

/**
 * Returns the same bytes with a `toJSON` that gives their text: hosts return reports from a route, and JSON would list each byte under
 * its index. It is not enumerable, so that the bytes stay equal to others.
 */
export function reportBytes(bytes: Uint8Array = new Uint8Array()): Uint8Array {
  return Object.defineProperty(bytes, 'toJSON', TO_JSON)
}

/** Without a prototype: a host may have put a `get` on that of all objects. */
const TO_JSON: PropertyDescriptor = Object.assign(Object.create(null), {
  value(this: Uint8Array): string {
    return new TextDecoder().decode(this)
  },
})

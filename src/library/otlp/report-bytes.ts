import { TextDecoder } from '../../platform/index.ts'

/**
 * Returns the same bytes with a `toJSON` that returns their text: hosts return reports from a route, and JSON would list each byte by its
 * index. `toJSON` is not enumerable, so that the bytes still equal other bytes.
 */
export function reportBytes(bytes: Uint8Array = new Uint8Array()): Uint8Array {
  return Object.defineProperty(bytes, 'toJSON', TO_JSON)
}

/** Property without a prototype, because another library may have added a `get` to `Object.prototype`. */
const TO_JSON: PropertyDescriptor = Object.assign(Object.create(null), {
  value(this: Uint8Array): string {
    return new TextDecoder().decode(this)
  },
})

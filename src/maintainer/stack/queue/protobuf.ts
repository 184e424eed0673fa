/** Field of a message in Protocol Buffers, as its bytes describe it. */
export interface Field {
  readonly number: number
  /** Bytes of a text, of a message, or of a number of fixed length. Empty for a varint. */
  readonly value: Buffer
  /** Bytes of the field with its tag. */
  readonly whole: Buffer
}

/**
 * Reads the fields of a message, one after the other.
 *
 * @throws {RangeError} if the message ends in the middle of a field.
 */
export function* fieldsOf(message: Buffer): Generator<Field> {
  for (let at = 0; at < message.length; ) {
    const from = at
    const varint = () => {
      let value = 0
      for (let shift = 0; ; shift += 7) {
        const byte = message.readUInt8(at++)
        value += (byte & 0x7f) * 2 ** shift
        if (byte < 0x80) return value
      }
    }
    const tag = varint()
    const kind = tag % 8
    if (kind === 0) varint()
    const length = kind === 2 ? varint() : kind === 1 ? 8 : kind === 5 ? 4 : 0
    if ((kind > 2 && kind !== 5) || at + length > message.length)
      throw new RangeError('not a message in Protocol Buffers')
    const value = message.subarray(at, at + length)
    at += length
    yield { number: Math.floor(tag / 8), value, whole: message.subarray(from, at) }
  }
}

/** Returns the values of a field, given the numbers on the path to it. */
export function valuesAt(message: Buffer, [number, ...rest]: readonly number[]): Buffer[] {
  const values = [...fieldsOf(message)].filter((field) => field.number === number).map(({ value }) => value)
  return rest.length === 0 ? values : values.flatMap((value) => valuesAt(value, rest))
}

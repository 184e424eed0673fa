import fc from 'fast-check'

/** The code points that stand for no character lie in the middle. */
const SURROGATES = { first: 0xd8_00, count: 0x08_00 }

/**
 * A unit of `fc.string` that is any character. The unit `'binary'` gives the same strings, but makes a map of all 1,112,064 characters in
 * each process, which takes a second.
 */
export const anyCharacter = fc.nat({ max: 0x10_ff_ff - SURROGATES.count }).map(
  (index) => String.fromCodePoint(index < SURROGATES.first ? index : index + SURROGATES.count),
  (text) => {
    const [character, ...more] = typeof text === 'string' ? text : ''
    if (character === undefined || more.length > 0 || !character.isWellFormed())
      throw new TypeError('This is not one character.')
    const code = character.codePointAt(0) ?? 0
    return code < SURROGATES.first ? code : code - SURROGATES.count
  },
)

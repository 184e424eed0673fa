import { parseOwn, TextDecoder } from '../platform/index.ts'

/** Largest depth of objects and lists: a feed needs four. */
const MAX_DEPTH = 8

/**
 * Parses the JSON of a feed into objects without a prototype.
 *
 * @throws {SyntaxError} if the bytes are not UTF-8 or not JSON, or if the JSON is nested too deeply. The message is the end of a sentence.
 */
export function parseBounded(bytes: Uint8Array): unknown {
  const text = textOf(bytes)
  // Before it is parsed: the parser goes as deep as the stack does.
  if (depthOf(text) > MAX_DEPTH) throw new SyntaxError(`is nested more than ${MAX_DEPTH} levels deep`)
  try {
    return parseOwn(text)
  } catch {
    throw new SyntaxError('is not JSON')
  }
}

function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new SyntaxError('is not UTF-8')
  }
}

/**
 * Returns the depth of brackets outside of strings; stops counting above {@link MAX_DEPTH}. A string without an end goes to the end of the
 * text: if it did not match, each quotation mark in it would be tried as the beginning of another one.
 */
function depthOf(text: string): number {
  let [depth, deepest] = [0, 0]
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.?)*(?:"|$)|[[\]{}]/gs)) {
    if (token === '[' || token === '{') deepest = Math.max(deepest, ++depth)
    else if (token === ']' || token === '}') depth--
    if (deepest > MAX_DEPTH) break
  }
  return deepest
}

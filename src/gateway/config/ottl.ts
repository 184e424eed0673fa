/**
 * The pieces of the OpenTelemetry Transformation Language that an overlay is made of.
 * https://github.com/open-telemetry/opentelemetry-collector-contrib/tree/main/pkg/ottl
 */

/** A text as an OTTL string. ASCII only: YAML takes some other characters for line breaks. */
export function literal(text: string): string {
  const escaped = [...text].map((character) => {
    const codePoint = character.codePointAt(0) as number
    if (character === '"' || character === '\\') return `\\${character}`
    if (codePoint >= 0x20 && codePoint < 0x7f) return character
    return `\\U${codePoint.toString(16).padStart(8, '0')}`
  })
  return `"${escaped.join('')}"`
}

export const resourceAttribute = (key: string) => `resource.attributes[${literal(key)}]`

export const pointAttribute = (key: string) => `datapoint.attributes[${literal(key)}]`

/** One line for each value: true where the path has none of them. Comparisons, because an expression costs ten times that. */
export function isNoneOf(path: string, values: readonly string[]): string[] {
  return values.map((value, index) => `${index === 0 ? '' : 'and '}${path} != ${literal(value)}`)
}

/** `keep_keys`, one line for each key. */
export function keepKeys(path: string, keys: readonly string[]): string[] {
  const last = keys.length - 1
  return keys.map(
    (key, index) =>
      `${index === 0 ? `keep_keys(${path}, [` : ''}${literal(key)}${index === last ? '])' : ','}`,
  )
}

export const matches = (path: string, pattern: string) => `IsMatch(${path}, ${literal(pattern)})`

/**
 * Whether an expression means the same in JavaScript and in Go (RE2): plain characters, classes, groups, repetition,
 * alternatives and the escapes that both read alike. No look-around, no back-references, no Unicode classes.
 */
export function isPortable(pattern: string): boolean {
  return /^(?:[^\\()[\]{}]|\\[dwDW.*+?^$|/\\()[\]{}-]|\[\^?(?:[^\\[\]]|\\[dwDW.*+?^$|/\\()[\]{}-])+\]|\((?!\?)|\(\?:|\)|\{\d{1,3}(?:,\d{0,3})?\})*$/.test(
    pattern,
  )
}

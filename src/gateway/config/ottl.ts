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

/** A place that lasts as long as the resource is worked on. */
export const resourceCache = (key: string) => `resource.cache[${literal(key)}]`

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

/** At most this many of whatever `one` matches. A count of RE2 ends at 1,000. */
export const upTo = (most: number, one = '.'): string =>
  most <= 1_000 ? `${one}{0,${most}}` : `${one}{0,1000}${upTo(most - 1_000, one)}`

/**
 * One character of a text as it stands in JSON, control characters excepted. Some that could end a script in HTML are
 * written as their code. https://pkg.go.dev/encoding/json#Marshal
 */
export const JSON_CHARACTER = '(?:[^"\\\\\\x00-\\x1f\\x7f-\\x9f]|\\\\["\\\\/]|\\\\u(?:003[ce]|0026|202[89]))'

/**
 * Whether an expression means the same in JavaScript and in Go (RE2): plain characters, classes, groups, repetition,
 * alternatives and the escapes that both read alike. No look-around, no back-references, no Unicode classes.
 */
export function isPortable(pattern: string): boolean {
  return /^(?:[^\\()[\]{}]|\\[dwDW.*+?^$|/\\()[\]{}-]|\[\^?(?:[^\\[\]]|\\[dwDW.*+?^$|/\\()[\]{}-])+\]|\((?!\?)|\(\?:|\)|\{\d{1,3}(?:,\d{0,3})?\})*$/.test(
    pattern,
  )
}

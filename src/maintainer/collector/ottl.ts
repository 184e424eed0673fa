/**
 * The pieces of the OpenTelemetry Transformation Language that an overlay is made of.
 * https://github.com/open-telemetry/opentelemetry-collector-contrib/tree/main/pkg/ottl
 */

/** One condition or statement, as lines that belong together. */
export type Rule = readonly string[]

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

/** A number as OTTL reads it: a fraction without an exponent. */
export function number(value: number): string {
  const digits = value.toLocaleString('en-US', { useGrouping: false, maximumFractionDigits: 20 })
  return digits.includes('.') ? digits : `${digits}.0`
}

export const resourceAttribute = (key: string) => `resource.attributes[${literal(key)}]`

/** A place that lasts as long as the resource is worked on. */
export const resourceCache = (key: string) => `resource.cache[${literal(key)}]`

export const pointAttribute = (key: string) => `datapoint.attributes[${literal(key)}]`

/**
 * True where the path has one of the values. A few are compared one by one, more by one expression: its cost hardly grows
 * with their number.
 */
export function oneOfCondition(path: string, values: readonly string[]): string {
  return values.length <= MAX_COMPARISONS
    ? values.map((value) => `${path} == ${literal(value)}`).join(' or ')
    : matches(path, exactly(values))
}

/** True where the path has none of the values. */
export function isNoneOf(path: string, values: readonly string[]): string {
  return values.length <= MAX_COMPARISONS
    ? values.map((value) => `${path} != ${literal(value)}`).join(' and ')
    : `not ${matches(path, exactly(values))}`
}

/** About where one expression costs as much as that many comparisons. */
const MAX_COMPARISONS = 4

/** An expression of RE2 that matches these texts and no others. `.` and the like stand for themselves. */
export const exactly = (texts: readonly string[]): string =>
  `^(?:${texts.map((text) => text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&')).join('|')})$`

/** `keep_keys`, one line for each key. */
export function keepKeys(path: string, keys: readonly string[]): Rule {
  const last = keys.length - 1
  return keys.map(
    (key, index) =>
      `${index === 0 ? `keep_keys(${path}, [` : ''}${literal(key)}${index === last ? '])' : ','}`,
  )
}

/** Whether a value matches as it would be written: bytes as base64, a list as JSON. */
export const matches = (path: string, pattern: string) => `IsMatch(${path}, ${literal(pattern)})`

/** Whether a value is a text that matches: in the base64 of bytes, any text may look like a version. */
export const isText = (path: string, pattern: string) => `IsString(${path}) and ${matches(path, pattern)}`

/** At most this many of whatever `one` matches. A count of RE2 ends at 1,000. */
export const upTo = (most: number, one = '.'): string =>
  most <= 1_000 ? `${one}{0,${most}}` : `${one}{0,1000}${upTo(most - 1_000, one)}`

/**
 * One character of a text as it stands in JSON, control characters excepted. Some that could end a script in HTML are
 * written as their code. https://pkg.go.dev/encoding/json#Marshal
 */
export const JSON_CHARACTER = '(?:[^"\\\\\\x00-\\x1f\\x7f-\\x9f]|\\\\["\\\\/]|\\\\u(?:003[ce]|0026|202[89]))'

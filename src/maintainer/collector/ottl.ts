/**
 * Expressions of the OpenTelemetry Transformation Language (OTTL), of which an overlay consists.
 * https://github.com/open-telemetry/opentelemetry-collector-contrib/tree/main/pkg/ottl
 */

/** Condition or statement, as its lines. */
export type Rule = readonly string[]

/** Writes a text as an OTTL string, in ASCII: YAML takes some other characters for line breaks. */
export function literal(text: string): string {
  const escaped = [...text].map((character) => {
    const codePoint = character.codePointAt(0) as number
    if (character === '"' || character === '\\') return `\\${character}`
    if (codePoint >= 0x20 && codePoint < 0x7f) return character
    return `\\U${codePoint.toString(16).padStart(8, '0')}`
  })
  return `"${escaped.join('')}"`
}

/** Writes a number as OTTL reads it: a decimal fraction without an exponent. */
export function number(value: number): string {
  const digits = value.toLocaleString('en-US', { useGrouping: false, maximumFractionDigits: 20 })
  return digits.includes('.') ? digits : `${digits}.0`
}

export const resourceAttribute = (key: string) => `resource.attributes[${literal(key)}]`

/** Returns the path of a temporary value that lives while the resource is processed. */
export const resourceCache = (key: string) => `resource.cache[${literal(key)}]`

export const pointAttribute = (key: string) => `datapoint.attributes[${literal(key)}]`

/**
 * Returns a condition that is true if the path has one of the values. Compares a few values one by one, and more by one regular
 * expression, whose cost hardly grows with their number.
 */
export function oneOfCondition(path: string, values: readonly string[]): string {
  return values.length <= MAX_COMPARISONS
    ? values.map((value) => `${path} == ${literal(value)}`).join(' or ')
    : matches(path, exactly(values))
}

/** Returns a condition that is true if the path has none of the values. */
export function isNoneOf(path: string, values: readonly string[]): string {
  return values.length <= MAX_COMPARISONS
    ? values.map((value) => `${path} != ${literal(value)}`).join(' and ')
    : `not ${matches(path, exactly(values))}`
}

/** Number of comparisons that cost about as much as one regular expression. */
const MAX_COMPARISONS = 4

/** Returns a regular expression of RE2 that matches exactly these texts; special characters are escaped. */
export const exactly = (texts: readonly string[]): string =>
  `^(?:${texts.map((text) => text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&')).join('|')})$`

/** Returns a `keep_keys` statement with one line for each key. */
export function keepKeys(path: string, keys: readonly string[]): Rule {
  const last = keys.length - 1
  return keys.map(
    (key, index) =>
      `${index === 0 ? `keep_keys(${path}, [` : ''}${literal(key)}${index === last ? '])' : ','}`,
  )
}

/** Returns a condition that matches a value as OTTL writes it: bytes as base64, a list as JSON. */
export const matches = (path: string, pattern: string) => `IsMatch(${path}, ${literal(pattern)})`

/** Returns a condition that is true if a value is a string and matches. Without the type check, bytes as base64 could look like a version. */
export const isText = (path: string, pattern: string) => `IsString(${path}) and ${matches(path, pattern)}`

/** Returns a pattern for at most `most` repetitions of `one`. RE2 limits one repetition to 1,000, so several are joined. */
export const upTo = (most: number, one = '.'): string =>
  most <= 1_000 ? `${one}{0,${most}}` : `${one}{0,1000}${upTo(most - 1_000, one)}`

/**
 * Pattern for one character of a text in JSON, control characters excepted. Go escapes some characters that could end a script in
 * HTML. https://pkg.go.dev/encoding/json#Marshal
 */
export const JSON_CHARACTER = '(?:[^"\\\\\\x00-\\x1f\\x7f-\\x9f]|\\\\["\\\\/]|\\\\u(?:003[ce]|0026|202[89]))'

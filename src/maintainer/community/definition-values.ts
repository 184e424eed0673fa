import { describeValue } from '../../platform/index.ts'

/** Way to a value of a definition. */
export type Path = readonly (string | number)[]

/** Notes a mistake, with what is wrong and what helps. */
export type Refuse = (path: Path, message: string) => void

export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

export const isOrMissing = (value: unknown) =>
  value === undefined || value === null ? 'is missing' : `is ${describeValue(value)}`

export const listed = (words: readonly string[]) =>
  words.length > 12
    ? `${words.slice(0, 12).join(', ')} or one of ${words.length - 12} more`
    : words.join(', ')

export function refuseUnknown(
  given: Readonly<Record<string, unknown>>,
  known: readonly string[],
  path: Path,
  refuse: Refuse,
): void {
  for (const name of Object.keys(given))
    if (!known.includes(name)) refuse([...path, name], `is unknown; the names here are ${known.join(', ')}`)
}

/** Returns a text of one line, which has to be there. */
export function lineOf(
  given: Readonly<Record<string, unknown>>,
  name: string,
  path: Path,
  refuse: Refuse,
): string {
  const value = given[name]
  if (
    typeof value === 'string' &&
    value.trim() !== '' &&
    value.trim().length <= 300 &&
    !/[\r\n]/.test(value.trim())
  )
    return value.trim()
  const help =
    name === 'decision' ? 'say which decision the answer serves, in a line' : 'use a text of one line'
  refuse([...path, name], `${isOrMissing(value)}; ${help}`)
  return ''
}

export function wordsOf(
  given: Readonly<Record<string, unknown>>,
  name: string,
  path: Path,
  refuse: Refuse,
): string | undefined {
  const value = given[name]
  if (value === undefined) return undefined
  if (typeof value === 'string' && value.trim() !== '' && value.length <= 10_000) return value.trim()
  refuse([...path, name], `is ${describeValue(value)}; use a text, or leave it out`)
  return undefined
}

export function linkOf(
  given: Readonly<Record<string, unknown>>,
  name: string,
  path: Path,
  refuse: Refuse,
): string | undefined {
  const value = given[name]
  if (value === undefined) return undefined
  if (typeof value === 'string' && /^https?:\/\//.test(value) && URL.canParse(value))
    return new URL(value).href
  refuse(
    [...path, name],
    `is ${describeValue(value)}; use an address that begins with https:// or http://, or leave it out`,
  )
  return undefined
}

import { describeValue } from '../../platform/index.ts'

/** Way to a value of a definition. */
export type Path = readonly (string | number)[]

/** Notes a mistake, with what is wrong and what helps. */
export type Refuse = (path: Path, message: string) => void

export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

export const isOrMissing = (value: unknown) =>
  value === undefined || value === null ? 'is missing' : `is ${describeValue(value)}`

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

/** Returns an optional value, and refuses one that cannot be read. */
const optional =
  (read: (value: unknown) => string | undefined, help: string) =>
  (
    given: Readonly<Record<string, unknown>>,
    name: string,
    path: Path,
    refuse: Refuse,
  ): string | undefined => {
    const value = given[name]
    const found = value === undefined ? undefined : read(value)
    if (value !== undefined && found === undefined)
      refuse([...path, name], `is ${describeValue(value)}; use ${help}, or leave it out`)
    return found
  }

export const wordsOf = optional(
  (value) =>
    typeof value === 'string' && value.trim() !== '' && value.length <= 10_000 ? value.trim() : undefined,
  'a text',
)

export const linkOf = optional(
  (value) =>
    typeof value === 'string' && /^https?:\/\//.test(value) && URL.canParse(value)
      ? new URL(value).href
      : undefined,
  'an address that begins with https:// or http://',
)

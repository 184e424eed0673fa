import semver from 'semver'
import { describeValue } from '../../platform/index.ts'

/** An argument of a question: from it the option of the typed function, the option of the command and its help are derived. */
export interface Argument<T = unknown> {
  /** Sentence for the help. */
  readonly description: string
  /** Placeholder of the value in the help, such as `days`. */
  readonly value: string
  /** Value where nothing is given. Without one, the argument is required. */
  readonly default?: T
  /** Returns the value, given as it is or as a text. @throws {TypeError} with what is wrong and what helps. */
  readonly read: (given: unknown) => T
}

/** Arguments of a question, by name. */
export type Arguments = Readonly<Record<string, Argument>>

/** Values of arguments, all filled in. */
export type Values<A extends Arguments> = {
  readonly [N in keyof A]: A[N] extends Argument<infer T> ? T : never
}

/** Options of a typed function: what has a default may be left out. */
export type Given<A extends Arguments> = {
  readonly [N in keyof A as A[N] extends { readonly default: unknown } ? never : N]: Values<A>[N]
} & {
  readonly [N in keyof A as A[N] extends { readonly default: unknown } ? N : never]?: Values<A>[N] | undefined
}

/** An argument that may be left out. */
export type Optional<T> = Argument<T> & { readonly default: T }

/** Argument that is a whole number. */
export const whole = (
  description: string,
  value: string,
  { least, most, default: usual }: { least: number; most: number; default: number },
): Optional<number> => ({
  description: `${description} Default: ${usual}`,
  value,
  default: usual,
  read(given) {
    const number = typeof given === 'string' && given.trim() !== '' ? Number(given) : given
    if (typeof number === 'number' && Number.isInteger(number) && number >= least && number <= most)
      return number
    throw new TypeError(
      `is ${describeValue(given)}; use a whole number from ${least} to ${most}, such as ${usual}`,
    )
  },
})

/** Argument that is a text, such as the name of a fact. */
export const text = (description: string, value: string, example: string): Argument<string> => ({
  description,
  value,
  read: (given) => readText(given, example),
})

/** {@link text} with a default. */
export const optionalText = (description: string, value: string, usual: string): Optional<string> => ({
  ...text(description, value, usual),
  default: usual,
})

function readText(given: unknown, example: string): string {
  if (typeof given === 'string' && given !== '' && given.length <= 1_024) return given
  throw new TypeError(`is ${describeValue(given)}; use a text of 1 to 1,024 characters, such as '${example}'`)
}

/** Argument that is a range of versions. */
export const versionRange = (description: string, example: string): Argument<string> => ({
  description,
  value: 'range',
  read(given) {
    const range = readText(given, example)
    if (semver.validRange(range, RANGES) !== null) return range
    throw new TypeError(
      `is ${describeValue(given)}, which is not a range of versions; use one such as '${example}'`,
    )
  },
})

const RANGES = { loose: true, includePrerelease: true } as const

/** Parses a version as people write it: `2.4` and `v2.4.0` too, and pre-releases as they are. */
const parsedVersion = (version: string): semver.SemVer | null =>
  semver.parse(version, RANGES) ?? semver.coerce(version, RANGES)

/** Returns `true` if the text is a version in the range. What is not a version is in no range. */
export function isInRange(version: string, range: string): boolean {
  const parsed = parsedVersion(version)
  return parsed !== null && semver.satisfies(parsed, range, RANGES)
}

/** Compares versions, newest first. Texts that are not versions come last, in the order of their characters. */
export function newestFirst(a: string, b: string): number {
  const [left, right] = [parsedVersion(a), parsedVersion(b)]
  if (left && right) return semver.rcompare(left, right) || compare(a, b)
  if (left || right) return left ? -1 : 1
  return compare(a, b)
}

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)

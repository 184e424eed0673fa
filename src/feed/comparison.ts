/**
 * Order of version strings. A version of another form can be shown, but nothing is concluded from it:
 *
 * - Semantic versions, with pre-release and build: by semver, so the build does not count. One or two numbers, such as `10.1`, are completed with zeros.
 * - Two to six numbers of which one is written with zeros in front, such as the date `2026.01.05`, and four to six numbers, such as
 *   `10.1.1.1`: number by number.
 * - ISO dates, such as `2026-11-27`: among each other.
 */
export interface VersionOrder {
  /** Returns a negative number, 0 or a positive number; `undefined` if one of the versions cannot be compared with the other. */
  compare(left: string, right: string): number | undefined
  /** Returns whether a version lies in a range, see {@link isRange}. A version that cannot be compared lies only in a range that names it. */
  isIn(version: string, range: string): boolean
}

/** Version, parsed. */
type Parsed =
  | { readonly kind: 'semver'; readonly text: string }
  | { readonly kind: 'numbers'; readonly numbers: readonly number[] }
  | { readonly kind: 'date'; readonly text: string }

type CompareSemver = (left: string, right: string) => number

/** Loads semver, and returns the order. */
export async function loadVersionOrder(): Promise<VersionOrder> {
  const { default: compareSemver } = await import('semver/functions/compare.js')
  const compare = (left: string, right: string) => compared(parsed(left), parsed(right), compareSemver)
  return {
    compare,
    isIn: (version, range) =>
      alternativesOf(range).some((comparators) =>
        comparators.every(({ operator, version: bound }) =>
          fits(operator, compare(version, bound) ?? (version === bound ? 0 : Number.NaN)),
        ),
      ),
  }
}

/** Returns the form of a version; `undefined` if it can only be shown. */
export function formOf(version: string): Parsed['kind'] | undefined {
  return parsed(version)?.kind
}

/** Returns the minor line of a version, such as `2.4`: its first two numbers. `undefined` if it can only be shown, or has no second number. */
export function lineOf(version: string): string | undefined {
  return formOf(version) && /^v?(\d+[.-]\d+)/.exec(version)?.[1]
}

/**
 * Returns whether a text is a range of versions: comparators `<`, `<=`, `>`, `>=` or `=` with a version, joined by spaces where all of them
 * have to fit, and by `||` between alternatives.
 */
export function isRange(text: unknown): text is string {
  if (typeof text !== 'string' || text.length > MAX_RANGE_LENGTH) return false
  return text.split('||').every(
    (part) =>
      /^\s*\S/.test(part) &&
      part
        .trim()
        .split(/\s+/)
        .every((one) => COMPARATOR.test(one)),
  )
}

const MAX_RANGE_LENGTH = 1_000

const COMPARATOR = /^(<=?|>=?|=?)([0-9A-Za-z][0-9A-Za-z.+-]{0,127})$/

const alternativesOf = (range: string) =>
  range.split('||').map((part) =>
    part
      .trim()
      .split(/\s+/)
      .map((one) => {
        const [, operator = '', version = ''] = COMPARATOR.exec(one) ?? []
        return { operator, version }
      }),
  )

/** Returns whether the result of a comparison fits an operator. `NaN` fits none. */
function fits(operator: string, result: number): boolean {
  if (operator === '<') return result < 0
  if (operator === '<=') return result <= 0
  if (operator === '>') return result > 0
  return operator === '>=' ? result >= 0 : result === 0
}

function compared(
  left: Parsed | undefined,
  right: Parsed | undefined,
  compareSemver: CompareSemver,
): number | undefined {
  if (left?.kind === 'date' || right?.kind === 'date') {
    if (left?.kind !== 'date' || right?.kind !== 'date') return undefined
    return left.text < right.text ? -1 : Number(left.text > right.text)
  }
  if (!left || !right) return undefined
  if (left.kind === 'semver' && right.kind === 'semver') return compareSemver(left.text, right.text)
  const [one, other] = [numbersOf(left), numbersOf(right)]
  if (!one || !other) return undefined
  for (let index = 0; index < Math.max(one.length, other.length); index++) {
    const difference = (one[index] ?? 0) - (other[index] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}

/** Returns the numbers of a version; `undefined` for a pre-release, which lies before all numbers that continue it. */
function numbersOf(version: Parsed): readonly number[] | undefined {
  if (version.kind === 'numbers') return version.numbers
  return /^\d+\.\d+\.\d+$/.test(version.text) ? version.text.split('.').map(Number) : undefined
}

function parsed(version: string): Parsed | undefined {
  const text = version.replace(/^v(?=\d)/, '')
  const [, year, month, day] = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text) ?? []
  if (year !== undefined && Number(month) <= 12 && Number(day) <= 31) return { kind: 'date', text }
  const [plain = '', build] = text.split('+', 2)
  if (/^\d{1,15}(?:\.\d{1,15}){0,5}$/.test(plain) && (build === undefined || BUILD.test(build))) {
    const parts = plain.split('.')
    const isSemver = parts.length <= 3 && parts.every((part) => !/^0\d/.test(part))
    const full = [...parts, '0', '0'].slice(0, 3).join('.')
    return isSemver ? { kind: 'semver', text: full } : { kind: 'numbers', numbers: parts.map(Number) }
  }
  return SEMVER.test(text) ? { kind: 'semver', text } : undefined
}

const BUILD = /^[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*$/

/** Pattern of Semantic Versioning 2.0.0 with a pre-release; numbers have at most 15 digits, so that they are exact. */
const SEMVER =
  /^(?:0|[1-9]\d{0,14})(?:\.(?:0|[1-9]\d{0,14})){2}-(?:0|[1-9]\d{0,14}|\d*[A-Za-z-][0-9A-Za-z-]*)(?:\.(?:0|[1-9]\d{0,14}|\d*[A-Za-z-][0-9A-Za-z-]*))*(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?$/

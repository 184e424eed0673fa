import { describeValue } from '../../platform/index.ts'
import { isInRange, type Optional, versionRange } from './arguments.ts'

/** A condition on a fact: only installations that meet it are counted. */
export interface Condition {
  readonly fact: string
  /** `in`: one of the values; `not in`: none of them, or no value; `has`: any value, or a number that is not 0; `has not`; `>=` and `<`: of a number. */
  readonly operator: 'in' | 'not in' | 'has' | 'has not' | '>=' | '<'
  readonly values: readonly string[]
  /** Words for it, where the values must not be named. */
  readonly words?: string
}

/** Kinds of installations that may be left out. */
export const THROW_AWAY = ['young', 'ci', 'containers'] as const
/** Kind of throw-away installation: one of {@link THROW_AWAY}. */
export type ThrowAway = (typeof THROW_AWAY)[number]

/**
 * Reads a condition: `acme.edition=team,enterprise`, `acme.edition!=team`, `acme.users>=8`, `acme.users<8`, `acme.edition` (reported, and
 * not 0), `!acme.edition` (not reported, or 0).
 *
 * @throws {TypeError} with what is wrong and what helps.
 */
export function readCondition(given: unknown): Condition {
  const [, not, fact, operator, list] =
    (typeof given === 'string' &&
      given.length <= 4_096 &&
      /^(!?)([^=!<>\s]+?)(?:(=|!=|>=|<)(.+))?$/s.exec(given)) ||
    []
  if (fact === undefined || (not && operator)) {
    throw new TypeError(
      `is ${describeValue(given)}; use <fact>=<value>,<value> or <fact>!=<value>, <fact>>=<number>, <fact><<number>, <fact> or !<fact>`,
    )
  }
  if (operator === undefined || list === undefined)
    return { fact, operator: not ? 'has not' : 'has', values: [] }
  if (operator === '=' || operator === '!=')
    return { fact, operator: operator === '=' ? 'in' : 'not in', values: list.split(',') }
  if (!Number.isFinite(Number(list)))
    throw new TypeError(
      `is ${describeValue(given)}; after ${operator} use a number, such as ${fact}${operator}8`,
    )
  return { fact, operator: operator as '>=' | '<', values: [list] }
}

/** Says a condition in words. */
export function conditionText({ fact, operator, values, words }: Condition): string {
  if (words !== undefined) return words
  const shown =
    values.length > 6 ? `${values.slice(0, 6).join(', ')} and ${values.length - 6} more` : values.join(', ')
  if (operator === 'has') return `${fact} is reported, and not 0`
  if (operator === 'has not') return `${fact} is not reported, or 0`
  if (operator === 'in') return `${fact} is ${shown}`
  return operator === 'not in' ? `${fact} is not ${shown}` : `${fact} ${operator} ${shown}`
}

/** Filters that every question takes. */
export const FILTERS = {
  versions: {
    ...versionRange("Count only installations with a version in this range, such as '>=2.4 <3'.", '>=2.4 <3'),
    default: undefined,
  } as Optional<string | undefined>,
  level: {
    description: 'Count only installations with this level of consent.',
    value: 'level',
    default: undefined,
    read(given) {
      if (typeof given === 'string' && /^[a-z][a-z0-9_-]{0,31}$/.test(given)) return given
      throw new TypeError(`is ${describeValue(given)}, which is not a level; use a word such as 'full'`)
    },
  } as Optional<string | undefined>,
  where: {
    description:
      'Count only installations that meet a condition: <fact>=<value>,<value>, <fact>!=<value>, <fact>>=<number>, <fact>, or !<fact>. Can be repeated.',
    value: 'condition',
    default: [],
    read(given) {
      const all = Array.isArray(given) ? given : [given]
      if (all.length > 8) throw new TypeError(`has ${all.length} conditions; use at most 8`)
      for (const each of all) readCondition(each)
      return all
    },
  } as Optional<readonly string[]>,
  leaveOut: {
    description: `Leave out throw-away installations: ${THROW_AWAY.join(', ')}, parted by commas. Young are those of which there are reports of one day only. Default: none, all are counted`,
    value: 'kinds',
    default: [],
    read(given) {
      const all = typeof given === 'string' ? given.split(',') : given
      if (Array.isArray(all) && all.every((each) => THROW_AWAY.includes(each))) return all
      throw new TypeError(`is ${describeValue(given)}; use ${THROW_AWAY.join(', ')}, parted by commas`)
    },
  } as Optional<readonly ThrowAway[]>,
}

/** Values of the filters of a question. */
export interface Filters {
  readonly versions?: string | undefined
  readonly level?: string | undefined
  readonly where: readonly string[]
  readonly leaveOut: readonly ThrowAway[]
}

/** Returns the conditions of filters. The versions of a product are those that the store knows. */
export async function conditionsOf(
  { versions, level, where }: Filters,
  knownVersions: () => Promise<readonly string[]>,
): Promise<Condition[]> {
  const conditions = where.map(readCondition)
  if (level !== undefined) conditions.push({ fact: 'usage.consent.level', operator: 'in', values: [level] })
  if (versions !== undefined) {
    const values = (await knownVersions()).filter((version) => isInRange(version, versions))
    // Not the versions themselves: a few installations only may have one of them.
    const words = `service.version is in the range ${versions}`
    conditions.push({ fact: 'service.version', operator: 'in', values, words })
  }
  return conditions
}

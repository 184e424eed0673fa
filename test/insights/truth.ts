/**
 * Answers worked out from what each installation said on each day, in plain collections, without anything of the store or of the
 * questions' code: what `otel-usage insights` has to answer.
 */
import semver from 'semver'

/** What an installation said on a day. */
export interface DayOfLife {
  /** Attributes of the last report of the day. */
  readonly attributes: Readonly<Record<string, string>>
  /** By fact, then by dimensions as JSON: the last value of the day, and the sum of all of its values. */
  readonly numbers: Readonly<
    Record<string, Readonly<Record<string, { readonly last: number; readonly sum: number }>>>
  >
}

/** Days of an installation, as in `2026-03-01`. */
export type Life = ReadonlyMap<string, DayOfLife>

export interface TruthOptions {
  readonly until: string
  readonly meets?: (day: DayOfLife) => boolean
  /** `true`: installations with reports of one day only are left out. */
  readonly withoutYoung?: boolean
}

type Numbers = Record<string, number>

const DAY = 86_400_000
const before = (day: string, days: number) =>
  new Date(Date.parse(day) - days * DAY).toISOString().slice(0, 10)
const distance = (from: string, to: string) => (Date.parse(to) - Date.parse(from)) / DAY

export function truthOf(
  lives: readonly Life[],
  { until, meets = () => true, withoutYoung = false }: TruthOptions,
) {
  const counted = withoutYoung ? lives.filter((life) => life.size > 1) : lives
  const firstDay = (life: Life) => [...life.keys()].sort()[0] as string
  /** Days of a life in a period on which it met the filter. */
  const met = (life: Life, days: number, last = until) =>
    [...life]
      .filter(([day, said]) => day > before(last, days) && day <= last && meets(said))
      .sort(([a], [b]) => (a < b ? -1 : 1))
  /** Lives whose last report in the period meets the filter, with what it said. */
  const lastReports = (days: number) =>
    counted.flatMap((life) => {
      const last = [...life]
        .filter(([day]) => day > before(until, days) && day <= until)
        .sort(([a], [b]) => (a < b ? 1 : -1))[0]
      return last && meets(last[1]) ? [{ life, said: last[1] }] : []
    })
  const tally = (keys: readonly string[]): Numbers => {
    const numbers: Numbers = {}
    for (const key of keys) numbers[key] = (numbers[key] ?? 0) + 1
    return numbers
  }
  const activeIn = (days: number, last: string) => counted.filter((life) => met(life, days, last).length > 0)
  const version = (said: DayOfLife) => said.attributes['service.version'] ?? ''

  return {
    installations: (days: number) => lastReports(days).length,
    active: (days: number) =>
      Object.fromEntries(
        Array.from({ length: days }, (_, back) => before(until, back)).map((day) => [
          day,
          [1, 7, 28].map((window) => activeIn(window, day).length).join(' '),
        ]),
      ),
    growth: (periods: number, days: number) =>
      Array.from({ length: periods }, (_, index) => {
        const last = before(until, index * days)
        const now = new Set(activeIn(days, last))
        const previous = new Set(activeIn(days, before(last, days)))
        const isNew = (life: Life) => firstDay(life) > before(last, days)
        return {
          until: last,
          active: now.size,
          new: [...now].filter(isNew).length,
          stayed: [...now].filter((life) => previous.has(life)).length,
          returned: [...now].filter((life) => !isNew(life) && !previous.has(life)).length,
          lost: [...previous].filter((life) => !now.has(life)).length,
        }
      }),
    breakdown: (fact: string, days: number): Numbers =>
      tally(lastReports(days).map(({ said }) => said.attributes[fact] ?? '(not reported)')),
    supported: (range: string, days: number): Numbers =>
      tally(
        lastReports(days).map(({ said }) =>
          semver.satisfies(version(said), range, { includePrerelease: true }) ? 'supported' : 'not supported',
        ),
      ),
    cross: (fact: string, by: string, days: number): Numbers =>
      tally(
        lastReports(days).flatMap(({ said: { attributes } }) =>
          fact in attributes && by in attributes ? [`${attributes[fact]} ${attributes[by]}`] : [],
        ),
      ),
    adoption: (fact: string, days: number): Numbers =>
      tally(
        counted.flatMap((life) =>
          met(life, days).flatMap(([day, { attributes }]) =>
            fact in attributes ? [`${day} ${attributes[fact]}`] : [],
          ),
        ),
      ),
    upgrades: (days: number): Numbers =>
      tally(
        counted.flatMap((life) => {
          const all = met(life, days)
          const [from, to] = [all[0], all.at(-1)].map((each) => (each ? version(each[1]) : ''))
          return from !== to ? [`${from} ${to}`] : []
        }),
      ),
    /** How many installations had each last value, by dimensions. */
    distribution: (fact: string, days: number): Numbers =>
      tally(
        lastReports(days).flatMap(({ said }) =>
          Object.entries(said.numbers[fact] ?? {}).map(([dimensions, { last }]) => `${dimensions} ${last}`),
        ),
      ),
    totals(fact: string, days: number): Record<string, { total: number; installations: number }> {
      const sums: Record<string, { total: number; users: Set<Life> }> = {}
      for (const life of counted) {
        for (const [, said] of met(life, days)) {
          for (const [dimensions, { sum }] of Object.entries(said.numbers[fact] ?? {})) {
            for (const key of [dimensions, '(all)']) {
              sums[key] ??= { total: 0, users: new Set() }
              sums[key].total += sum
              if (sum !== 0) sums[key].users.add(life)
            }
          }
        }
      }
      return Object.fromEntries(
        Object.entries(sums).map(([key, { total, users }]) => [key, { total, installations: users.size }]),
      )
    },
    retention: (weeks: number): Numbers => {
      const weekOf = (day: string) => Math.floor(distance(day, until) / 7)
      return tally(
        counted.flatMap((life) => {
          const came = weekOf(firstDay(life))
          if (came >= weeks || firstDay(life) > until) return []
          const seen = new Set(met(life, 7 * weeks).map(([day]) => came - weekOf(day)))
          return [...seen].filter((week) => week >= 0).map((week) => `${before(until, came * 7)} ${week}`)
        }),
      )
    },
    ages: (days: number): Numbers =>
      tally(
        lastReports(days).map(({ life }) => {
          const age = distance(firstDay(life), until)
          if (age < 1) return 'day'
          if (age < 7) return 'week'
          if (age < 30) return 'month'
          return age < 183 ? 'half-year' : 'older'
        }),
      ),
    effect(range: string, fact: string, days: number) {
      const isNew = (said: DayOfLife) => semver.satisfies(version(said), range, { includePrerelease: true })
      const both = counted
        .map((life) => met(life, days).map(([, said]) => said))
        .filter((all) => all.some(isNew) && all.some((said) => !isNew(said)))
      return [false, true].map((after) => {
        const sides = both.flatMap((all) => all.filter((said) => isNew(said) === after))
        const sums = sides.map((said) =>
          Object.values(said.numbers[fact] ?? {}).reduce((total, { sum }) => total + sum, 0),
        )
        return {
          when: after ? 'after' : 'before',
          installations: both.length,
          days: sides.length,
          total: sums.reduce((total, sum) => total + sum, 0),
        }
      })
    },
    /** The last day on which a fact was used, and the most installations that used it on one day of the period. */
    used(days: number): Record<string, string> {
      const users: Record<string, Record<string, number>> = {}
      for (const life of counted) {
        for (const [day, { attributes, numbers }] of life) {
          if (day > until) continue
          const used = [
            ...Object.entries(attributes).filter(([, value]) => value !== '' && value !== 'false'),
            ...Object.entries(numbers).filter(([, series]) =>
              Object.values(series).some(({ sum }) => sum !== 0),
            ),
          ].map(([fact]) => fact)
          for (const fact of used.filter((name) => name.startsWith('acme.'))) {
            const of = users[fact] ?? {}
            users[fact] = of
            of[day] = (of[day] ?? 0) + 1
          }
        }
      }
      return Object.fromEntries(
        Object.entries(users).map(([fact, of]) => {
          const sizes = Object.entries(of)
          const inPeriod = sizes.filter(([day]) => day > before(until, days)).map(([, n]) => n)
          return [
            fact,
            `${sizes
              .map(([day]) => day)
              .sort()
              .at(-1)} ${Math.max(0, ...inPeriod)}`,
          ]
        }),
      )
    },
    /** Who used it in this period and the two before it, and of how many. */
    using: (uses: (said: DayOfLife) => boolean, days: number) =>
      [0, 1, 2].map((index) => {
        const last = before(until, index * days)
        return [
          counted.filter((life) => met(life, days, last).some(([, said]) => uses(said))).length,
          activeIn(days, last).length,
        ]
      }),
  }
}

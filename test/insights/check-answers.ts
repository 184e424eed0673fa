import assert from 'node:assert/strict'
import type { Insights } from '../../src/insights.ts'
import { type DayOfLife, type Life, truthOf } from './truth.ts'

interface Filter {
  readonly name: string
  readonly asked: object
  readonly meets?: (day: DayOfLife) => boolean
  readonly withoutYoung?: boolean
}

const FILTERS: readonly Filter[] = [
  { name: 'all', asked: {} },
  {
    name: 'a version range, a level, without the young',
    asked: { versions: '>=2.5 <3.1', level: 'full', leaveOut: ['young'] },
    meets: ({ attributes: { 'service.version': version = '', 'usage.consent.level': level } }) =>
      ['2.5.0', '2.5.1', '3.0.0-rc.1', '3.0.0', '3.0.1'].includes(version) && level === 'full',
    withoutYoung: true,
  },
  {
    name: 'conditions on facts',
    asked: { where: ['acme.edition!=team', 'acme.storage', 'acme.tables>=3'] },
    meets: ({ attributes, numbers }) =>
      attributes['acme.edition'] !== 'team' &&
      'acme.storage' in attributes &&
      (numbers['acme.tables']?.['{}']?.last ?? -1) >= 3,
  },
  {
    name: 'who does not report a fact, and a small number',
    asked: { where: ['!acme.storage', 'acme.tables<20'] },
    meets: ({ attributes, numbers }) =>
      !('acme.storage' in attributes) && (numbers['acme.tables']?.['{}']?.last ?? 99) < 20,
  },
]

interface CheckOptions {
  readonly product: string
  readonly until: string
  readonly days: number
  /** How many of the filters are tried. Default: all. */
  readonly filters?: number
}

/** Asks every question, with several filters, and compares each number with the truth. Returns how many numbers were compared. */
export async function checkAnswers(
  insights: Insights,
  lives: readonly Life[],
  { product, until, days, filters = FILTERS.length }: CheckOptions,
): Promise<number> {
  let compared = 0
  const found = await insights.unused({ product, until, days })
  const used = truthOf(lives, { until }).used(days)
  assert.deepEqual(
    Object.fromEntries(
      found.rows
        .filter(({ fact }) => fact.startsWith('acme.'))
        .map(({ fact, lastDay, installations }) => [fact, `${lastDay} ${installations}`]),
    ),
    used,
    'unused',
  )
  compared += Object.keys(used).length
  for (const { name, asked, ...rest } of FILTERS.slice(0, filters)) {
    const truth = truthOf(lives, { until, ...rest })
    const common = { product, until, ...asked }
    const same = (question: string, found: unknown, expected: unknown) => {
      compared += Object.keys(expected as object).length
      assert.deepEqual(found, expected, `${question}, ${name}`)
    }
    const numbers = <R extends { readonly installations: number | null }>(
      { rows }: { readonly rows: readonly R[] },
      key: (row: R) => string,
    ) =>
      Object.fromEntries(rows.filter((row) => row.installations).map((row) => [key(row), row.installations]))

    const active = await insights.active({ ...common, days })
    same(
      'active',
      Object.fromEntries(
        active.rows.map(({ day, day1, days7, days28 }) => [day, `${day1} ${days7} ${days28}`]),
      ),
      truth.active(days),
    )
    same('growth', (await insights.growth({ ...common, periods: 3, days: 7 })).rows, truth.growth(3, 7))
    const versions = await insights.versions({ ...common, days })
    assert.equal(versions.installations, truth.installations(days))
    same(
      'versions',
      numbers(versions, ({ value }) => value),
      truth.breakdown('service.version', days),
    )
    same(
      'countries',
      numbers(await insights.countries({ ...common, days }), ({ value }) => value),
      truth.breakdown('geo.country.iso_code', days),
    )
    same(
      'networks',
      numbers(await insights.networks({ ...common, days }), ({ value }) => value),
      truth.breakdown('usage.origin.network', days),
    )
    for (const fact of ['acme.edition', 'acme.storage'])
      same(
        fact,
        numbers(await insights.breakdown({ ...common, fact, days }), ({ value }) => value),
        truth.breakdown(fact, days),
      )
    same(
      'supported',
      numbers(await insights.supported({ ...common, range: '>=2.5.1', days }), (row) => row.versions),
      truth.supported('>=2.5.1', days),
    )
    same(
      'cross',
      numbers(
        await insights.cross({ ...common, fact: 'acme.edition', by: 'service.version', days }),
        ({ value, by }) => `${value} ${by}`,
      ),
      truth.cross('acme.edition', 'service.version', days),
    )
    same(
      'consent',
      numbers(await insights.consent({ ...common, days }), ({ state, level }) => `${state} ${level}`),
      truth.cross('usage.consent.state', 'usage.consent.level', days),
    )
    same(
      'adoption',
      numbers(await insights.adoption({ ...common, days, top: 20 }), ({ day, value }) => `${day} ${value}`),
      truth.adoption('service.version', days),
    )
    same(
      'upgrades',
      numbers(await insights.upgrades({ ...common, days, top: 20 }), ({ from, to }) => `${from} ${to}`),
      truth.upgrades(days),
    )
    for (const fact of ['acme.users', 'acme.tables']) {
      const { rows } = await insights.distribution({ ...common, fact, days })
      const expected = truth.distribution(fact, days)
      const values = Object.entries(expected).map(([key, n]) => [Number(key.split(' ')[1]), n] as const)
      const isSmall = values.length <= 20
      const buckets: Record<string, number> = {}
      for (const [value, n] of values) {
        const bucket = isSmall || value === 0 ? value : 2 ** Math.floor(Math.log2(value))
        buckets[bucket] = (buckets[bucket] ?? 0) + n
      }
      same(
        fact,
        Object.fromEntries(
          rows.filter(({ what }) => what === 'from').map((row) => [row.from, row.installations]),
        ),
        buckets,
      )
      const sorted = values
        .flatMap(([value, n]) => Array.from({ length: n }, () => value))
        .sort((a, b) => a - b)
      const median = rows.find(({ what }) => what === 'median')
      if (median)
        assert.equal(median.from, sorted[Math.ceil(sorted.length / 2) - 1], `median of ${fact}, ${name}`)
    }
    for (const fact of ['acme.commands', 'acme.starts']) {
      const { rows } = await insights.totals({ ...common, fact, days })
      const expected = truth.totals(fact, days)
      const shown = (dimensions: string) =>
        dimensions.startsWith('{')
          ? Object.entries(JSON.parse(dimensions) as object)
              .map(([key, value]) => `${key}=${value}`)
              .join(', ')
          : dimensions
      const isSingle = Object.keys(expected).length === 2
      same(
        fact,
        Object.fromEntries(
          rows.map(({ dimensions, total, installations }) => [dimensions, { total, installations }]),
        ),
        Object.fromEntries(
          Object.entries(expected)
            .filter(([dimensions]) => !isSingle || dimensions === '(all)')
            .map(([dimensions, each]) => [shown(dimensions), each]),
        ),
      )
    }
    same(
      'retention',
      numbers(await insights.retention({ ...common, weeks: 3 }), (row) => `${row.until} ${row.week}`),
      truth.retention(3),
    )
    same(
      'ages',
      numbers(await insights.ages({ ...common, days }), ({ age }) => age),
      truth.ages(days),
    )
    const effect = await insights.effect({ ...common, range: '>=2.5.1', fact: 'acme.starts', days })
    const expectedEffect = truth.effect('>=2.5.1', 'acme.starts', days)
    if (expectedEffect[0]?.installations)
      same(
        'effect',
        effect.rows.map(({ when, installations, days, total }) => ({ when, installations, days, total })),
        expectedEffect,
      )
    for (const [what, uses] of [
      ['acme.storage=memory', ({ attributes }: DayOfLife) => attributes['acme.storage'] === 'memory'],
      [
        'version <2.5',
        ({ attributes }: DayOfLife) => ['2.3.4', '2.4.0'].includes(attributes['service.version'] ?? ''),
      ],
      [
        'acme.commands',
        ({ numbers }: DayOfLife) =>
          Object.values(numbers['acme.commands'] ?? {}).some(({ sum }) => sum !== 0),
      ],
    ] as const) {
      const { rows } = await insights.canIDrop({ ...common, what, days: 4 })
      const found = rows.filter((row) => row.what === 'uses it').map((row) => row.installations)
      const expected = truth.using(uses, 4)
      if (expected.some(([, all]) => all))
        same(
          what,
          found,
          expected.map(([using]) => using),
        )
    }
  }
  return compared
}

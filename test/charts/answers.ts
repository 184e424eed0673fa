import type { Answer, QuestionName, Row } from '../../src/maintainer/insights/index.ts'

const UNTIL = '2026-11-26'
const dayBack = (back: number) => new Date(Date.parse(UNTIL) - back * 86_400_000).toISOString().slice(0, 10)

/** Returns an answer as the store gives it, with these rows. */
export function answerOf(question: QuestionName, rows: readonly Row[], more: Partial<Answer> = {}): Answer {
  return {
    ...{ question, product: 'acme-db', arguments: {}, rows },
    period: { from: dayBack(27), until: UNTIL, days: 28 },
    ...{ installations: 4210, filters: [], leftOut: [], smallestGroup: 20, withheldGroups: 0 },
    ...{ isRounded: false, facts: [], notes: [] },
    source: { table: 'installation_sets', since: '2026-01-03', asOf: '2026-11-27T03:00:12Z' },
    ...more,
  }
}

const valued = (values: Readonly<Record<string, number>>, name = 'value') => {
  const all = Object.values(values).reduce((sum, n) => sum + n, 0)
  return Object.entries(values).map(([value, installations]) => ({
    ...{ [name]: value, installations },
    share: installations / all,
  }))
}

/** Number between 0 and 1 that looks like chance, and is always the same. */
const noise = (seed: number) => Math.abs(Math.sin(seed * 12.9898) * 43758.5453) % 1

const DAYS = Array.from({ length: 28 }, (_, index) => dayBack(27 - index))

/** Share of a version that comes on a day and is replaced later. */
const wave = (day: number, comes: number, goes: number) =>
  1 / (1 + Math.exp((comes - day) / 2.5)) - 1 / (1 + Math.exp((goes - day) / 2.5))

const ADOPTED = {
  '3.1.0': [20, 99],
  '3.0.1': [9, 20],
  '3.0.0': [2, 9],
  '2.5.1': [-40, 2],
} as const

/** An answer to each question. */
export const ANSWERS: Readonly<Record<QuestionName, Answer>> = {
  active: answerOf(
    'active',
    DAYS.map((day, index) => ({
      day,
      day1: Math.round(
        2400 + index * 9 + 260 * noise(index) - ([5, 6].includes(new Date(day).getUTCDay()) ? 500 : 0),
      ),
      days7: Math.round(3350 + index * 12 + 60 * noise(index + 50)),
      days28: Math.round(3900 + index * 11 + 30 * noise(index + 90)),
    })),
  ),
  growth: answerOf('growth', [
    { until: dayBack(0), active: 4210, new: 612, stayed: 3402, returned: 196, lost: 388 },
    { until: dayBack(28), active: 3790, new: 540, stayed: 3098, returned: 152, lost: 301 },
    { until: dayBack(56), active: 3399, new: 480, stayed: 2805, returned: 114, lost: 280 },
    { until: dayBack(84), active: 3085, new: 702, stayed: 2300, returned: 83, lost: 120 },
  ]),
  versions: answerOf(
    'versions',
    valued({
      '3.1.0': 1890,
      '3.0.1': 984,
      '3.0.0': 402,
      '2.5.1': 530,
      '2.4.0': 301,
      '2.3.4': 82,
      '(not reported)': 21,
    }),
  ),
  adoption: answerOf(
    'adoption',
    Object.entries(ADOPTED).flatMap(([value, [comes, goes]]) =>
      DAYS.map((day, index) => {
        const share = Math.max(0, wave(index, comes, goes)) * 0.96
        return { day, value, installations: Math.round(share * 2600), share: share < 0.008 ? null : share }
      }),
    ),
    { arguments: { fact: 'service.version', top: 8 } },
  ),
  upgrades: answerOf('upgrades', [
    { from: '3.0.1', to: '3.1.0', installations: 1200, medianDays: 4 },
    { from: '2.5.1', to: '3.1.0', installations: 310, medianDays: 6 },
    { from: '3.0.0', to: '3.0.1', installations: 240, medianDays: 3 },
    { from: '2.4.0', to: '2.5.1', installations: 44, medianDays: null },
  ]),
  supported: answerOf(
    'supported',
    valued({ supported: 3276, 'not supported': 913, 'not known': 21 }, 'versions'),
  ),
  canIDrop: answerOf(
    'canIDrop',
    [
      {
        what: 'uses it',
        value: 'in this period',
        installations: 182,
        share: 0.0432,
        low: 0.0375,
        high: 0.0498,
      },
      {
        what: 'uses it',
        value: 'in the one before',
        installations: 241,
        share: 0.0636,
        low: 0.0563,
        high: 0.0718,
      },
      {
        what: 'uses it',
        value: 'in that before it',
        installations: 320,
        share: 0.0941,
        low: 0.0848,
        high: 0.1045,
      },
      { what: 'service.version', value: '2.4.0', installations: 91, share: 0.5, low: null, high: null },
      { what: 'service.version', value: '2.5.1', installations: 62, share: 0.34, low: null, high: null },
      { what: 'geo.country.iso_code', value: 'DE', installations: 55, share: 0.3, low: null, high: null },
    ],
    { arguments: { what: 'acme.storage=memory' } },
  ),
  breakdown: answerOf(
    'breakdown',
    valued({ community: 3380, team: 610, enterprise: 180, '(not reported)': 40 }),
    {
      arguments: { fact: 'acme.edition', top: 20 },
      facts: [{ name: 'acme.edition', level: 'basic', rounding: null, epsilon: null }],
    },
  ),
  cross: answerOf(
    'cross',
    ['DE', 'US', 'FR', 'GB', 'IN', 'BR'].flatMap((by, column) =>
      ['community', 'team', 'enterprise'].flatMap((value, row) => {
        const installations = Math.round((900 / (column + 1)) * ([1, 0.18, 0.05][row] as number))
        return installations < 20 ? [] : [{ value, by, installations, share: installations / 4210 }]
      }),
    ),
    { arguments: { fact: 'acme.edition', by: 'geo.country.iso_code', top: 10 } },
  ),
  distribution: answerOf(
    'distribution',
    [
      { dimensions: '', what: 'reported', from: null, installations: 2880 },
      { dimensions: '', what: '10 %', from: 2, installations: null },
      { dimensions: '', what: 'median', from: 16, installations: null },
      { dimensions: '', what: '90 %', from: 128, installations: null },
      ...[120, 160, 310, 480, 610, 520, 340, 190, 96, 38].map((installations, index) => ({
        ...{ dimensions: '', what: 'from', from: 2 ** index, installations },
      })),
    ],
    { arguments: { fact: 'acme.users' } },
  ),
  totals: answerOf(
    'totals',
    [
      { dimensions: '(all)', total: 9_204_000, installations: 2700, perInstallation: 3409, perDay: 328_714 },
      {
        dimensions: 'command=find, result=ok',
        total: 6_100_000,
        installations: 2650,
        perInstallation: 2302,
        perDay: 217_857,
      },
      {
        dimensions: 'command=insert, result=ok',
        total: 2_980_000,
        installations: 2201,
        perInstallation: 1354,
        perDay: 106_429,
      },
      {
        dimensions: 'command=find, result=error',
        total: 104_000,
        installations: 811,
        perInstallation: 128,
        perDay: 3714,
      },
      {
        dimensions: 'command=drop, result=ok',
        total: 20_000,
        installations: 402,
        perInstallation: 50,
        perDay: 714,
      },
    ],
    { arguments: { fact: 'acme.commands' } },
  ),
  effect: answerOf('effect', [
    {
      when: 'before',
      installations: 1510,
      days: 21_140,
      reporting: 18_300,
      total: 1_240_000,
      perDay: 58.66,
      low: 57.9,
      high: 59.4,
    },
    {
      when: 'after',
      installations: 1510,
      days: 12_080,
      reporting: 10_900,
      total: 641_000,
      perDay: 53.06,
      low: 52.1,
      high: 54,
    },
  ]),
  unused: answerOf(
    'unused',
    [
      { fact: 'acme.legacy.sync', lastDay: dayBack(40), installations: 0 },
      { fact: 'acme.storage', lastDay: dayBack(0), installations: 1204 },
      { fact: 'acme.edition', lastDay: dayBack(0), installations: 3380 },
    ],
    { installations: null },
  ),
  retention: answerOf(
    'retention',
    Array.from({ length: 8 }, (_, index) => 7 - index).flatMap((cohort) =>
      Array.from({ length: cohort + 1 }, (_, week) => {
        const share = week === 0 ? 1 : 0.52 + 0.4 / (week + 0.6) - 0.1 * noise(cohort * 9 + week)
        return {
          until: dayBack(cohort * 7),
          week,
          installations: Math.round(share * 160),
          share: Math.min(1, share),
        }
      }),
    ),
  ),
  ages: answerOf('ages', valued({ day: 31, week: 150, month: 520, 'half-year': 1403, older: 2106 }, 'age')),
  countries: answerOf(
    'countries',
    valued({
      DE: 1104,
      US: 820,
      FR: 402,
      GB: 311,
      IN: 280,
      BR: 190,
      CN: 188,
      NL: 160,
      CH: 121,
      JP: 99,
      SG: 60,
      AU: 58,
      CA: 57,
      ZA: 30,
      MT: 22,
      '(not reported)': 308,
    }),
  ),
  networks: answerOf(
    'networks',
    valued({ 'Deutsche Telekom AG': 412, 'AMAZON-02': 390, 'Hetzner Online GmbH': 302, '(others)': 3106 }),
  ),
  consent: answerOf('consent', [
    { state: 'enabled', level: 'basic', installations: 1290, share: 0.306 },
    { state: 'enabled', level: 'full', installations: 2340, share: 0.556 },
    { state: 'undecided', level: 'basic', installations: 580, share: 0.138 },
  ]),
}

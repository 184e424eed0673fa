/** Data of the insights benchmark, made inside ClickHouse: lives of installations with skewed facts. */
import type { ClickHouseConnection } from '../src/gateway.ts'

/** Days of the data, up to today. */
export const DAYS = 30

/** Makes the sets of so many installations, and rows of `installation_days` for plain scans if wanted, unless they are there. */
export async function makeData(
  { command, query }: Pick<ClickHouseConnection, 'command' | 'query'>,
  installations: number,
  withDays: boolean,
): Promise<void> {
  const [made] = await query<{ first: number }>(
    "SELECT sumIf(Installations, Of = 'first' AND ComputedAt >= toDate(now('UTC'))) AS first FROM installation_sets",
  )
  if (made?.first) {
    console.error(`The directory has the data of ${made.first} installations.`)
    return
  }
  console.error('Making the data.')
  await command(
    `INSERT INTO installation_numbers SELECT 'acme-db', ${ID}, number FROM numbers(1, ${installations})`,
  )
  for (let back = DAYS - 1; back >= 0; back--) {
    await command(setsOf(installations, back))
    if (withDays) await command(daysOf(installations, back))
  }
  await command(
    `INSERT INTO installation_sets SELECT 'acme-db', '', 'first', ${firstDay(installations)} AS first, '', if(${IS_YOUNG}, 'once', 'more'), groupBitmapState(toUInt32(number)) AS who, bitmapCardinality(who), now64(3, 'UTC') FROM numbers(1, ${installations}) WHERE first > toDate(now('UTC')) - 400 GROUP BY first, ${IS_YOUNG}`,
  )
  await command('OPTIMIZE TABLE installation_sets FINAL')
}

/** Statements that let all installations be there, and each of them report two numbers today. */
export const numbersOfToday = (
  installations: number,
): { readonly lives: string; readonly today: string } => ({
  lives: `INSERT INTO installations SELECT 'acme-db', ${ID}, ${firstDay(installations)}, toDate(now('UTC')), now('UTC') - 7200, initializeAggregation('argMaxState', ('2.1', 'DE'), toUInt64(1)) FROM numbers(1, ${installations})`,
  today: `INSERT INTO fact_days SELECT 'acme-db', fact.1, toDate(now('UTC')), ${ID}, fact.2, map(cityHash64(number), fact.3), initializeAggregation('argMaxState', fact.3, toUInt64(1)) FROM numbers(1, ${installations}) ARRAY JOIN [('acme.users', '{}', toFloat64(${USERS})), ('acme.commands', '{"command":"find"}', toFloat64(${COMMANDS.replaceAll('day', "toDate(now('UTC'))")}))] AS fact`,
})

const ID = 'reinterpretAsUUID(sipHash128(number))'
/** One of thirty lives for a day: a container of a pipeline. */
const IS_YOUNG = "cityHash64(number, 'young') % 30 = 0"
const firstDay = (installations: number) =>
  `toDate(now('UTC')) - toUInt32(400 * pow(1 - number / ${installations}, 2))`
/** A release every six days; one half of the installations follow within a month, others much later or never. */
const VERSION =
  "concat('2.', toString(greatest(0, intDiv(dateDiff('day', toDate('2026-01-01'), day), 6) - toInt32(40 * pow((cityHash64(number, 'lag') % 1000) / 1000., 3)))), '.', toString(cityHash64(number, 'patch') % 2))"
const COUNTRY =
  "concat(char(65 + toUInt8(26 * pow((cityHash64(number, 'c') % 10000) / 10000., 4))), char(65 + toUInt8(9 * pow((cityHash64(number, 'd') % 10000) / 10000., 2))))"
const EDITION =
  "['community', 'team', 'enterprise'][1 + (cityHash64(number, 'e') % 100 > 80) + (cityHash64(number, 'e') % 100 > 95)]"
const LEVEL = "if(cityHash64(number, 'l') % 10 < 6, 'full', 'basic')"
const STATE = "if(cityHash64(number, 's') % 10 < 7, 'enabled', 'undecided')"
/** A gauge that is rounded to powers of two. */
const USERS = "bitShiftLeft(toUInt64(1), toUInt8(16 * pow((cityHash64(number, 'u') % 1000) / 1000., 2)))"
/** A count with many small values and a long tail. */
const COMMANDS = "toUInt64(pow(10, 4 * pow((cityHash64(number, day, 'f') % 10000) / 10000., 2)))"

/** Its first two digits, as maintain.sql parts a number with many values. */
const DIGITS = `if(${COMMANDS} < 100, ${COMMANDS}, intDiv(${COMMANDS}, exp10(floor(log10(${COMMANDS})) - 1)) * exp10(floor(log10(${COMMANDS})) - 1))`

const reporting = (installations: number, back: number) => `
  SELECT number, toDate(now('UTC')) - ${back} AS day, ${firstDay(installations)} AS first
  FROM numbers(1, ${installations})
  WHERE first <= day AND (first = day OR NOT (${IS_YOUNG})) AND cityHash64(number, day) % 100 < 93`

/** Parts of everybody's report of a day: the fact, the kind of its sets, its dimensions, and an expression for the value. */
const SAID: readonly (readonly [string, string, string, string])[] = [
  ['', 'all', '', "''"],
  ['acme.edition', 'value', '', EDITION],
  ['service.version', 'value', '', VERSION],
  ['geo.country.iso_code', 'value', '', COUNTRY],
  ['usage.consent.level', 'value', '', LEVEL],
  ['usage.consent.state', 'value', '', STATE],
  ['acme.users', 'number', '{}', USERS],
  ['acme.users', 'used', '{}', "''"],
  ['acme.commands', 'number', '{"command":"find"}', `toUInt64(${DIGITS})`],
  [
    ...(['acme.commands', 'number rest', '{"command":"find"}'] as const),
    `arrayJoin(arrayMap(bit -> bitShiftLeft(toUInt64(1), bit), bitPositionsToArray(${COMMANDS} - toUInt64(${DIGITS}))))`,
  ],
  ['acme.commands', 'used', '{"command":"find"}', "''"],
]

const setsOf = (installations: number, back: number) =>
  `INSERT INTO installation_sets ${SAID.map(
    ([fact, of, dimensions, value]) => `
  SELECT 'acme-db', '${fact}' AS fact, '${of}' AS kind, day, '${dimensions}' AS dimensions, toString(said), groupBitmapState(toUInt32(number)) AS who, bitmapCardinality(who), now64(3, 'UTC')
  FROM (SELECT number, day, ${value} AS said FROM (${reporting(installations, back)})) GROUP BY day, said`,
  ).join(' UNION ALL ')}`

const daysOf = (installations: number, back: number) => `
  INSERT INTO installation_days (Product, Day, InstallationId, ReportOrder, ReportedAt, ReportId, Attributes)
  SELECT 'acme-db', day, ${ID}, bitShiftLeft(toUInt64(toUnixTimestamp(day)), 32), toDateTime(day, 'UTC'), generateUUIDv4(),
    map('acme.edition', ${EDITION}, 'service.version', ${VERSION}, 'geo.country.iso_code', ${COUNTRY}, 'usage.consent.level', ${LEVEL}, 'usage.consent.state', ${STATE}, 'usage.catalog.version', '3')
  FROM (${reporting(installations, back)})`

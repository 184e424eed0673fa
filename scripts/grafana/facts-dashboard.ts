import { RowBuilder } from '@grafana/grafana-foundation-sdk/dashboard'
import {
  bars,
  CLICKHOUSE,
  labelOf,
  series,
  shown,
  sourceVariable,
  sql,
  storeVariable,
  variable,
} from './panels.ts'
import { productVariable } from './usage-dashboard.ts'

const of = (fact: 'fact' | 'number') =>
  `Product = ${variable('product')} AND Fact = ${variable(fact)} AND $__dateFilter(Day) AND Day < toDate(now('UTC'))`
const OF_FACT = of('fact')
const OF_NUMBER = of('number')

const frequent = `Value IN (
      SELECT Value FROM shown_values WHERE ${OF_FACT}
      GROUP BY Value ORDER BY sum(Installations) DESC, Value LIMIT 20
    )`

/** Shows dimensions such as `{"command":"find"}` in words. */
const DIMENSIONS =
  "if(Dimensions IN ('', '{}'), 'all', replaceRegexpAll(replaceAll(replaceAll(Dimensions, '\",\"', ', '), '\":\"', '='), '[{}\"]', ''))"

/** A column of the gauge or count by day, with a series for each of its dimensions. */
const byDimensions = (column: string) =>
  sql(`
    SELECT toDateTime(Day, 'UTC') AS time, ${DIMENSIONS} AS dimensions, ${column}
    FROM shown_numbers
    WHERE ${OF_NUMBER}
    ORDER BY time, dimensions`)

/** Dashboard: any declared fact of a product. */
export const factsDashboard = {
  title: 'Usage: facts',
  uid: 'usage-facts',
  description:
    'Any attribute, gauge or count that the catalog of a product declares. Numbers of installations are rounded down to a multiple of five, means have two digits, and groups of fewer than five are not shown.',
  variables: [
    sourceVariable(CLICKHOUSE, 'Store'),
    productVariable,
    storeVariable(
      'fact',
      'Attribute',
      'Attributes that somebody reported in the period.',
      `
      SELECT DISTINCT Fact FROM shown_values
      WHERE Product = ${variable('product')} AND $__dateFilter(Day)
      ORDER BY startsWith(Fact, 'usage.') OR startsWith(Fact, 'telemetry.'), Fact`,
    ),
    storeVariable(
      'number',
      'Gauge or count',
      'Gauges and counts that somebody reported in the period.',
      `
      SELECT DISTINCT Fact FROM shown_numbers
      WHERE Product = ${variable('product')} AND $__dateFilter(Day)
      ORDER BY startsWith(Fact, 'usage.') OR startsWith(Fact, 'telemetry.'), Fact`,
    ),
  ],
  panels: [
    new RowBuilder(shown('fact')),
    series(
      {
        title: 'Values by day',
        description: 'Installations by the value in their last report of the day: the 20 most frequent ones.',
        width: 14,
        height: 10,
        stacked: 'normal',
        name: labelOf('Value'),
      },
      sql(`
        SELECT toDateTime(Day, 'UTC') AS time, Value, Installations
        FROM shown_values
        WHERE ${OF_FACT} AND ${frequent}
        ORDER BY time, Value`),
    ),
    bars(
      {
        title: 'Values on the last day',
        description: 'Installations that had the value on the last full day of the period.',
        width: 10,
        height: 10,
      },
      sql(
        `
        SELECT if(Value = '', '(empty)', Value) AS value, Installations FROM shown_values
        WHERE ${OF_FACT} AND Day = (SELECT max(Day) FROM shown_values WHERE ${OF_FACT})
        ORDER BY Installations DESC, value LIMIT 20`,
        'table',
      ),
    ),
    new RowBuilder(shown('number')),
    series(
      {
        title: 'Mean of an installation',
        description:
          'For a gauge: the mean of the last values of the day, over the installations that reported it.',
        width: 12,
        name: labelOf('dimensions'),
      },
      byDimensions('MeanLatest'),
    ),
    series(
      {
        title: 'Counted per installation and day',
        description:
          'For a count: the mean of what each installation counted on the day, over those that reported it.',
        width: 12,
        name: labelOf('dimensions'),
      },
      byDimensions('MeanTotal'),
    ),
    series(
      {
        title: 'Installations that reported it',
        description: 'Installations with the gauge or count in a report of the day.',
        width: 12,
        name: labelOf('dimensions'),
      },
      byDimensions('Installations'),
    ),
    bars(
      {
        title: 'How large it is',
        description:
          'Installations by their last value on the last full day of the period, in powers of two; all dimensions together.',
        width: 12,
      },
      sql(
        `
        SELECT if(AtLeast = 0, '0 and less', concat('from ', toString(AtLeast))) AS value, sum(Installations) AS Installations
        FROM shown_histograms
        WHERE ${OF_NUMBER} AND Day = (SELECT max(Day) FROM shown_histograms WHERE ${OF_NUMBER})
        GROUP BY AtLeast ORDER BY AtLeast`,
        'table',
      ),
    ),
    series(
      {
        title: 'By version',
        description:
          'For a count: the mean over all installations with the version on the day, also over those that counted nothing. A release that changes how something is used shows here first; `otel-usage insights effect` compares the same installations before and after.',
        width: 24,
        height: 10,
        name: labelOf('Version'),
      },
      sql(`
        SELECT toDateTime(Day, 'UTC') AS time, Version, MeanTotal
        FROM shown_numbers_by_version
        WHERE ${OF_NUMBER} AND Version IN (
            SELECT Value FROM shown_active
            WHERE Product = ${variable('product')} AND By = 'service.version' AND Days = 30 AND $__dateFilter(Day)
            GROUP BY Value ORDER BY sum(Installations) DESC LIMIT 8
          )
        ORDER BY time, Version`),
    ),
  ],
}

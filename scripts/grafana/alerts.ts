import { QueryBuilder, RuleBuilder, RuleGroupBuilder } from '@grafana/grafana-foundation-sdk/alerting'
import { TypeThresholdBuilder } from '@grafana/grafana-foundation-sdk/expr'
import { lines, STORE_UID, sql } from './panels.ts'

/** An alert on a number for each product, or for each group of a product: a row of the query, with texts as labels. */
interface Alert {
  readonly name: string
  readonly query: string
  readonly fires: 'gt' | 'lt'
  readonly at: number
  readonly summary: string
  readonly description: string
}

const TODAY = "toDate(now('UTC'))"

/** The version that was seen first the latest, of each product. */
const NEWEST = `(
      SELECT Product, argMax(Value, (First, Value)) AS Newest
      FROM (SELECT Product, Value, min(Day) AS First FROM shown_active WHERE By = 'service.version' AND Days = 30 AND Value != '' AND Day > ${TODAY} - 365 GROUP BY Product, Value)
      GROUP BY Product
    )`

export const ALERTS: readonly Alert[] = [
  {
    name: 'Reports stopped',
    query: `
    SELECT Product, toFloat64(dateDiff('day', LastDay, ${TODAY})) AS days
    FROM shown_products
    WHERE LastDay > ${TODAY} - 30`,
    fires: 'gt',
    at: 2,
    summary: 'No reports of {{ .Labels.Product }} for more than two days.',
    description:
      'Fewer than five installations reported in these days. Look at `otel-usage gateway status`, the dashboard of the gateway, and the certificate and name of its address.',
  },
  {
    name: 'Fewer reports',
    query: `
    SELECT Product, sumIf(Installations, Day = ${TODAY} - 1) / (sumIf(Installations, Day < ${TODAY} - 1) / 7) AS share
    FROM shown_active
    WHERE By = '' AND Days = 1 AND Day BETWEEN ${TODAY} - 8 AND ${TODAY} - 1
    GROUP BY Product
    HAVING sumIf(Installations, Day < ${TODAY} - 1) >= 7 * 20`,
    fires: 'lt',
    at: 0.5,
    summary: 'Less than half of the usual installations of {{ .Labels.Product }} reported yesterday.',
    description:
      'Compared with the mean of the seven days before. Only of products with 20 installations a day. The gateway may refuse or drop reports, or a release does not send any more.',
  },
  {
    name: 'A version is not adopted any more',
    query: `
    SELECT Product, Newest AS Version,
      toFloat64(sumIf(Installations, By = 'service.version' AND Day = ${TODAY} - 1)) - toFloat64(sumIf(Installations, By = 'service.version' AND Day = ${TODAY} - 8)) AS more
    FROM shown_active
    INNER JOIN ${NEWEST} AS newest USING (Product)
    WHERE Days = 7 AND Day IN (${TODAY} - 1, ${TODAY} - 8) AND (By = '' OR By = 'service.version' AND Value = Newest)
    GROUP BY Product, Version
    HAVING sumIf(Installations, By = 'service.version' AND Day = ${TODAY} - 8) >= 20
      AND sumIf(Installations, By = 'service.version' AND Day = ${TODAY} - 1) < 0.5 * sumIf(Installations, By = '' AND Day = ${TODAY} - 1)`,
    fires: 'lt',
    at: 0,
    summary: 'Fewer installations of {{ .Labels.Product }} are on {{ .Labels.Version }} than a week ago.',
    description:
      'It is the newest version, it has less than half of the installations, and it loses some: operators go back, or wait. Look at the dashboard, and at `otel-usage insights upgrades`.',
  },
  {
    name: 'A release lowers a fact',
    query: `
    SELECT Product, Version, Fact, new_mean / old_mean AS share
    FROM
    (
      SELECT Product, Newest AS Version, Fact,
        sumIf(MeanTotal * Installations, numbers.Version = Newest) / sumIf(Installations, numbers.Version = Newest) AS new_mean,
        sumIf(MeanTotal * Installations, numbers.Version != Newest) / sumIf(Installations, numbers.Version != Newest) AS old_mean
      FROM shown_numbers_by_version AS numbers
      INNER JOIN ${NEWEST} AS newest USING (Product)
      WHERE Day BETWEEN ${TODAY} - 7 AND ${TODAY} - 1 AND NOT startsWith(Fact, 'usage.') AND NOT startsWith(Fact, 'telemetry.')
      GROUP BY Product, Newest, Fact
      HAVING sumIf(Installations, numbers.Version = Newest) >= 7 * 20 AND sumIf(Installations, numbers.Version != Newest) >= 7 * 20
    )
    WHERE old_mean > 0`,
    fires: 'lt',
    at: 0.5,
    summary:
      '{{ .Labels.Fact }} of {{ .Labels.Product }} is less than half as large on {{ .Labels.Version }} as on other versions.',
    description:
      'Means of an installation and day over seven days, with at least 20 installations a day on each side. Those who upgrade first may use a product in another way: `otel-usage insights effect` compares the same installations before and after.',
  },
  {
    name: 'The store is not maintained',
    query: `
    SELECT Product, dateDiff('second', ComputedAt, now('UTC')) / 3600 AS hours
    FROM shown_products
    WHERE ComputedAt > now('UTC') - INTERVAL 90 DAY`,
    fires: 'gt',
    at: 3,
    summary: 'The numbers of {{ .Labels.Product }} are more than three hours old.',
    description:
      'maintain.sql has not run: nothing is rolled up, and nobody who asked for it is erased. `otel-usage gateway maintain` runs it and says what is wrong.',
  },
]

const GROUP = 'usage'
const FOLDER = 'Usage'
/** Time between two evaluations, in seconds: the rollups are made every hour. */
const INTERVAL = 3_600

/** Rules in the form of Grafana's file provisioning. */
export function alertProvisioning(): object {
  const { rules = [], interval = INTERVAL } = new RuleGroupBuilder(GROUP)
    .interval(INTERVAL)
    .rules(ALERTS.map(ruleOf))
    .build()
  return {
    apiVersion: 1,
    groups: [
      {
        ...{ orgId: 1, name: GROUP, folder: FOLDER, interval: `${interval}s` },
        rules: rules.map(({ orgID: _, folderUID: __, ruleGroup: ___, ...rule }) => rule),
      },
    ],
  }
}

function ruleOf({ name, query, fires, at, summary, description }: Alert) {
  const words = name.toLowerCase().replaceAll(/\W+/g, '-')
  return new RuleBuilder(name)
    .uid(`usage-${words}`.slice(0, 40))
    .condition('B')
    .withQuery(
      new QueryBuilder('A')
        .datasourceUid(STORE_UID)
        .relativeTimeRange({ from: 8 * 86_400, to: 0 })
        .model(sql(query, 'table', STORE_UID)),
    )
    .withQuery(
      new QueryBuilder('B')
        .datasourceUid('__expr__')
        .relativeTimeRange({ from: 0, to: 0 })
        .model(
          new TypeThresholdBuilder()
            .refId('B')
            .datasource({ type: '__expr__', uid: '__expr__' })
            .expression('A')
            .conditions([{ evaluator: { type: fires, params: [at] } }]),
        ),
    )
    .forDuration('2h')
    .noDataState('OK')
    .execErrState('Error')
    .folderUID(FOLDER)
    .ruleGroup(GROUP)
    .labels({ severity: 'ticket' })
    .annotations({ summary, description: lines(description) })
}

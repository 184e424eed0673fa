/** Panels and variables of our dashboards: a query of the store or of Prometheus, and how its answer is drawn. */
import { PanelBuilder as BarChart } from '@grafana/grafana-foundation-sdk/barchart'
import type { Builder, Dataquery } from '@grafana/grafana-foundation-sdk/cog'
import {
  BigValueTextMode,
  GraphDrawStyle,
  LegendDisplayMode,
  LegendPlacement,
  ReduceDataOptionsBuilder,
  SortOrder,
  StackingConfigBuilder,
  StackingMode,
  TooltipDisplayMode,
  VizLegendOptionsBuilder,
  VizOrientation,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common'
import {
  DatasourceVariableBuilder,
  type Panel,
  QueryVariableBuilder,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard'
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus'
import { PanelBuilder as Stat } from '@grafana/grafana-foundation-sdk/stat'
import { PanelBuilder as Table } from '@grafana/grafana-foundation-sdk/table'
import { PanelBuilder as TimeSeries } from '@grafana/grafana-foundation-sdk/timeseries'

/** Identifier of the data source in datasources.yaml, which the alerts name and the dashboards begin with. */
export const STORE_UID = 'usage-store'

export const CLICKHOUSE = 'grafana-clickhouse-datasource'

/** Grafana's form of a variable, as it is shown. */
export const shown = (name: string): string => `$\{${name}}`

/** Grafana's form of a variable, as a quoted text in SQL. */
export const variable = (name: string): string => `$\{${name}:sqlstring}`

/** Name of a series: the value of one of its labels. */
export const labelOf = (column: string): string => `$\{__field.labels.${column}}`

export const storeRef = { type: CLICKHOUSE, uid: shown('datasource') }
export const prometheusRef = { type: 'prometheus', uid: shown('datasource') }

/** Options that all panels of a dashboard have. */
export interface PanelOptions {
  readonly title: string
  readonly description: string
  /** Width in columns, of 24. */
  readonly width: number
  readonly height?: number
  readonly unit?: string
}

/** Query of the ClickHouse data source, as its editor for SQL saves it. */
export function sql(rawSql: string, format: 'table' | 'series' = 'series', uid?: string): Builder<Dataquery> {
  return {
    build: () => ({
      ...{ refId: 'A', datasource: uid === undefined ? storeRef : { type: CLICKHOUSE, uid } },
      ...{ editorType: 'sql', queryType: format === 'series' ? 'timeseries' : 'table' },
      ...{ format: format === 'series' ? 0 : 1, rawSql: lines(rawSql) },
      _implementsDataqueryVariant() {},
    }),
  }
}

/** Query of Prometheus. */
export const prometheus = (expression: string, legend: string, refId = 'A'): Builder<Dataquery> =>
  new DataqueryBuilder().refId(refId).datasource(prometheusRef).expr(expression).legendFormat(legend).range()

/** Removes the indentation of a text in the source. */
export function lines(text: string): string {
  const all = text.replace(/^\n|\s+$/g, '').split('\n')
  const indent = Math.min(...all.filter((line) => line.trim() !== '').map((line) => line.search(/\S/)))
  return all.map((line) => line.slice(indent)).join('\n')
}

const legend = () =>
  new VizLegendOptionsBuilder()
    .displayMode(LegendDisplayMode.List)
    .placement(LegendPlacement.Bottom)
    .showLegend(true)
const tooltip = () => new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending)

interface SeriesOptions extends PanelOptions {
  /** Name of a series, such as that of a label. Default: that of its column. */
  readonly name?: string
  readonly stacked?: 'normal' | 'percent'
  readonly bars?: boolean
}

/** Lines, areas or bars over time. */
export function series(options: SeriesOptions, ...queries: Builder<Dataquery>[]): Builder<Panel> {
  const { stacked, bars = false, name } = options
  const panel = new TimeSeries()
    .legend(legend())
    .tooltip(tooltip())
    .drawStyle(bars ? GraphDrawStyle.Bars : GraphDrawStyle.Line)
    .fillOpacity(bars || stacked ? 60 : 8)
    .lineWidth(bars ? 0 : 2)
    .min(0)
    .spanNulls(86_400_000 * 2)
  if (stacked !== undefined)
    panel.stacking(
      new StackingConfigBuilder().mode(stacked === 'percent' ? StackingMode.Percent : StackingMode.Normal),
    )
  if (name !== undefined) panel.displayName(name)
  return common(panel, options, queries)
}

/** Panel that shows the last number with its trend in the background, the text of a row, or the name of a series. */
export const stat = (
  options: PanelOptions,
  query: Builder<Dataquery>,
  shows: 'number' | 'text' | 'name' = 'number',
): Builder<Panel> =>
  common(
    new Stat().textMode(shows === 'name' ? BigValueTextMode.Name : BigValueTextMode.Auto).reduceOptions(
      new ReduceDataOptionsBuilder()
        .calcs(['lastNotNull'])
        .fields(shows === 'text' ? '/.*/' : '')
        .values(shows === 'text'),
    ),
    options,
    [query],
  )

/** Horizontal bars, one for each row: the first column is its name. */
export const bars = (options: PanelOptions, query: Builder<Dataquery>): Builder<Panel> =>
  common(
    new BarChart()
      .orientation(VizOrientation.Horizontal)
      .legend(new VizLegendOptionsBuilder().showLegend(false).calcs([]))
      .tooltip(tooltip())
      .fillOpacity(70)
      .min(0),
    options,
    [query],
  )

export const table = (options: PanelOptions, query: Builder<Dataquery>): Builder<Panel> =>
  common(new Table(), options, [query])

type AnyPanel = TimeSeries | Stat | BarChart | Table

function common(
  panel: AnyPanel,
  { title, description, width, height = 8, unit }: PanelOptions,
  queries: Builder<Dataquery>[],
): Builder<Panel> {
  panel.title(title).description(description).span(width).height(height).targets(queries)
  panel.datasource(queries.length > 0 && isPrometheus(queries) ? prometheusRef : storeRef)
  if (unit !== undefined) panel.unit(unit)
  return panel
}

const isPrometheus = ([query]: Builder<Dataquery>[]) => query instanceof DataqueryBuilder

/** The data source of a dashboard, as a variable: its file names none of one Grafana. */
export const sourceVariable = (type: string, label: string) =>
  new DatasourceVariableBuilder('datasource').label(label).type(type)

/** Variable whose values are the rows of a query of the store. */
export const storeVariable = (name: string, label: string, description: string, rawSql: string) =>
  new QueryVariableBuilder(name)
    .label(label)
    .description(description)
    .datasource(storeRef)
    .query({ refId: 'A', editorType: 'sql', queryType: 'table', format: 1, rawSql: lines(rawSql) })
    .definition(lines(rawSql))
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.Disabled)

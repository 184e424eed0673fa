import type { Builder } from '@grafana/grafana-foundation-sdk/cog'
import {
  FrameGeometrySourceBuilder,
  FrameGeometrySourceMode,
  MapLayerOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common'
import { type Panel, RowBuilder } from '@grafana/grafana-foundation-sdk/dashboard'
import {
  ControlsOptionsBuilder,
  PanelBuilder as Geomap,
  MapViewConfigBuilder,
} from '@grafana/grafana-foundation-sdk/geomap'
import {
  bars,
  CLICKHOUSE,
  labelOf,
  series,
  sourceVariable,
  sql,
  stat,
  storeRef,
  storeVariable,
  variable,
} from './panels.ts'

export const productVariable = storeVariable(
  'product',
  'Product',
  'The products that the user of the data source may see.',
  'SELECT Product FROM shown_products ORDER BY Product',
)

/** Installations by the day, of one window and one way of grouping. */
const active = (days: number, by = '') => `
    FROM shown_active
    WHERE Product = ${variable('product')} AND By = '${by}' AND Days = ${days} AND $__dateFilter(Day) AND Day < toDate(now('UTC'))`

const newest = `(
      SELECT Value FROM shown_active
      WHERE Product = ${variable('product')} AND By = 'service.version' AND Days = 30 AND Value != ''
      GROUP BY Value ORDER BY min(Day) DESC, max(Installations) DESC LIMIT 1
    )`

/** The most frequent values of a period. */
const frequent = (by: string, limit: number) => `Value IN (
      SELECT Value ${active(30, by).trim()}
      GROUP BY Value ORDER BY sum(Installations) DESC, Value LIMIT ${limit}
    )`

/** Countries of the last day, the most frequent first. */
const countries = (limit = '') =>
  sql(
    `
    SELECT Value AS country, Installations FROM shown_active
    WHERE Product = ${variable('product')} AND By = 'geo.country.iso_code' AND Days = 30 AND Value != ''
      AND Day = (SELECT max(Day) ${active(30).trim()})
    ORDER BY Installations DESC, country${limit}`,
    'table',
  )

/** Installations that were active on the last days up to each day. */
const activeUpTo = (days: number) =>
  sql(`SELECT toDateTime(Day, 'UTC') AS time, Installations ${active(days).trim()} ORDER BY time`)

const week = (column: string) =>
  sql(`
    SELECT toDateTime(Week, 'UTC') AS time, ${column}
    FROM shown_weeks
    WHERE Product = ${variable('product')} AND $__dateFilter(Week)
    ORDER BY time`)

const NUMBERS = 'Rounded down to a multiple of five.'

/** Dashboard: how many installations, which versions, new and lost, where, with which consent. */
export const usageDashboard = {
  title: 'Usage',
  uid: 'usage',
  description: `Active installations, versions, new and lost, countries and consent of one product. ${NUMBERS} Groups of fewer than five are not shown.`,
  variables: [sourceVariable(CLICKHOUSE, 'Store'), productVariable],
  panels: [
    stat(
      {
        title: 'Active in 30 days',
        description: `Installations that reported in the 30 days up to yesterday. ${NUMBERS}`,
        width: 4,
        height: 5,
      },
      activeUpTo(30),
    ),
    stat(
      {
        title: 'Active in 7 days',
        description: `Installations that reported in the 7 days up to yesterday. ${NUMBERS}`,
        width: 4,
        height: 5,
      },
      activeUpTo(7),
    ),
    stat(
      {
        title: 'New in a week',
        description: 'Installations whose first report was in the last full week. 0 is fewer than five.',
        width: 4,
        height: 5,
      },
      week('New'),
    ),
    stat(
      {
        title: 'Lost in a week',
        description:
          'Installations that reported in the week before the last full week, and not in it. 0 is fewer than five.',
        width: 4,
        height: 5,
      },
      week('Lost'),
    ),
    stat(
      {
        title: 'Newest version',
        description: 'The version that was seen first the latest, by at least five installations.',
        width: 4,
        height: 5,
      },
      sql(`SELECT Value FROM ${newest}`, 'table'),
      'text',
    ),
    stat(
      {
        title: 'On the newest version',
        description: 'Its share in the installations of 30 days, by the last report of each.',
        width: 4,
        height: 5,
        unit: 'percentunit',
      },
      sql(`
        SELECT toDateTime(Day, 'UTC') AS time, sumIf(Installations, By = 'service.version') / sumIf(Installations, By = '') AS share
        FROM shown_active
        WHERE Product = ${variable('product')} AND Days = 30 AND $__dateFilter(Day) AND Day < toDate(now('UTC'))
          AND (By = '' OR By = 'service.version' AND Value IN ${newest})
        GROUP BY time HAVING sumIf(Installations, By = '') > 0 ORDER BY time`),
    ),
    series(
      {
        title: 'Active installations',
        description: `Installations that reported on the day, and in the 7 and 30 days up to it. ${NUMBERS}`,
        width: 12,
        name: labelOf('window'),
      },
      sql(`
        SELECT toDateTime(Day, 'UTC') AS time, concat(toString(Days), if(Days = 1, ' day', ' days')) AS window, Installations
        FROM shown_active
        WHERE Product = ${variable('product')} AND By = '' AND $__dateFilter(Day) AND Day < toDate(now('UTC'))
        ORDER BY time, Days`),
    ),
    series(
      {
        title: 'New, returned and lost',
        description:
          'By the week, from Monday: first report; reported again after a week without; reported in the week before, and not in this one. 0 is fewer than five.',
        width: 12,
        bars: true,
      },
      week('New, Returned, Lost'),
    ),
    new RowBuilder('Versions'),
    series(
      {
        title: 'Versions in use',
        description: `Installations of the last 30 days by the version of their last report: the twelve most frequent ones. ${NUMBERS}`,
        width: 12,
        height: 10,
        stacked: 'normal',
        name: labelOf('Value'),
      },
      sql(`
        SELECT toDateTime(Day, 'UTC') AS time, Value, Installations ${active(30, 'service.version').trim()}
          AND ${frequent('service.version', 12)}
        ORDER BY time, Value`),
    ),
    series(
      {
        title: 'Adoption',
        description:
          'Share of each version in the installations of the last 7 days: how fast a version is adopted after its release.',
        width: 12,
        height: 10,
        unit: 'percentunit',
        name: labelOf('version'),
      },
      sql(`
        SELECT time, Value AS version, Installations / everybody AS share
        FROM (SELECT toDateTime(Day, 'UTC') AS time, Value, Installations ${active(7, 'service.version').trim()} AND ${frequent('service.version', 12)}) AS versions
        INNER JOIN (SELECT toDateTime(Day, 'UTC') AS time, Installations AS everybody ${active(7).trim()}) AS days USING (time)
        ORDER BY time, version`),
    ),
    new RowBuilder('Countries'),
    countryMap(countries()),
    bars(
      {
        title: 'Countries',
        description: `Installations of the last 30 days by the country of their last report: the 20 most frequent ones. ${NUMBERS}`,
        width: 10,
        height: 12,
      },
      countries(' LIMIT 20'),
    ),
    new RowBuilder('Consent'),
    ...(['state', 'level'] as const).map((what) =>
      series(
        {
          title: what === 'state' ? 'Undecided and enabled' : 'Levels of consent',
          description: `Installations by the ${what === 'state' ? 'state of consent' : 'level'} in their last report of the day. Installations that said no send nothing, and are in no number.`,
          width: 12,
          stacked: 'percent',
          name: labelOf('Value'),
          unit: 'percent',
        },
        sql(`
          SELECT toDateTime(Day, 'UTC') AS time, Value, Installations
          FROM shown_values
          WHERE Product = ${variable('product')} AND Fact = 'usage.consent.${what}' AND $__dateFilter(Day) AND Day < toDate(now('UTC'))
          ORDER BY time, Value`),
      ),
    ),
    new RowBuilder('Reports without an id'),
    series(
      {
        title: 'Reports without an id, by age',
        description:
          'Only of products that do without ids: reports of each day by the age that they tell, rounded down to a multiple of five.',
        width: 12,
        stacked: 'normal',
        name: labelOf('Value'),
      },
      anonymous('usage.installation.age'),
    ),
    series(
      {
        title: 'Reports without an id, by version',
        description:
          'Only of products that do without ids: reports of each day by version, rounded down to a multiple of five.',
        width: 12,
        stacked: 'normal',
        name: labelOf('Value'),
      },
      anonymous('service.version'),
    ),
  ],
}

function anonymous(by: string) {
  return sql(`
    SELECT toDateTime(Day, 'UTC') AS time, Value, Reports
    FROM shown_anonymous
    WHERE Product = ${variable('product')} AND By = '${by}' AND $__dateFilter(Day) AND Day < toDate(now('UTC'))
    ORDER BY time, Value`)
}

/** Map with a circle on each country, as large as its number. Grafana has the places of the countries. */
function countryMap(query: ReturnType<typeof sql>): Builder<Panel> {
  return new Geomap()
    .title('Map')
    .description(`Installations of the last 30 days by the country of their last report. ${NUMBERS}`)
    .span(14)
    .height(12)
    .datasource(storeRef)
    .targets([query])
    .view(new MapViewConfigBuilder().id('coords').lat(25).lon(10).zoom(1.6).allLayers(true))
    .controls(new ControlsOptionsBuilder().showZoom(true).mouseWheelZoom(false).showAttribution(true))
    .basemap(new MapLayerOptionsBuilder().type('default').name('Basemap'))
    .layers([
      new MapLayerOptionsBuilder()
        .type('markers')
        .name('Installations')
        .tooltip(true)
        .location(
          new FrameGeometrySourceBuilder()
            .mode(FrameGeometrySourceMode.Lookup)
            .lookup('country')
            .gazetteer('public/gazetteer/countries.json'),
        )
        .config({
          showLegend: false,
          style: {
            color: { fixed: 'blue' },
            opacity: 0.5,
            size: { field: 'Installations', min: 4, max: 30, fixed: 8 },
            symbol: { mode: 'fixed', fixed: 'img/icons/marker/circle.svg' },
          },
        }),
    ])
}

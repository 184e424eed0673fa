import { QueryVariableBuilder, RowBuilder, VariableRefresh } from '@grafana/grafana-foundation-sdk/dashboard'
import { prometheus, prometheusRef, series, sourceVariable, stat } from './panels.ts'

const of = (metric: string, labels = '') => `${metric}{job=~"$job"${labels && `,${labels}`}}`
const rate = (metric: string, labels = '', by = '') =>
  `sum ${by && `by (${by}) `}(rate(${of(metric, labels)}[$__rate_interval]))`

/** Dashboard: the health of the gateway, from the Collector's own metrics. */
export const gatewayDashboard = {
  title: 'Usage: gateway',
  uid: 'usage-gateway',
  description:
    'What the gateway receives, refuses, drops and stores, from the metrics of the Collector in Prometheus. `otel-usage gateway status` says the rest in words; alerts.yaml has the alerts.',
  variables: [
    sourceVariable('prometheus', 'Prometheus'),
    new QueryVariableBuilder('job')
      .label('Job')
      .description('The job of Prometheus that scrapes the gateway.')
      .datasource(prometheusRef)
      .query({ refId: 'A', qryType: 1, query: 'label_values(otelcol_process_uptime, job)' })
      .definition('label_values(otelcol_process_uptime, job)')
      .refresh(VariableRefresh.OnDashboardLoad)
      .includeAll(true)
      .current({ text: 'All', value: '$__all' })
      .allValue('.*'),
  ],
  panels: [
    stat(
      { title: 'Running', description: 'Gateways that answer.', width: 4, height: 5 },
      prometheus('sum(up{job=~"$job"})', 'running'),
    ),
    stat(
      {
        title: 'Points a second',
        description:
          'Points of reports that were received. Every report has one point more than it has gauges and counts.',
        width: 5,
        height: 5,
      },
      prometheus(rate('otelcol_receiver_accepted_metric_points', 'receiver="otlp"'), 'received'),
    ),
    stat(
      {
        title: 'Refused',
        description:
          'Points a second that were answered with 503: queue, memory or disk is full. The installations send them again.',
        width: 5,
        height: 5,
      },
      prometheus(
        `(${rate('otelcol_receiver_refused_metric_points', 'receiver="otlp"')}) or vector(0)`,
        'refused',
      ),
    ),
    stat(
      {
        title: 'Queue',
        description: 'How full the queue before the store is. Above all of it, reports are refused.',
        width: 5,
        height: 5,
        unit: 'percentunit',
      },
      prometheus(
        `max(${of('otelcol_exporter_queue_size', 'exporter="clickhouse"')} / ${of('otelcol_exporter_queue_capacity', 'exporter="clickhouse"')})`,
        'queue',
      ),
    ),
    stat(
      {
        title: 'Catalogs',
        description: 'Catalogs in the configuration. Deploy the overlay of a product before its release.',
        width: 5,
        height: 5,
      },
      prometheus(
        'count by (usage_gateway_catalogs) (target_info{job=~"$job",usage_gateway_catalogs!=""})',
        '{{usage_gateway_catalogs}}',
      ),
      'name',
    ),
    new RowBuilder('Reports'),
    series(
      {
        title: 'Received and stored',
        description: 'Points a second that were received, and that ClickHouse has.',
        width: 12,
      },
      prometheus(rate('otelcol_receiver_accepted_metric_points', 'receiver="otlp"'), 'received', 'A'),
      prometheus(rate('otelcol_exporter_sent_metric_points', 'exporter="clickhouse"'), 'stored', 'B'),
      prometheus(rate('otelcol_receiver_refused_metric_points', 'receiver="otlp"'), 'refused', 'C'),
    ),
    series(
      {
        title: 'Dropped',
        description:
          'Points a second by the filter that dropped them: no report, not declared, or beyond its bounds.',
        width: 12,
      },
      prometheus(rate('otelcol_processor_filter_datapoints_filtered', '', 'filter'), '{{filter}}'),
    ),
    series(
      { title: 'Waiting points', description: 'Points in the queue on disk, and its capacity.', width: 12 },
      prometheus(of('otelcol_exporter_queue_size', 'exporter="clickhouse"'), 'waiting', 'A'),
      prometheus(of('otelcol_exporter_queue_capacity', 'exporter="clickhouse"'), 'capacity', 'B'),
    ),
    series(
      {
        title: 'Not written to the archive',
        description: 'Points a second that could not be written to the archive.',
        width: 12,
      },
      prometheus(
        rate('otelcol_exporter_send_failed_metric_points', 'exporter="otlp_http/archive"'),
        'failed',
        'A',
      ),
      prometheus(
        rate('otelcol_exporter_enqueue_failed_metric_points', 'exporter="otlp_http/archive"'),
        'no place',
        'B',
      ),
    ),
    new RowBuilder('Process'),
    series(
      { title: 'Memory', description: 'Memory of the Collector.', width: 8, unit: 'bytes' },
      prometheus(of('otelcol_process_memory_rss'), '{{instance}}'),
    ),
    series(
      { title: 'Processor', description: 'Seconds of processor time in a second.', width: 8 },
      prometheus(`rate(${of('otelcol_process_cpu_seconds')}[$__rate_interval])`, '{{instance}}'),
    ),
    series(
      {
        title: 'Where reports come from',
        description:
          'Look-ups a second by database and outcome, with the overlay origin.yaml. Many without an address: a proxy does not set its header.',
        width: 8,
      },
      prometheus(
        rate('otelcol_processor_origin_lookups', '', 'database, outcome'),
        '{{database}}: {{outcome}}',
      ),
    ),
  ],
}

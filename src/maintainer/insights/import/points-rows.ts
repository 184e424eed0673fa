import type { CheckedReport } from '../../collector/index.ts'

/**
 * Returns the rows of a report in the table `points`, in the columns that the Collector's exporter inserts. What the others hold follows
 * from them.
 */
export const rowsOf = ({ product, attributes, points }: CheckedReport): object[] =>
  points.map((point) => ({
    ResourceAttributes: attributes,
    ResourceSchemaUrl: '',
    ScopeName: 'otel-usage',
    ScopeVersion: '',
    ScopeAttributes: {},
    ScopeDroppedAttrCount: 0,
    ScopeSchemaUrl: '',
    ServiceName: product,
    MetricName: point.name,
    MetricDescription: '',
    MetricUnit: point.unit,
    Attributes: point.attributes,
    StartTimeUnix: 0,
    TimeUnix: point.at,
    Value: point.value,
    Flags: 0,
  }))

-- The store. Applied by `otel-usage gateway up`, or by hand:
--   clickhouse client --query 'CREATE DATABASE IF NOT EXISTS usage'
--   clickhouse client --database usage --queries-file schema.sql
-- Every statement leaves what is there as it is.

-- One row for each data point of each report. The first columns are those that the Collector's clickhouse exporter
-- inserts (version 0.161); what follows them is derived. A report that comes twice has the same key and becomes one.
CREATE TABLE IF NOT EXISTS points
(
    ResourceAttributes Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    ResourceSchemaUrl LowCardinality(String) CODEC(ZSTD(1)),
    ScopeName LowCardinality(String) CODEC(ZSTD(1)),
    ScopeVersion LowCardinality(String) CODEC(ZSTD(1)),
    ScopeAttributes Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    ScopeDroppedAttrCount UInt32 CODEC(ZSTD(1)),
    ScopeSchemaUrl LowCardinality(String) CODEC(ZSTD(1)),
    ServiceName LowCardinality(String) CODEC(ZSTD(1)),
    MetricName LowCardinality(String) CODEC(ZSTD(1)),
    MetricDescription LowCardinality(String) CODEC(ZSTD(1)),
    MetricUnit LowCardinality(String) CODEC(ZSTD(1)),
    Attributes Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    StartTimeUnix DateTime('UTC') CODEC(Delta, ZSTD(1)),
    TimeUnix DateTime('UTC') CODEC(Delta, ZSTD(1)),
    Value Float64 CODEC(ZSTD(1)),
    Flags UInt32 CODEC(ZSTD(1)),
    Exemplars Nested (
        FilteredAttributes Map(LowCardinality(String), String),
        TimeUnix DateTime('UTC'),
        Value Float64,
        SpanId String,
        TraceId String
    ) CODEC(ZSTD(1)),

    InstallationId UUID MATERIALIZED toUUIDOrZero(ResourceAttributes['service.instance.id']),
    ReportId UUID MATERIALIZED toUUIDOrZero(ResourceAttributes['usage.report.id']),
    Version LowCardinality(String) MATERIALIZED ResourceAttributes['service.version'],
    ReceivedAt DateTime('UTC') MATERIALIZED now('UTC'),
    Product LowCardinality(String) ALIAS ServiceName
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(TimeUnix)
ORDER BY (ServiceName, MetricName, toDate(TimeUnix), InstallationId, ReportId, cityHash64(Attributes));

-- One row for each installation and day: its last report of the day. Most questions about installations read only this.
CREATE TABLE IF NOT EXISTS installation_days
(
    Product LowCardinality(String),
    Day Date,
    InstallationId UUID,
    Version LowCardinality(String),
    ReportId UUID,
    ReportedAt DateTime('UTC')
)
ENGINE = ReplacingMergeTree(ReportedAt)
PARTITION BY toYYYYMM(Day)
ORDER BY (Product, Day, InstallationId);

-- Every report has exactly one point of usage.facts.
CREATE MATERIALIZED VIEW IF NOT EXISTS installation_days_of_points TO installation_days AS
SELECT
    ServiceName AS Product,
    toDate(TimeUnix) AS Day,
    toUUIDOrZero(ResourceAttributes['service.instance.id']) AS InstallationId,
    ResourceAttributes['service.version'] AS Version,
    toUUIDOrZero(ResourceAttributes['usage.report.id']) AS ReportId,
    TimeUnix AS ReportedAt
FROM points
WHERE MetricName = 'usage.facts';

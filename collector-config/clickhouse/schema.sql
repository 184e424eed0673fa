-- The store: what the gateway writes, and what the insights read. docs/store.md says what each table answers and how long it is kept.
--
-- Applied by `otel-usage gateway up`, or by hand:
--   clickhouse client --query 'CREATE DATABASE IF NOT EXISTS usage'
--   clickhouse client --database usage --queries-file schema.sql
-- For a cluster the same statements are written out by `otel-usage gateway schema --cluster <name>`.
--
-- Every statement leaves what is there as it is. A later version adds statements at the end (ALTER TABLE ... IF NOT EXISTS)
-- and changes none of those above, so that applying all of them brings any store up to date.
--
-- The tables of docs/store.md are made from this file: from the lines `Row`, `Answers` and `Kept` above a table, its TTL, and its columns,
-- which are a contract unless a line `Shape` says otherwise.

-- Reports as they came --------------------------------------------------------------------------------------------------

-- One row for each data point of each report. The first columns are those that the Collector's clickhouse exporter
-- inserts (version 0.161); what follows them is derived. A report that comes twice has the same key and becomes one.
-- Row: a data point of a report, as it came
-- Answers: what exactly did an installation send?
-- Shape: may change
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

    -- Zero where a product does without an id (identity mode `none`).
    InstallationId UUID DEFAULT toUUIDOrZero(ResourceAttributes['service.instance.id']),
    ReportId UUID DEFAULT toUUIDOrZero(ResourceAttributes['usage.report.id']),
    -- Puts reports in order, the same whatever order they come in: by their time in seconds, then by their id.
    ReportOrder UInt64 DEFAULT bitOr(bitShiftLeft(toUInt64(toUnixTimestamp(TimeUnix)), 32), bitAnd(sipHash64(ReportId), 0xFFFFFFFF)),
    -- The installation that this one is a copy of, where it says so.
    Lineage UUID DEFAULT toUUIDOrZero(ResourceAttributes['usage.installation.lineage']),
    ReceivedAt DateTime('UTC') DEFAULT now('UTC'),
    ConsentLevel LowCardinality(String) DEFAULT ResourceAttributes['usage.consent.level'],
    -- A point of a request to be forgotten, as gateway.yaml marks it. It is not a report: it goes into `erasure_requests` and nowhere else.
    IsErasureRequest Bool DEFAULT mapContains(ResourceAttributes, 'usage.gateway.forget') OR MetricName = 'usage.forget',
    Product LowCardinality(String) ALIAS ServiceName,
    Version LowCardinality(String) ALIAS ResourceAttributes['service.version']
)
ENGINE = ReplacingMergeTree
PARTITION BY toMonday(TimeUnix)
ORDER BY (ServiceName, InstallationId, ReportId, MetricName, cityHash64(Attributes))
TTL TimeUnix + INTERVAL 90 DAY DELETE;

-- One row for each installation and day -----------------------------------------------------------------------------------

-- What an installation was on a day: the attributes of its last report of that day.
-- Row: an installation on a day, with the attributes of its last report
-- Answers: who had what, when? any question over any days
CREATE TABLE IF NOT EXISTS installation_days
(
    Product LowCardinality(String),
    Day Date CODEC(Delta, ZSTD(1)),
    InstallationId UUID,
    ReportOrder UInt64,
    ReportedAt DateTime('UTC') CODEC(Delta, ZSTD(1)),
    ReportId UUID,
    -- All that the report says of its installation, but ids.
    Attributes Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    Version LowCardinality(String) DEFAULT Attributes['service.version'],
    Country LowCardinality(String) DEFAULT Attributes['geo.country.iso_code'],
    ConsentLevel LowCardinality(String) DEFAULT Attributes['usage.consent.level']
)
ENGINE = ReplacingMergeTree(ReportOrder)
PARTITION BY toYYYYMM(Day)
ORDER BY (Product, Day, InstallationId)
TTL Day + INTERVAL 400 DAY DELETE;

-- Every report has exactly one point of usage.facts.
CREATE MATERIALIZED VIEW IF NOT EXISTS installation_days_of_points TO installation_days AS
SELECT
    ServiceName AS Product,
    toDate(TimeUnix) AS Day,
    InstallationId,
    ReportOrder,
    TimeUnix AS ReportedAt,
    ReportId,
    mapFilter((key, value) -> key NOT IN ('service.name', 'service.instance.id', 'usage.report.id', 'usage.installation.lineage'), ResourceAttributes) AS Attributes
FROM points
WHERE MetricName = 'usage.facts' AND NOT IsErasureRequest AND InstallationId != toUUID('00000000-0000-0000-0000-000000000000');

-- What an installation counted and measured on a day, a row for each set of dimensions. The store does not know which
-- fact is a gauge and which one a count, so it has both answers: `Latest` for a gauge, `Total` for a count.
-- Row: a gauge or count of an installation on a day: `Latest`, and `Total` over all reports of the day
-- Answers: numbers by installation
CREATE TABLE IF NOT EXISTS fact_days
(
    Product LowCardinality(String),
    Fact LowCardinality(String),
    Day Date CODEC(Delta, ZSTD(1)),
    InstallationId UUID,
    -- As JSON, keys in order: {"command":"find","result":"ok"}
    Dimensions LowCardinality(String),
    -- The value in each report of the day. A report that comes twice is in it once.
    Reports SimpleAggregateFunction(maxMap, Map(UInt64, Float64)) CODEC(ZSTD(1)),
    -- A state, not a tuple: FINAL merges only what is read, so of a tuple it would take one element without its order.
    Last AggregateFunction(argMax, Float64, UInt64) CODEC(ZSTD(1)),
    Latest Float64 ALIAS finalizeAggregation(Last),
    Total Float64 ALIAS arraySum(mapValues(Reports))
)
ENGINE = AggregatingMergeTree
PARTITION BY toMonday(Day)
ORDER BY (Product, Fact, Day, InstallationId, Dimensions)
TTL Day + INTERVAL 90 DAY DELETE;

CREATE MATERIALIZED VIEW IF NOT EXISTS fact_days_of_points TO fact_days AS
SELECT
    ServiceName AS Product,
    MetricName AS Fact,
    toDate(TimeUnix) AS Day,
    InstallationId,
    toJSONString(mapSort(Attributes)) AS Dimensions,
    map(sipHash64(ReportId), Value) AS Reports,
    initializeAggregation('argMaxState', Value, ReportOrder) AS Last
FROM points
WHERE NOT IsErasureRequest AND InstallationId != toUUID('00000000-0000-0000-0000-000000000000');

-- One row for each installation: since when it is there, when it was heard of last, what it was then. maintain.sql deletes it
-- 400 days after its last day.
-- Row: an installation: first and last day, last version and country
-- Answers: how many are there, how long do they stay?
-- Kept: 400 days after its last day
CREATE TABLE IF NOT EXISTS installations
(
    Product LowCardinality(String),
    InstallationId UUID,
    FirstDay SimpleAggregateFunction(min, Date),
    LastDay SimpleAggregateFunction(max, Date),
    ReceivedAt SimpleAggregateFunction(max, DateTime('UTC')),
    Last AggregateFunction(argMax, Tuple(String, String), UInt64) CODEC(ZSTD(1)),
    Version String ALIAS tupleElement(finalizeAggregation(Last), 1),
    Country String ALIAS tupleElement(finalizeAggregation(Last), 2)
)
ENGINE = AggregatingMergeTree
ORDER BY (Product, InstallationId);

-- From all points of reports, so that whatever is stored of an installation can be found by this table.
CREATE MATERIALIZED VIEW IF NOT EXISTS installations_of_points TO installations AS
SELECT
    ServiceName AS Product,
    InstallationId,
    min(toDate(TimeUnix)) AS FirstDay,
    max(toDate(TimeUnix)) AS LastDay,
    max(ReceivedAt) AS ReceivedAt,
    argMaxState((ResourceAttributes['service.version'], ResourceAttributes['geo.country.iso_code']), ReportOrder) AS Last
FROM points
WHERE NOT IsErasureRequest AND InstallationId != toUUID('00000000-0000-0000-0000-000000000000')
GROUP BY Product, InstallationId;

-- Reports without an id: each stands for itself, and tells how old its installation is.
-- Row: a report without an id
-- Answers: versions and ages where a product does without ids
CREATE TABLE IF NOT EXISTS anonymous_reports
(
    Product LowCardinality(String),
    Day Date CODEC(Delta, ZSTD(1)),
    ReportId UUID,
    ReportOrder UInt64,
    Attributes Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    Age LowCardinality(String) DEFAULT Attributes['usage.installation.age'],
    Version LowCardinality(String) DEFAULT Attributes['service.version'],
    Country LowCardinality(String) DEFAULT Attributes['geo.country.iso_code'],
    ConsentLevel LowCardinality(String) DEFAULT Attributes['usage.consent.level']
)
ENGINE = ReplacingMergeTree(ReportOrder)
PARTITION BY toYYYYMM(Day)
ORDER BY (Product, Day, ReportId)
TTL Day + INTERVAL 400 DAY DELETE;

CREATE MATERIALIZED VIEW IF NOT EXISTS anonymous_reports_of_points TO anonymous_reports AS
SELECT
    ServiceName AS Product,
    toDate(TimeUnix) AS Day,
    ReportId,
    ReportOrder,
    mapFilter((key, value) -> key NOT IN ('service.name', 'usage.report.id'), ResourceAttributes) AS Attributes
FROM points
WHERE MetricName = 'usage.facts' AND NOT IsErasureRequest AND InstallationId = toUUID('00000000-0000-0000-0000-000000000000');

-- Rollups: numbers of installations, no installation ------------------------------------------------------------------------

-- Made by maintain.sql. Read with FINAL: of several rows with one key that of the last run counts. A number of fewer than five
-- installations could name one of them, so maintain.sql deletes it after 90 days, in each of these tables. Not by a TTL: a TTL looks
-- at single rows, deletes the newest one of a key, and so brings back the one before it. Here a TTL goes by columns of the key only.

-- How many installations were active in the last 1, 7 and 30 days, the day included: all of them (`By` is empty), and by
-- what they said in their last report, for `service.version` and `geo.country.iso_code`.
-- Row: a number for a day: active in the last 1, 7, 30 days; all, by version, by country
-- Answers: trends
CREATE TABLE IF NOT EXISTS active_installations
(
    Product LowCardinality(String),
    By LowCardinality(String),
    Days UInt8,
    Day Date,
    Value String,
    Installations UInt64,
    ComputedAt DateTime64(3, 'UTC'),
    IsDeleted UInt8
)
ENGINE = ReplacingMergeTree(ComputedAt, IsDeleted)
PARTITION BY toYear(Day)
ORDER BY (Product, By, Days, Day, Value)
TTL Day + INTERVAL 5 YEAR DELETE;

-- How many installations had which value of an attribute on a day: the 1,000 most frequent values of each.
-- Row: a number for a day: installations that had a value of an attribute
-- Answers: distributions
CREATE TABLE IF NOT EXISTS fact_values
(
    Product LowCardinality(String),
    Fact LowCardinality(String),
    Day Date,
    Value String,
    Installations UInt64,
    ComputedAt DateTime64(3, 'UTC'),
    IsDeleted UInt8
)
ENGINE = ReplacingMergeTree(ComputedAt, IsDeleted)
PARTITION BY toYear(Day)
ORDER BY (Product, Fact, Day, Value)
TTL Day + INTERVAL 5 YEAR DELETE;

-- What all installations measured and counted on a day. `Latest` sums their last values, `Total` the values of all reports.
-- `Histogram`: how many installations had a last value in [2^n, 2^(n+1)), by n; -128 holds zero and what is below.
-- Row: sums for a day: a gauge or count over all installations, with a histogram by powers of two
-- Answers: totals, sizes
CREATE TABLE IF NOT EXISTS fact_numbers
(
    Product LowCardinality(String),
    Fact LowCardinality(String),
    Day Date,
    Dimensions LowCardinality(String),
    Installations UInt64,
    Reports UInt64,
    Latest Float64,
    Total Float64,
    Histogram Map(Int16, UInt64),
    ComputedAt DateTime64(3, 'UTC'),
    IsDeleted UInt8
)
ENGINE = ReplacingMergeTree(ComputedAt, IsDeleted)
PARTITION BY toYear(Day)
ORDER BY (Product, Fact, Day, Dimensions)
TTL Day + INTERVAL 5 YEAR DELETE;

-- How many reports without an id came on a day.
-- Row: a number for a day: reports without an id, by age, version, country
-- Answers: trends without ids
CREATE TABLE IF NOT EXISTS anonymous_days
(
    Product LowCardinality(String),
    Day Date,
    Age LowCardinality(String),
    Version LowCardinality(String),
    Country LowCardinality(String),
    Reports UInt64,
    ComputedAt DateTime64(3, 'UTC'),
    IsDeleted UInt8
)
ENGINE = ReplacingMergeTree(ComputedAt, IsDeleted)
PARTITION BY toYear(Day)
ORDER BY (Product, Day, Age, Version, Country)
TTL Day + INTERVAL 5 YEAR DELETE;

-- Which days have to be rolled up: those that changed since.
-- Row: a day of a product, and when it changed and was rolled up
-- Answers: what has `maintain.sql` done?
-- Shape: may change
CREATE TABLE IF NOT EXISTS changed_days
(
    Product LowCardinality(String),
    Day Date,
    ChangedAt SimpleAggregateFunction(max, DateTime('UTC')),
    -- When the last run began that was to roll it up, and the last that has.
    StartedAt SimpleAggregateFunction(max, DateTime64(3, 'UTC')),
    RolledUpAt SimpleAggregateFunction(max, DateTime64(3, 'UTC'))
)
ENGINE = AggregatingMergeTree
ORDER BY (Product, Day)
TTL Day + INTERVAL 100 DAY DELETE;

CREATE MATERIALIZED VIEW IF NOT EXISTS changed_days_of_points TO changed_days AS
SELECT ServiceName AS Product, toDate(TimeUnix) AS Day, max(ReceivedAt) AS ChangedAt
FROM points
WHERE NOT IsErasureRequest
GROUP BY Product, Day;

CREATE VIEW IF NOT EXISTS days_to_roll_up AS
SELECT Product, Day
FROM changed_days
GROUP BY Product, Day
HAVING max(StartedAt) > max(RolledUpAt);

-- Erasure -------------------------------------------------------------------------------------------------------------------

-- A random key, made here and known nowhere else. A replica that is added brings another one: the oldest counts.
-- Row: the key of the hashes
-- Kept: for ever
-- Shape: may change
CREATE TABLE IF NOT EXISTS salt
ENGINE = MergeTree
ORDER BY tuple()
AS SELECT rand64(1) AS First, rand64(2) AS Second, now64(6, 'UTC') AS MadeAt;

-- Requests to be forgotten. A request and its installation are hashes with the salt, so that a report of the installation that is still
-- on its way is recognized when it comes. A request is in force for 30 days from its arrival, and longer while something of its
-- installation is there. Then maintain.sql removes the hash of the installation. The hash of the request stays, so that it has no
-- effect when it comes again: by then another installation may live under that id, restored from a backup. A request for an id that
-- the store has never heard of is deleted as a whole.
-- Row: a request to be forgotten: a hash of its id, a hash of the installation
-- Answers: whose reports are to be deleted?
-- Kept: [30 days](#erasure); the hash of a request that found something for ever
-- Shape: may change
CREATE TABLE IF NOT EXISTS erasure_requests
(
    Product LowCardinality(String),
    Request FixedString(16),
    Installation SimpleAggregateFunction(max, FixedString(16)),
    AskedAt SimpleAggregateFunction(min, DateTime('UTC')),
    -- Something was there to be erased.
    IsKnown SimpleAggregateFunction(max, UInt8),
    -- It is no longer in force.
    IsOver SimpleAggregateFunction(max, UInt8)
)
ENGINE = AggregatingMergeTree
ORDER BY (Product, Request);

CREATE MATERIALIZED VIEW IF NOT EXISTS erasure_requests_of_points TO erasure_requests AS
SELECT
    ServiceName AS Product,
    sipHash128Keyed((SELECT argMin((First, Second), MadeAt) FROM salt), ServiceName, ReportId) AS Request,
    sipHash128Keyed((SELECT argMin((First, Second), MadeAt) FROM salt), ServiceName, InstallationId) AS Installation,
    now('UTC') AS AskedAt
FROM points
WHERE MetricName = 'usage.forget' AND Value > 0 AND InstallationId != toUUID('00000000-0000-0000-0000-000000000000');

-- The installations that a request in force is about.
CREATE VIEW IF NOT EXISTS forgotten AS
SELECT DISTINCT Product, Installation AS Hash
FROM erasure_requests FINAL
WHERE NOT IsOver;

-- Of whom something is stored although they asked to be forgotten.
CREATE VIEW IF NOT EXISTS to_be_erased AS
SELECT DISTINCT Product, InstallationId
FROM installations
WHERE (Product, sipHash128Keyed((SELECT argMin((First, Second), MadeAt) FROM salt), Product, InstallationId))
    IN (SELECT Product, Hash FROM forgotten);

-- Of how many of them, and since when: empty, or younger than two hours, as long as maintain.sql runs every hour and gets done.
CREATE VIEW IF NOT EXISTS waiting_erasures AS
SELECT Product, count() AS Installations, min(greatest(AskedAt, ReceivedAt)) AS Since
FROM
(
    SELECT
        Product,
        sipHash128Keyed((SELECT argMin((First, Second), MadeAt) FROM salt), Product, InstallationId) AS Installation,
        max(ReceivedAt) AS ReceivedAt
    FROM installations
    WHERE (Product, InstallationId) IN (SELECT Product, InstallationId FROM to_be_erased)
    GROUP BY Product, InstallationId
) AS stored
INNER JOIN
(
    SELECT Product, Installation, min(AskedAt) AS AskedAt
    FROM erasure_requests FINAL
    WHERE NOT IsOver
    GROUP BY Product, Installation
) AS asked USING (Product, Installation)
GROUP BY Product;

-- What remains: of how many that were known a request came on a day.
-- Row: a number for a day: installations that asked to be forgotten, and of which something was there
-- Answers: how many were erased?
-- Kept: for ever
CREATE TABLE IF NOT EXISTS erasures
(
    Product LowCardinality(String),
    Day Date,
    Installations UInt64
)
ENGINE = ReplacingMergeTree(Installations)
ORDER BY (Product, Day);

-- Sets of installations -----------------------------------------------------------------------------------------------------

-- The number by which the sets know an installation. maintain.sql gives it once, to no other one after it. Of two numbers the higher
-- one counts: two runs at a time may give both. The row with the zero id holds the highest number of those who are gone.
-- Row: the number by which the bitmaps know an installation
-- Kept: as `installations`
-- Shape: may change
CREATE TABLE IF NOT EXISTS installation_numbers
(
    Product LowCardinality(String),
    InstallationId UUID,
    Number UInt32
)
ENGINE = ReplacingMergeTree(Number)
ORDER BY (Product, InstallationId);

-- Who had which value of a fact on a day: a bitmap of the numbers of installations, made by maintain.sql. Read with FINAL.
-- `Of` says what a row is about:
--   'all'     everybody who reported that day; `Fact` and `Value` are empty
--   'value'   those with this value of an attribute: the 1,000 most frequent values of each
--   'other'   those with any other value of it
--   'number'  those whose last value of the day is this number, and the sum of their values too; by dimensions, as in `fact_days`
--   'last'    those whose last value is this number, and the sum is another one
--   'sum'     those whose sum is this number, and the last value is another one
--   'used'    those whose sum is not 0
--   'first'   those whose first day this is; `Value` is `once` where it is their last day too, and `more` otherwise
-- Of a number with more than 100 different values on a day, these rows have the first two digits. What is left is in rows of
-- 'number rest', 'last rest' and 'sum rest' as powers of two, so that every sum stays exact.
-- Row: a bitmap: who had a value of a fact on a day, who reported, whose first day it was
-- Answers: any question of `otel-usage insights`, over any days and with any filter
-- Shape: may change
CREATE TABLE IF NOT EXISTS installation_sets
(
    Product LowCardinality(String),
    Fact LowCardinality(String),
    Of Enum8('all' = 0, 'value' = 1, 'other' = 2, 'number' = 3, 'last' = 4, 'sum' = 5, 'number rest' = 6, 'last rest' = 7, 'sum rest' = 8, 'used' = 9, 'first' = 10),
    Day Date,
    Dimensions LowCardinality(String),
    Value String,
    Who AggregateFunction(groupBitmap, UInt32) CODEC(ZSTD(1)),
    -- How many they are.
    Installations UInt64,
    ComputedAt DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree(ComputedAt)
PARTITION BY toYYYYMM(Day)
ORDER BY (Product, Fact, Of, Day, Dimensions, Value)
TTL Day + INTERVAL 400 DAY DELETE
SETTINGS index_granularity = 128;

-- The numbers of those of whom something is stored although they asked to be forgotten.
CREATE VIEW IF NOT EXISTS numbers_to_be_erased AS
SELECT Product, groupBitmapState(Number) AS Who
FROM installation_numbers
WHERE (Product, InstallationId) IN (SELECT Product, InstallationId FROM to_be_erased)
GROUP BY Product;

-- A set is read in two thirds of the time that ZSTD takes, and is a tenth larger: a bitmap is compressed by itself.
ALTER TABLE installation_sets MODIFY COLUMN Who CODEC(LZ4);

-- Who asked to be forgotten, after the request is over: reports that they made before that time do not come back by an import. It goes
-- when nothing takes reports of that time any more.
-- Row: an installation that asked to be forgotten, as a hash, and a time
-- Answers: which reports does an [import](#import) leave out?
-- Kept: 120 days after the request
-- Shape: may change
CREATE TABLE IF NOT EXISTS forgotten_before
(
    Product LowCardinality(String),
    Installation FixedString(16),
    Before SimpleAggregateFunction(max, DateTime('UTC'))
)
ENGINE = AggregatingMergeTree
ORDER BY (Product, Installation)
TTL Before + INTERVAL 90 DAY DELETE;

-- What a reader sees: Grafana, a colleague, a report that is handed on. A reader may read the views that begin with `shown_` and nothing
-- else; docs/grafana.md says how it is made and what it can find out.
--
-- Applied by `otel-usage gateway reader`, and by `otel-usage gateway up` where USAGE_READER_PASSWORD is set, or by hand:
--   clickhouse client --database usage --queries-file reader.sql
-- Applying it again replaces the views.
--
-- In every view each number of installations is rounded down to a multiple of `smallest_group`, each mean has two digits, and a group of
-- fewer installations has no row. ClickHouse may test a reader's own condition before it leaves out such a row. So its value is empty and
-- its number 0 before that, and WHERE only tidies up.

-- Parts of one shard --------------------------------------------------------------------------------------------------------

-- On a cluster each shard has its own numbers of installations: the sets of two shards cannot be combined, their sizes can be summed.

CREATE OR REPLACE VIEW weeks_of_shard AS
SELECT
    now.Product AS Product,
    now.Week AS Week,
    bitmapCardinality(now.Who) AS Active,
    bitmapAndCardinality(now.Who, came.Who) AS New,
    bitmapAndCardinality(now.Who, before.Who) AS Stayed,
    bitmapAndnotCardinality(bitmapAndnot(now.Who, before.Who), came.Who) AS Returned,
    bitmapAndnotCardinality(before.Who, now.Who) AS Lost
FROM
(
    SELECT Product, toMonday(Day) AS Week, groupBitmapMergeState(Who) AS Who
    FROM installation_sets FINAL
    WHERE Fact = '' AND Of = 'all'
    GROUP BY Product, Week
) AS now
LEFT JOIN
(
    SELECT Product, toMonday(Day) AS Week, groupBitmapMergeState(Who) AS Who
    FROM installation_sets FINAL
    WHERE Fact = '' AND Of = 'first'
    GROUP BY Product, Week
) AS came ON came.Product = now.Product AND came.Week = now.Week
LEFT JOIN
(
    SELECT Product, toMonday(Day) + 7 AS Week, groupBitmapMergeState(Who) AS Who
    FROM installation_sets FINAL
    WHERE Fact = '' AND Of = 'all'
    GROUP BY Product, Week
) AS before ON before.Product = now.Product AND before.Week = now.Week;

CREATE OR REPLACE VIEW numbers_by_version_of_shard AS
SELECT
    versions.Product AS Product,
    versions.Day AS Day,
    numbers.Fact AS Fact,
    versions.Version AS Version,
    bitmapCardinality(versions.Who) AS Installations,
    bitmapAndCardinality(versions.Who, numbers.Reporting) AS Reporting,
    arraySum(each -> each.1 * bitmapAndCardinality(versions.Who, each.2), numbers.Parts) AS Total
FROM
(
    SELECT Product, Day, Value AS Version, Who
    FROM installation_sets FINAL
    WHERE Fact = 'service.version' AND Of = 'value' AND Installations > 0
) AS versions
INNER JOIN
(
    SELECT Product, Day, Fact, groupArray((toFloat64(Value), Who)) AS Parts, groupBitmapMergeState(Who) AS Reporting
    FROM installation_sets FINAL
    WHERE Of IN ('number', 'sum', 'number rest', 'sum rest') AND Installations > 0
    GROUP BY Product, Day, Fact
) AS numbers ON numbers.Product = versions.Product AND numbers.Day = versions.Day;

-- Views of a reader ---------------------------------------------------------------------------------------------------------

-- Row: a product: first and last day, and the time of the last run of `maintain.sql`
-- Answers: which products are there, and how far back?
-- Kept: as `active_installations`
CREATE OR REPLACE VIEW shown_products
(
    Product LowCardinality(String),
    FirstDay Date,
    LastDay Date,
    ComputedAt DateTime('UTC')
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS WITH 5 AS smallest_group
SELECT Product, min(Day) AS FirstDay, maxIf(Day, Days = 1) AS LastDay, toDateTime(max(ComputedAt), 'UTC') AS ComputedAt
FROM
(
    SELECT Product, Day, Days, sum(Installations) AS n, max(ComputedAt) AS ComputedAt
    FROM active_installations FINAL
    WHERE By = ''
    GROUP BY Product, Day, Days
    UNION ALL
    SELECT Product, Day, 1, sum(Reports) AS n, max(ComputedAt)
    FROM anonymous_days FINAL
    GROUP BY Product, Day
)
WHERE n >= smallest_group
GROUP BY Product;

-- Row: a number for a day: installations that were active in the last 1, 7 or 30 days (`Days`); all of them (`By` is empty), by `service.version` or by `geo.country.iso_code` of their last report
-- Answers: how many are there, on which versions, where?
-- Kept: as `active_installations`
CREATE OR REPLACE VIEW shown_active
(
    Product LowCardinality(String),
    Day Date,
    Days UInt8,
    By LowCardinality(String),
    Value String,
    Installations UInt64
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS WITH 5 AS smallest_group
SELECT
    Product, Day, Days, By,
    if(n >= smallest_group, value, '') AS Value,
    intDiv(n, smallest_group) * smallest_group AS Installations
FROM
(
    SELECT Product, By, Days, Day, Value AS value, sum(Installations) AS n
    FROM active_installations FINAL
    GROUP BY Product, By, Days, Day, value
)
WHERE n >= smallest_group;

-- Row: a week that is over, by its Monday: active installations; how many of them were new, stayed from the week before, or returned; and how many of the week before were lost. 0 is fewer than five
-- Answers: does the number grow, and why?
-- Kept: as `installation_sets`
CREATE OR REPLACE VIEW shown_weeks
(
    Product LowCardinality(String),
    Week Date,
    Active UInt64,
    New UInt64,
    Stayed UInt64,
    Returned UInt64,
    Lost UInt64
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS WITH 5 AS smallest_group
SELECT
    Product, Week,
    intDiv(n, smallest_group) * smallest_group AS Active,
    intDiv(came, smallest_group) * smallest_group AS New,
    intDiv(stayed, smallest_group) * smallest_group AS Stayed,
    intDiv(returned, smallest_group) * smallest_group AS Returned,
    intDiv(lost, smallest_group) * smallest_group AS Lost
FROM
(
    SELECT Product, Week, sum(Active) AS n, sum(New) AS came, sum(Stayed) AS stayed, sum(Returned) AS returned, sum(Lost) AS lost
    FROM weeks_of_shard
    GROUP BY Product, Week
)
WHERE n >= smallest_group AND Week + 6 < toDate(now('UTC')) AND Week > toDate(now('UTC')) - 385;

-- Row: a number for a day: installations that had a value of an attribute in their last report of the day
-- Answers: who has what?
-- Kept: as `fact_values`
CREATE OR REPLACE VIEW shown_values
(
    Product LowCardinality(String),
    Day Date,
    Fact LowCardinality(String),
    Value String,
    Installations UInt64
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS WITH 5 AS smallest_group
SELECT
    Product, Day, Fact,
    if(n >= smallest_group, value, '') AS Value,
    intDiv(n, smallest_group) * smallest_group AS Installations
FROM
(
    SELECT Product, Fact, Day, Value AS value, sum(Installations) AS n
    FROM fact_values FINAL
    GROUP BY Product, Fact, Day, value
)
WHERE n >= smallest_group;

-- Row: a gauge or count on a day, by dimensions: installations that reported it, the mean of their last values (a gauge), and the mean of what each counted that day (a count). Of a product without ids, of its reports
-- Answers: how large is it, how often is it used?
-- Kept: as `fact_numbers`
CREATE OR REPLACE VIEW shown_numbers
(
    Product LowCardinality(String),
    Day Date,
    Fact LowCardinality(String),
    Dimensions String,
    Installations UInt64,
    MeanLatest Float64,
    MeanTotal Float64
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS WITH 5 AS smallest_group
SELECT
    Product, Day, Fact,
    if(n >= smallest_group, dimensions, '') AS Dimensions,
    intDiv(n, smallest_group) * smallest_group AS Installations,
    if(n >= smallest_group, toFloat64OrZero(printf('%.1e', latest / n)), 0) AS MeanLatest,
    if(n >= smallest_group, toFloat64OrZero(printf('%.1e', total / n)), 0) AS MeanTotal
FROM
(
    SELECT
        Product, Fact, Day, Dimensions AS dimensions,
        if(sum(Installations) > 0, sum(Installations), sum(Reports)) AS n, sum(Latest) AS latest, sum(Total) AS total
    FROM fact_numbers FINAL
    GROUP BY Product, Fact, Day, dimensions
)
WHERE n >= smallest_group;

-- Row: a number for a day: installations whose last value was at least `AtLeast`, and less than twice as much. 0 has those of 0 and less
-- Answers: how is it spread?
-- Kept: as `fact_numbers`
CREATE OR REPLACE VIEW shown_histograms
(
    Product LowCardinality(String),
    Day Date,
    Fact LowCardinality(String),
    Dimensions String,
    AtLeast Float64,
    Installations UInt64
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS WITH 5 AS smallest_group
SELECT
    Product, Day, Fact,
    if(n >= smallest_group, dimensions, '') AS Dimensions,
    if(n >= smallest_group AND bucket > -128, pow(2, bucket), 0) AS AtLeast,
    intDiv(n, smallest_group) * smallest_group AS Installations
FROM
(
    SELECT Product, Fact, Day, Dimensions AS dimensions, bucket, sum(counted) AS n
    FROM fact_numbers FINAL
    ARRAY JOIN mapKeys(Histogram) AS bucket, mapValues(Histogram) AS counted
    GROUP BY Product, Fact, Day, dimensions, bucket
)
WHERE n >= smallest_group;

-- Row: a gauge or count on a day and a version: installations that had the version, and the mean over all of them of what they counted. None where one to four of them reported it
-- Answers: did a release change it?
-- Kept: as `installation_sets`
CREATE OR REPLACE VIEW shown_numbers_by_version
(
    Product LowCardinality(String),
    Day Date,
    Fact LowCardinality(String),
    Version String,
    Installations UInt64,
    MeanTotal Float64
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS WITH 5 AS smallest_group
SELECT
    Product, Day, Fact,
    if(is_shown, version, '') AS Version,
    if(is_shown, intDiv(n, smallest_group) * smallest_group, 0) AS Installations,
    if(is_shown, toFloat64OrZero(printf('%.1e', total / n)), 0) AS MeanTotal
FROM
(
    SELECT
        Product, Day, Fact, Version AS version, sum(Installations) AS n, sum(Total) AS total, sum(Reporting) AS reporting,
        n >= smallest_group AND (reporting = 0 OR reporting >= smallest_group) AS is_shown
    FROM numbers_by_version_of_shard
    GROUP BY Product, Day, Fact, version
)
WHERE is_shown;

-- Row: a number for a day: reports without an id; all (`By` is empty), by `usage.installation.age`, version or country
-- Answers: trends without ids
-- Kept: as `anonymous_days`
CREATE OR REPLACE VIEW shown_anonymous
(
    Product LowCardinality(String),
    Day Date,
    By LowCardinality(String),
    Value String,
    Reports UInt64
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS WITH 5 AS smallest_group
SELECT
    Product, Day, By,
    if(n >= smallest_group, value, '') AS Value,
    intDiv(n, smallest_group) * smallest_group AS Reports
FROM
(
    SELECT Product, Day, said.1 AS By, said.2 AS value, sum(Reports) AS n
    FROM anonymous_days FINAL
    ARRAY JOIN [('', ''), ('usage.installation.age', toString(Age)), ('service.version', toString(Version)), ('geo.country.iso_code', toString(Country))] AS said
    GROUP BY Product, Day, By, value
)
WHERE n >= smallest_group;

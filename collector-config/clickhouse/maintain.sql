-- The store's housekeeping, every hour: erases the installations that asked for it, rolls up the days that changed, and deletes
-- what is kept for a limited time, where a TTL cannot express it.
--
-- Done by `otel-usage gateway up` while it runs, by `otel-usage gateway maintain`, or by hand:
--   clickhouse client --database usage --queries-file maintain.sql
-- On a cluster: on one server of each shard, as written out by `otel-usage gateway maintain --cluster <name> --print`.
-- Running it again does no harm. What a run that broke off has left undone, the next one does.

-- Erasure -------------------------------------------------------------------------------------------------------------------

-- Each statement waits until it is done on this server. A replica follows, and where its result is another one, it fetches this one.
-- A replica that is down (which 2 would wait for) delays nothing, and follows when it is back.
-- The WHERE of a deletion and its SETTINGS each begin a line: `otel-usage gateway maintain` asks by them whether it finds a row.

-- The requests themselves go with what they are about.
ALTER TABLE points DELETE
WHERE IsErasureRequest OR (ServiceName, InstallationId) IN (SELECT Product, InstallationId FROM to_be_erased)
SETTINGS mutations_sync = 1, allow_nondeterministic_mutations = 1;

-- Copies of it name it in each of their reports, also in those that come when it is gone.
ALTER TABLE points UPDATE
    ResourceAttributes = mapFilter((key, value) -> key != 'usage.installation.lineage', ResourceAttributes),
    Lineage = toUUID('00000000-0000-0000-0000-000000000000')
WHERE Lineage != toUUID('00000000-0000-0000-0000-000000000000')
    AND (ServiceName, sipHash128Keyed((SELECT argMin((First, Second), MadeAt) FROM salt), ServiceName, Lineage))
        IN (SELECT Product, Hash FROM forgotten)
SETTINGS mutations_sync = 1, allow_nondeterministic_mutations = 1;

ALTER TABLE installation_days DELETE
WHERE (Product, InstallationId) IN (SELECT Product, InstallationId FROM to_be_erased)
SETTINGS mutations_sync = 1, allow_nondeterministic_mutations = 1;

ALTER TABLE fact_days DELETE
WHERE (Product, InstallationId) IN (SELECT Product, InstallationId FROM to_be_erased)
SETTINGS mutations_sync = 1, allow_nondeterministic_mutations = 1;

-- Its number leaves every set, also those that are replaced and not merged yet, and nobody gets it again.
ALTER TABLE installation_sets UPDATE
    Who = bitmapAndnot(Who, tupleElement(arrayFirst(each -> each.1 = Product, (SELECT groupArray((Product, Who)) FROM numbers_to_be_erased)), 2)),
    Installations = bitmapAndnotCardinality(Who, tupleElement(arrayFirst(each -> each.1 = Product, (SELECT groupArray((Product, Who)) FROM numbers_to_be_erased)), 2))
WHERE Product IN (SELECT Product FROM numbers_to_be_erased)
    AND bitmapHasAny(Who, tupleElement(arrayFirst(each -> each.1 = Product, (SELECT groupArray((Product, Who)) FROM numbers_to_be_erased)), 2))
SETTINGS mutations_sync = 1, allow_nondeterministic_mutations = 1;

INSERT INTO installation_numbers
SELECT Product, toUUID('00000000-0000-0000-0000-000000000000'), max(Number)
FROM installation_numbers
GROUP BY Product
HAVING max(Number) > maxIf(Number, InstallationId = toUUID('00000000-0000-0000-0000-000000000000'));

ALTER TABLE installation_numbers DELETE
WHERE (Product, InstallationId) IN (SELECT Product, InstallationId FROM to_be_erased)
SETTINGS mutations_sync = 1, allow_nondeterministic_mutations = 1;

-- By what is deleted last, so that nobody is missed who asked while the statements above ran.
INSERT INTO changed_days (Product, Day, ChangedAt)
SELECT DISTINCT Product, FirstDay + arrayJoin(range(toUInt32(LastDay - FirstDay) + 1)) AS Day, now('UTC')
FROM installations
WHERE (Product, InstallationId) IN (SELECT Product, InstallationId FROM to_be_erased)
    AND Day > toDate(now('UTC')) - 100;

-- A request counts where it found something. A report that comes after it is found by a later run.
INSERT INTO erasure_requests
SELECT Product, Request, Installation, AskedAt, 1, 0
FROM erasure_requests FINAL
WHERE NOT IsKnown AND (Product, Installation) IN
    (SELECT Product, sipHash128Keyed((SELECT argMin((First, Second), MadeAt) FROM salt), Product, InstallationId) FROM to_be_erased);

INSERT INTO erasures
SELECT Product, Day, count() AS Installations
FROM
(
    SELECT Product, toDate(min(AskedAt)) AS Day
    FROM erasure_requests FINAL
    WHERE IsKnown AND NOT IsOver
    GROUP BY Product, Installation
)
GROUP BY Product, Day;

-- Last, because the others are found by it. Whoever asked while they were deleted may still be there: that is for the next run.
-- So is what came in within the last minute, which may be on its way from `points` into the other tables.
ALTER TABLE installations DELETE
WHERE ReceivedAt < now('UTC') - 60
    AND (Product, InstallationId) IN (SELECT Product, InstallationId FROM to_be_erased)
    AND (Product, InstallationId) NOT IN
    (
        SELECT ServiceName, InstallationId FROM points
        WHERE (ServiceName, InstallationId) IN (SELECT Product, InstallationId FROM to_be_erased)
        UNION ALL
        SELECT Product, InstallationId FROM installation_days
        WHERE (Product, InstallationId) IN (SELECT Product, InstallationId FROM to_be_erased)
        UNION ALL
        SELECT Product, InstallationId FROM fact_days
        WHERE (Product, InstallationId) IN (SELECT Product, InstallationId FROM to_be_erased)
    )
SETTINGS mutations_sync = 1, allow_nondeterministic_mutations = 1;

-- Rollups -------------------------------------------------------------------------------------------------------------------

-- Each of them writes the days again, with a deleted row for each key that a day does not have any more. Groups that need more than 1 GB,
-- or 0.3 of the memory that is free where that is less, are put aside on the disk: after a month without a run, all its days come at once.

INSERT INTO changed_days (Product, Day, StartedAt)
SELECT Product, Day, now64(3, 'UTC')
FROM changed_days
GROUP BY Product, Day
HAVING max(ChangedAt) + 60 >= max(RolledUpAt);

-- A day that changed changes the windows of the 29 days after it. An installation counts on each day until its next report,
-- as long as the window reaches. The days since the last one that was rolled up are due as well: no report may have changed them.
-- Not those whose windows reach back to what is deleted by now.
INSERT INTO active_installations
WITH
    toDate(now('UTC')) AS today,
    (SELECT coalesce(minOrNull(Day), today) FROM days_to_roll_up) AS first_changed,
    (SELECT maxOrNull(Day) FROM active_installations WHERE By = '') AS last_rolled_up,
    (SELECT coalesce(minOrNull(Day), today) FROM installation_days WHERE Day > today - 400) AS first_day,
    greatest(least(first_changed, coalesce(last_rolled_up, first_day), today - 1), today - 370) AS since
SELECT
    Product, By, Days, Day, Value,
    sum(Counted) AS Installations,
    now64(3, 'UTC') AS ComputedAt,
    Installations = 0 AS IsDeleted
FROM
(
    SELECT Product, said.1 AS By, Days, toDate(number) AS Day, said.2 AS Value, sum(Same) AS Counted
    FROM
    (
        SELECT Product, report.1 AS first, next, report.2 AS Version, report.3 AS Country, count() AS Same
        FROM
        (
            -- Of the days before, only the last one counts. Without one, it is a day of 1970, which is in no window.
            SELECT Product, arraySort(arrayPushFront(
                groupArrayIf((Day, Version, Country), Day >= since),
                (maxIf(Day, Day < since), argMaxIf(Version, Day, Day < since), argMaxIf(Country, Day, Day < since)))) AS reports
            FROM installation_days FINAL
            WHERE Day > since - 30 AND Day <= today
            GROUP BY Product, InstallationId
        )
        ARRAY JOIN
            reports AS report,
            arrayPushBack(arrayMap(each -> each.1, arrayPopFront(reports)), today + 1) AS next
        WHERE next > since
        GROUP BY Product, first, next, Version, Country
    )
    ARRAY JOIN [1, 7, 30] AS Days
    ARRAY JOIN range(toUInt32(greatest(first, since)), toUInt32(least(next, first + Days))) AS number
    ARRAY JOIN [('', ''), ('service.version', toString(Version)), ('geo.country.iso_code', toString(Country))] AS said
    GROUP BY Product, By, Days, Day, Value
    UNION ALL
    SELECT Product, By, Days, Day, Value, 0
    FROM active_installations FINAL
    WHERE Day >= since AND Day <= today
)
GROUP BY Product, By, Days, Day, Value
SETTINGS max_bytes_ratio_before_external_group_by = 0.3, max_bytes_before_external_group_by = 1000000000;

-- Numbers are given by first day, so that installations which live at the same time are close together in a set.
INSERT INTO installation_numbers
SELECT Product, InstallationId, Highest + row_number() OVER (PARTITION BY Product ORDER BY FirstDay, InstallationId) AS Number
FROM
(
    SELECT Product, InstallationId, min(FirstDay) AS FirstDay
    FROM installations
    WHERE (Product, InstallationId) NOT IN (SELECT Product, InstallationId FROM installation_numbers)
        AND (Product, InstallationId) NOT IN (SELECT Product, InstallationId FROM to_be_erased)
    GROUP BY Product, InstallationId
) AS unnumbered
LEFT JOIN (SELECT Product, max(Number) AS Highest FROM installation_numbers GROUP BY Product) AS given USING (Product);

-- A set is written if it has changed. A set that lost all its installations becomes an empty one.
INSERT INTO installation_sets
SELECT
    Product, Fact, Of, Day, '' AS Dimensions, Value,
    groupBitmapOrStateIf(Set, IsNew) AS Who,
    bitmapCardinality(Who) AS Installations,
    now64(3, 'UTC') AS ComputedAt
FROM
(
    SELECT Product, Fact, CAST(multiIf(Fact = '', 'all', Frequency > 1000, 'other', 'value') AS Enum8('all' = 0, 'value' = 1, 'other' = 2)) AS Of,
        Day, if(Frequency > 1000, '', Text) AS Value, Set, 1 AS IsNew
    FROM
    (
        SELECT Product, Day, said.1 AS Fact, said.2 AS Text, groupBitmapState(Number) AS Set,
            row_number() OVER (PARTITION BY Product, Day, Fact ORDER BY bitmapCardinality(Set) DESC, Text) AS Frequency
        FROM
        (
            SELECT Product, Day, Number, Attributes
            FROM (SELECT Product, Day, InstallationId, Attributes FROM installation_days FINAL WHERE (Product, Day) IN (SELECT Product, Day FROM days_to_roll_up)) AS days
            INNER JOIN (SELECT Product, InstallationId, Number FROM installation_numbers FINAL) AS numbers USING (Product, InstallationId)
        )
        ARRAY JOIN arrayPushBack(arrayZip(mapKeys(Attributes), mapValues(Attributes)), ('', '')) AS said
        GROUP BY Product, Day, Fact, Text
    )
    UNION ALL
    SELECT Product, Fact, CAST(Of AS Enum8('all' = 0, 'value' = 1, 'other' = 2)), Day, Value, Who, 0
    FROM installation_sets FINAL
    WHERE (Product, Day) IN (SELECT Product, Day FROM days_to_roll_up) AND Of IN ('all', 'value', 'other')
)
GROUP BY Product, Fact, Of, Day, Value
HAVING bitmapXorCardinality(Who, groupBitmapOrStateIf(Set, NOT IsNew)) > 0
SETTINGS max_bytes_ratio_before_external_group_by = 0.3, max_bytes_before_external_group_by = 1000000000;

-- Of a number with many values the first two digits, and what is left of each value, in powers of two. Of those only who are in the set
-- of all that day: a row of `installation_days` may have been deleted before those of `fact_days`.
INSERT INTO installation_sets
SELECT
    Product, Fact, Of, Day, Dimensions, Value,
    groupBitmapOrStateIf(Set, IsNew) AS Who,
    bitmapCardinality(Who) AS Installations,
    now64(3, 'UTC') AS ComputedAt
FROM
(
    WITH
        pow(10, floor(log10(abs(Number))) - 1) AS place,
        if(Values > 100 AND Number != 0, trunc(Number / place) * place, Number) AS digits,
        bitPositionsToArray(toUInt64(if(abs(Number) < 9e15, round(abs(Number - digits)), 0))) AS rest
    SELECT Product, Fact, part.1 AS Of, Day, Dimensions, part.2 AS Value, bitmapAnd(numbers.Set, reported.Who) AS Set, 1 AS IsNew
    FROM
    (
        SELECT Product, Fact, Kind, Day, Dimensions, Number, groupBitmapState(Installation) AS Set,
            count() OVER (PARTITION BY Product, Fact, Kind, Day, Dimensions) AS Values
        FROM
        (
            SELECT Product, Fact, Day, Dimensions, Installation, said.1 AS Kind, said.2 AS Number
            FROM
            (
                SELECT Product, Fact, Day, Dimensions, InstallationId, Latest, Total
                FROM fact_days FINAL
                WHERE (Product, Day) IN (SELECT Product, Day FROM days_to_roll_up WHERE Day > toDate(now('UTC')) - 90)
            ) AS days
            INNER JOIN (SELECT Product, InstallationId, Number AS Installation FROM installation_numbers FINAL) AS numbers USING (Product, InstallationId)
            ARRAY JOIN if(Latest = Total, [('number', Latest)], [('last', Latest), ('sum', Total)]) AS said
            WHERE isFinite(Number)
        )
        GROUP BY Product, Fact, Kind, Day, Dimensions, Number
    ) AS numbers
    INNER JOIN (SELECT Product, Day, Who FROM installation_sets FINAL WHERE (Product, Day) IN (SELECT Product, Day FROM days_to_roll_up) AND Of = 'all') AS reported USING (Product, Day)
    ARRAY JOIN arrayConcat(
        [(Kind, toString(digits))],
        arrayMap(bit -> (concat(Kind, ' rest'), toString(sign(Number) * pow(2, bit))), rest),
        if(Kind != 'last' AND Number != 0, [('used', '')], [])) AS part
    UNION ALL
    SELECT Product, Fact, toString(Of), Day, Dimensions, Value, Who, 0
    FROM installation_sets FINAL
    WHERE (Product, Day) IN (SELECT Product, Day FROM days_to_roll_up WHERE Day > toDate(now('UTC')) - 90) AND Of BETWEEN 'number' AND 'used'
)
GROUP BY Product, Fact, Of, Day, Dimensions, Value
HAVING bitmapXorCardinality(Who, groupBitmapOrStateIf(Set, NOT IsNew)) > 0
SETTINGS max_bytes_ratio_before_external_group_by = 0.3, max_bytes_before_external_group_by = 1000000000;

-- All first days, because an installation whose report came late moves from one to another.
INSERT INTO installation_sets
SELECT
    Product, '' AS Fact, 'first' AS Of, Day, '' AS Dimensions, Value,
    groupBitmapOrStateIf(Set, IsNew) AS Who,
    bitmapCardinality(Who) AS Installations,
    now64(3, 'UTC') AS ComputedAt
FROM
(
    SELECT Product, First AS Day, if(First = Last, 'once', 'more') AS Value, groupBitmapState(Number) AS Set, 1 AS IsNew
    FROM
    (
        SELECT Product, InstallationId, min(FirstDay) AS First, max(LastDay) AS Last
        FROM installations
        WHERE Product IN (SELECT Product FROM days_to_roll_up)
        GROUP BY Product, InstallationId
        HAVING First > toDate(now('UTC')) - 400
    ) AS lives
    INNER JOIN (SELECT Product, InstallationId, Number FROM installation_numbers FINAL) AS numbers USING (Product, InstallationId)
    GROUP BY Product, Day, Value
    UNION ALL
    SELECT Product, Day, Value, Who, 0
    FROM installation_sets FINAL
    WHERE Product IN (SELECT Product FROM days_to_roll_up) AND Of = 'first'
)
GROUP BY Product, Day, Value
HAVING bitmapXorCardinality(Who, groupBitmapOrStateIf(Set, NOT IsNew)) > 0;

INSERT INTO fact_values
SELECT
    Product, Fact, Day, Value,
    sum(Counted) AS Installations,
    now64(3, 'UTC') AS ComputedAt,
    Installations = 0 AS IsDeleted
FROM
(
    SELECT Product, Fact, Day, Value, Installations AS Counted
    FROM installation_sets FINAL
    WHERE (Product, Day) IN (SELECT Product, Day FROM days_to_roll_up) AND Of = 'value'
    UNION ALL
    SELECT Product, Fact, Day, Value, 0
    FROM fact_values FINAL
    WHERE (Product, Day) IN (SELECT Product, Day FROM days_to_roll_up)
)
GROUP BY Product, Fact, Day, Value;

-- Not of days whose numbers by installation are over: their sums would become those of nobody.
INSERT INTO fact_numbers
SELECT
    Product, Fact, Day, Dimensions,
    sum(ByInstallation) AS Installations,
    sum(Came) AS Reports,
    sum(LastValue) AS Latest,
    sum(AllValues) AS Total,
    sumMap(Buckets) AS Histogram,
    now64(3, 'UTC') AS ComputedAt,
    Reports = 0 AS IsDeleted
FROM
(
    SELECT
        Product, Fact, Day, Dimensions,
        1 AS ByInstallation,
        length(Reports) AS Came,
        Latest AS LastValue,
        Total AS AllValues,
        map(toInt16(if(Latest > 0, greatest(-127, floor(log2(Latest))), -128)), toUInt64(1)) AS Buckets
    FROM fact_days FINAL
    WHERE (Product, Day) IN (SELECT Product, Day FROM days_to_roll_up WHERE Day > toDate(now('UTC')) - 90)
    UNION ALL
    -- Reports without an id: each of them for itself.
    SELECT ServiceName, MetricName, toDate(TimeUnix), toJSONString(mapSort(Attributes)), 0, 1, Value, Value, map()
    FROM points FINAL
    WHERE InstallationId = toUUID('00000000-0000-0000-0000-000000000000') AND NOT IsErasureRequest
        AND (ServiceName, toDate(TimeUnix)) IN (SELECT Product, Day FROM days_to_roll_up WHERE Day > toDate(now('UTC')) - 90)
    UNION ALL
    SELECT Product, Fact, Day, Dimensions, 0, 0, 0, 0, map()
    FROM fact_numbers FINAL
    WHERE (Product, Day) IN (SELECT Product, Day FROM days_to_roll_up WHERE Day > toDate(now('UTC')) - 90)
)
GROUP BY Product, Fact, Day, Dimensions
SETTINGS max_bytes_ratio_before_external_group_by = 0.3, max_bytes_before_external_group_by = 1000000000;

INSERT INTO anonymous_days
SELECT
    Product, Day, Age, Version, Country,
    sum(Counted) AS Reports,
    now64(3, 'UTC') AS ComputedAt,
    Reports = 0 AS IsDeleted
FROM
(
    SELECT Product, Day, Age, Version, Country, count() AS Counted
    FROM anonymous_reports FINAL
    WHERE (Product, Day) IN (SELECT Product, Day FROM days_to_roll_up)
    GROUP BY Product, Day, Age, Version, Country
    UNION ALL
    SELECT Product, Day, Age, Version, Country, 0
    FROM anonymous_days FINAL
    WHERE (Product, Day) IN (SELECT Product, Day FROM days_to_roll_up)
)
GROUP BY Product, Day, Age, Version, Country;

INSERT INTO changed_days (Product, Day, RolledUpAt)
SELECT Product, Day, max(StartedAt)
FROM changed_days
GROUP BY Product, Day
HAVING max(StartedAt) > max(RolledUpAt);

-- Retention -----------------------------------------------------------------------------------------------------------------

-- What a merge of rows decides is looked at as a merge would have it, and then all rows of a key go, the newest and those before it.

ALTER TABLE installation_numbers DELETE
WHERE (Product, InstallationId) IN
    (SELECT Product, InstallationId FROM installations GROUP BY Product, InstallationId HAVING max(LastDay) < toDate(now('UTC')) - 400)
SETTINGS mutations_sync = 1, allow_nondeterministic_mutations = 1;

ALTER TABLE installations DELETE
WHERE (Product, InstallationId) IN
    (SELECT Product, InstallationId FROM installations GROUP BY Product, InstallationId HAVING max(LastDay) < toDate(now('UTC')) - 400)
SETTINGS mutations_sync = 1, allow_nondeterministic_mutations = 1;

-- A request is over 30 days after the last one of its installation, and not while something is there to be erased: housekeeping may not
-- have run for longer than that. It is not deleted, so that it stays over when it comes again.
INSERT INTO erasure_requests
SELECT Product, Request, Installation, AskedAt, 1, 1
FROM erasure_requests FINAL
WHERE IsKnown AND NOT IsOver
    AND (Product, Installation) NOT IN
        (SELECT Product, sipHash128Keyed((SELECT argMin((First, Second), MadeAt) FROM salt), Product, InstallationId) FROM to_be_erased)
    AND (Product, Installation) IN
    (
        SELECT Product, Installation FROM erasure_requests FINAL
        WHERE NOT IsOver
        GROUP BY Product, Installation
        HAVING max(AskedAt) < now('UTC') - INTERVAL 30 DAY
    );

-- What the installation made up to then stays away, also where it comes later from a file: an import asks for that. Before its hash goes
-- from here.
INSERT INTO forgotten_before
SELECT Product, Installation, AskedAt + INTERVAL 30 DAY
FROM erasure_requests FINAL
WHERE Installation != toFixedString('', 16) AND AskedAt < now('UTC') - INTERVAL 30 DAY AND (IsOver OR NOT IsKnown);

ALTER TABLE erasure_requests UPDATE Installation = toFixedString('', 16)
WHERE Installation != toFixedString('', 16) AND (Product, Request) IN (SELECT Product, Request FROM erasure_requests WHERE IsOver)
SETTINGS mutations_sync = 1, allow_nondeterministic_mutations = 1;

ALTER TABLE erasure_requests DELETE
WHERE (Product, Request) IN
    (SELECT Product, Request FROM erasure_requests FINAL WHERE NOT IsKnown AND AskedAt < now('UTC') - INTERVAL 30 DAY)
SETTINGS mutations_sync = 1, allow_nondeterministic_mutations = 1;

-- After 90 days nothing stays that fewer than five installations had, or five reports where they have no id. It would follow from the
-- total and from what stays, where fewer than five are removed in all. So there the smallest number that would stay is removed too:
-- first it becomes a deleted row, newer than its own, and then all rows of the small numbers go.

INSERT INTO active_installations
SELECT Product, By, Days, Day, argMinIf(Value, (Number, Value), Number >= 5), 0, now64(3, 'UTC'), 1
FROM
(
    SELECT Product, By, Days, Day, Value, Installations AS Number
    FROM active_installations FINAL
    WHERE Day < toDate(now('UTC')) - 90 AND By != '' AND (Product, By, Days, Day) IN
        (SELECT Product, By, Days, Day FROM active_installations WHERE Day < toDate(now('UTC')) - 90 AND By != '' AND Installations < 5)
)
GROUP BY Product, By, Days, Day
HAVING sumIf(Number, Number < 5) BETWEEN 1 AND 4 AND countIf(Number >= 5) > 0;

INSERT INTO fact_values
SELECT Product, Fact, Day, argMinIf(Value, (Number, Value), Number >= 5), 0, now64(3, 'UTC'), 1
FROM
(
    SELECT Product, Fact, Day, Value, Installations AS Number
    FROM fact_values FINAL
    WHERE Day < toDate(now('UTC')) - 90 AND (Product, Fact, Day) IN
        (SELECT Product, Fact, Day FROM fact_values WHERE Day < toDate(now('UTC')) - 90 AND Installations < 5)
)
GROUP BY Product, Fact, Day
HAVING sumIf(Number, Number < 5) BETWEEN 1 AND 4 AND countIf(Number >= 5) > 0;

INSERT INTO anonymous_days
WITH argMinIf((Age, Version, Country), (Number, Age, Version, Country), Number >= 5) AS smallest
SELECT Product, Day, smallest.1, smallest.2, smallest.3, 0, now64(3, 'UTC'), 1
FROM
(
    SELECT Product, Day, Age, Version, Country, Reports AS Number
    FROM anonymous_days FINAL
    WHERE Day < toDate(now('UTC')) - 90 AND (Product, Day) IN
        (SELECT Product, Day FROM anonymous_days WHERE Day < toDate(now('UTC')) - 90 AND Reports < 5)
)
GROUP BY Product, Day
HAVING sumIf(Number, Number < 5) BETWEEN 1 AND 4 AND countIf(Number >= 5) > 0;

-- A key that is in no report any more goes at once, with the numbers that it had before: it may be a text that only one installation
-- had, which is erased now. A deleted row hides it from those who read with FINAL, and from nobody else.
ALTER TABLE active_installations DELETE
WHERE (Product, By, Days, Day, Value) IN
(
    SELECT Product, By, Days, Day, Value FROM active_installations
    WHERE (Product, By, Days, Day, Value) IN
        (SELECT Product, By, Days, Day, Value FROM active_installations WHERE Installations < if(Day < toDate(now('UTC')) - 90 AND By != '', 5, 1))
    GROUP BY Product, By, Days, Day, Value
    HAVING argMax(Installations, ComputedAt) < if(Day < toDate(now('UTC')) - 90 AND By != '', 5, 1)
)
SETTINGS mutations_sync = 1, allow_nondeterministic_mutations = 1;

ALTER TABLE installation_sets DELETE
WHERE (Product, Fact, Of, Day, Dimensions, Value) IN
    (SELECT Product, Fact, Of, Day, Dimensions, Value FROM installation_sets FINAL WHERE Installations = 0)
SETTINGS mutations_sync = 1, allow_nondeterministic_mutations = 1;

ALTER TABLE fact_values DELETE
WHERE (Product, Fact, Day, Value) IN
(
    SELECT Product, Fact, Day, Value FROM fact_values
    WHERE (Product, Fact, Day, Value) IN
        (SELECT Product, Fact, Day, Value FROM fact_values WHERE Installations < if(Day < toDate(now('UTC')) - 90, 5, 1))
    GROUP BY Product, Fact, Day, Value
    HAVING argMax(Installations, ComputedAt) < if(Day < toDate(now('UTC')) - 90, 5, 1)
)
SETTINGS mutations_sync = 1, allow_nondeterministic_mutations = 1;

ALTER TABLE fact_numbers DELETE
WHERE (Product, Fact, Day, Dimensions) IN
(
    SELECT Product, Fact, Day, Dimensions FROM fact_numbers
    WHERE (Product, Fact, Day, Dimensions) IN
        (SELECT Product, Fact, Day, Dimensions FROM fact_numbers WHERE if(Installations > 0, Installations, Reports) < if(Day < toDate(now('UTC')) - 90, 5, 1))
    GROUP BY Product, Fact, Day, Dimensions
    HAVING argMax(if(Installations > 0, Installations, Reports), ComputedAt) < if(Day < toDate(now('UTC')) - 90, 5, 1)
)
SETTINGS mutations_sync = 1, allow_nondeterministic_mutations = 1;

-- A bucket of a histogram is a number too, and `Installations` is the total of all buckets.
ALTER TABLE fact_numbers UPDATE Histogram = mapFilter(
    (bucket, count) -> count >= 5 AND NOT
    (
        arraySum(arrayFilter(each -> each < 5, mapValues(Histogram))) < 5
        AND (count, bucket) = arraySort(arrayFilter(each -> each.1 >= 5, arrayZip(mapValues(Histogram), mapKeys(Histogram))))[1]
    ),
    Histogram)
WHERE Day < toDate(now('UTC')) - 90 AND arrayExists(count -> count < 5, mapValues(Histogram))
SETTINGS mutations_sync = 1, allow_nondeterministic_mutations = 1;

ALTER TABLE anonymous_days DELETE
WHERE (Product, Day, Age, Version, Country) IN
(
    SELECT Product, Day, Age, Version, Country FROM anonymous_days
    WHERE (Product, Day, Age, Version, Country) IN
        (SELECT Product, Day, Age, Version, Country FROM anonymous_days WHERE Reports < if(Day < toDate(now('UTC')) - 90, 5, 1))
    GROUP BY Product, Day, Age, Version, Country
    HAVING argMax(Reports, ComputedAt) < if(Day < toDate(now('UTC')) - 90, 5, 1)
)
SETTINGS mutations_sync = 1, allow_nondeterministic_mutations = 1;

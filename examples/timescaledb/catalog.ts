import { defineCatalog } from 'otel-usage'
import { installPack, operatingSystemPack } from 'otel-usage/packs'

const common = { since: 1, level: 'no_functions' } as const
const words = (text: string) => text.trim().split(/\s+/)

/** The jobs that come with the product by name, and everybody's own under one word. */
export const JOB_TYPES = [
  ...(['policy_compression', 'policy_refresh_continuous_aggregate', 'policy_reorder'] as const),
  ...(['policy_retention', 'policy_telemetry'] as const),
] as const

/** PostgreSQL's error codes (SQLSTATE), class by class. A code that somebody made up is `other`. */
export const SQLSTATES = words(`
  01000 01003 01004 01006 01007 01008 0100C 01P01 02000 02001 03000 08000 08001 08003 08004 08006 08007 08P01 09000 0A000
  0B000 0F000 0F001 0L000 0LP01 0P000 0Z000 0Z002 10608 20000 21000
  22000 22001 22002 22003 22004 22005 22007 22008 22009 2200B 2200C 2200D 2200F 2200G 2200H 2200L 2200M 2200N 2200S 2200T
  22010 22011 22012 22013 22014 22015 22016 22018 22019 2201B 2201E 2201F 2201G 2201W 2201X 22021 22022 22023 22024 22025
  22026 22027 2202E 2202G 2202H 22030 22031 22032 22033 22034 22035 22036 22037 22038 22039 2203A 2203B 2203C 2203D 2203E
  2203F 2203G 22P01 22P02 22P03 22P04 22P05 22P06
  23000 23001 23502 23503 23505 23514 23P01 24000
  25000 25001 25002 25003 25004 25005 25006 25007 25008 25P01 25P02 25P03 25P04 26000 27000 28000 28P01 2B000 2BP01 2D000
  2F000 2F002 2F003 2F004 2F005 34000 38000 38001 38002 38003 38004 39000 39001 39004 39P01 39P02 39P03 3B000 3B001 3D000
  3F000 40000 40001 40002 40003 40P01
  42000 42501 42601 42602 42611 42622 42701 42702 42703 42704 42710 42712 42723 42725 42803 42804 42809 42830 42846 42883
  428C9 42939 42P01 42P02 42P03 42P04 42P05 42P06 42P07 42P08 42P09 42P10 42P11 42P12 42P13 42P14 42P15 42P16 42P17 42P18
  42P19 42P20 42P21 42P22 44000
  53000 53100 53200 53300 53400 54000 54001 54011 54023 55000 55006 55P02 55P03 55P04 57000 57014 57P01 57P02 57P03 57P04
  57P05 58000 58030 58P01 58P02 58P03 72000 F0000 F0001 
  HV000 HV001 HV002 HV004 HV005 HV006 HV007 HV008 HV009 HV00A HV00B HV00C HV00D HV00J HV00K HV00L HV00M HV00N HV00P
  HV00Q HV00R HV010 HV014 HV021 HV024 HV090 HV091 P0000 P0001 P0002 P0003 P0004 XX000 XX001 XX002 other
`)

/** The codes that the product's own jobs run into. */
const JOB_SQLSTATES = words(`
  0A000 22003 22023 23505 25006 40001 40P01 42501 42704 42883 42P01 53100 53200 53300 54000 55000 55006 55P03 57014 57P01
  58030 P0001 XX000 XX001 other
`)

/** Functions that are counted by name: TimescaleDB's, and the commonest of PostgreSQL's and of related extensions. */
export const FUNCTIONS = words(`
  public.add_columnstore_policy public.add_compaction_policy public.add_compression_policy public.add_continuous_aggregate_policy public.add_dimension
  public.add_job public.add_reorder_policy public.add_retention_policy public.alter_job public.approximate_row_count
  public.attach_chunk public.attach_tablespace public.by_hash public.by_range public.chunk_columnstore_stats
  public.chunk_compression_stats public.chunks_detailed_size public.compress_chunk public.convert_to_columnstore
  public.convert_to_rowstore public.create_hypertable public.decompress_chunk public.delete_job public.detach_chunk
  public.detach_tablespace public.detach_tablespaces public.disable_chunk_skipping public.drop_chunks
  public.enable_chunk_skipping public.first public.generate_uuidv7 public.get_telemetry_report public.histogram
  public.hypertable_approximate_detailed_size public.hypertable_approximate_size public.hypertable_columnstore_stats
  public.hypertable_compression_stats public.hypertable_detailed_size public.hypertable_index_size public.hypertable_size
  public.interpolate public.last public.locf public.merge_chunks public.merge_chunks_concurrently public.move_chunk public.recompress_chunk
  public.refresh_continuous_aggregate public.remove_columnstore_policy public.remove_compaction_policy public.remove_compression_policy
  public.remove_continuous_aggregate_policy public.remove_reorder_policy public.remove_retention_policy
  public.reorder_chunk public.run_job public.set_chunk_time_interval public.set_integer_now_func
  public.set_number_partitions public.set_partitioning_interval public.show_chunks public.show_tablespaces
  public.split_chunk public.time_bucket public.time_bucket_gapfill public.timescaledb_post_restore
  public.timescaledb_pre_restore public.to_uuidv7 public.to_uuidv7_boundary public.uuid_timestamp public.uuid_timestamp_micros public.uuid_version
  public.approx_percentile public.average public.candlestick_agg public.counter_agg public.delta public.hyperloglog
  public.lttb public.percentile_agg public.rollup public.stats_agg public.tdigest public.time_weight public.uddsketch
  public.cosine_distance public.inner_product public.l2_distance public.st_contains public.st_distance
  public.st_intersects public.st_makepoint public.st_within
  pg_catalog.abs pg_catalog.age pg_catalog.array_agg pg_catalog.array_length pg_catalog.array_to_string pg_catalog.avg
  pg_catalog.bool_and pg_catalog.bool_or pg_catalog.ceil pg_catalog.char_length pg_catalog.concat pg_catalog.corr
  pg_catalog.count pg_catalog.cume_dist pg_catalog.current_setting pg_catalog.date_bin pg_catalog.date_part
  pg_catalog.date_trunc pg_catalog.dense_rank pg_catalog.every pg_catalog.exp pg_catalog.extract pg_catalog.first_value
  pg_catalog.floor pg_catalog.format pg_catalog.generate_series pg_catalog.json_agg pg_catalog.json_build_object
  pg_catalog.json_object_agg pg_catalog.jsonb_agg pg_catalog.jsonb_array_elements pg_catalog.jsonb_build_object
  pg_catalog.jsonb_each pg_catalog.jsonb_object_agg pg_catalog.lag pg_catalog.last_value pg_catalog.lead
  pg_catalog.length pg_catalog.ln pg_catalog.lower pg_catalog.lpad pg_catalog.make_interval pg_catalog.max pg_catalog.md5
  pg_catalog.min pg_catalog.mod pg_catalog.nextval pg_catalog.now pg_catalog.nth_value pg_catalog.ntile
  pg_catalog.percent_rank pg_catalog.percentile_cont pg_catalog.percentile_disc pg_catalog.power pg_catalog.random
  pg_catalog.rank pg_catalog.regexp_match pg_catalog.regexp_replace pg_catalog.regr_slope pg_catalog.replace
  pg_catalog.round pg_catalog.row_number pg_catalog.row_to_json pg_catalog.split_part pg_catalog.sqrt pg_catalog.stddev
  pg_catalog.string_agg pg_catalog.string_to_array pg_catalog.substring pg_catalog.sum pg_catalog.timezone
  pg_catalog.to_char pg_catalog.to_json pg_catalog.to_jsonb pg_catalog.to_timestamp pg_catalog.unnest pg_catalog.upper
  pg_catalog.variance pg_catalog.width_bucket
  other
`)

/** Access methods of tables and indexes: those of PostgreSQL, TimescaleDB and related extensions. */
const ACCESS_METHODS = words('heap btree hash gist spgist gin brin hypercore ivfflat hnsw diskann other')

const JOBS = [...JOB_TYPES, 'policy_job_stat_history_retention', 'user_defined_action'] as const
const HYPER = ['hypertables', 'continuous_aggregates'] as const
const STORED = ['tables', 'partitioned_tables', 'materialized_views', ...HYPER] as const

const operatingSystem = operatingSystemPack(common)
const install = installPack({ ...common, prefix: 'timescaledb' })

/** The packs that a host passes to `usage.use`. */
export const packs = [operatingSystem, install]

const attribute = { ...common, kind: 'attribute' } as const
const gauge = { ...common, kind: 'gauge' } as const
const text = (pattern: string, why: string, example: string, maxLength = 64) =>
  ({ ...attribute, type: 'string', pattern, maxLength, why, example }) as const
const jobs = (unit: string, why: string, example: number) =>
  ({ ...gauge, unit, by: { job_type: JOBS }, why, example }) as const
const relations = <const R extends readonly string[]>(
  unit: string,
  relation: R,
  why: string,
  example: number,
) => ({ ...gauge, unit, by: { relation }, why, example }) as const
const extension = (name: string) =>
  ({
    ...attribute,
    type: 'boolean',
    why: `Shows whether ${name} is installed beside TimescaleDB, so that the two are made to work together.`,
    example: false,
  }) as const

/**
 * Everything that TimescaleDB reports. `telemetry_version` is the version of this catalog, `timescaledb_version` and `db_uuid` are the report's
 * own product version and installation id.
 */
export const catalog = defineCatalog({
  version: 2,
  prefix: 'timescaledb',
  levels: ['no_functions', 'basic'],
  facts: {
    'timescaledb.exported_db_uuid': text(
      '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}',
      'Stays the same in a copy made by dump and restore, and so tells copies from new databases.',
      '1f6e2d9c-7a3b-4c1f-9d55-0f4f2a6b8c10',
    ),
    'timescaledb.installed_time': text(
      '\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}(?:\\+00)?',
      'Shows how long installations are kept, and what new ones do differently. In UTC, whatever zone and language the server has; a time without a zone is local.',
      '2026-01-05T10:20:30+00',
    ),
    'timescaledb.install.method': install.facts['timescaledb.install.method'],
    'os.type': { ...operatingSystem.facts['os.type'], whenUnknown: 'Unknown' },
    'os.build_id': text(
      '[ -~]+',
      'Shows which build of the system is used, as the kernel describes it, because some defects come from it.',
      '#1 SMP PREEMPT_DYNAMIC Debian 6.1.76-1 (2024-02-01)',
      128,
    ),
    'timescaledb.os.release': text(
      '[0-9A-Za-z.+_~-]+',
      'Shows which features of the kernel the product may rely on.',
      '6.1.0-18-amd64',
    ),
    'os.description': text(
      '[ -~]+',
      'Shows which distributions packages have to be made for, as the system calls itself.',
      'Debian GNU/Linux 12 (bookworm)',
      128,
    ),
    'timescaledb.postgresql.version': text(
      '\\d+(?:\\.\\d+|devel|beta\\d|rc\\d)*',
      'Shows which versions of PostgreSQL have to be supported. The running server, not the one it was built for.',
      '17.5',
    ),
    'timescaledb.build.os.name': text(
      '[0-9A-Za-z ._-]+',
      'Shows on which system the product was built.',
      'Linux',
    ),
    'timescaledb.build.os.version': text(
      '[0-9A-Za-z.+_~-]+',
      'Shows on which kernel the product was built.',
      '6.8.0-1021-azure',
    ),
    'timescaledb.build.architecture': text(
      '[0-9A-Za-z_]+',
      'Shows for which processors the product was built.',
      'x86_64',
    ),
    'timescaledb.build.architecture.bits': {
      ...attribute,
      type: 'enum',
      values: ['32', '64'],
      why: 'Shows whether 32-bit builds are still used.',
      example: '64',
    },
    'timescaledb.data_volume': {
      ...gauge,
      unit: 'By',
      why: 'Shows for how much data the product must stay fast.',
      example: 48_318_382_080,
    },

    'timescaledb.job.errors': {
      ...gauge,
      unit: '{error}',
      by: [
        { job_type: [...JOB_TYPES, 'policy_job_error_retention'], sqlstate: JOB_SQLSTATES },
        { job_type: ['user_defined_action'], sqlstate: SQLSTATES },
      ],
      omitZero: true,
      why: 'Shows on which errors background jobs fail: their codes, never their messages.',
      example: 5,
    },
    'timescaledb.job.runs': jobs('{run}', 'Shows how much each kind of background job is used.', 120),
    'timescaledb.job.successes': jobs('{run}', 'Shows how often background jobs succeed.', 118),
    'timescaledb.job.failures': jobs('{run}', 'Shows how often background jobs fail.', 1),
    'timescaledb.job.crashes': jobs('{run}', 'Shows how often background jobs crash.', 1),
    'timescaledb.job.max_consecutive_failures': jobs(
      '{run}',
      'Tells jobs that fail for good from those that fail now and then.',
      1,
    ),
    'timescaledb.job.max_consecutive_crashes': jobs(
      '{run}',
      'Tells jobs that crash for good from those that crash now and then.',
      1,
    ),
    'timescaledb.job.duration': jobs('s', 'Shows how long background jobs run, all runs together.', 3_600.25),
    'timescaledb.job.duration.failures': jobs(
      's',
      'Shows how much of that time was spent on runs that failed.',
      12.5,
    ),

    'timescaledb.relations': relations(
      '{relation}',
      [...STORED, 'views'],
      'Shows how many tables, views, hypertables and continuous aggregates people have.',
      12,
    ),
    'timescaledb.relations.rows': relations(
      '{row}',
      STORED,
      'Shows in which kinds of tables the rows are, as the planner estimates them.',
      1_000_000,
    ),
    'timescaledb.relations.heap_size': relations(
      'By',
      STORED,
      'Shows how much room the rows take.',
      8_589_934_592,
    ),
    'timescaledb.relations.toast_size': relations(
      'By',
      STORED,
      'Shows how much room large values take.',
      67_108_864,
    ),
    'timescaledb.relations.indexes_size': relations(
      'By',
      STORED,
      'Shows how much room indexes take, beside what they index.',
      2_147_483_648,
    ),
    'timescaledb.relations.children': relations(
      '{relation}',
      ['partitioned_tables', ...HYPER],
      'Shows into how many chunks or partitions tables are cut, which decides how long planning takes.',
      365,
    ),

    'timescaledb.compression.chunks': relations(
      '{chunk}',
      HYPER,
      'Shows how many of the chunks are compressed.',
      300,
    ),
    'timescaledb.compression.relations': relations(
      '{relation}',
      HYPER,
      'Shows how many hypertables and continuous aggregates use compression.',
      4,
    ),
    'timescaledb.compression.compressed_rows': relations(
      '{row}',
      HYPER,
      'Shows into how many rows compression puts the data.',
      900_000,
    ),
    'timescaledb.compression.compressed_heap_size': relations(
      'By',
      HYPER,
      'Shows how much room compressed rows take.',
      268_435_456,
    ),
    'timescaledb.compression.compressed_toast_size': relations(
      'By',
      HYPER,
      'Shows how much room large compressed values take.',
      536_870_912,
    ),
    'timescaledb.compression.compressed_indexes_size': relations(
      'By',
      HYPER,
      'Shows how much room the indexes of compressed chunks take.',
      16_777_216,
    ),
    'timescaledb.compression.compressed_rows_frozen': relations(
      '{row}',
      HYPER,
      'Shows how many rows were frozen at once when compressed, which saves later work.',
      900_000,
    ),
    'timescaledb.compression.uncompressed_rows': relations(
      '{row}',
      HYPER,
      'Shows how many rows there were before compression: beside those after it, how well it works.',
      900_000_000,
    ),
    'timescaledb.compression.uncompressed_heap_size': relations(
      'By',
      HYPER,
      'Shows how much room the rows took before compression.',
      8_589_934_592,
    ),
    'timescaledb.compression.uncompressed_toast_size': relations(
      'By',
      HYPER,
      'Shows how much room large values took before compression.',
      33_554_432,
    ),
    'timescaledb.compression.uncompressed_indexes_size': relations(
      'By',
      HYPER,
      'Shows how much room indexes took before compression.',
      1_073_741_824,
    ),
    'timescaledb.continuous_aggregates.real_time': {
      ...gauge,
      unit: '{relation}',
      why: 'Shows how many continuous aggregates include the newest rows, which costs time at each query.',
      example: 3,
    },
    'timescaledb.continuous_aggregates.finalized': {
      ...gauge,
      unit: '{relation}',
      why: 'Shows how many continuous aggregates have the new form, and so when the old one can go.',
      example: 3,
    },
    'timescaledb.continuous_aggregates.nested': {
      ...gauge,
      unit: '{relation}',
      why: 'Shows how many continuous aggregates are built upon others.',
      example: 1,
    },

    'timescaledb.jobs': {
      ...gauge,
      unit: '{job}',
      by: {
        kind: ['continuous_aggs', 'compression', 'reorder', 'retention', 'user_defined_action'],
        schedule: ['drifting', 'fixed'],
      },
      why: 'Shows which policies are set up, how many jobs people write themselves, and whether they run at fixed times.',
      example: 2,
    },

    'timescaledb.extension.ai': extension('ai'),
    'timescaledb.extension.pg_prometheus': extension('pg_prometheus'),
    'timescaledb.extension.postgis': extension('PostGIS'),
    'timescaledb.extension.promscale': extension('promscale'),
    'timescaledb.extension.timescale_analytics': extension('timescale_analytics'),
    'timescaledb.extension.timescaledb_toolkit': extension('timescaledb_toolkit'),
    'timescaledb.extension.vector': extension('vector'),
    'timescaledb.extension.vectorscale': extension('vectorscale'),

    'timescaledb.license.edition': {
      ...attribute,
      type: 'enum',
      values: ['apache_only', 'community'],
      why: 'Shows how many use only what is under the Apache licence.',
      example: 'community',
    },
    'timescaledb.last_tuned.time': text(
      '\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}Z?',
      'Shows whether the tuning tool is used, and when it last was.',
      '2026-01-05T10:25:00Z',
    ),
    'timescaledb.last_tuned.version': {
      ...attribute,
      type: 'version',
      why: 'Shows which version of the tuning tool made the settings, to know who has bad ones from it.',
      example: '0.18.1',
    },
    'timescaledb.instance.cloud': text(
      '[0-9A-Za-z._-]+',
      'Shows on which cloud the database runs, where whoever runs it says so.',
      'aws',
    ),
    'timescaledb.db_metadata': {
      ...attribute,
      type: 'metadata',
      maxEntries: 32,
      maxLength: 256,
      why: 'What the operator adds to the report on purpose: the rows of the metadata table that are marked for it.',
      example: { foo: 'bar' },
    },

    'timescaledb.functions.counted': {
      ...attribute,
      level: 'basic',
      type: 'boolean',
      whenUnknown: null,
      why: 'Tells a database whose queries use no function from one where none was counted.',
      example: true,
    },
    'timescaledb.functions': {
      since: 1,
      level: 'basic',
      kind: 'count',
      unit: '{use}',
      by: { function: FUNCTIONS },
      why: 'Shows which functions queries use. All functions that people write themselves are counted together.',
      example: 7,
    },

    'timescaledb.replication.wal_senders': {
      ...gauge,
      unit: '{process}',
      why: 'Shows to how many servers the database is replicated.',
      example: 1,
    },
    'timescaledb.replication.is_wal_receiver': {
      ...attribute,
      type: 'boolean',
      why: 'Tells databases that are replicas from those that are written to.',
      example: false,
    },
    'timescaledb.access_methods.pages': {
      ...gauge,
      unit: '{page}',
      by: { name: ACCESS_METHODS },
      why: 'Shows how much is stored in which way, and so which way must be fast.',
      example: 4_096,
    },
    'timescaledb.access_methods.instances': {
      ...gauge,
      unit: '{relation}',
      by: { name: ACCESS_METHODS },
      why: 'Shows which kinds of tables and indexes are used.',
      example: 120,
    },
  },
})

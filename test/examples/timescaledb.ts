import { catalog, FUNCTIONS, JOB_TYPES, packs } from '../../examples/timescaledb/catalog.ts'
import { nameOf, secondsOf, takeReport, utcOf } from '../../examples/timescaledb/mapping.ts'
import { product } from '../../examples/timescaledb/product.ts'
import { defineSeedSystem, namesIn, type Report } from './seed-system.ts'

type Numbers = Record<string, number>
type Relation = Readonly<Record<string, number | Numbers>>
type FactName = keyof (typeof catalog)['facts']

let next = 1
/** Each name with a number of its own. */
const numbered = (names: readonly string[]): Numbers =>
  Object.fromEntries(names.map((name) => [name, next++]))

const STORAGE = ['num_relations', 'num_reltuples', 'heap_size', 'toast_size', 'indexes_size']
const compression = (relations: string) =>
  numbered([
    ...['num_compressed_chunks', relations, 'compressed_row_count', 'compressed_heap_size'],
    ...['compressed_toast_size', 'compressed_indexes_size', 'compressed_row_count_frozen_immediately'],
    ...['uncompressed_row_count', 'uncompressed_heap_size', 'uncompressed_toast_size'],
    'uncompressed_indexes_size',
  ])
const stats = () => ({
  ...numbered(['total_runs', 'total_successes', 'total_failures', 'total_crashes']),
  ...numbered(['max_consecutive_failures', 'max_consecutive_crashes']),
  total_duration: `${10 + next++}:20:30.5`,
  total_duration_failures: '00:00:12.25',
})

const original = {
  telemetry_version: 2,
  db_uuid: '7a3b4c1f-1f6e-4d9c-9d55-0f4f2a6b8c10',
  exported_db_uuid: '1f6e2d9c-7a3b-4c1f-9d55-0f4f2a6b8c10',
  installed_time: '2026-01-05T10:20:30+00',
  install_method: 'deb',
  os_name: 'Linux',
  os_version: '#1 SMP PREEMPT_DYNAMIC Debian 6.1.76-1 (2024-02-01)',
  os_release: '6.1.0-18-amd64',
  os_name_pretty: 'Debian GNU/Linux 12 (bookworm)',
  postgresql_version: '17.5',
  timescaledb_version: '2.24.0',
  build_os_name: 'Linux',
  build_os_version: '6.8.0-1021-azure',
  build_architecture: 'x86_64',
  build_architecture_bit_size: 64,
  data_volume: 48_318_382_081,
  errors_by_sqlerrcode: {
    ...Object.fromEntries(
      [...JOB_TYPES, 'policy_job_error_retention'].map((job) => [job, numbered(['57014', '53100', 'XX000'])]),
    ),
    user_defined_action: numbered(namesIn('postgresql-sqlstates.json')),
  } as Record<string, Numbers>,
  stats_by_job_type: Object.fromEntries(
    [...JOB_TYPES, 'policy_job_stat_history_retention', 'user_defined_action'].map((job) => [job, stats()]),
  ),
  relations: {
    tables: numbered(STORAGE),
    partitioned_tables: numbered([...STORAGE, 'num_children']),
    materialized_views: numbered(STORAGE),
    views: numbered(['num_relations']),
    hypertables: {
      ...numbered([...STORAGE, 'num_children']),
      compression: compression('num_compressed_hypertables'),
    },
    continuous_aggregates: {
      ...numbered([...STORAGE, 'num_children']),
      compression: compression('num_compressed_caggs'),
      ...numbered(['num_caggs_using_real_time_aggregation', 'num_caggs_finalized', 'num_caggs_nested']),
    },
  } as Record<string, Relation>,
  num_continuous_aggs_policies: 3,
  num_continuous_aggs_policies_fixed: 4,
  num_compression_policies: 5,
  num_compression_policies_fixed: 0,
  num_reorder_policies: 0,
  num_reorder_policies_fixed: 1,
  num_retention_policies: 7,
  num_retention_policies_fixed: 2,
  num_user_defined_actions: 8,
  num_user_defined_actions_fixed: 9,
  related_extensions: {
    ...{ pg_prometheus: false, promscale: false, postgis: true, timescale_analytics: false },
    ...{ timescaledb_toolkit: true, vector: true, ai: false, vectorscale: false },
  } as Record<string, boolean>,
  license: { edition: 'community' as 'apache_only' | 'community' },
  last_tuned_time: '2026-01-05T10:25:00Z',
  last_tuned_version: '0.18.1',
  instance_metadata: { cloud: 'aws' },
  db_metadata: { foo: 'bar' } as Record<string, string>,
  functions_used: numbered(
    [
      ...namesIn('timescaledb-functions.json').filter((name) => name.startsWith('public.')),
      ...FUNCTIONS.filter((name) => name.startsWith('pg_catalog.')),
    ].map((name) => `${name}(timestamp with time zone,interval)`),
  ) as Numbers | null,
  replication: { num_wal_senders: 1, is_wal_receiver: false },
  access_methods: Object.fromEntries(
    [
      ...['heap', 'btree', 'hash', 'gist', 'spgist', 'gin', 'brin', 'hypercore', 'ivfflat', 'hnsw'],
      'diskann',
    ].map((name) => [name, numbered(['pages', 'instances'])]),
  ),
}

const RELATION_FACTS: Readonly<Record<string, string>> = {
  num_relations: 'relations',
  num_reltuples: 'relations.rows',
  heap_size: 'relations.heap_size',
  toast_size: 'relations.toast_size',
  indexes_size: 'relations.indexes_size',
  num_children: 'relations.children',
  num_compressed_chunks: 'compression.chunks',
  num_compressed_hypertables: 'compression.relations',
  num_compressed_caggs: 'compression.relations',
  compressed_row_count: 'compression.compressed_rows',
  compressed_heap_size: 'compression.compressed_heap_size',
  compressed_toast_size: 'compression.compressed_toast_size',
  compressed_indexes_size: 'compression.compressed_indexes_size',
  compressed_row_count_frozen_immediately: 'compression.compressed_rows_frozen',
  uncompressed_row_count: 'compression.uncompressed_rows',
  uncompressed_heap_size: 'compression.uncompressed_heap_size',
  uncompressed_toast_size: 'compression.uncompressed_toast_size',
  uncompressed_indexes_size: 'compression.uncompressed_indexes_size',
}

const AGGREGATE_FACTS: Readonly<Record<string, FactName>> = {
  num_caggs_using_real_time_aggregation: 'timescaledb.continuous_aggregates.real_time',
  num_caggs_finalized: 'timescaledb.continuous_aggregates.finalized',
  num_caggs_nested: 'timescaledb.continuous_aggregates.nested',
}

const STAT_FACTS: Readonly<Record<string, string>> = {
  total_runs: 'runs',
  total_successes: 'successes',
  total_failures: 'failures',
  total_crashes: 'crashes',
  max_consecutive_failures: 'max_consecutive_failures',
  max_consecutive_crashes: 'max_consecutive_crashes',
  total_duration: 'duration',
  total_duration_failures: 'duration.failures',
}

/** `num_compression_policies_fixed`, `num_user_defined_actions`. */
const JOB_COUNT = /^num_(\w+?)(?:_policies|(?<=user_defined_action)s)(_fixed)?$/

function jobCount(field: string) {
  const [, kind = '', fixed] = JOB_COUNT.exec(field) ?? []
  return { kind, schedule: fixed ? 'fixed' : 'drifting' }
}

const relationPlace = (relation: string, field: string) =>
  AGGREGATE_FACTS[field] ?? `timescaledb.${RELATION_FACTS[field]}{relation=${relation}}`
const jobPlace = (field: string) => {
  const { kind, schedule } = jobCount(field)
  return `timescaledb.jobs{kind=${kind},schedule=${schedule}}`
}

/** A time is kept in UTC and to the second. */
const utc = (fact: string, zone: '+00' | 'Z') => ({
  kept: (time: string) => utcOf(time, zone),
  is: (report: Report) => report[fact],
})

const zeros = (names: string) => Object.fromEntries(names.split(' ').map((name) => [name, 0]))
const NO_STORAGE = zeros('num_relations num_reltuples heap_size toast_size indexes_size')
const NO_COMPRESSION = zeros(
  'num_compressed_chunks compressed_row_count compressed_heap_size compressed_toast_size compressed_indexes_size ' +
    'uncompressed_row_count uncompressed_heap_size uncompressed_toast_size uncompressed_indexes_size',
)
const NO_HYPERTABLES = { ...NO_COMPRESSION, num_compressed_hypertables: 0 }
const DISTRIBUTED = 'is about distributed hypertables, which ended with version 2.14'

/** The examples of the page about telemetry, one before version 2.0 and one of 2.6. */
const PAGES = [
  {
    name: 'timescaledb/how-to-guides/configuration/telemetry.md (1.7)',
    document: {
      db_uuid: '26917841-2fc0-48fd-b096-ba19b3fda98f',
      license: { edition: 'community' },
      exported_db_uuid: '8dd4543c-f44e-43c9-a666-02d23bb09b90',
      installed_time: '2000-04-17 10:56:59.427738-04',
      last_tuned_time: '2001-02-03T04:05:06-0300',
      last_tuned_version: '1.0.0',
      install_method: 'source',
      os_name: 'Linux',
      os_release: '4.9.125-linuxkit',
      os_version: '#1 SMP Fri Sep 7 08:20:28 UTC 2018',
      os_name_pretty: 'Debian GNU/Linux 8 (jessie)',
      postgresql_version: '12.4',
      timescaledb_version: '1.7.0',
      build_architecture: 'x86_64',
      build_architecture_bit_size: '64',
      build_os_name: 'Linux',
      build_os_version: '4.9.125-linuxkit',
      data_volume: '65982148',
      db_metadata: { promscale_version: '0.1.0', promscale_commit_hash: '' },
      num_hypertables: '3',
      num_continuous_aggs: '0',
      num_reorder_policies: '1',
      num_drop_chunks_policies: '2',
      related_extensions: { pg_prometheus: 'false', PostGIS: 'true', promscale: 'true' },
    },
    refused: {},
  },
  {
    name: 'self-hosted/configuration/telemetry.md (2.6)',
    document: {
      db_uuid: '860c2be4-59a3-43b5-b895-5d9e0dd44551',
      license: { edition: 'community' },
      os_name: 'Linux',
      relations: {
        views: { num_relations: 0 },
        tables: {
          ...{ heap_size: 32_768, toast_size: 16_384, indexes_size: 98_304 },
          ...{ num_relations: 4, num_reltuples: 12 },
        },
        hypertables: {
          ...{ heap_size: 3_522_560, toast_size: 23_379_968, indexes_size: 18_022_400 },
          ...{ num_children: 366, num_relations: 2, num_reltuples: 421_368 },
          compression: {
            ...{ compressed_heap_size: 3_522_560, compressed_row_count: 4_392 },
            ...{ compressed_toast_size: 20_365_312, compressed_indexes_size: 11_993_088 },
            ...{ uncompressed_heap_size: 41_951_232, uncompressed_row_count: 421_368 },
            ...{ uncompressed_toast_size: 2_998_272, uncompressed_indexes_size: 42_696_704 },
            ...{ num_compressed_chunks: 366, num_compressed_hypertables: 1 },
          },
        },
        materialized_views: NO_STORAGE,
        partitioned_tables: { ...NO_STORAGE, num_children: 0 },
        continuous_aggregates: {
          ...{ heap_size: 122_404_864, toast_size: 6_225_920, indexes_size: 165_044_224 },
          ...{ num_children: 760, num_relations: 24, num_reltuples: 914_704 },
          compression: { ...NO_COMPRESSION, num_compressed_caggs: 0 },
          num_caggs_on_distributed_hypertables: 0,
          num_caggs_using_real_time_aggregation: 24,
        },
        distributed_hypertables_data_node: { ...NO_STORAGE, num_children: 0, compression: NO_HYPERTABLES },
        distributed_hypertables_access_node: {
          ...{ ...NO_STORAGE, num_children: 0, compression: NO_HYPERTABLES },
          ...{ num_replica_chunks: 0, num_replicated_distributed_hypertables: 0 },
        },
      },
      os_release: '5.10.47-linuxkit',
      os_version: '#1 SMP Sat Jul 3 21:51:47 UTC 2021',
      data_volume: 381_903_727,
      db_metadata: {},
      build_os_name: 'Linux',
      functions_used: {
        'pg_catalog.int8(integer)': 8,
        'pg_catalog.count(pg_catalog."any")': 20,
        'pg_catalog.int4eq(integer,integer)': 7,
        'pg_catalog.textcat(pg_catalog.text,pg_catalog.text)': 10,
        'pg_catalog.chareq(pg_catalog."char",pg_catalog."char")': 6,
      },
      install_method: 'docker',
      installed_time: '2022-02-17T19:55:14+00',
      os_name_pretty: 'Alpine Linux v3.15',
      last_tuned_time: '2022-02-17T19:55:14Z',
      build_os_version: '5.11.0-1028-azure',
      exported_db_uuid: '5730161f-0d18-42fb-a800-45df33494c21',
      telemetry_version: 2,
      build_architecture: 'x86_64',
      distributed_member: 'none',
      last_tuned_version: '0.12.0',
      postgresql_version: '12.10',
      related_extensions: {
        ...{ postgis: false, pg_prometheus: false, timescale_analytics: false, timescaledb_toolkit: false },
      },
      timescaledb_version: '2.6.0',
      num_reorder_policies: 0,
      num_retention_policies: 0,
      num_compression_policies: 1,
      num_user_defined_actions: 1,
      build_architecture_bit_size: 64,
      num_continuous_aggs_policies: 24,
    },
    refused: Object.fromEntries(
      [
        'distributed_member',
        'relations/continuous_aggregates/num_caggs_on_distributed_hypertables',
        ...['data_node', 'access_node'].flatMap((node) =>
          [
            ...Object.keys({ ...NO_STORAGE, num_children: 0 }),
            ...Object.keys(NO_HYPERTABLES).map((name) => `compression/${name}`),
          ].map((name) => `relations/distributed_hypertables_${node}/${name}`),
        ),
        'relations/distributed_hypertables_access_node/num_replica_chunks',
        'relations/distributed_hypertables_access_node/num_replicated_distributed_hypertables',
      ].map((field) => [field, DISTRIBUTED]),
    ),
  },
]

export const timescaledb = defineSeedSystem({
  name: 'timescaledb',
  product,
  catalog,
  packs,
  original,
  frameOf: ({ db_uuid, timescaledb_version }) => ({ id: db_uuid, version: timescaledb_version }),
  host: takeReport,
  refused: {},
  pages: PAGES,
  places: {
    telemetry_version: 'usage.catalog.version',
    db_uuid: 'service.instance.id',
    exported_db_uuid: 'timescaledb.exported_db_uuid',
    installed_time: utc('timescaledb.installed_time', '+00'),
    install_method: 'timescaledb.install.method',
    os_name: { kept: (name: string) => name.toLowerCase(), is: (report) => report['os.type'] },
    os_version: 'os.build_id',
    os_release: 'timescaledb.os.release',
    os_name_pretty: 'os.description',
    postgresql_version: 'timescaledb.postgresql.version',
    timescaledb_version: 'service.version',
    build_os_name: 'timescaledb.build.os.name',
    build_os_version: 'timescaledb.build.os.version',
    build_architecture: 'timescaledb.build.architecture',
    build_architecture_bit_size: (report) => Number(report['timescaledb.build.architecture.bits']),
    data_volume: 'timescaledb.data_volume',
    'license/edition': 'timescaledb.license.edition',
    last_tuned_time: utc('timescaledb.last_tuned.time', 'Z'),
    num_hypertables: 'timescaledb.relations{relation=hypertables}',
    num_continuous_aggs: 'timescaledb.relations{relation=continuous_aggregates}',
    num_drop_chunks_policies: 'timescaledb.jobs{kind=retention,schedule=drifting}',
    last_tuned_version: 'timescaledb.last_tuned.version',
    'instance_metadata/cloud': 'timescaledb.instance.cloud',
    'replication/num_wal_senders': 'timescaledb.replication.wal_senders',
    'replication/is_wal_receiver': 'timescaledb.replication.is_wal_receiver',
    ...Object.fromEntries(
      Object.keys(original)
        .filter((field) => JOB_COUNT.test(field))
        .map((field) => [field, jobPlace(field)]),
    ),
  },
  maps: {
    'errors_by_sqlerrcode/*/*': (job, code) => `timescaledb.job.errors{job_type=${job},sqlstate=${code}}`,
    'stats_by_job_type/*/*': (job, field) => {
      const place = `timescaledb.job.${STAT_FACTS[field]}{job_type=${job}}`
      return field.startsWith('total_duration')
        ? { kept: secondsOf, is: (report: Report) => report[place] }
        : place
    },
    'relations/*/compression/*': relationPlace,
    'relations/*/((?:num|heap|toast|indexes)_\\w+)': relationPlace,
    'related_extensions/*': (name) => `timescaledb.extension.${name.toLowerCase()}`,
    'db_metadata/*': (key) => `timescaledb.db_metadata.${key}`,
    'functions_used/*': (signature) => {
      const name = FUNCTIONS.includes(nameOf(signature)) ? nameOf(signature) : 'other'
      return `timescaledb.functions{function=${name}}`
    },
    'access_methods/*/*': (name, figure) => `timescaledb.access_methods.${figure}{name=${name}}`,
  },
  unset: { 'os.type': 'Unknown', 'timescaledb.functions.counted': null },
})

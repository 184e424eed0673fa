import {
  catalog,
  FUNCTIONS,
  JOB_TYPES,
  packs,
  product,
  SQLSTATES,
} from '../../examples/timescaledb/catalog.ts'
import { installPack } from '../../src/library/packs/index.ts'
import { createPackHost } from '../packs/host.ts'
import { defineSeedSystem, observe, type Report } from './seed-system.ts'

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
    user_defined_action: numbered(SQLSTATES.filter((code) => code !== 'other')),
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
    FUNCTIONS.filter((name) => name !== 'other').map((name) => `${name}(timestamp with time zone,interval)`),
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

/** An interval as PostgreSQL writes it, in seconds. */
const secondsOf = (interval: string) =>
  interval.split(':').reduce((seconds, part) => seconds * 60 + Number(part), 0)

const nameOf = (signature: string) => signature.replace(/\(.*$/, '')
const relationPlace = (relation: string, field: string) =>
  AGGREGATE_FACTS[field] ?? `timescaledb.${RELATION_FACTS[field]}{relation=${relation}}`
const jobPlace = (field: string) => {
  const { kind, schedule } = jobCount(field)
  return `timescaledb.jobs{kind=${kind},schedule=${schedule}}`
}

export const timescaledb = defineSeedSystem({
  name: 'timescaledb',
  product,
  catalog,
  packs,
  original,
  installationId: original.db_uuid,
  host(usage, told) {
    usage.set('timescaledb.exported_db_uuid', told.exported_db_uuid)
    usage.set('timescaledb.installed_time', told.installed_time)
    if (told.install_method) {
      const method = told.install_method as 'deb'
      usage.use(installPack({ since: 1, prefix: 'timescaledb', method, host: createPackHost() }))
    }
    usage.set('os.type', told.os_name?.toLowerCase() as 'linux' | undefined)
    usage.set('os.build_id', told.os_version)
    usage.set('timescaledb.os.release', told.os_release)
    usage.set('os.description', told.os_name_pretty)
    usage.set('timescaledb.postgresql.version', told.postgresql_version)
    usage.set('timescaledb.build.os.name', told.build_os_name)
    usage.set('timescaledb.build.os.version', told.build_os_version)
    usage.set('timescaledb.build.architecture', told.build_architecture)
    usage.set(
      'timescaledb.build.architecture.bits',
      told.build_architecture_bit_size?.toString() as '64' | undefined,
    )
    usage.set('timescaledb.data_volume', told.data_volume)

    const errors = Object.entries(told.errors_by_sqlerrcode ?? {}).flatMap(([job_type, codes]) =>
      Object.entries(codes).map(([sqlstate, count]) => [count, { job_type, sqlstate }] as const),
    )
    observe(usage, 'timescaledb.job.errors', errors)
    for (const [field, fact] of Object.entries(STAT_FACTS)) {
      const values = Object.entries(told.stats_by_job_type ?? {}).map(([job_type, stats]) => {
        const value = stats[field as keyof typeof stats] as number | string
        return [typeof value === 'string' ? secondsOf(value) : value, { job_type }] as const
      })
      observe(usage, `timescaledb.job.${fact}`, values)
    }

    for (const [field, fact] of Object.entries(RELATION_FACTS)) {
      const values = Object.entries(told.relations ?? {}).map(([relation, figures]) => {
        const compressed = figures['compression'] as Numbers | undefined
        return [(figures[field] as number | undefined) ?? compressed?.[field], { relation }] as const
      })
      observe(usage, `timescaledb.${fact}`, values)
    }
    for (const [field, fact] of Object.entries(AGGREGATE_FACTS)) {
      const count = told.relations?.['continuous_aggregates']?.[field] as number | undefined
      usage.set(fact as 'timescaledb.data_volume', count)
    }

    const jobs = Object.entries(told).filter(([field]) => JOB_COUNT.test(field))
    observe(
      usage,
      'timescaledb.jobs',
      jobs.map(([field, count]) => [count as number, jobCount(field)] as const),
    )
    for (const [name, present] of Object.entries(told.related_extensions ?? {}))
      usage.set(`timescaledb.extension.${name}` as 'timescaledb.extension.ai', present)
    usage.set('timescaledb.license.edition', told.license?.edition)
    usage.set('timescaledb.last_tuned.time', told.last_tuned_time)
    usage.set('timescaledb.last_tuned.version', told.last_tuned_version)
    usage.set('timescaledb.instance.cloud', told.instance_metadata?.cloud)
    usage.set('timescaledb.db_metadata', told.db_metadata)

    if (told.functions_used) usage.set('timescaledb.functions.counted', true)
    for (const [signature, count] of Object.entries(told.functions_used ?? {}))
      usage.counter('timescaledb.functions').add(count, { function: nameOf(signature) })
    usage.set('timescaledb.replication.wal_senders', told.replication?.num_wal_senders)
    usage.set('timescaledb.replication.is_wal_receiver', told.replication?.is_wal_receiver)
    for (const figure of ['pages', 'instances']) {
      const values = Object.entries(told.access_methods ?? {}).map(
        ([name, figures]) => [figures[figure], { name }] as const,
      )
      observe(usage, `timescaledb.access_methods.${figure}`, values)
    }
  },
  places: {
    telemetry_version: 'usage.catalog.version',
    db_uuid: 'service.instance.id',
    exported_db_uuid: 'timescaledb.exported_db_uuid',
    installed_time: 'timescaledb.installed_time',
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
    last_tuned_time: 'timescaledb.last_tuned.time',
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
    'related_extensions/*': (name) => `timescaledb.extension.${name}`,
    'db_metadata/*': (key) => `timescaledb.db_metadata.${key}`,
    'functions_used/*': (signature) => `timescaledb.functions{function=${nameOf(signature)}}`,
    'access_methods/*/*': (name, figure) => `timescaledb.access_methods.${figure}{name=${name}}`,
  },
  untold: { 'os.type': 'Unknown', 'timescaledb.functions.counted': null },
})

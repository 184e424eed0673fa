import { ofEveryReport, type Recorder, type Refused, refused, type Target, takeDocument } from '../mapping.ts'
import { catalog } from './catalog.ts'

/** Facts for the fields of a kind of relation, by `relation`. */
const RELATION_FACTS: Readonly<Record<string, string>> = {
  num_relations: 'timescaledb.relations',
  num_reltuples: 'timescaledb.relations.rows',
  heap_size: 'timescaledb.relations.heap_size',
  toast_size: 'timescaledb.relations.toast_size',
  indexes_size: 'timescaledb.relations.indexes_size',
  num_children: 'timescaledb.relations.children',
  num_compressed_chunks: 'timescaledb.compression.chunks',
  num_compressed_hypertables: 'timescaledb.compression.relations',
  num_compressed_caggs: 'timescaledb.compression.relations',
  compressed_row_count: 'timescaledb.compression.compressed_rows',
  compressed_heap_size: 'timescaledb.compression.compressed_heap_size',
  compressed_toast_size: 'timescaledb.compression.compressed_toast_size',
  compressed_indexes_size: 'timescaledb.compression.compressed_indexes_size',
  compressed_row_count_frozen_immediately: 'timescaledb.compression.compressed_rows_frozen',
  uncompressed_row_count: 'timescaledb.compression.uncompressed_rows',
  uncompressed_heap_size: 'timescaledb.compression.uncompressed_heap_size',
  uncompressed_toast_size: 'timescaledb.compression.uncompressed_toast_size',
  uncompressed_indexes_size: 'timescaledb.compression.uncompressed_indexes_size',
}

/** Facts for the fields of a kind of job, by `job_type`. */
const JOB_FACTS: Readonly<Record<string, string>> = {
  total_runs: 'timescaledb.job.runs',
  total_successes: 'timescaledb.job.successes',
  total_failures: 'timescaledb.job.failures',
  total_crashes: 'timescaledb.job.crashes',
  max_consecutive_failures: 'timescaledb.job.max_consecutive_failures',
  max_consecutive_crashes: 'timescaledb.job.max_consecutive_crashes',
  total_duration: 'timescaledb.job.duration',
  total_duration_failures: 'timescaledb.job.duration.failures',
}

const ACCESS_METHOD_FACTS: Readonly<Record<string, string>> = {
  pages: 'timescaledb.access_methods.pages',
  instances: 'timescaledb.access_methods.instances',
}

const NOT_DISTRIBUTED = refused('is about distributed hypertables, which ended with version 2.14')

/** A field of an object: some of its fields have a fact, others have none. */
const figure =
  (facts: Readonly<Record<string, string>>, dimension: string): Target =>
  (value, of, field) => {
    const fact = facts[field as string]
    return fact === undefined
      ? refused('has no fact in the catalog')
      : [
          [
            fact,
            field?.startsWith('total_duration') ? secondsOf(value) : value,
            { [dimension]: of as string },
          ],
        ]
  }

const relation: Target = (value, of, field) => {
  if (of?.startsWith('distributed_') || field === 'num_caggs_on_distributed_hypertables')
    return NOT_DISTRIBUTED
  return (figure(RELATION_FACTS, 'relation') as Extract<Target, (...args: never[]) => unknown>)(
    value,
    of as string,
    field as string,
  )
}

const job =
  (kind: string, schedule: 'drifting' | 'fixed' = 'drifting'): Target =>
  (count) => [['timescaledb.jobs', count, { kind, schedule }]]

const relations =
  (of: string): Target =>
  (count) => [['timescaledb.relations', count, { relation: of }]]

/**
 * Takes TimescaleDB's own report, as today's version sends it and as versions before 2.0 did, with numbers and booleans as text. Returns the fields that were refused.
 */
export function takeReport(usage: Recorder, report: object): Refused[] {
  return takeDocument(usage, catalog, report, {
    telemetry_version: ofEveryReport,
    db_uuid: ofEveryReport,
    timescaledb_version: ofEveryReport,
    exported_db_uuid: 'timescaledb.exported_db_uuid',
    installed_time: (time) => [['timescaledb.installed_time', utcOf(time, '+00')]],
    install_method: 'timescaledb.install.method',
    os_name: (name) => [['os.type', osOf(name)]],
    os_version: 'os.build_id',
    os_release: 'timescaledb.os.release',
    os_name_pretty: 'os.description',
    postgresql_version: 'timescaledb.postgresql.version',
    build_os_name: 'timescaledb.build.os.name',
    build_os_version: 'timescaledb.build.os.version',
    build_architecture: 'timescaledb.build.architecture',
    build_architecture_bit_size: 'timescaledb.build.architecture.bits',
    data_volume: 'timescaledb.data_volume',
    // Up to version 1.7; later versions have other names for them.
    num_hypertables: relations('hypertables'),
    num_continuous_aggs: relations('continuous_aggregates'),
    num_drop_chunks_policies: job('retention'),
    'errors_by_sqlerrcode/*/*': (count, job_type, sqlstate) => [
      ['timescaledb.job.errors', count, { job_type, sqlstate }],
    ],
    'stats_by_job_type/*/*': figure(JOB_FACTS, 'job_type'),
    'relations/continuous_aggregates/num_caggs_using_real_time_aggregation':
      'timescaledb.continuous_aggregates.real_time',
    'relations/continuous_aggregates/num_caggs_finalized': 'timescaledb.continuous_aggregates.finalized',
    'relations/continuous_aggregates/num_caggs_nested': 'timescaledb.continuous_aggregates.nested',
    'relations/*/compression/*': relation,
    'relations/*/*': relation,
    num_continuous_aggs_policies: job('continuous_aggs'),
    num_continuous_aggs_policies_fixed: job('continuous_aggs', 'fixed'),
    num_compression_policies: job('compression'),
    num_compression_policies_fixed: job('compression', 'fixed'),
    num_reorder_policies: job('reorder'),
    num_reorder_policies_fixed: job('reorder', 'fixed'),
    num_retention_policies: job('retention'),
    num_retention_policies_fixed: job('retention', 'fixed'),
    num_user_defined_actions: job('user_defined_action'),
    num_user_defined_actions_fixed: job('user_defined_action', 'fixed'),
    distributed_member: () => NOT_DISTRIBUTED,
    'related_extensions/*': (isThere, name) => {
      const fact = `timescaledb.extension.${name.toLowerCase()}`
      return fact in catalog.facts ? [[fact, isThere]] : refused('is not an extension that the catalog lists')
    },
    'license/edition': 'timescaledb.license.edition',
    last_tuned_time: (time) => [['timescaledb.last_tuned.time', utcOf(time, 'Z')]],
    last_tuned_version: 'timescaledb.last_tuned.version',
    'instance_metadata/cloud': 'timescaledb.instance.cloud',
    db_metadata: 'timescaledb.db_metadata',
    // `null` where functions are not counted.
    functions_used: (functions) => {
      if (functions === null) return []
      const counts = Object.entries(functions as Readonly<Record<string, unknown>>)
      return [
        ['timescaledb.functions.counted', true],
        ...counts.map(
          ([signature, count]) => ['timescaledb.functions', count, { function: nameOf(signature) }] as const,
        ),
      ]
    },
    'replication/num_wal_senders': 'timescaledb.replication.wal_senders',
    'replication/is_wal_receiver': 'timescaledb.replication.is_wal_receiver',
    'access_methods/*/*': figure(ACCESS_METHOD_FACTS, 'name'),
  })
}

/** The name in a signature, such as `pg_catalog.count` of `pg_catalog.count(pg_catalog."any")`. */
export const nameOf = (signature: string): string => signature.replace(/\(.*$/, '')

/** An interval as PostgreSQL writes it, in seconds; `undefined` for another text. */
export function secondsOf(interval: unknown): number | undefined {
  const parts = /^(?:(\d+) days? )?(\d+):(\d{2}):([\d.]+)$/.exec(String(interval))
  if (parts === null) return undefined
  const [, days = 0, hours, minutes, seconds] = parts
  return Number(days) * 86_400 + Number(hours) * 3_600 + Number(minutes) * 60 + Number(seconds)
}

/** Returns OpenTelemetry's name of a system that `uname` has named. */
const osOf = (name: unknown) => (name === 'Unknown' ? name : String(name).toLowerCase())

/**
 * A time in UTC, to the second, without the zone of the server, which would show where it is. Takes ISO 8601 and the format of
 * PostgreSQL. A time without a zone is local: it is reported as it is, without a zone.
 */
export function utcOf(time: unknown, zone: '+00' | 'Z'): string {
  const parts = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}:\d{2})(?:\.\d+)?(?:(Z)|([+-]\d{2}):?(\d{2})?)?$/.exec(
    String(time),
  )
  if (parts === null) return String(time)
  const [, day, clock, isUtc, hours, minutes = '00'] = parts
  if (isUtc === undefined && hours === undefined) return `${day}T${clock}`
  const at = Date.parse(`${day}T${clock}${isUtc ?? `${hours}:${minutes}`}`)
  return Number.isNaN(at) ? String(time) : new Date(at).toISOString().replace('.000Z', zone)
}

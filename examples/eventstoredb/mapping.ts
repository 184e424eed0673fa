import {
  isRecord,
  ofEveryReport,
  type Recorder,
  type Refused,
  refused,
  type Target,
  takeDocument,
} from '../mapping.ts'
import { catalog } from './catalog.ts'

/** OpenTelemetry's names of processors, by those of .NET. */
const ARCHITECTURES: Readonly<Record<string, string>> = { X64: 'amd64', Arm64: 'arm64' }

/** Takes EventStoreDB's own report, of version 23.10 (the page's example) to 26. Returns the fields that were refused. */
export const takeReport = (usage: Recorder, report: object): Refused[] =>
  takeDocument(usage, catalog, report, {
    version: ofEveryReport,
    tag: 'eventstoredb.tag',
    edition: 'eventstoredb.edition',
    uptime: (span) => [['process.uptime', secondsOf(span)]],
    'cluster/leaderId': 'eventstoredb.cluster.leader_id',
    'cluster/nodeId': 'eventstoredb.cluster.node_id',
    'cluster/nodeState': 'eventstoredb.cluster.role',
    'configuration/clusterSize': 'eventstoredb.cluster.size',
    'configuration/enableAtomPubOverHttp': 'eventstoredb.configuration.enable_atom_pub_over_http',
    'configuration/enableExternalTcp': 'eventstoredb.configuration.enable_external_tcp',
    'configuration/insecure': 'eventstoredb.configuration.insecure',
    'configuration/disableTls': 'eventstoredb.configuration.disable_tls',
    'configuration/runProjections': 'eventstoredb.configuration.run_projections',
    'configuration/authorizationType': 'eventstoredb.configuration.authorization_type',
    'configuration/authenticationType': 'eventstoredb.configuration.authentication_type',
    'database/epochNumber': 'eventstoredb.database.epoch_number',
    'database/firstEpochId': 'eventstoredb.database.first_epoch_id',
    'database/activeChunkNumber': 'eventstoredb.database.active_chunk_number',
    'environment/os': 'os.description',
    'environment/coreCount': 'eventstoredb.machine.cores',
    'environment/isContainer': 'eventstoredb.container',
    'environment/isKubernetes': 'eventstoredb.kubernetes',
    'environment/processorArchitecture': (name) => [['host.arch', ARCHITECTURES[String(name)] ?? 'other']],
    'environment/totalDiskSpace': 'eventstoredb.machine.disk',
    'environment/totalMemory': 'eventstoredb.machine.memory',
    gossip,
    'persistentSubscriptions/count': 'eventstoredb.persistent_subscriptions',
    'projections/customProjectionCount': projections('eventstoredb.projections', 'custom'),
    'projections/standardProjectionCount': projections('eventstoredb.projections', 'standard'),
    'projections/customProjectionRunningCount': projections('eventstoredb.projections.running', 'custom'),
    'projections/standardProjectionRunningCount': projections('eventstoredb.projections.running', 'standard'),
    'projections/totalCount': () => refused('is the sum of the custom and the standard projections'),
    'projections/totalRunningCount': () => refused('is the sum of the custom and the standard projections'),
    'plugins/*/enabled': (enabled, plugin) => {
      const name = `eventstoredb.plugin.${plugin.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}`
      return name in catalog.facts
        ? [[name, enabled]]
        : refused('is not a plugin that comes with the product')
    },
    'licensing/licenseId': () => refused('names the customer, and no data point may allow a fingerprint'),
    'licensing/isTrial': 'eventstoredb.licensing.is_trial',
    'licensing/isExpired': 'eventstoredb.licensing.is_expired',
    'licensing/isValid': 'eventstoredb.licensing.is_valid',
    telemetry: 'eventstoredb.telemetry',
  })

/**
 * Returns the states of the members that the node knows, by id, and the number of members in each state. Takes a map, or pairs of id
 * and state, because several members that are starting may have the same empty id.
 */
function gossip(members: unknown): ReturnType<Extract<Target, (...args: never[]) => unknown>> {
  const pairs = isRecord(members) ? Object.entries(members) : members
  if (!Array.isArray(pairs) || !pairs.every(Array.isArray)) return refused('is not a map of members')
  const counts = new Map<string, number>()
  for (const [, state] of pairs) counts.set(String(state), (counts.get(String(state)) ?? 0) + 1)
  return [
    ['eventstoredb.gossip', Object.fromEntries(pairs)],
    ...[...counts].map(([state, count]) => ['eventstoredb.cluster.members', count, { state }] as const),
  ]
}

function projections(fact: string, kind: string): Target {
  return (count) => [[fact, count, { kind }]]
}

/** A `TimeSpan` as .NET writes it, in seconds; `undefined` for another text. */
export function secondsOf(span: unknown): number | undefined {
  const parts = /^(?:(\d+)\.)?(\d+):(\d+):([\d.]+)$/.exec(String(span))
  if (parts === null) return undefined
  const [, days = 0, hours, minutes, seconds] = parts
  return Number(days) * 86_400 + Number(hours) * 3_600 + Number(minutes) * 60 + Number(seconds)
}

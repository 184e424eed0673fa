import { defineCatalog } from 'otel-usage'
import { containerPack, kubernetesPack, operatingSystemPack } from 'otel-usage/packs'

/** The states of a node (`VNodeState`), in the order of their numbers. */
export const NODE_STATES = [
  ...(['Initializing', 'DiscoverLeader', 'Unknown', 'PreReplica', 'CatchingUp', 'Clone'] as const),
  ...(['Follower', 'PreLeader', 'Leader', 'Manager', 'ShuttingDown', 'Shutdown'] as const),
  ...(['ReadOnlyLeaderless', 'PreReadOnlyReplica', 'ReadOnlyReplica', 'ResigningLeader'] as const),
] as const

const common = { since: 1, level: 'full' } as const

const operatingSystem = operatingSystemPack(common)
const container = containerPack({ ...common, prefix: 'eventstoredb' })
const kubernetes = kubernetesPack({ ...common, prefix: 'eventstoredb' })

/** The packs that a host passes to `usage.use`. */
export const packs = [operatingSystem, container, kubernetes]

const attribute = { ...common, kind: 'attribute' } as const
const gauge = { ...common, kind: 'gauge' } as const
/** As .NET writes a `Guid`. The empty one, 00000000-0000-0000-0000-000000000000, is one too. */
const guid = { ...attribute, type: 'string', pattern: '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}' } as const
const flag = { ...attribute, type: 'boolean' } as const

const enabled = (what: string) =>
  ({
    ...flag,
    why: `Shows whether ${what} is used, and so how much work it is worth.`,
    example: true,
  }) as const

/** Everything that EventStoreDB (KurrentDB) reports. `version` is the report's own product version. */
export const catalog = defineCatalog({
  version: 1,
  prefix: 'eventstoredb',
  levels: ['full'],
  facts: {
    'eventstoredb.edition': {
      ...attribute,
      type: 'string',
      pattern: '[a-z][a-z0-9-]*',
      why: 'Shows in which edition the product was built.',
      example: 'ce',
    },
    'eventstoredb.tag': {
      ...attribute,
      type: 'string',
      pattern: '[0-9A-Za-z._/-]*',
      why: 'Shows from which tag of the source a node was built. Empty if it was not built from a tag, and absent since version 24.',
      example: 'oss-v23.10.0',
    },
    'process.uptime': {
      ...gauge,
      unit: 's',
      why: 'Shows how long a node runs without a restart.',
      example: 86_400.5,
    },

    'eventstoredb.cluster.node_id': {
      ...guid,
      why: 'Distinguishes the nodes of one cluster. A node gets a new id at each start.',
      example: '6d0ad2d4-2b4c-4a0f-8f0e-7c7a2e0c1b11',
    },
    'eventstoredb.cluster.leader_id': {
      ...guid,
      why: 'Joins the reports of the nodes that follow the same leader. The leader gets a new id at each start.',
      example: '6d0ad2d4-2b4c-4a0f-8f0e-7c7a2e0c1b11',
    },
    'eventstoredb.cluster.role': {
      ...attribute,
      type: 'enum',
      values: NODE_STATES,
      why: 'Shows which part the node has in its cluster: figures about projections come from leaders only.',
      example: 'Leader',
    },
    'eventstoredb.cluster.size': {
      ...gauge,
      unit: '{node}',
      why: 'Shows how large the clusters are that the product has to work in.',
      example: 3,
    },
    'eventstoredb.cluster.members': {
      ...gauge,
      unit: '{node}',
      by: { state: NODE_STATES },
      why: 'Shows in which states the members of a cluster are as the node sees them, and so whether clusters are healthy.',
      example: 1,
    },
    'eventstoredb.gossip': {
      ...attribute,
      type: 'map',
      keys: 'uuid',
      values: NODE_STATES,
      maxEntries: 16,
      why: 'Joins the reports of the members of one cluster, and shows which member is in which state. A node gets a new id at each start.',
      example: {
        '6d0ad2d4-2b4c-4a0f-8f0e-7c7a2e0c1b11': 'Leader',
        '4f3c8d52-77a0-4d51-9a55-1c1f7d0a9f02': 'Follower',
      },
    },

    'eventstoredb.configuration.enable_atom_pub_over_http': {
      ...flag,
      why: 'Shows whether AtomPub over HTTP is still needed.',
      example: false,
    },
    'eventstoredb.configuration.enable_external_tcp': {
      ...flag,
      why: 'Shows whether the old TCP protocol of clients is still needed.',
      example: false,
    },
    'eventstoredb.configuration.insecure': {
      ...flag,
      why: 'Shows how many nodes run without authentication, authorization and TLS.',
      example: false,
    },
    'eventstoredb.configuration.disable_tls': {
      ...flag,
      why: 'Shows how many nodes leave encryption to something in front of them.',
      example: false,
    },
    'eventstoredb.configuration.run_projections': {
      ...attribute,
      type: 'enum',
      values: ['None', 'System', 'All'],
      why: 'Shows which kinds of projections are allowed to run.',
      example: 'System',
    },
    'eventstoredb.configuration.authorization_type': {
      ...attribute,
      type: 'string',
      pattern: '[a-z][a-z0-9-]*',
      why: 'Shows which ways to authorize are used, and so which must be kept.',
      example: 'internal',
    },
    'eventstoredb.configuration.authentication_type': {
      ...attribute,
      type: 'string',
      pattern: '[a-z][a-z0-9-]*',
      why: 'Shows which ways to authenticate are used, and so which must be kept.',
      example: 'internal',
    },

    'eventstoredb.database.epoch_number': {
      ...gauge,
      unit: '1',
      why: 'Shows how often the cluster has elected a leader: many elections point at trouble.',
      example: 12,
    },
    'eventstoredb.database.first_epoch_id': {
      ...guid,
      why: 'Stays with the database for all its life, and so tells one that has grown from one that is new.',
      example: 'b4b1e9a2-5a0c-4cf0-9d63-70a7d1f6e7a3',
    },
    'eventstoredb.database.active_chunk_number': {
      ...gauge,
      unit: '1',
      round: 'log2',
      why: 'Shows how much is stored: chunks are files of the same size, numbered one after the other. Rounded: the exact size would identify the database.',
      example: 256,
    },

    'os.description': {
      ...attribute,
      type: 'string',
      pattern: '[ -~]+',
      maxLength: 256,
      why: 'Shows which operating systems the product has to run on, as the system describes itself.',
      example: 'Debian GNU/Linux 12 (bookworm)',
    },
    'host.arch': operatingSystem.facts['host.arch'],
    'eventstoredb.container': container.facts['eventstoredb.container'],
    'eventstoredb.kubernetes': kubernetes.facts['eventstoredb.kubernetes'],
    'eventstoredb.machine.cores': {
      ...gauge,
      unit: '{cpu}',
      why: 'Shows for how many processors the product has to be tuned.',
      example: 8,
    },
    'eventstoredb.machine.memory': {
      ...gauge,
      unit: 'By',
      round: 'log2',
      why: 'Shows how much memory the product can count on. Rounded: the exact size would identify the machine.',
      example: 17_179_869_184,
    },
    'eventstoredb.machine.disk': {
      ...gauge,
      unit: 'By',
      round: 'log2',
      why: 'Shows how large the disks are that hold the databases. Rounded: the exact size would identify the machine.',
      example: 549_755_813_888,
    },

    'eventstoredb.persistent_subscriptions': {
      ...gauge,
      unit: '{subscription}',
      why: 'Shows whether persistent subscriptions are used, and how many of them.',
      example: 4,
    },
    'eventstoredb.projections': {
      ...gauge,
      unit: '{projection}',
      by: { kind: ['custom', 'standard'] },
      why: 'Shows whether people write their own projections or use those that come with the product.',
      example: 5,
    },
    'eventstoredb.projections.running': {
      ...gauge,
      unit: '{projection}',
      by: { kind: ['custom', 'standard'] },
      why: 'Shows how many of the projections run: one that does not is either unwanted or broken.',
      example: 5,
    },

    'eventstoredb.plugin.api_v2': enabled('the second version of the interface'),
    'eventstoredb.plugin.archiver': enabled('archiving to cheaper storage'),
    'eventstoredb.plugin.auto_scavenge': enabled('scavenging by itself'),
    'eventstoredb.plugin.connectors': enabled('sending events on by connectors'),
    'eventstoredb.plugin.encryption_at_rest': enabled('encryption of the stored events'),
    'eventstoredb.plugin.kontext': enabled('the interface for language models'),
    'eventstoredb.plugin.ldaps_authentication': enabled('authentication by LDAPS'),
    'eventstoredb.plugin.logs_endpoint': enabled('reading the logs over HTTP'),
    'eventstoredb.plugin.oauth_authentication': enabled('authentication by OAuth'),
    'eventstoredb.plugin.otlp_exporter': enabled('exporting metrics over OTLP'),
    'eventstoredb.plugin.projections': enabled('the subsystem for projections'),
    'eventstoredb.plugin.schema_registry': enabled('the registry of schemas'),
    'eventstoredb.plugin.secondary_indexes': enabled('indexing beside the streams'),
    'eventstoredb.plugin.stream_policy': enabled('authorization by stream policies'),
    'eventstoredb.plugin.tcp_api': enabled('the old TCP interface'),
    'eventstoredb.plugin.user_certificates': enabled('authentication by certificates'),

    'eventstoredb.licensing.is_trial': {
      ...flag,
      why: 'Tells trials from paid use, whose needs differ.',
      example: false,
    },
    'eventstoredb.licensing.is_expired': {
      ...flag,
      why: 'Shows how many go on after their licence has expired.',
      example: false,
    },
    'eventstoredb.licensing.is_valid': {
      ...flag,
      why: 'Shows how many licences do not pass the check, which may be a defect of the check.',
      example: true,
    },

    'eventstoredb.telemetry': {
      ...attribute,
      type: 'metadata',
      maxEntries: 16,
      maxLength: 128,
      why: 'What the operator adds to the report on purpose, such as the cloud that the node runs in. Empty by default.',
      example: { cloudIdentifier: 'abc' },
    },
  },
})

import { catalog, NODE_STATES, packs } from '../../examples/eventstoredb/catalog.ts'
import { secondsOf, takeReport } from '../../examples/eventstoredb/mapping.ts'
import { product } from '../../examples/eventstoredb/product.ts'
import { defineSeedSystem, type Report } from './seed-system.ts'

type NodeState = (typeof NODE_STATES)[number]

const original = {
  version: '26.0.0',
  // `tag` and `enableExternalTcp` were reported until version 23.10.
  tag: 'oss-v23.10.0',
  edition: 'ee',
  uptime: '1.02:03:04.5000000',
  cluster: {
    leaderId: '6d0ad2d4-2b4c-4a0f-8f0e-7c7a2e0c1b11',
    nodeId: '6d0ad2d4-2b4c-4a0f-8f0e-7c7a2e0c1b11',
    nodeState: 'Leader' as NodeState,
  },
  configuration: {
    clusterSize: 16,
    enableAtomPubOverHttp: false,
    enableExternalTcp: true,
    insecure: false,
    disableTls: true,
    runProjections: 'System' as 'None' | 'System' | 'All',
    authorizationType: 'internal',
    authenticationType: 'ldaps',
  },
  database: {
    epochNumber: 12,
    firstEpochId: 'b4b1e9a2-5a0c-4cf0-9d63-70a7d1f6e7a3',
    activeChunkNumber: 420,
  },
  environment: {
    os: 'Debian GNU/Linux 12 (bookworm)',
    coreCount: 12,
    isContainer: true,
    isKubernetes: true,
    processorArchitecture: 'X64',
    totalDiskSpace: 512_110_190_592,
    totalMemory: 16_777_216_001,
  },
  /** One member in every state. */
  gossip: Object.fromEntries(
    NODE_STATES.map((state, index) => [`00000000-0000-4000-8000-${String(index).padStart(12, '0')}`, state]),
  ) as Record<string, NodeState>,
  persistentSubscriptions: { count: 4 },
  projections: {
    customProjectionCount: 2,
    standardProjectionCount: 5,
    customProjectionRunningCount: 1,
    standardProjectionRunningCount: 4,
    totalCount: 7,
    totalRunningCount: 5,
  },
  plugins: {
    apiV2: { enabled: true },
    archiver: { enabled: false },
    autoScavenge: { enabled: true },
    connectors: { enabled: true },
    encryptionAtRest: { enabled: false },
    kontext: { enabled: false },
    ldapsAuthentication: { enabled: true },
    logsEndpoint: { enabled: true },
    oauthAuthentication: { enabled: false },
    otlpExporter: { enabled: true },
    projections: { enabled: true },
    schemaRegistry: { enabled: true },
    secondaryIndexes: { enabled: false },
    streamPolicy: { enabled: false },
    tcpApi: { enabled: false },
    userCertificates: { enabled: true },
  },
  licensing: {
    licenseId: '8c1d6f6e-3f27-4a55-a0a5-0c7d5a9b3c10',
    isTrial: false,
    isExpired: false,
    isValid: true,
  },
  telemetry: { cloudIdentifier: 'abc', team: 'billing' },
}

/** The name of a plugin's fact: `autoScavenge`, `apiV2`. */
const pluginOf = (plugin: string) =>
  `eventstoredb.plugin.${plugin.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}` as const

const count = (items: readonly string[], item: string) => items.filter((one) => one === item).length
const members = (report: Report, state: string) => report[`eventstoredb.cluster.members{state=${state}}`] ?? 0
const projections = (fact: string, kind: string) => `eventstoredb.projections${fact}{kind=${kind}}`
/** A size that is kept only to the power of two below it, so that it does not tell installations apart. */
const rounded = (fact: string) => ({
  kept: (size: number) => 2 ** Math.floor(Math.log2(size)),
  is: (report: Report) => report[fact],
})

export const eventstoredb = defineSeedSystem({
  name: 'eventstoredb',
  product,
  catalog,
  packs,
  original,
  host: takeReport,
  refused: {
    'projections/totalCount': 'is the sum of the custom and the standard projections',
    'projections/totalRunningCount': 'is the sum of the custom and the standard projections',
    'licensing/licenseId': 'names the customer, and no data point may allow a fingerprint',
  },
  pages: [
    {
      name: 'diagnostics/telemetry.md of its documentation (23.10)',
      document: {
        version: '23.10.0.0',
        tag: '',
        uptime: '00:01:11.0115732',
        cluster: {
          leaderId: '81e9ca2a-8acc-41ed-b9d0-65a652b36801',
          nodeId: '81e9ca2a-8acc-41ed-b9d0-65a652b36801',
          nodeState: 'Leader',
        },
        configuration: {
          clusterSize: 1,
          enableAtomPubOverHttp: true,
          enableExternalTcp: true,
          insecure: false,
          runProjections: 'None',
        },
        database: {
          epochNumber: 29,
          firstEpochId: 'b02f1ba6-98a3-473f-ade7-dcd1476b2149',
          activeChunkNumber: 2,
        },
        environment: {
          coreCount: 24,
          isContainer: false,
          isKubernetes: false,
          processorArchitecture: 'X64',
          totalDiskSpace: 1_000_186_310_656,
          totalMemory: 68_631_052_288,
        },
        gossip: { '81e9ca2a-8acc-41ed-b9d0-65a652b36801': 'Leader' },
        persistentSubscriptions: { count: 0 },
        projections: {
          customProjectionCount: 0,
          standardProjectionCount: 5,
          customProjectionRunningCount: 0,
          standardProjectionRunningCount: 5,
          totalCount: 5,
          totalRunningCount: 5,
        },
      },
      refused: {
        'projections/totalCount': 'is the sum of the custom and the standard projections',
        'projections/totalRunningCount': 'is the sum of the custom and the standard projections',
      },
    },
  ],
  frameOf: ({ version }) => ({ version }),
  places: {
    version: 'service.version',
    tag: 'eventstoredb.tag',
    edition: 'eventstoredb.edition',
    uptime: { kept: secondsOf, is: (report) => report['process.uptime'] },
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
    'database/activeChunkNumber': rounded('eventstoredb.database.active_chunk_number'),
    'environment/os': 'os.description',
    'environment/coreCount': 'eventstoredb.machine.cores',
    'environment/isContainer': 'eventstoredb.container',
    'environment/isKubernetes': 'eventstoredb.kubernetes',
    'environment/processorArchitecture': (report) => (report['host.arch'] === 'amd64' ? 'X64' : 'Arm64'),
    'environment/totalDiskSpace': rounded('eventstoredb.machine.disk'),
    'environment/totalMemory': rounded('eventstoredb.machine.memory'),
    gossip: {
      kept: (map: Record<string, string>) => ({
        pairs: Object.entries(map)
          .map(([id, state]) => `${id}=${state}`)
          .sort(),
        states: NODE_STATES.map((state) => count(Object.values(map), state)),
      }),
      is: (report) => ({
        pairs: report['eventstoredb.gossip'],
        states: NODE_STATES.map((state) => members(report, state)),
      }),
    },
    'persistentSubscriptions/count': 'eventstoredb.persistent_subscriptions',
    'projections/customProjectionCount': projections('', 'custom'),
    'projections/standardProjectionCount': projections('', 'standard'),
    'projections/customProjectionRunningCount': projections('.running', 'custom'),
    'projections/standardProjectionRunningCount': projections('.running', 'standard'),
    'licensing/isTrial': 'eventstoredb.licensing.is_trial',
    'licensing/isExpired': 'eventstoredb.licensing.is_expired',
    'licensing/isValid': 'eventstoredb.licensing.is_valid',
  },
  maps: {
    'plugins/*/enabled': pluginOf,
    'telemetry/*': (key) => `eventstoredb.telemetry.${key}`,
  },
  unset: {},
})

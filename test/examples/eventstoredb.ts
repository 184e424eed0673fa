import { catalog, NODE_STATES, packs, product } from '../../examples/eventstoredb/catalog.ts'
import { containerPack, kubernetesPack, operatingSystemPack } from '../../src/library/packs/index.ts'
import { createPackHost } from '../packs/host.ts'
import { defineSeedSystem, observe, type Report } from './seed-system.ts'

type NodeState = (typeof NODE_STATES)[number]

/** The words of .NET for processors. */
const ARCHITECTURES: Readonly<Record<string, string>> = { X64: 'x86_64', Arm64: 'aarch64' }

const original = {
  version: '26.0.0',
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

/** A `TimeSpan` as .NET writes it, in seconds. */
function secondsOf(span: string): number {
  const [, days = 0, hours, minutes, seconds] = /^(?:(\d+)\.)?(\d+):(\d+):([\d.]+)$/.exec(span) ?? []
  return Number(days) * 86_400 + Number(hours) * 3_600 + Number(minutes) * 60 + Number(seconds)
}

const count = (items: readonly string[], item: string) => items.filter((one) => one === item).length
const members = (report: Report, state: string) => report[`eventstoredb.cluster.members{state=${state}}`] ?? 0
const projections = (fact: string, kind: string) => `eventstoredb.projections${fact}{kind=${kind}}`
const sum = (report: Report, ...places: string[]) =>
  places.reduce((total, place) => total + Number(report[place]), 0)

export const eventstoredb = defineSeedSystem({
  name: 'eventstoredb',
  product,
  catalog,
  packs,
  original,
  host(usage, told) {
    const { cluster, configuration, database, environment, licensing } = told
    usage.set('eventstoredb.edition', told.edition)
    if (told.uptime) usage.set('process.uptime', secondsOf(told.uptime))
    usage.set('eventstoredb.cluster.node_id', cluster?.nodeId)
    usage.set('eventstoredb.cluster.leader_id', cluster?.leaderId)
    usage.set('eventstoredb.cluster.role', cluster?.nodeState)
    usage.set('eventstoredb.cluster.size', configuration?.clusterSize)
    usage.set('eventstoredb.configuration.enable_atom_pub_over_http', configuration?.enableAtomPubOverHttp)
    usage.set('eventstoredb.configuration.insecure', configuration?.insecure)
    usage.set('eventstoredb.configuration.disable_tls', configuration?.disableTls)
    usage.set('eventstoredb.configuration.run_projections', configuration?.runProjections)
    usage.set('eventstoredb.configuration.authorization_type', configuration?.authorizationType)
    usage.set('eventstoredb.configuration.authentication_type', configuration?.authenticationType)
    usage.set('eventstoredb.database.epoch_number', database?.epochNumber)
    usage.set('eventstoredb.database.first_epoch_id', database?.firstEpochId)
    usage.set('eventstoredb.database.active_chunk_number', database?.activeChunkNumber)
    usage.set('os.description', environment?.os)
    usage.set('eventstoredb.machine.cores', environment?.coreCount)
    usage.set('eventstoredb.machine.memory', environment?.totalMemory)
    usage.set('eventstoredb.machine.disk', environment?.totalDiskSpace)
    if (environment) {
      const host = createPackHost({
        os: { machine: ARCHITECTURES[environment.processorArchitecture] ?? '' },
        files: environment.isContainer ? { '/.dockerenv': '' } : {},
        variables: environment.isKubernetes ? { KUBERNETES_SERVICE_HOST: '10.0.0.1' } : {},
      })
      const common = { since: 1, prefix: 'eventstoredb', host } as const
      const { sources } = operatingSystemPack(common)
      usage.set('host.arch', sources['host.arch'])
      usage.use(containerPack(common))
      usage.use(kubernetesPack(common))
    }
    if (told.gossip) gossip(usage, Object.entries(told.gossip))
    usage.set('eventstoredb.persistent_subscriptions', told.persistentSubscriptions?.count)
    observe(usage, 'eventstoredb.projections', [
      [told.projections?.customProjectionCount, { kind: 'custom' }],
      [told.projections?.standardProjectionCount, { kind: 'standard' }],
    ])
    observe(usage, 'eventstoredb.projections.running', [
      [told.projections?.customProjectionRunningCount, { kind: 'custom' }],
      [told.projections?.standardProjectionRunningCount, { kind: 'standard' }],
    ])
    for (const [plugin, { enabled }] of Object.entries(told.plugins ?? {}))
      usage.set(pluginOf(plugin) as 'eventstoredb.plugin.archiver', enabled)
    usage.set('eventstoredb.licensing.license_id', licensing?.licenseId)
    usage.set('eventstoredb.licensing.is_trial', licensing?.isTrial)
    usage.set('eventstoredb.licensing.is_expired', licensing?.isExpired)
    usage.set('eventstoredb.licensing.is_valid', licensing?.isValid)
    usage.set('eventstoredb.telemetry', told.telemetry)
  },
  places: {
    version: 'service.version',
    edition: 'eventstoredb.edition',
    uptime: { kept: secondsOf, is: (report) => report['process.uptime'] },
    'cluster/leaderId': 'eventstoredb.cluster.leader_id',
    'cluster/nodeId': 'eventstoredb.cluster.node_id',
    'cluster/nodeState': 'eventstoredb.cluster.role',
    'configuration/clusterSize': 'eventstoredb.cluster.size',
    'configuration/enableAtomPubOverHttp': 'eventstoredb.configuration.enable_atom_pub_over_http',
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
    'environment/processorArchitecture': (report) => (report['host.arch'] === 'amd64' ? 'X64' : 'Arm64'),
    'environment/totalDiskSpace': 'eventstoredb.machine.disk',
    'environment/totalMemory': 'eventstoredb.machine.memory',
    gossip: {
      kept: (map: Record<string, string>) => ({
        ids: Object.keys(map).sort(),
        states: NODE_STATES.map((state) => count(Object.values(map), state)),
      }),
      is: (report) => ({
        ids: report['eventstoredb.cluster.member_ids'],
        states: NODE_STATES.map((state) => members(report, state)),
      }),
    },
    'persistentSubscriptions/count': 'eventstoredb.persistent_subscriptions',
    'projections/customProjectionCount': projections('', 'custom'),
    'projections/standardProjectionCount': projections('', 'standard'),
    'projections/customProjectionRunningCount': projections('.running', 'custom'),
    'projections/standardProjectionRunningCount': projections('.running', 'standard'),
    'projections/totalCount': (report) => sum(report, projections('', 'custom'), projections('', 'standard')),
    'projections/totalRunningCount': (report) =>
      sum(report, projections('.running', 'custom'), projections('.running', 'standard')),
    'licensing/licenseId': 'eventstoredb.licensing.license_id',
    'licensing/isTrial': 'eventstoredb.licensing.is_trial',
    'licensing/isExpired': 'eventstoredb.licensing.is_expired',
    'licensing/isValid': 'eventstoredb.licensing.is_valid',
  },
  maps: {
    'plugins/*/enabled': pluginOf,
    'telemetry/*': (key) => `eventstoredb.telemetry.${key}`,
  },
  untold: {},
})

/** What a node tells of the members that it has heard of: their ids and states, as they come, also twice the same. */
export function gossip(
  usage: Parameters<typeof observe>[0] & {
    set(name: 'eventstoredb.cluster.member_ids', ids: string[]): void
  },
  heard: ReadonlyArray<readonly [id: string, state: string]>,
): void {
  const states = heard.map(([, state]) => state)
  usage.set(
    'eventstoredb.cluster.member_ids',
    heard.map(([id]) => id),
  )
  observe(
    usage,
    'eventstoredb.cluster.members',
    [...new Set(states)].map((state) => [count(states, state), { state }] as const),
  )
}

/**
 * Purpose: to make images, guides and storage drivers for the clouds that the product is used in.
 * Data: one word from a list of providers. It is derived from environment variables that platforms set (for most of them only their
 * presence matters) and from four files in `/sys/class/dmi/id` that name the vendor of a virtual machine. The pack never queries the
 * metadata service of a cloud: that would be a network request, and the response names accounts and machines.
 * The region is in a separate pack: {@link cloudRegionPack}.
 * Identifiability: none. Account, machine type and the contents of the files are not reported. The facts are absent when no provider is
 * recognized.
 */
import type { Environment } from '../../platform/index.ts'
import { ownOf } from '../../platform/index.ts'
import { createPack, item, type PackOptions } from './fact-pack.ts'
import { type PackHost, systemPackHost } from './pack-host.ts'
import { readText } from './read-text.ts'

/** Options of {@link cloudPack}. */
export interface CloudPackOptions<P extends string> extends PackOptions<P> {
  /** Access to the system. Default: the system of this process. For tests. */
  readonly host?: Pick<PackHost, 'readFile' | 'environment' | 'platform'>
}

/** Providers: first the values that OpenTelemetry defines, then further ones. */
const PROVIDERS = [
  ...(['aws', 'azure', 'gcp', 'akamai_cloud', 'alibaba_cloud', 'heroku', 'hetzner', 'oracle_cloud'] as const),
  ...(['scaleway_cloud', 'tencent_cloud', 'vultr'] as const),
  ...([
    'digitalocean',
    'exoscale',
    'fly_io',
    'huawei_cloud',
    'railway',
    'render',
    'upcloud',
    'other',
  ] as const),
] as const

type Provider = (typeof PROVIDERS)[number]

/** Variables that only a platform itself sets. Variables such as `AWS_REGION` are also set by people, and not in the list. */
const VARIABLES: ReadonlyArray<readonly [string, RegExp, Provider]> = [
  ['DYNO', /^[a-z_]+\.\d+$/, 'heroku'],
  ['FLY_MACHINE_ID', /./, 'fly_io'],
  ['RENDER', /^true$/, 'render'],
  ['RAILWAY_ENVIRONMENT_ID', /./, 'railway'],
  ['AWS_EXECUTION_ENV', /^AWS_/, 'aws'],
  ['AWS_LAMBDA_FUNCTION_NAME', /./, 'aws'],
  ['ECS_CONTAINER_METADATA_URI', /./, 'aws'],
  ['ECS_CONTAINER_METADATA_URI_V4', /./, 'aws'],
  ['WEBSITE_INSTANCE_ID', /./, 'azure'],
  ['CONTAINER_APP_REVISION', /./, 'azure'],
  ['GAE_SERVICE', /./, 'gcp'],
  ['CLOUD_RUN_JOB', /./, 'gcp'],
]

const DMI = '/sys/class/dmi/id'
const DMI_FILES = ['chassis_asset_tag', 'product_name', 'sys_vendor', 'bios_vendor'] as const

/** Exact DMI texts of each provider's virtual machines. `Microsoft Corporation` is not in the list: it matches every Hyper-V machine. */
const MACHINES: ReadonlyArray<readonly [(typeof DMI_FILES)[number], string, Provider]> = [
  ['chassis_asset_tag', '7783-7084-3265-9085-8269-3286-77', 'azure'],
  ['chassis_asset_tag', 'Amazon EC2', 'aws'],
  ['chassis_asset_tag', 'OracleCloud.com', 'oracle_cloud'],
  ['chassis_asset_tag', 'HUAWEICLOUD', 'huawei_cloud'],
  ['product_name', 'Google Compute Engine', 'gcp'],
  ['product_name', 'Alibaba Cloud ECS', 'alibaba_cloud'],
  ['product_name', 'Exoscale Compute Platform', 'exoscale'],
  ['sys_vendor', 'Amazon EC2', 'aws'],
  ['sys_vendor', 'DigitalOcean', 'digitalocean'],
  ['sys_vendor', 'Hetzner', 'hetzner'],
  ['sys_vendor', 'Akamai', 'akamai_cloud'],
  ['sys_vendor', 'Linode', 'akamai_cloud'],
  ['sys_vendor', 'Alibaba Cloud', 'alibaba_cloud'],
  ['sys_vendor', 'Scaleway', 'scaleway_cloud'],
  ['sys_vendor', 'Tencent Cloud', 'tencent_cloud'],
  ['sys_vendor', 'UpCloud', 'upcloud'],
  ['sys_vendor', 'Vultr', 'vultr'],
  ['bios_vendor', 'Amazon EC2', 'aws'],
  // An unknown cloud: many providers and many companies run OpenStack.
  ['product_name', 'OpenStack Nova', 'other'],
  ['product_name', 'OpenStack Compute', 'other'],
]

/** Variables that hold the region. The provider sets them, and a person may set them to the same effect. */
const REGIONS: Readonly<Partial<Record<Provider, readonly string[]>>> = {
  aws: ['AWS_REGION', 'AWS_DEFAULT_REGION'],
  azure: ['REGION_NAME'],
  fly_io: ['FLY_REGION'],
  railway: ['RAILWAY_REPLICA_REGION'],
}

/** Regular expression of a region. It begins with a letter and has no dot, which keeps addresses out. */
const REGION = '[a-z][a-z0-9-]{1,31}'

/** Returns a pack with the cloud provider, determined without network requests. */
export function cloudPack<const P extends string = never>(options: CloudPackOptions<P>) {
  const { host = systemPackHost } = ownOf(options)
  return createPack('cloud', options, {
    'cloud.provider': item(
      {
        kind: 'attribute',
        type: 'enum',
        values: PROVIDERS,
        why: 'Shows for which clouds images, guides and integrations should be made. Neither account nor region.',
        example: 'hetzner',
      },
      () => providerOf(host),
    ),
  })
}

/**
 * Returns a pack with the provider's region, such as `eu-central-1`, from the variable that the recognized provider sets. Absent where it
 * sets none, as on plain virtual machines. Identifiability: a region tells roughly where an installation is; leave it out in fleets of few.
 */
export function cloudRegionPack<const P extends string = never>(options: CloudPackOptions<P>) {
  const { host = systemPackHost } = ownOf(options)
  return createPack('cloud-region', options, {
    'cloud.region': item(
      {
        kind: 'attribute',
        type: 'string',
        pattern: REGION,
        maxLength: 32,
        why: 'Shows in which regions of a cloud the product runs, and so where mirrors and images should be. Not the account.',
        example: 'eu-central-1',
      },
      async () => regionOf(await providerOf(host), host.environment()),
    ),
  })
}

const providerOf = async (
  host: Pick<PackHost, 'readFile' | 'environment' | 'platform'>,
): Promise<Provider | undefined> =>
  byVariables(host.environment()) ?? (host.platform() === 'linux' ? byMachine(host) : undefined)

/** Returns the region in the form of an identifier: Azure's `West Europe` is `west-europe`. */
function regionOf(provider: Provider | undefined, environment: Environment): string | undefined {
  const names = (provider && REGIONS[provider]) ?? []
  const text = names.map((name) => environment[name]).find((value) => value !== undefined && value !== '')
  const region = text?.trim().toLowerCase().replaceAll(' ', '-')
  return region !== undefined && WHOLLY_REGION.test(region) ? region : undefined
}

const WHOLLY_REGION = new RegExp(`^${REGION}$`)

/** Tried before the DMI files, because a platform may run on the machines of another provider. */
function byVariables(environment: Environment): Provider | undefined {
  return VARIABLES.find(([name, pattern]) => pattern.test(environment[name] ?? ''))?.[2]
}

async function byMachine(host: Pick<PackHost, 'readFile'>): Promise<Provider | undefined> {
  const texts = await Promise.all(DMI_FILES.map((name) => readText(host, `${DMI}/${name}`, 256)))
  return MACHINES.find(([name, word]) => texts[DMI_FILES.indexOf(name)]?.trim() === word)?.[2]
}

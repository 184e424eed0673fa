/**
 * Why: images, guides and storage drivers are made for the clouds that the product is used in.
 * What exactly: one word out of a list of providers. Known from variables that platforms set, of which mostly only the
 * presence counts, and from four files of `/sys/class/dmi/id` that name the maker of a virtual machine. The metadata
 * service of a cloud is never asked: that would be a network request, and its answer names accounts and machines.
 * Traced back: no. Account, region, machine type and the texts of the files are not reported; a machine that matches
 * nothing has no such fact.
 */
import type { Environment } from '../../platform/index.ts'
import { createPack, item, type PackOptions } from './fact-pack.ts'
import { type PackHost, systemPackHost } from './pack-host.ts'
import { readText } from './read-text.ts'

/** What {@link cloudPack} takes. */
export interface CloudPackOptions<P extends string> extends PackOptions<P> {
  /** What the pack reads of the system. Default: this one. For tests. */
  readonly host?: Pick<PackHost, 'readFile' | 'environment' | 'platform'>
}

/** Those of OpenTelemetry first, then those that it does not list. */
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

/** Variables that a platform sets by itself, and that nobody sets elsewhere. `AWS_REGION` and the like are set by people. */
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

/** What the virtual machines of a provider say of themselves, word for word. `Microsoft Corporation` would be any Hyper-V. */
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
  // A cloud, of whomever: many providers and many companies run OpenStack.
  ['product_name', 'OpenStack Nova', 'other'],
  ['product_name', 'OpenStack Compute', 'other'],
]

/** The cloud provider, without asking it. */
export function cloudPack<const P extends string = never>(options: CloudPackOptions<P>) {
  const { host = systemPackHost } = options
  return createPack('cloud', options, {
    'cloud.provider': item(
      {
        kind: 'attribute',
        type: 'enum',
        values: PROVIDERS,
        why: 'Shows for which clouds images, guides and integrations should be made. Neither account nor region.',
        example: 'hetzner',
      },
      async () =>
        byVariables(host.environment()) ?? (host.platform() === 'linux' ? byMachine(host) : undefined),
    ),
  })
}

/** First, because a platform may run on the machines of another provider. */
function byVariables(environment: Environment): Provider | undefined {
  return VARIABLES.find(([name, pattern]) => pattern.test(environment[name] ?? ''))?.[2]
}

async function byMachine(host: Pick<PackHost, 'readFile'>): Promise<Provider | undefined> {
  const texts = await Promise.all(DMI_FILES.map((name) => readText(host, `${DMI}/${name}`, 256)))
  return MACHINES.find(([name, word]) => texts[DMI_FILES.indexOf(name)]?.trim() === word)?.[2]
}

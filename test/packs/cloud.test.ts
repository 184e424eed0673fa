import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cloudPack, cloudRegionPack } from '../../src/library/packs/index.ts'
import { createPackHost, type Machine } from './host.ts'

const dmi = (texts: Record<string, string>): Machine => ({
  files: Object.fromEntries(
    Object.entries(texts).map(([name, text]) => [`/sys/class/dmi/id/${name}`, `${text}\n`]),
  ),
})

const providerOf = (machine: Machine) =>
  cloudPack({ since: 1, host: createPackHost(machine) }).sources['cloud.provider']()

const AZURE_TAG = '7783-7084-3265-9085-8269-3286-77'

const MACHINES: Record<string, readonly [Machine, string | undefined]> = {
  'AWS, Nitro': [
    dmi({ sys_vendor: 'Amazon EC2', product_name: 'm6i.large', bios_vendor: 'Amazon EC2' }),
    'aws',
  ],
  'AWS, by the BIOS': [dmi({ sys_vendor: 'Xen', bios_vendor: 'Amazon EC2' }), 'aws'],
  'AWS Lambda': [{ variables: { AWS_LAMBDA_FUNCTION_NAME: 'alices-function' } }, 'aws'],
  'AWS Fargate': [{ variables: { AWS_EXECUTION_ENV: 'AWS_ECS_FARGATE' } }, 'aws'],
  'a variable that people set themselves': [{ variables: { AWS_REGION: 'eu-west-1' } }, undefined],
  'Google Cloud': [
    dmi({ sys_vendor: 'Google', product_name: 'Google Compute Engine', bios_vendor: 'Google' }),
    'gcp',
  ],
  'a laptop by Google': [dmi({ sys_vendor: 'Google', product_name: 'Eve' }), undefined],
  Azure: [
    dmi({
      sys_vendor: 'Microsoft Corporation',
      product_name: 'Virtual Machine',
      chassis_asset_tag: AZURE_TAG,
    }),
    'azure',
  ],
  "one's own Hyper-V": [
    dmi({ sys_vendor: 'Microsoft Corporation', product_name: 'Virtual Machine', chassis_asset_tag: '1234' }),
    undefined,
  ],
  DigitalOcean: [dmi({ sys_vendor: 'DigitalOcean', product_name: 'Droplet' }), 'digitalocean'],
  Hetzner: [dmi({ sys_vendor: 'Hetzner', product_name: 'vServer' }), 'hetzner'],
  Oracle: [dmi({ sys_vendor: 'QEMU', chassis_asset_tag: 'OracleCloud.com' }), 'oracle_cloud'],
  'OpenStack of whomever': [
    dmi({ sys_vendor: 'OpenStack Foundation', product_name: 'OpenStack Nova' }),
    'other',
  ],
  "one's own server": [dmi({ sys_vendor: 'Dell Inc.', product_name: 'PowerEdge R750' }), undefined],
  'a vendor that only begins like one': [dmi({ sys_vendor: 'Hetzner Maschinenbau' }), undefined],
  'an asset tag of a company': [
    dmi({ sys_vendor: 'HP', chassis_asset_tag: 'Initech Hetzner rack 7' }),
    undefined,
  ],
  'Heroku, on machines of AWS': [
    { ...dmi({ sys_vendor: 'Amazon EC2' }), variables: { DYNO: 'web.1' } },
    'heroku',
  ],
  'no files': [{}, undefined],
  'unreadable files': [
    { files: { '/sys/class/dmi/id/sys_vendor': new Error('permission denied') } },
    undefined,
  ],
  'a huge file': [dmi({ sys_vendor: `Hetzner${' '.repeat(300)}` }), undefined],
  'a binary file': [{ files: { '/sys/class/dmi/id/sys_vendor': Uint8Array.of(0x48, 0, 0x0a) } }, undefined],
}

for (const [name, [machine, provider]] of Object.entries(MACHINES)) {
  test(`cloud: ${name}`, async () => {
    assert.equal(await providerOf(machine), provider)
  })
}

test('where there are no such files, none is asked for', async () => {
  const host = createPackHost({ os: { platform: 'win32' } })
  assert.equal(await cloudPack({ since: 1, host }).sources['cloud.provider'](), undefined)
  assert.deepEqual(host.asked, [])
})

for (const [what, variables, region] of [
  ['Fargate', { AWS_EXECUTION_ENV: 'AWS_ECS_FARGATE', AWS_REGION: 'eu-central-1' }, 'eu-central-1'],
  ['App Service, in words', { WEBSITE_INSTANCE_ID: 'x', REGION_NAME: 'West Europe' }, 'west-europe'],
  ['Fly', { FLY_MACHINE_ID: 'x', FLY_REGION: 'fra' }, 'fra'],
  ['a region without its cloud', { AWS_REGION: 'eu-central-1' }, undefined],
  ['the region of another cloud', { FLY_MACHINE_ID: 'x', AWS_REGION: 'eu-central-1' }, undefined],
  ['no region', { AWS_EXECUTION_ENV: 'AWS_ECS_FARGATE' }, undefined],
  ['a name of a machine', { FLY_MACHINE_ID: 'x', FLY_REGION: 'db1.acme.example' }, undefined],
] as const) {
  test(`the region of a cloud, by its own variable: ${what}`, async () => {
    const pack = cloudRegionPack({ since: 1, host: createPackHost({ variables }) })
    assert.equal(await pack.sources['cloud.region'](), region)
  })
}

/** What another library adds to every object is no option of a pack, and no answer that a pack was given. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as packs from '../../src/library/packs/index.ts'
import { createPackHost, valuesOf } from './host.ts'

const NAMES = [
  // Options.
  ...['since', 'level', 'expires', 'owner', 'review', 'prefix', 'host', 'build', 'branches', 'editions'],
  ...['method', 'marker', 'root', 'debianPackage', 'installedAt', 'precision', 'directory', 'read'],
  // Answers of the product.
  ...['commit', 'branch', 'dirty', 'debug', 'package', 'edition'],
  ...['nodeId', 'leaderId', 'role', 'members', 'id', 'state'],
  // Answers of the machine: variables, versions, words of its files.
  ...[
    'KUBERNETES_SERVICE_HOST',
    'container',
    'SNAP_NAME',
    'SNAP',
    'FLATPAK_ID',
    'APPIMAGE',
    'WSL_DISTRO_NAME',
  ],
  ...['AWS_EXECUTION_ENV', 'K_SERVICE', 'electron', 'bun', 'deno', 'ID', 'VERSION_ID', 'NAME', 'PRETTY_NAME'],
]

const VALUES = ['leader', true, ['leader'], '9d59409acf479dfa0df1aa568182e43e43df8bbe']

/** All packs of a product that leaves out whatever can be left out: the facts that they declare, and the values that they have. */
async function all(): Promise<string> {
  const files = { '/etc/os-release': 'ID=debian\nVERSION_ID="12"\n', 'file:///build.json': '{}' }
  const { environment } = packs.systemPackHost
  const host = own({ ...createPackHost({ files }), environment })
  const common = own({ since: 1, host })
  const prefixed = own({ ...common, prefix: 'acme' })
  const cluster = { states: ['leader'], roles: ['leader'] } as const
  const made = [
    packs.operatingSystemPack(common),
    packs.runtimePack(common),
    packs.machinePack(prefixed),
    packs.containerPack(prefixed),
    packs.kubernetesPack(prefixed),
    packs.cloudPack(common),
    packs.cloudRegionPack(common),
    packs.uptimePack(prefixed),
    packs.installPack(prefixed),
    packs.buildPack(own({ ...prefixed, build: {} })),
    packs.buildPack(own({ ...prefixed, build: () => ({}) })),
    packs.buildPack(own({ ...prefixed, build: new URL('file:///build.json') })),
    packs.clusterPack(own({ ...prefixed, ...cluster, read: () => ({}) })),
    packs.clusterPack(own({ ...prefixed, ...cluster, read: () => ({ members: [{}] as never }) })),
  ]
  return JSON.stringify(await Promise.all(made.map(async (pack) => [pack.facts, await valuesOf(pack)])))
}

const own = <const T extends object>(options: T): T => Object.assign(Object.create(null), options)

test('a name that another library has added to every object adds no fact, no option and no value to a pack', async () => {
  const expected = await all()
  const changed: string[] = []
  for (const name of NAMES) {
    for (const value of VALUES) {
      Reflect.set(Object.prototype, name, value)
      const found = await all().catch(String)
      Reflect.deleteProperty(Object.prototype, name)
      if (found !== expected) changed.push(`${name}: ${JSON.stringify(value)}`)
    }
  }
  assert.deepEqual(changed, [])
})

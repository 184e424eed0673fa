/** All packs as a maintainer takes them: their types, their texts, and what they touch on the machine that runs this. */
import assert from 'node:assert/strict'
import { createHook } from 'node:async_hooks'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { createMemoryStore, createUsageTelemetry, defineCatalog } from '../../src/index.ts'
import {
  containerPack,
  type FactPack,
  operatingSystemPack,
  type PackHost,
  runtimePack,
  systemPackHost,
} from '../../src/library/packs/index.ts'
import { catalogOf, everyPack, reportOf } from './every-pack.ts'
import { valuesOf } from './host.ts'

test('a catalog takes all packs together', () => {
  const all = everyPack()
  const { facts } = catalogOf(all)
  const names = Object.values(all).flatMap((pack) => Object.keys(pack.facts))
  assert.deepEqual(Object.keys(facts), names)
  assert.equal(new Set(names).size, names.length)
  for (const pack of Object.values(all)) assert.deepEqual(Object.keys(pack.sources), Object.keys(pack.facts))
})

test('a pack is known by its facts to the compiler', async () => {
  const system = operatingSystemPack({ since: 1 })
  const container = containerPack({ since: 1, prefix: 'acme' })
  const catalog = defineCatalog({
    version: 1,
    prefix: 'acme',
    facts: { ...system.facts, ...container.facts },
  })
  const usage = createUsageTelemetry({
    product: { name: 'acme-db', version: '2.4.0' },
    catalog,
    endpoint: 'https://usage.acme.example',
    state: createMemoryStore(),
    environment: {},
  })
  usage.set('os.type', system.sources['os.type'])
  usage.set('os.name', system.sources['os.name'])
  usage.set('acme.container', container.sources['acme.container'])
  usage.set('container.runtime.name', 'podman')
  // @ts-expect-error a runtime that is not in the list
  usage.set('container.runtime.name', 'alices-runtime')
  // @ts-expect-error a fact that there is only with a prefix
  usage.set('acme.os.kernel', '6.1.0')
  // @ts-expect-error a pack that names facts of the product needs its prefix
  containerPack({ since: 1 })
  const general: FactPack = container
  assert.equal(general.name, 'container')
  await usage.shutdown()
})

test('what the maintainer decides is in every fact, and nothing that was not said', () => {
  const { facts } = runtimePack({ since: 3, level: 'full', expires: '2027-06-30', owner: 'platform' })
  for (const { since, level, expires, owner } of Object.values(facts)) {
    assert.deepEqual([since, level, expires, owner], [3, 'full', '2027-06-30', 'platform'])
  }
  for (const fact of Object.values(runtimePack({ since: 1 }).facts)) {
    for (const key of ['level', 'expires', 'owner', 'review']) assert.ok(!(key in fact), key)
  }
})

test('each why is a sentence', () => {
  for (const [name, { why }] of Object.entries(catalogOf(everyPack()).facts)) {
    assert.match(why, /^[A-Z].{30,}\.$/, name)
  }
})

test('on this machine every value is one that its fact takes', async () => {
  const { facts } = await reportOf({ directory: import.meta.dirname })
  const { attributes, points } = facts
  const has = (name: string) => name in attributes || points.some((point) => point.name === name)
  for (const name of [
    'os.type',
    'host.arch',
    'process.runtime.name',
    'process.uptime',
    'acme.machine.cores',
  ]) {
    assert.ok(has(name), name)
  }
  assert.deepEqual(
    [attributes['process.runtime.name'], attributes['process.runtime.version']],
    [...['nodejs', process.versions.node]],
  )
  const all = await Promise.all(Object.values(everyPack()).map(valuesOf))
  for (const name of Object.keys(Object.assign({}, ...all))) assert.ok(has(name), `${name} was refused`)
})

test('nothing of this machine that names it is in the report', async () => {
  const { text } = await reportOf({ root: import.meta.dirname, directory: import.meta.dirname })
  const addresses = Object.values(os.networkInterfaces()).flatMap((all) => all ?? [])
  const words = [
    ...[os.hostname(), os.userInfo().username, os.homedir(), process.cwd(), import.meta.dirname],
    ...[process.execPath, os.version(), ...addresses.map(({ address }) => address)],
  ]
  for (const word of words.filter(({ length }) => length > 4)) assert.ok(!text.includes(word), word)
})

test('no file is looked at but the documented ones', async () => {
  const asked = new Set<string>()
  const note = <A extends readonly unknown[], R>(look: (file: string, ...rest: A) => R) => {
    return (file: string, ...rest: A) => {
      asked.add(file)
      return look(file, ...rest)
    }
  }
  for (const platform of ['linux', 'darwin', 'win32', 'freebsd']) {
    const host: PackHost = {
      ...systemPackHost,
      platform: () => platform,
      readFile: note(() => Promise.reject(new Error('none'))) as PackHost['readFile'],
      exists: note(async () => false),
    }
    for (const pack of Object.values(everyPack({ host, marker: '/opt/acme/method', root: '/opt/acme' }))) {
      await valuesOf(pack)
    }
  }
  assert.deepEqual([...asked].toSorted(), [
    '/.dockerenv',
    '/System/Library/CoreServices/SystemVersion.plist',
    '/etc/os-release',
    '/opt/acme/.git',
    '/opt/acme/method',
    '/proc/self/cgroup',
    '/proc/self/mountinfo',
    '/run/.containerenv',
    '/sys/class/dmi/id/bios_vendor',
    '/sys/class/dmi/id/chassis_asset_tag',
    '/sys/class/dmi/id/product_name',
    '/sys/class/dmi/id/sys_vendor',
    '/usr/lib/os-release',
    '/var/lib/dpkg/info/acme-db.list',
    '/var/run/secrets/kubernetes.io/serviceaccount',
  ])
})

/** The processes, sockets and look-ups of names that are begun while something runs, as Node.js calls them. */
async function begunDuring(run: () => Promise<unknown>): Promise<string[]> {
  const begun: string[] = []
  const hook = createHook({
    init(_, type) {
      if (/PROCESS|TCP|UDP|PIPE|TLS|HTTP|QUERY|ADDRINFO|NAMEINFO|WORKER/.test(type)) begun.push(type)
    },
  })
  hook.enable()
  try {
    await run()
  } finally {
    hook.disable()
  }
  return begun
}

test('no process is started and no socket is opened', async () => {
  assert.deepEqual(
    await begunDuring(() =>
      Promise.all(Object.values(everyPack({ root: import.meta.dirname })).map(valuesOf)),
    ),
    [],
  )
  const seen = await begunDuring(() => once(spawn(process.execPath, ['--version']), 'exit'))
  assert.ok(seen.includes('PROCESSWRAP'), 'the check itself sees a process')
})

test('the packs have no way to processes, networks, names of hosts or users', () => {
  const source = path.resolve(import.meta.dirname, '../../src/library/packs')
  const texts = readdirSync(source).map((file) => readFileSync(path.join(source, file), 'utf8'))
  const imported = texts.flatMap((text) => [...text.matchAll(/from '(node:[^']+)'/g)].map(([, name]) => name))
  assert.deepEqual([...new Set(imported)].toSorted(), [
    ...['node:fs', 'node:fs/promises', 'node:os', 'node:path', 'node:url'],
  ])
  for (const text of texts) {
    assert.doesNotMatch(text, /\b(?:hostname|userInfo|networkInterfaces|homedir|getReport)\b/)
    assert.doesNotMatch(text, /process\.(?:argv|title|cwd|getuid|binding)|\bfetch\(|globalThis/)
  }
})

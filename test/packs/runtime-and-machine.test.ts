import assert from 'node:assert/strict'
import os from 'node:os'
import { test } from 'node:test'
import { machinePack, runtimePack, systemPackHost, uptimePack } from '../../src/library/packs/index.ts'
import { reportOf } from './every-pack.ts'
import { createPackHost, type Machine, valuesOf } from './host.ts'

const runtimeOf = (versions: Record<string, string>) =>
  valuesOf(runtimePack({ since: 1, host: createPackHost({ versions: () => versions }) }))

const machineOf = (machine: Machine) =>
  valuesOf(machinePack({ since: 1, prefix: 'acme', host: createPackHost(machine) }))

test('the runtime and the numbers of its version', async () => {
  const runtimes: Array<readonly [Record<string, string>, string, string | undefined]> = [
    [{ node: '24.11.1' }, 'nodejs', '24.11.1'],
    [{ node: '22.6.0', bun: '1.2.3' }, 'bun', '1.2.3'],
    [{ node: '22.5.1', deno: '2.1.4' }, 'deno', '2.1.4'],
    [{ node: '20.9.0', electron: '29.1.5' }, 'electron', '29.1.5'],
    [{ node: '25.0.0-nightly20250510abcdef' }, 'nodejs', undefined],
    [{ node: '24.11.1-alice@buildbox' }, 'nodejs', undefined],
    [{ node: '203.0.113.7' }, 'nodejs', undefined],
    [{}, 'other', undefined],
  ]
  for (const [versions, name, version] of runtimes) {
    assert.deepEqual(await runtimeOf(versions), {
      'process.runtime.name': name,
      ...(version !== undefined && { 'process.runtime.version': version }),
    })
  }
})

test('the machine in numbers: the smaller of what there is and what the process may use', async () => {
  assert.deepEqual(await machineOf({}), {
    'acme.machine.cores': 6,
    'acme.machine.memory': 12_000_000_000,
    'acme.machine.disk': 300_000_000_000,
  })
  const ofThisProcess = systemPackHost.memoryLimit()
  assert.ok(ofThisProcess === undefined || (ofThisProcess > 0 && ofThisProcess < os.totalmem()))
  const limited = await machineOf({ memoryLimit: () => 512_000_000 })
  assert.equal(limited['acme.machine.memory'], 512_000_000)
  const unlimited = await machineOf({ memoryLimit: () => 2 ** 64 })
  assert.equal(unlimited['acme.machine.memory'], 12_000_000_000)
})

test('an invalid size is absent', async () => {
  assert.deepEqual(
    await machineOf({
      cores: () => 0,
      totalMemory: () => Number.NaN,
      diskSize: async () => Promise.reject(new Error('stale file handle')),
    }),
    {},
  )
})

test('the disk is that of the directory that the product names', async () => {
  const asked: unknown[] = []
  const host = createPackHost({
    diskSize: async (directory) => {
      asked.push(directory)
      return 1
    },
  })
  const pack = (directory?: string) =>
    machinePack({ since: 1, prefix: 'acme', host, ...(directory && { directory }) })
  await valuesOf(pack('/var/lib/acme'))
  await valuesOf(pack())
  assert.deepEqual(asked, ['/var/lib/acme', undefined])
})

test('the uptime is whole seconds', async () => {
  assert.deepEqual(await valuesOf(uptimePack({ since: 1, host: createPackHost() })), {
    'process.uptime': 100_000,
  })
})

test('sizes and uptime leave as powers of two', async () => {
  const { facts } = await reportOf({ host: createPackHost() })
  assert.deepEqual(Object.fromEntries(facts.points.map(({ name, value }) => [name, value])), {
    'acme.machine.cores': 4,
    'acme.machine.memory': 2 ** 33,
    'acme.machine.disk': 2 ** 38,
    'process.uptime': 2 ** 16,
  })
})

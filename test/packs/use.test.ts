import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMemoryStore, createUsageTelemetry, defineCatalog } from '../../src/index.ts'
import { machinePack, operatingSystemPack } from '../../src/library/packs/index.ts'

test('a pack is taken with its facts in the catalog and its values in the report, and what the catalog leaves out is left alone', async () => {
  const system = operatingSystemPack({ since: 1 })
  const machine = machinePack({ since: 1, prefix: 'acme' })
  const { 'acme.machine.disk': _, ...withoutDisk } = machine.facts
  const usage = createUsageTelemetry({
    product: { name: 'acme', version: '1.0.0' },
    catalog: defineCatalog({ version: 1, prefix: 'acme', facts: { ...system.facts, ...withoutDisk } }),
    endpoint: 'http://127.0.0.1:9',
    consent: { default: 'disabled' },
    state: createMemoryStore(),
    environment: {},
  })
  usage.use(system)
  usage.use(machine)

  const { facts, json } = await usage.preview()

  assert.match(String(facts.attributes['os.type']), /^[a-z]+$/)
  const names = facts.points.map(({ name }) => name)
  assert.ok(names.includes('acme.machine.cores') && !names.includes('acme.machine.disk'))
  assert.doesNotMatch(JSON.stringify(json), /usage\.dropped/)
})

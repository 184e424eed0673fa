/** What happens to id and consent when the operator deletes the state, or restores a dump of it elsewhere. */
import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { createMemoryStore, type StateStore, type UsageTelemetryOptions } from '../../src/index.ts'
import { type AcmeFacts, createAcme } from '../support/acme.ts'
import { attributesOf, startReceiver } from '../support/receiver.ts'
import { createScratch } from '../support/scratch.ts'

type Options = Partial<UsageTelemetryOptions<AcmeFacts>>

/** Starts, reports once, and ends. Returns the attributes of the report, if one was sent. */
async function live(options: Options): Promise<Record<string, unknown> | undefined> {
  await using receiver = await startReceiver()
  const usage = createAcme({ ...options, endpoint: receiver.endpoint })
  await usage.start()
  await usage.report()
  await usage.shutdown()
  const [report] = receiver.received
  return report && attributesOf(report.json)
}

const ID = 'service.instance.id'

test('a state directory that is deleted between two starts is a new installation, and what was chosen is forgotten', async () => {
  using scratch = createScratch()
  const state = path.join(scratch.directory, 'usage')
  const options = { state, consent: { default: 'disabled' } } as const
  await createAcme(options).consent.set('enabled', { by: 'alice' })
  const first = await live(options)
  assert.ok(first?.[ID])
  assert.equal((await live(options))?.[ID], first[ID])

  rmSync(state, { recursive: true })
  assert.equal(await live(options), undefined)
  assert.deepEqual(await createAcme(options).consent.history(), [])
  await createAcme(options).consent.set('enabled', { by: 'bob' })
  const second = await live(options)
  assert.ok(second?.[ID])
  assert.notEqual(second[ID], first[ID])
})

/** A store that several machines share, such as a database, and its dump. */
function createShared(): StateStore & { dump(): Promise<StateStore> } {
  const store = createMemoryStore()
  return {
    ...store,
    shared: true,
    async dump() {
      const copy = createShared()
      for (const name of ['installation.json', 'product.json', 'consent.jsonl']) {
        const bytes = await store.read(name)
        if (bytes) await copy.write(name, bytes)
      }
      return copy
    },
  }
}

test('a dump of a shared store that is restored elsewhere keeps the id, unless the product can distinguish the machines', async () => {
  const state = createShared()
  const original = await live({ state })
  assert.equal((await live({ state: await state.dump() }))?.[ID], original?.[ID])
})

test('with copies renew, a dump on another machine is a new installation, once, and names its original if the product wants that', async () => {
  const on = (cluster: string) =>
    ({ identity: { copies: 'renew', lineage: true, machine: () => cluster } }) as const
  const state = createShared()
  const original = await live({ ...on('production'), state })
  const restored = await state.dump()
  const copy = await live({ ...on('staging'), state: restored })
  assert.notEqual(copy?.[ID], original?.[ID])
  assert.ok(Object.values(copy ?? {}).includes(original?.[ID]), JSON.stringify(copy))
  assert.equal((await live({ ...on('staging'), state: restored }))?.[ID], copy?.[ID])
  assert.equal((await live({ ...on('production'), state }))?.[ID], original?.[ID])
})

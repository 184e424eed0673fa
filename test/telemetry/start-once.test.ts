/** What a start reads of the state: every host waits for it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMemoryStore, createUsageTelemetry, type StateStore } from '../../src/index.ts'
import { acmeCatalog } from '../support/acme.ts'

/** A store that writes down what is read of it. */
function createCounted(): StateStore & { readonly reads: string[] } {
  const store = createMemoryStore()
  const reads: string[] = []
  return {
    ...store,
    reads,
    read(name) {
      reads.push(name)
      return store.read(name)
    },
  }
}

for (const state of ['enabled', 'disabled'] as const) {
  test(`a start that is ${state} reads each entry of the state once, and no id of the installation`, async () => {
    const store = createCounted()
    const start = async () => {
      const usage = createUsageTelemetry({
        product: { name: 'acme', version: '1.0.0' },
        ...{ catalog: acmeCatalog, state: store, environment: {} },
        endpoint: 'http://127.0.0.1:9',
        consent: { default: state },
      })
      await usage.start()
      await usage.shutdown()
    }
    await start()
    store.reads.length = 0
    await start()
    assert.deepEqual(store.reads, [...new Set(store.reads)])
    assert.ok(!store.reads.includes('installation.json'), store.reads.join(', '))
  })
}

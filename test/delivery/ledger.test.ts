import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createLedger, type LedgerEntry } from '../../src/delivery/index.ts'
import { createMemoryStore } from '../../src/state/index.ts'

const entry = (over: Partial<LedgerEntry> = {}): LedgerEntry => ({
  at: '2026-01-01T00:00:00.000Z',
  reportId: '01a1fd46-2141-78d9-b2ae-7a22907cad99',
  outcome: 'sent',
  reason: 'DO_NOT_TRACK=1',
  endpoint: 'https://usage.acme.example/v1/metrics',
  bytes: Buffer.from('{"resourceMetrics":[]}'),
  ...over,
})

test('an entry is one line of JSON, with the report in it as it is on the wire', async () => {
  const store = createMemoryStore()
  await createLedger(store).append(entry())
  assert.equal(
    Buffer.from((await store.read('ledger.jsonl')) ?? []).toString(),
    '{"at":"2026-01-01T00:00:00.000Z","reportId":"01a1fd46-2141-78d9-b2ae-7a22907cad99","outcome":"sent","reason":"DO_NOT_TRACK=1",' +
      '"endpoint":"https://usage.acme.example/v1/metrics","report":{"resourceMetrics":[]}}\n',
  )
})

test('whatever the reason and the report hold, what was appended is read again, byte for byte', async () => {
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: 'binary' }), fc.jsonValue(), async (reason, report) => {
      const ledger = createLedger(createMemoryStore())
      const bytes = Buffer.from(JSON.stringify(report))
      const written = entry({ reason: `${reason},"report":{}`, bytes })
      await ledger.append(written)
      const [read] = await Array.fromAsync(ledger.entries())
      assert.deepEqual({ ...read, bytes: Buffer.from(read?.bytes ?? []) }, { ...written, bytes })
    }),
  )
})

test('a line that a crash has torn is passed over, wherever it was torn', async () => {
  const store = createMemoryStore()
  const ledger = createLedger(store)
  await ledger.append(entry())
  const line = Buffer.from((await store.read('ledger.jsonl')) ?? [])
    .toString()
    .trimEnd()
  for (let length = 0; length < line.length; length++) {
    await store.write('ledger.jsonl', `${line}\n${line.slice(0, length)}\n${line}\n${line.slice(0, length)}`)
    assert.equal((await Array.fromAsync(ledger.entries())).length, 2)
  }
})

test('there is nothing to read before the first report', async () => {
  assert.deepEqual(await Array.fromAsync(createLedger(createMemoryStore()).entries()), [])
})

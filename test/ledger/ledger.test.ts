import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createLedger } from '../../src/library/ledger/index.ts'
import { createMemoryStore } from '../../src/state/index.ts'
import { anyCharacter } from '../support/any-character.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { entry, idsIn } from './stores.ts'

test('an entry is one line of JSON, with the report in it as it is on the wire', async () => {
  const store = createMemoryStore()
  await createLedger(store).append(entry({ at: '2026-01-01T00:00:00.000Z' }))
  assert.equal(
    Buffer.from((await store.read('ledger.jsonl')) ?? []).toString(),
    '{"at":"2026-01-01T00:00:00.000Z","reportId":"01a1fd46-2141-78d9-b2ae-7a22907cad99","outcome":"sent","reason":"DO_NOT_TRACK=1",' +
      '"endpoint":"https://usage.acme.example/v1/metrics","report":{"resourceMetrics":[]}}\n',
  )
})

test('whatever the reason and the report hold, what was appended is read again, byte for byte', async () => {
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: anyCharacter }), fc.jsonValue(), async (reason, report) => {
      const ledger = createLedger(createMemoryStore())
      const bytes = Buffer.from(JSON.stringify(report))
      const written = entry({ reason: `${reason},"report":{}`, bytes })
      await ledger.append(written)
      const [read] = await Array.fromAsync(ledger.entries())
      const { position, ...rest } = read ?? assert.fail()
      assert.deepEqual({ ...rest, bytes: Buffer.from(rest.bytes ?? []) }, { ...written, bytes })
      assert.equal(position, '1-0')
    }),
  )
})

test('there is nothing to read before the first report', async () => {
  const ledger = createLedger(createMemoryStore())
  assert.deepEqual(await Array.fromAsync(ledger.entries()), [])
  assert.equal(await ledger.last(), undefined)
  assert.deepEqual(await ledger.check(), { entries: 0, torn: 0 })
})

test('a line that a crash has torn is passed over and counted, wherever it was torn', async () => {
  const { store, ledger, line } = await withOneLine()
  for (let length = 0; length < line.length; length++) {
    await store.write('ledger.jsonl', `${line}\n${line.slice(0, length)}\n${line}\n${line.slice(0, length)}`)
    assert.equal((await Array.fromAsync(ledger.entries())).length, 2)
    assert.deepEqual(await ledger.check(), { entries: 2, torn: length === 0 ? 0 : 2 })
    assert.equal((await ledger.last())?.outcome, 'sent')
  }
})

test('the newest entry is the same whether the store can read the end of an entry or not', async () => {
  const { line } = await withOneLine()
  const whole = fc
    .tuple(fc.constantFrom('Grüße', 'x'.repeat(30_000), 'x'.repeat(70_000)), fc.nat(9))
    .map(([text, id]) => `${line.replace('DO_NOT_TRACK=1', text).replace('22907cad99', `22907cad9${id}`)}\n`)
  const torn = fc.constantFrom(line.slice(0, 99), line.slice(0, 200), `{}\n`, 'x'.repeat(66_000), '\n', '\0')
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.oneof(whole, torn), { maxLength: 8 }),
      fc.boolean(),
      async (parts, isMoved) => {
        const store = createMemoryStore()
        await store.write('ledger.jsonl', parts.join(''))
        if (isMoved) await store.rename?.('ledger.jsonl', 'ledger/0000000001-00000000.jsonl')
        const { readEnd: _, ...without } = store
        assert.deepEqual(await createLedger(store).last(), await createLedger(without).last())
      },
    ),
  )
})

test('to find the newest entry, no more is read than the end of the log', async () => {
  const store = createMemoryStore()
  const ledger = createLedger(store, { clock: createFakeClock(Date.UTC(2026, 0, 1)) })
  for (let report = 0; report < 100; report++)
    await ledger.append(entry({ reportId: `${report}`, bytes: reportOf(5_000) }))
  const read: number[] = []
  const watched = createLedger({
    ...store,
    read: () => assert.fail('the whole of an entry was read'),
    async readEnd(name, length) {
      const end = await store.readEnd?.(name, length)
      read.push(end?.bytes.length ?? 0)
      return end
    },
  })
  const last = await watched.last()
  assert.deepEqual(read, [65_536])
  const [newest] = await Array.fromAsync(ledger.entries({ newestFirst: true }))
  assert.deepEqual(last, newest)
  assert.equal(last?.reportId, '99')
})

test('the newest entry is in its place also if the log was moved while its end was read', async () => {
  const store = createMemoryStore()
  const ledger = createLedger(store)
  await ledger.append(entry({ reportId: 'old' }))
  let isMoved = false
  const moving = createLedger({
    ...store,
    async readEnd(name, length) {
      if (!isMoved) {
        isMoved = true
        await store.rename?.('ledger.jsonl', 'ledger/0000000001-00000000.jsonl')
        await ledger.append(entry({ reportId: 'new' }))
      }
      return store.readEnd?.(name, length)
    },
  })
  const last = await moving.last()
  assert.deepEqual([last?.reportId, last?.position], ['new', '2-0'])
})

test('a line that another process has added to a torn one is read, wherever that was torn', async () => {
  const { store, ledger, line } = await withOneLine({ reason: 'Grüße' })
  const bytes = Buffer.from(line)
  for (let length = 1; length < bytes.length; length++) {
    await store.write('ledger.jsonl', Buffer.concat([bytes.subarray(0, length), bytes, Buffer.from('\n')]))
    assert.deepEqual(await ledger.check(), { entries: 1, torn: 1 })
    assert.equal((await ledger.last())?.reason, 'Grüße')
  }
})

test('zeros that a power failure has left are skipped, and the line behind them is read', async () => {
  const { store, ledger, line } = await withOneLine()
  await store.write('ledger.jsonl', `${line}\n${'\0'.repeat(4096)}${line}\n${'\0'.repeat(512)}`)
  assert.deepEqual(await ledger.check(), { entries: 2, torn: 2 })
})

for (const [what, edited] of Object.entries({
  'line ends of Windows': (line: string) => `${line}\r\n${line}\r\n`,
  'a byte order mark': (line: string) => `\uFEFF${line}\n${line}\n`,
  'empty lines': (line: string) => `\n\r\n${line}\n  \n\n${line}\n\n`,
  'no line end at the end': (line: string) => `${line}\n${line}`,
  indentation: (line: string) => `  ${line}\t\n ${line} \n`,
})) {
  test(`a file that an editor has left with ${what} is read whole`, async () => {
    const { store, ledger, line } = await withOneLine()
    await store.write('ledger.jsonl', edited(line))
    const read = await Array.fromAsync(ledger.entries())
    assert.deepEqual(
      read.map(({ bytes }) => String(Buffer.from(bytes ?? ''))),
      ['{"resourceMetrics":[]}', '{"resourceMetrics":[]}'],
    )
    assert.deepEqual(await ledger.check(), { entries: 2, torn: 0 })
    assert.equal((await Array.fromAsync(ledger.entries({ newestFirst: true }))).length, 2)
  })
}

for (const [what, spoilt] of Object.entries({
  'other JSON': '{"report":1}',
  'JSON with a report': '{"a":1,"report":{}}',
  'a time that is no text': '{"at":1,"reportId":"1","outcome":"sent","reason":"","endpoint":"","report":{}}',
  text: 'I was here',
  'null JSON': 'null',
})) {
  test(`${what} in a line is counted, and passed over`, async () => {
    const { store, ledger, line } = await withOneLine()
    await store.write('ledger.jsonl', `${line}\n${spoilt}\n`)
    assert.deepEqual(await ledger.check(), { entries: 1, torn: 1 })
    assert.equal((await ledger.last())?.outcome, 'sent')
  })
}

test('a report whose bytes a disk has spoilt is not shown as one that was sent', async () => {
  const { store, ledger, line } = await withOneLine({ bytes: Buffer.from('{"name":"acme"}') })
  const bytes = Buffer.from(line)
  bytes[bytes.indexOf('acme')] = 0xff
  await store.write('ledger.jsonl', bytes)
  assert.deepEqual(await ledger.check(), { entries: 0, torn: 1 })
})

test('of a report that is larger than any that is sent, the size is kept and not the bytes', async () => {
  const { store, ledger } = await withOneLine({ outcome: 'too-large', bytes: reportOf(200_001) })
  const read = await ledger.last()
  assert.equal(read?.outcome, 'too-large')
  assert.equal(read?.omitted, 200_001)
  assert.ok(read && !('bytes' in read))
  assert.ok(((await store.read('ledger.jsonl'))?.length ?? 0) < 1_000)

  const largest = entry({ bytes: reportOf(200_000) })
  await ledger.append(largest)
  assert.deepEqual(Buffer.from((await ledger.last())?.bytes ?? []), largest.bytes)
})

test('the last report is found by its outcome, and so is the last one that was sent', async () => {
  const ledger = createLedger(createMemoryStore())
  for (const [reportId, outcome] of [
    ['1', 'queued'],
    ['1', 'sent'],
    ['2', 'queued'],
  ] as const) {
    await ledger.append(entry({ reportId, outcome }))
  }
  const told = async (outcome?: 'sent' | 'refused') => {
    const last = await ledger.last(outcome)
    return last && `${last.reportId} ${last.outcome}`
  }
  assert.equal(await told(), '2 queued')
  assert.equal(await told('sent'), '1 sent')
  assert.equal(await told('refused'), undefined)
})

test('reports that are written down at once all arrive, in their order', async () => {
  const ledger = createLedger(createMemoryStore(), { maxSize: 5_000 })
  const ids = Array.from({ length: 15 }, (_, index) => `${index}`)
  await Promise.all(ids.map((reportId) => ledger.append(entry({ reportId }))))
  assert.deepEqual(await idsIn(ledger.entries()), ids)
})

/** A ledger with one entry, and the line that it is. */
async function withOneLine(over = {}) {
  const store = createMemoryStore()
  const ledger = createLedger(store)
  await ledger.append(entry(over))
  const content = Buffer.from((await store.read('ledger.jsonl')) ?? [])
  return { store, ledger, line: content.toString().trimEnd() }
}

const reportOf = (length: number) => Buffer.from(JSON.stringify('a'.repeat(length - 2)))

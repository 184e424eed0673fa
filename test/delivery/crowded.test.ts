/** A folder of the state with very many entries costs neither a step nor a line for each. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { createMemoryStore, type StateStore } from '../../src/index.ts'
import { createOutbox } from '../../src/library/counts/log.ts'
import { createAcme } from '../support/acme.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { createLog } from '../support/log.ts'
import { numbersOf, startReceiver } from '../support/receiver.ts'

const MANY = 10_000
const ten = (number: number) => String(number).padStart(10, '0')
const at = '2026-01-01T00:00:00.000Z'

const FOLDERS: Readonly<Record<string, (place: number) => readonly [name: string, content: string]>> = {
  'counts of others that nobody can read': () => [`counts/${randomUUID()}.json`, 'x'],
  'counts of processes on another machine': () => {
    const process = randomUUID()
    const writer = { pid: 1, host: 'elsewhere', monotonic: 1 }
    const entry = {
      format: 1,
      process,
      since: at,
      at: new Date().toISOString(),
      under: { state: 'enabled' },
      writer,
    }
    return [`counts/${process}.json`, JSON.stringify({ ...entry, counts: { 'acme.users{}': 1 } })]
  },
  'foreign files in counts': (place) => [`counts/notes-${place}.txt`, 'x'],
  'corrupt reports': (place) => [`outbox/${ten(place + 1)}.json`, 'x'],
  'foreign files in outbox': (place) => [`outbox/notes-${place}.txt`, 'x'],
  'corrupt acknowledgements': (place) => [`acknowledged/${ten(place + 1)}.json`, 'x'],
  'foreign files in acknowledged': (place) => [`acknowledged/notes-${place}.txt`, 'x'],
  leases: (place) => [`leases/report.${ten(place + 1)}.json`, 'x'],
  'leases of the task at hand': (place) => [`leases/drain.${ten(place + 1)}.json`, 'x'],
  'foreign files in ledger': (place) => [`ledger/notes-${place}.txt`, 'x'],
}

for (const [what, entryAt] of Object.entries(FOLDERS)) {
  test(`${MANY} ${what} cost a few thousand steps at most, and some lines, and reports go on`, async () => {
    await using receiver = await startReceiver()
    const inner = createMemoryStore()
    for (let place = 0; place < MANY; place++) await inner.write(...entryAt(place))
    let steps = 0
    const counted = <A extends unknown[], R>(action: (...about: A) => Promise<R>) => {
      return (...about: A) => {
        steps++
        return action(...about)
      }
    }
    const state: StateStore = {
      ...inner,
      ...{ read: counted(inner.read), write: counted(inner.write), create: counted(inner.create) },
      ...{ append: counted(inner.append), remove: counted(inner.remove), list: counted(inner.list) },
    }
    const lines: string[] = []
    const log = (line: string) => void lines.push(line)
    const logger = { debug: log, info: log, warn: log, error: log }
    const usage = createAcme({ endpoint: receiver.endpoint, state, logger })
    await usage.start()
    for (let report = 0; report < 2; report++) {
      usage.counter('acme.commands').add(1, { command: 'find', result: 'ok' })
      assert.equal((await usage.report()).outcome, 'sent')
    }
    await usage.status()
    await usage.shutdown()
    assert.ok(steps < 20_000, `${steps} steps`)
    assert.ok(lines.length < 20, `${lines.length} lines: ${lines.slice(0, 5).join('\n')}`)
    assert.equal(receiver.received.length, 2)
  })
}

test('corrupt reports cost no renewal of the lease of sending each', async () => {
  await using receiver = await startReceiver()
  const inner = createMemoryStore()
  for (let place = 0; place < 200; place++) await inner.write(`outbox/${ten(place + 1)}.json`, 'x')
  let renewals = 0
  const state: StateStore = {
    ...inner,
    write(name, data) {
      if (name.startsWith('leases/drain')) renewals++
      return inner.write(name, data)
    },
  }
  assert.equal((await createAcme({ endpoint: receiver.endpoint, state }).report()).outcome, 'sent')
  assert.ok(renewals < 5, `${renewals} renewals`)
})

test('corrupt acknowledgements keep what processes count from then on out of no report', async () => {
  await using receiver = await startReceiver()
  const state = createMemoryStore()
  for (let place = 0; place < 200; place++) await state.write(`acknowledged/${ten(place + 1)}.json`, 'x')
  const clock = createFakeClock()
  const usage = createAcme({ endpoint: receiver.endpoint, state, clock })
  await usage.report()
  const other = createAcme({ state, clock, schedule: { initialDelay: '24d' } })
  await other.start()
  other.counter('acme.commands').add(3, { command: 'find', result: 'ok' })
  await other.shutdown()
  await clock.advance(86_400_000)
  await usage.report()
  assert.equal(numbersOf(receiver.received.at(-1)!.json)['acme.commands{command=find,result=ok}'], 3)
})

test('a no to a thousand reports that wait costs no line for each', async () => {
  const state = createMemoryStore()
  const outbox = createOutbox(state)
  const bytes = new TextEncoder().encode('{}')
  for (let number = 1; number <= 1_000; number++)
    await outbox.put({ number, reportId: randomUUID(), at: 0, totalsSince: 0, bytes, share: new Map() })
  const log = createLog()
  const usage = createAcme({ state, logger: log })
  await usage.start()
  await usage.consent.set('disabled', { by: 'alice' })
  await usage.shutdown()
  assert.deepEqual(await state.list('outbox'), [])
  assert.ok(log.lines.length < 120, `${log.lines.length} lines`)
})

/** Where the state cannot be written or read, what was counted is reported all the same, and never twice. */
import assert from 'node:assert/strict'
import type { ServerResponse } from 'node:http'
import { test } from 'node:test'
import { createMemoryStore, type StateStore, type UsageTelemetry } from '../../src/index.ts'
import { type AcmeFacts, createAcme as createAcmeDb } from '../support/acme.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { createLog } from '../support/log.ts'
import { numbersOf, type Receiver, startReceiver } from '../support/receiver.ts'

/** A yes of the environment: it counts also where the id of the installation cannot be stored. */
const createAcme = (options: Parameters<typeof createAcmeDb>[0]) =>
  createAcmeDb({ environment: { ACME_DB_TELEMETRY: 'on' }, ...options })

const COUNT = 'acme.commands{command=find,result=ok}'
const count = (usage: UsageTelemetry<AcmeFacts>, amount: number) =>
  usage.counter('acme.commands').add(amount, { command: 'find', result: 'ok' })
const countsAt = ({ received }: Receiver) => received.map(({ json }) => numbersOf(json)[COUNT])

const answers =
  (status: () => number) =>
  (_: unknown, response: ServerResponse): void => {
    response.writeHead(status(), { 'content-type': 'application/json' }).end('{}')
  }

type Change = 'write' | 'create' | 'append' | 'remove'

/** A store whose changes, and whose reading, fail while they are told to. */
function createDisk() {
  const inner = createMemoryStore()
  const disk = { isFull: false, isUnreadable: (_: string) => false }
  const change =
    <K extends Change>(kind: K) =>
    async (...args: Parameters<StateStore[K]>) => {
      if (disk.isFull) throw Object.assign(new Error('full'), { code: 'ENOSPC' })
      return (inner[kind] as (...args: unknown[]) => Promise<never>)(...args)
    }
  const check = async (name: string) => {
    if (disk.isUnreadable(name)) throw Object.assign(new Error('unreadable'), { code: 'EIO' })
  }
  const store: StateStore = {
    location: '/var/lib/acme/usage',
    read: (name) => check(name).then(() => inner.read(name)),
    list: (folder) => check(folder).then(() => inner.list(folder)),
    ...{
      write: change('write'),
      create: change('create'),
      append: change('append'),
      remove: change('remove'),
    },
  }
  return Object.assign(disk, { store })
}

test('a disk that was never writable: one warning, and every count arrives once', async () => {
  await using receiver = await startReceiver()
  const disk = createDisk()
  disk.isFull = true
  const log = createLog()
  const usage = createAcme({ endpoint: receiver.endpoint, state: disk.store, logger: log })
  await usage.start()
  count(usage, 5)
  await usage.report()
  count(usage, 2)
  await usage.report()
  await usage.report()
  assert.deepEqual(countsAt(receiver), [5, 2, undefined])
  assert.equal(log.lines.filter((line) => line.startsWith('warn')).length, 1)
})

test('a disk that fills up: what is on the disk is reported from there later, the rest from memory', async () => {
  await using receiver = await startReceiver()
  const disk = createDisk()
  const clock = createFakeClock()
  const options = { endpoint: receiver.endpoint, state: disk.store, clock }
  const usage = createAcme({ ...options, schedule: { initialDelay: '24h' } })
  await usage.start()
  count(usage, 5)
  await clock.advance(5 * 60_000)
  disk.isFull = true
  count(usage, 2)
  await usage.report()
  // It ends without having been able to write anything.
  await usage.shutdown()
  disk.isFull = false
  await createAcme(options).report()
  await createAcme(options).report()
  assert.deepEqual(countsAt(receiver), [2, 5, undefined])
})

test('a disk that can be written again has nothing of what was reported meanwhile, and everything else', async () => {
  await using receiver = await startReceiver()
  const disk = createDisk()
  const options = { endpoint: receiver.endpoint, state: disk.store }
  const usage = createAcme(options)
  await usage.start()
  disk.isFull = true
  count(usage, 5)
  await usage.report()
  count(usage, 2)
  disk.isFull = false
  await usage.shutdown()
  await createAcme(options).report()
  assert.deepEqual(countsAt(receiver), [5, 2])
})

test('a report that waits in memory is put into the outbox as soon as that can be written', async () => {
  let isDown = true
  await using receiver = await startReceiver(answers(() => (isDown ? 503 : 200)))
  const disk = createDisk()
  const clock = createFakeClock()
  const options = { endpoint: receiver.endpoint, state: disk.store, clock }
  const usage = createAcme(options)
  disk.isFull = true
  count(usage, 5)
  assert.equal((await usage.report()).outcome, 'queued')
  disk.isFull = false
  await usage.report()
  await usage.shutdown()
  isDown = false
  const before = receiver.received.length
  // Past the backoff.
  await clock.advance(3_600_000)
  await createAcme(options).report()
  assert.deepEqual(countsAt(receiver).slice(before), [5, undefined, undefined])
})

test('the counts of a report from memory that is refused are in the next one', async () => {
  let status = 400
  await using receiver = await startReceiver(answers(() => status))
  const disk = createDisk()
  disk.isFull = true
  const usage = createAcme({ endpoint: receiver.endpoint, state: disk.store })
  count(usage, 5)
  assert.equal((await usage.report()).outcome, 'refused')
  status = 200
  count(usage, 1)
  assert.equal((await usage.report()).outcome, 'sent')
  assert.deepEqual(countsAt(receiver), [5, 6])
})

test('a report that was delivered and cannot be settled is not sent again while the process lives', async () => {
  await using receiver = await startReceiver(
    answers(() => {
      disk.isFull = true
      return 200
    }),
  )
  const disk = createDisk()
  const usage = createAcme({ endpoint: receiver.endpoint, state: disk.store })
  count(usage, 5)
  assert.equal((await usage.report()).outcome, 'sent')
  await usage.report()
  disk.isFull = false
  await usage.report()
  assert.deepEqual(
    countsAt(receiver).filter((amount) => amount !== undefined),
    [5],
  )
})

for (const unreadable of ['acknowledged', 'acknowledged/', 'outbox', 'counts', 'counts/']) {
  test(`${unreadable} that cannot be read for a while brings back nothing that was reported`, async () => {
    await using receiver = await startReceiver()
    const disk = createDisk()
    const options = { endpoint: receiver.endpoint, state: disk.store }
    const usage = createAcme(options)
    count(usage, 5)
    await usage.report()
    count(usage, 2)
    disk.isUnreadable = (name) =>
      unreadable.endsWith('/') ? name.startsWith(unreadable) : name === unreadable
    await usage.report()
    count(usage, 3)
    disk.isUnreadable = () => false
    await usage.report()
    await usage.shutdown()
    await createAcme(options).report()
    assert.equal(
      countsAt(receiver).reduce<number>((sum, amount) => sum + (amount ?? 0), 0),
      10,
    )
  })
}

test('a no while the disk is full is a no for what waits in memory and on the disk', async () => {
  let isDown = true
  await using receiver = await startReceiver(answers(() => (isDown ? 503 : 200)))
  const disk = createDisk()
  const clock = createFakeClock()
  const usage = createAcme({
    ...{ endpoint: receiver.endpoint, state: disk.store, clock },
    ...{ consent: { default: 'undecided' }, environment: {} },
  })
  await usage.start()
  await usage.consent.set('enabled', { by: 'alice' })
  count(usage, 5)
  await usage.report()
  disk.isFull = true
  count(usage, 2)
  await usage.report()
  await assert.rejects(usage.consent.set('disabled', { by: 'alice' }), { code: 'ERR_USAGE_NOT_STORED' })
  isDown = false
  disk.isFull = false
  const before = receiver.received.length
  await usage.consent.set('enabled', { by: 'alice' })
  await clock.advance(86_400_000)
  await usage.report()
  const arrived = countsAt(receiver).slice(before)
  assert.deepEqual(
    arrived.filter((amount) => amount !== undefined),
    [],
  )
  assert.ok(arrived.length > 0)
})

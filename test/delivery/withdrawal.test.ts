/** What a person's no deletes, step by step, and which ids the receiver is still to be asked to erase. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMemoryStore, type StateStore } from '../../src/index.ts'
import { createAcknowledgements, createOutbox, type WaitingReport } from '../../src/library/counts/log.ts'
import {
  distinct,
  keepErasables,
  keepErasureOf,
  readErasables,
} from '../../src/library/delivery/erasable-ids.ts'
import { createRetries } from '../../src/library/delivery/retry.ts'
import { sendInTime } from '../../src/library/delivery/send-in-time.ts'
import { withdraw } from '../../src/library/delivery/withdrawal.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { createLog } from '../support/log.ts'

const ID = (number: number) => `11111111-1111-4111-8111-${String(number).padStart(12, '0')}`
const [EARLY, LATE] = ['2026-01-01T00:00:00.000Z', '2026-02-01T00:00:00.000Z']

test('ids to erase are read as they were stored, and anything else is ignored', async () => {
  const state = createMemoryStore()
  assert.deepEqual(await readErasables(state), [])
  await keepErasables(state, [{ id: ID(1), until: LATE }, { id: ID(2) }])
  assert.deepEqual(
    (await readErasables(state)).map((one) => ({ ...one })),
    [{ id: ID(1), until: LATE }, { id: ID(2) }],
  )
  const odd = [
    null,
    7,
    {},
    { id: 7 },
    { id: [ID(3)] },
    { id: 'me' },
    { id: ID(3), until: 'soon' },
    { id: ID(3), until: 7 },
  ]
  await state.write('erasure.json', JSON.stringify({ format: 1, ids: [...odd, { id: ID(4) }] }))
  assert.deepEqual(
    (await readErasables(state)).map(({ id }) => id),
    [ID(4)],
  )
  for (const text of ['', '{', 'null', '{"format":1}', `{"format":2,"ids":[{"id":"${ID(1)}"}]}`]) {
    await state.write('erasure.json', text)
    assert.deepEqual(await readErasables(state), [], text)
  }
  await keepErasables(state, [])
  assert.equal(await state.read('erasure.json'), undefined)
  const removed: string[] = []
  await keepErasables({ ...state, remove: async (name) => void removed.push(name) }, [])
  assert.deepEqual(removed, [], 'there is nothing to remove')
})

test('each id is kept once, with its latest known time, and of very many the last fifty-two', () => {
  const times = (...untils: ReadonlyArray<string | undefined>) =>
    distinct(untils.map((until) => ({ id: ID(1), until }))).map(({ until }) => until)
  assert.deepEqual(times(EARLY, LATE), [LATE])
  assert.deepEqual(times(LATE, EARLY), [LATE])
  assert.deepEqual(times(LATE, undefined), [LATE])
  assert.deepEqual(times(undefined, EARLY), [EARLY])
  assert.deepEqual(times(undefined, undefined), [undefined])
  const many = Array.from({ length: 60 }, (_, number) => ({ id: ID(number) }))
  assert.deepEqual(
    distinct(many).map(({ id }) => id),
    many.slice(8).map(({ id }) => id),
  )
})

const report = (number: number, text = '{}'): WaitingReport => ({
  ...{ number, reportId: `report ${number}`, at: 0, totalsSince: 0, share: new Map() },
  bytes: new TextEncoder().encode(text),
})

test('a report that is not a request for erasure leaves no id to erase', async () => {
  const state = createMemoryStore()
  await keepErasureOf(state, report(1).bytes)
  assert.equal(await state.read('erasure.json'), undefined)
})

async function createUsed(reports: number, change: (inner: StateStore) => Partial<StateStore> = () => ({})) {
  const inner = createMemoryStore()
  const state = { ...inner, ...change(inner) }
  const log = createLog()
  const outbox = createOutbox(state)
  for (let number = 1; number <= reports; number++) await outbox.put(report(number))
  await inner.write('counts/a.json', 'x')
  await inner.write('retry.json', 'x')
  const steps: string[] = []
  const run = () =>
    withdraw({
      ...{ state, outboxes: [outbox], acknowledgements: createAcknowledgements(state), logger: log },
      ...{ retries: createRetries(state, createFakeClock()), because: 'alice has said no' },
      forgetInstallation: async () => void steps.push('id'),
      discarded: async ({ reportId }) => void steps.push(reportId),
    })
  return { inner, log, steps, run }
}

test('a no deletes the id first, then counts, what is known of attempts, and each waiting report with its own line in the log', async () => {
  const { inner, log, steps, run } = await createUsed(3)
  await inner.write(
    'acknowledged/0000000001.json',
    JSON.stringify({ format: 1, at: 0, reportedAt: 0, share: {}, totals: {} }),
  )
  await run()
  assert.deepEqual(steps, ['id', 'report 2', 'report 3'], 'the first one had arrived')
  assert.deepEqual(
    log.lines,
    [2, 3].map((number) => `info: Usage report report ${number} is not sent any more, alice has said no.`),
  )
  for (const folder of ['outbox', 'counts', 'acknowledged'])
    assert.deepEqual(await inner.list(folder), [], folder)
  assert.equal(await inner.read('retry.json'), undefined)
})

test('a no does not cancel a request for erasure that waits: its id is kept for the next one', async () => {
  const { inner, run } = await createUsed(1)
  const attributes = [{ key: 'service.instance.id', value: { stringValue: ID(7) } }]
  const metrics = [{ name: 'usage.forget' }]
  const request = { resourceMetrics: [{ resource: { attributes }, scopeMetrics: [{ metrics }] }] }
  await createOutbox(inner).put(report(2, JSON.stringify(request)))
  await keepErasables(inner, [{ id: ID(6) }])
  await run()
  assert.deepEqual(
    (await readErasables(inner)).map(({ id }) => id),
    [ID(6), ID(7)],
  )
})

test('of very many waiting reports all go, a hundred of them with a line each', async () => {
  const { inner, log, steps, run } = await createUsed(103)
  await run()
  assert.equal(steps.length, 101)
  assert.equal(steps[1], 'report 4')
  assert.equal(log.lines[0], 'info: 3 waiting usage reports are not sent any more, alice has said no.')
  assert.equal(log.lines.length, 101)
  assert.deepEqual(await inner.list('outbox'), [])
})

test('a step that fails keeps no other from running, and the first failure is the one that is thrown', async () => {
  const fails = (step: string) => Promise.reject(new Error(step))
  const { inner, steps, run } = await createUsed(2, ({ list, read, remove }) => ({
    list: (folder) => (folder === 'counts' ? fails('list') : list(folder)),
    read: (name) => (name === 'outbox/0000000001.json' ? fails('read') : read(name)),
    remove: (name) => (name === 'retry.json' ? fails('retry') : remove(name)),
  }))
  await assert.rejects(run(), { message: 'list' })
  assert.deepEqual(steps, ['id', 'report 2'], 'a report that cannot be read has no line, and goes as well')
  assert.deepEqual(await inner.list('outbox'), [])

  const blind = await createUsed(1, ({ list }) => ({
    list: (folder) => (folder === 'outbox' ? fails('no list') : list(folder)),
  }))
  await assert.rejects(blind.run(), { message: 'no list' })
  assert.deepEqual(await blind.inner.list('counts'), [])
})

test('a process that ends sends in its time, and an attempt that is aborted shortly before counts as failed', async () => {
  for (const [within, since, abortedAt] of [
    [1_000, 0, 800],
    [10_000, 0, 9_750],
    [1_000, -500, 300],
  ] as const) {
    const clock = createFakeClock()
    await clock.advance(5_000)
    const state = createMemoryStore()
    const steps: string[] = []
    const hanging = sendInTime({
      ...{ clock, state, within, since: 5_000 + since },
      send: () => new Promise(() => {}),
      abort: async () => void steps.push('aborted'),
    })
    await clock.advance(abortedAt - 1)
    assert.deepEqual(steps, [])
    await clock.advance(1)
    await hanging
    assert.deepEqual(steps, ['aborted'])
    assert.equal((await createRetries(state, clock).failures()).count, 1)
  }
})

test('where no time is left nothing is waited for, and what is sent in time leaves no timer and no failure', async () => {
  const clock = createFakeClock()
  const state = createMemoryStore()
  let aborts = 0
  const end = (send: () => Promise<void>, since = 0) =>
    sendInTime({ clock, state, within: 1_000, since, send, abort: async () => void aborts++ })
  await end(() => new Promise(() => {}), -800)
  assert.equal(aborts, 1)
  await createRetries(state, clock).succeeded()
  await end(async () => {})
  assert.deepEqual([aborts, clock.waiting, (await createRetries(state, clock).failures()).count], [1, 0, 0])
  await assert.rejects(
    end(() => Promise.reject(new Error('no'))),
    { message: 'no' },
  )
  assert.equal(clock.waiting, 0)
})

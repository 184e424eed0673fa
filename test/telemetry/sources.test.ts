/** Totals of sources by name: what each has counted by itself is counted once, over kills, restarts and several processes. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  createMemoryStore,
  createUsageTelemetry,
  defineCatalog,
  type StateStore,
  type UsageTelemetryOptions,
} from '../../src/index.ts'
import { ending } from '../support/ending-store.ts'
import { createFakeClock, type FakeClock } from '../support/fake-clock.ts'
import { createLog } from '../support/log.ts'
import { attributesOf, numbersOf, type Receiver, startReceiver } from '../support/receiver.ts'
import { createScratch } from '../support/scratch.ts'

const ALICE = { by: 'alice' }
const HOUR = 3_600_000
const count = { kind: 'count', unit: '{job}', since: 1, why: 'Shows how much the product is used.' } as const
const catalog = defineCatalog({
  version: 1,
  prefix: 'acme',
  levels: ['basic', 'full'],
  facts: {
    'acme.jobs': { ...count, level: 'basic' },
    'acme.commands': { ...count, level: 'basic', by: { command: ['find', 'other'] } },
    'acme.details': { ...count, level: 'full' },
    'acme.all_jobs': { ...count, level: 'basic', temporality: 'cumulative' },
  },
})
const JOBS = 'acme.jobs'

type Options = Partial<UsageTelemetryOptions<typeof catalog.facts>>

/** One life of an agent that observes other processes. */
const createAgent = (options: Options = {}) =>
  createUsageTelemetry({
    product: { name: 'acme-agent', version: '1.0.0' },
    ...{ catalog, endpoint: 'http://127.0.0.1:9', consent: { default: 'enabled' as const }, environment: {} },
    ...{ state: createMemoryStore(), schedule: { initialDelay: '24h' as const }, ...options },
  })

type Agent = ReturnType<typeof createAgent>

const observe = (agent: Agent, source: string, total: number, since?: number) =>
  agent.counter('acme.jobs').observe(source, { total, since })

const numbersAt = ({ received }: Receiver, name = JOBS) => received.map(({ json }) => numbersOf(json)[name])
const sumAt = (receiver: Receiver) => numbersAt(receiver).reduce<number>((sum, one) => sum + (one ?? 0), 0)

/** An agent over a receiver and a clock, and more lives of it. */
async function createHost(options: Options = {}) {
  const receiver = await startReceiver()
  const clock: FakeClock = createFakeClock()
  const state = createMemoryStore()
  const live = (more: Options = {}) =>
    createAgent({ endpoint: receiver.endpoint, clock, state, ...options, ...more })
  return { ...{ receiver, clock, state, live }, [Symbol.asyncDispose]: () => receiver[Symbol.asyncDispose]() }
}

test('what each of several sources has grown by is counted, from where it was first seen', async () => {
  await using host = await createHost()
  const agent = host.live()
  await agent.start()
  observe(agent, 'a', 1_000)
  observe(agent, 'b', 50)
  await agent.report()
  observe(agent, 'a', 1_007)
  observe(agent, 'b', 50)
  observe(agent, 'a', 1_010)
  await agent.report()
  observe(agent, 'b', 53)
  await agent.report()
  assert.deepEqual(numbersAt(host.receiver), [undefined, 10, 3])
})

test('a source that began after the counting did counts from its beginning, and an older one from where it is first seen', async () => {
  await using host = await createHost()
  const agent = host.live()
  await agent.start()
  const began = host.clock.now()
  await host.clock.advance(60_000)
  observe(agent, 'young', 30, began + 1_000)
  observe(agent, 'old', 5_000, began - HOUR)
  await agent.report()
  await host.clock.advance(60_000)
  observe(agent, 'younger', 4, began + 61_000)
  observe(agent, 'old', 5_001, began - HOUR)
  await agent.report()
  assert.deepEqual(numbersAt(host.receiver), [30, 5])
})

test('a later start and a smaller total both mean that the source began again, however often between two reports', async () => {
  await using host = await createHost()
  const agent = host.live()
  const now = host.clock.now()
  await agent.start()
  for (const source of ['says', 'silent'])
    observe(agent, source, 100, source === 'says' ? now - 3 : undefined)
  await agent.report()
  observe(agent, 'says', 110, now - 3)
  observe(agent, 'says', 300, now - 2)
  observe(agent, 'says', 301, now - 2)
  observe(agent, 'says', 7, now - 2)
  observe(agent, 'says', 9, now - 2)
  for (const total of [150, 20, 25, 3]) observe(agent, 'silent', total)
  await agent.report()
  assert.deepEqual(numbersAt(host.receiver), [undefined, 10 + 301 + 9 + (50 + 25 + 3)])
})

test('a message about an earlier run that comes late is ignored', async () => {
  await using host = await createHost()
  const agent = host.live()
  const now = host.clock.now()
  await agent.start()
  for (const [total, since] of [
    [100, 3],
    [110, 3],
    [5, 2],
    [108, 3],
    [6, 2],
  ] as const)
    observe(agent, 'a', total, now - since)
  await agent.report()
  assert.deepEqual(numbersAt(host.receiver), [10 + 6])
})

test('a kill loses nothing and doubles nothing: the next life goes on where the last report or the last write was', async () => {
  using scratch = createScratch()
  await using host = await createHost({ state: scratch.directory })
  const { clock, receiver, live } = host
  let total = 1_000
  const first = live()
  await first.start()
  observe(first, 'a', total)
  await first.report()
  for (let life = 0; life < 4; life++) {
    // Killed: nothing is shut down. Of some lives something was written, of others nothing.
    const killed = live()
    await killed.start()
    observe(killed, 'a', ++total)
    if (life % 2 === 0) await clock.advance(5 * 60_000)
    total += 10
    observe(killed, 'a', total)
    if (life === 2) await killed.report()
  }
  const last = live()
  observe(last, 'a', total)
  await last.report()
  await last.report()
  assert.equal(sumAt(receiver), 44)
})

test('what an agent has observed before it ends is reported by another one, also of a source that has ended', async () => {
  using scratch = createScratch()
  await using host = await createHost({ state: scratch.directory })
  const { live, receiver } = host
  const first = live()
  await first.start()
  observe(first, 'gone', 10)
  observe(first, 'gone', 17)
  await first.shutdown()
  const second = live()
  await second.start()
  await second.report()
  await second.report()
  assert.deepEqual(numbersAt(receiver), [7, undefined])
})

test('two processes that observe one source count it once, and of others each adds its own', async () => {
  await using host = await createHost()
  const { clock, live, receiver } = host
  const since = clock.now() - HOUR
  const two = [live(), live()]
  for (const agent of two) await agent.start()
  let total = 100
  for (const agent of two) observe(agent, 'shared', total, since)
  for (let day = 0; day < 4; day++) {
    for (const [index, agent] of two.entries()) {
      total += 10
      observe(agent, 'shared', total, since)
      observe(agent, `own ${index}`, 5 + day)
      await clock.advance(5 * 60_000)
    }
    await two[day % 2]?.report()
  }
  assert.equal(sumAt(receiver), 80 + 2 * 3)
})

for (const [what, consent] of [
  ['a no', { default: 'disabled' }],
  ['an undecided start', {}],
] as const) {
  test(`what a source counted before a yes, after ${what}, is never reported`, async () => {
    await using host = await createHost({ consent })
    const agent = host.live()
    const since = host.clock.now() - HOUR
    await agent.start()
    observe(agent, 'a', 1_000, since)
    observe(agent, 'silent', 1_000)
    await host.clock.advance(60_000)
    observe(agent, 'a', 1_100, since)
    await agent.consent.set('enabled', ALICE)
    await host.clock.advance(60_000)
    const afterYes = host.clock.now() - 1_000
    observe(agent, 'a', 1_150, since)
    observe(agent, 'silent', 1_150)
    observe(agent, 'new', 6, afterYes)
    observe(agent, 'a', 1_157, since)
    await agent.report()
    assert.deepEqual(numbersAt(host.receiver), [13])
  })
}

test('what a source counted under a no between two yeses is never reported, and its baseline is deleted with the no', async () => {
  await using host = await createHost({ consent: {} })
  const { live, receiver, clock, state } = host
  const agent = live()
  await agent.start()
  const since = clock.now() - HOUR
  for (const [decision, total] of [
    ['enabled', 10],
    ['disabled', 50],
    ['enabled', 90],
  ] as const) {
    await clock.advance(60_000)
    await agent.consent.set(decision, ALICE)
    observe(agent, 'a', total, since)
    observe(agent, 'a', total + 1, since)
    await agent.report()
    if (decision === 'disabled')
      assert.deepEqual([await state.list('counts'), await state.list('acknowledged')], [[], []])
  }
  assert.deepEqual(numbersAt(receiver), [1, 1])
})

test('what a source counted while its fact was withheld is not reported when it is withheld no more', async () => {
  await using host = await createHost()
  const { clock, live, receiver } = host
  const began = clock.now()
  const report = async (environment: Record<string, string>, total: number) => {
    await clock.advance(HOUR)
    const agent = live({ environment })
    await agent.start()
    observe(agent, 'a', total)
    observe(agent, 'b', total, began + 1_000)
    await agent.report()
    await agent.shutdown()
  }
  await report({}, 10)
  await report({ ACME_AGENT_TELEMETRY_EXCLUDE: 'acme.jobs' }, 60)
  await report({}, 110)
  await report({}, 117)
  assert.deepEqual(numbersAt(receiver), [undefined, undefined, undefined, 14])
})

test('sources that were forgotten with the installation begin where they are seen then', async () => {
  await using host = await createHost()
  const agent = host.live()
  await agent.start()
  observe(agent, 'a', 10)
  await agent.report()
  observe(agent, 'a', 60)
  await agent.forget(ALICE)
  observe(agent, 'a', 70)
  observe(agent, 'a', 71)
  await agent.report()
  assert.deepEqual(numbersAt(host.receiver), [undefined, undefined, 1])
})

test('dimensions have a total each, and values that only the word other catches are dropped', async () => {
  await using host = await createHost()
  const agent = host.live()
  await agent.start()
  const commands = agent.counter('acme.commands')
  for (const total of [5, 8]) {
    commands.observe('a', { total, attributes: { command: 'find' } })
    commands.observe('a', { total: total * 10, attributes: { command: 'other' } })
    commands.observe('a', { total: total * 100, attributes: { command: String('drop') } })
    agent.counter('acme.all_jobs').observe('a', { total })
    await agent.report()
  }
  assert.deepEqual(numbersAt(host.receiver, 'acme.commands{command=find}'), [undefined, 3])
  assert.deepEqual(numbersAt(host.receiver, 'acme.commands{command=other}'), [undefined, 30])
  assert.deepEqual(numbersAt(host.receiver, 'acme.all_jobs'), [undefined, 3])
  const { dropped } = await agent.status()
  assert.deepEqual(dropped, [{ name: 'acme.commands', reason: 'invalid_attribute', count: 2 }])
})

test('an invalid total or source, and what is too much, is dropped by name, and never throws', async () => {
  const log = createLog()
  await using host = await createHost({ logger: log })
  const agent = host.live()
  await agent.start()
  const jobs = agent.counter('acme.jobs') as unknown as {
    observe(source: unknown, observation?: unknown): void
  }
  const future = host.clock.now() + 1
  for (const total of [-1, Number.NaN, 'one', undefined, 2 ** 60]) jobs.observe('a', { total })
  for (const since of ['yesterday', -1, Number.NaN, {}, future, new Date(Number.NaN)])
    jobs.observe('a', { total: 1, since })
  for (const source of ['', 'x'.repeat(129), '\n', '\ud800', 5, undefined, null, Symbol('a')])
    jobs.observe(source, { total: 1 })
  for (const observation of [
    undefined,
    null,
    {
      get total() {
        throw new Error('no')
      },
    },
  ])
    jobs.observe('a', observation)
  for (let index = 0; index < 1_003; index++) jobs.observe(`source ${index}`, { total: 1 })
  ;(agent as unknown as { counter(name: string): typeof jobs })
    .counter('acme.typo')
    .observe('a', { total: 1 })
  const { dropped } = await agent.status()
  const byReason = Object.fromEntries(dropped.map(({ reason, count }) => [reason, count]))
  assert.deepEqual(byReason, { undeclared: 1, invalid_value: 13, invalid_attribute: 9, too_many_sources: 3 })
  assert.equal(log.lines.filter((line) => /observes 1,000 sources/.test(line)).length, 1)
  await agent.report()
  await agent.shutdown()
})

test('a source that nobody has observed for a month makes room', async () => {
  await using host = await createHost()
  const agent = host.live()
  for (let index = 0; index < 1_000; index++) observe(agent, `source ${index}`, 1)
  await host.clock.advance(31 * 24 * HOUR)
  observe(agent, 'another', 1)
  observe(agent, 'another', 3)
  await agent.report()
  assert.deepEqual((await agent.status()).dropped, [])
  assert.equal(sumAt(host.receiver), 2)
  await agent.shutdown()
})

test('a start is a date, a text or a number', async () => {
  await using host = await createHost()
  const agent = host.live()
  await agent.start()
  await host.clock.advance(60_000)
  const at = host.clock.now() - 1_000
  for (const [source, since] of [
    ['number', at],
    ['date', new Date(at)],
    ['text', new Date(at).toISOString()],
  ] as const)
    agent.counter('acme.jobs').observe(source, { total: 2, since })
  await agent.report()
  assert.equal(sumAt(host.receiver), 6)
  await agent.shutdown()
})

test('whatever happens to reports and agents, nothing is reported twice, and in the end nothing is missing', async () => {
  const event = fc.oneof(
    fc.record({ jobs: fc.integer({ min: 1, max: 1_000 }) }),
    fc.record({ status: fc.constantFrom(200, 200, 400, 503), agent: fc.nat(2) }),
    fc.record({ killed: fc.nat(8) }),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(event, { maxLength: 14 }), async (events) => {
      const state = createMemoryStore()
      const began = Date.now() - HOUR
      let [total, status, day] = [5_000, 200, 0]
      const accepted = new Map<unknown, number>()
      await using receiver = await startReceiver((_, response) => {
        const report = receiver.received.at(-1)!.json
        const id = attributesOf(report)['usage.report.id']
        const code = accepted.has(id) ? 200 : status
        if (code === 200) accepted.set(id, numbersOf(report)[JOBS] ?? 0)
        response.writeHead(code, { 'content-type': 'application/json' }).end('{"partialSuccess":{}}')
      })
      const { endpoint } = receiver
      // What a killed process holds has run out, and what was in vain is tried again.
      const live = (store: StateStore = state) =>
        createAgent({ endpoint, state: store, clock: createFakeClock(Date.now() + 86_400_000 * ++day) })
      const report = (agent: Agent | undefined) => {
        if (agent) observe(agent, 'a', total, began)
        return agent?.report()
      }
      const agents = [0, 1, 2].map(() => live())
      await report(agents[0])
      const ends: Array<() => void> = []
      for (const one of events) {
        if ('jobs' in one) total += one.jobs
        else if ('status' in one) {
          status = one.status
          await report(agents[one.agent])
        } else {
          const { store, killed, end } = ending(state, one.killed)
          ends.push(end)
          await Promise.race([report(live(store))?.catch(() => {}), killed])
        }
        const sum = [...accepted.values()].reduce((all, jobs) => all + jobs, 0)
        assert.ok(sum <= total - 5_000, `${sum} of ${total - 5_000}`)
      }
      status = 200
      for (let time = 0; time < 3; time++) await report(live())
      assert.equal(
        [...accepted.values()].reduce((all, jobs) => all + jobs, 0),
        total - 5_000,
      )
      for (const end of ends) end()
    }),
    { numRuns: 20 },
  )
})

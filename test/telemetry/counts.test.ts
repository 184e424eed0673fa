/** Nothing that was counted is lost, and nothing is counted twice: over restarts, crashes, refusals and several processes. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  createDirectoryStore,
  createMemoryStore,
  defineCatalog,
  type StateStore,
  type UsageTelemetry,
} from '../../src/index.ts'
import { type AcmeFacts, createAcme } from '../support/acme.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { attributesOf, numbersOf, type Receiver, startReceiver } from '../support/receiver.ts'
import { createScratch } from '../support/scratch.ts'
import { until } from '../support/until.ts'

const COUNT = 'acme.commands{command=find,result=ok}'
const FIND = { command: 'find', result: 'ok' } as const
const count = (usage: UsageTelemetry<AcmeFacts>, amount: number) =>
  usage.counter('acme.commands').add(amount, FIND)
const countsAt = ({ received }: Receiver) => received.map(({ json }) => numbersOf(json)[COUNT])

/** What a receiver has in all, when it takes each report once: by its id. */
function sumAt({ received }: Receiver): number {
  const reports = new Map(
    received.map(({ json }) => [attributesOf(json)['usage.report.id'], numbersOf(json)[COUNT]]),
  )
  return [...reports.values()].reduce<number>((sum, amount) => sum + (amount ?? 0), 0)
}

test('what was counted before a shutdown is in the next report, whichever process makes it', async () => {
  await using receiver = await startReceiver()
  const state = createMemoryStore()
  const first = createAcme({ endpoint: receiver.endpoint, state })
  await first.start()
  count(first, 5)
  await first.shutdown()
  const second = createAcme({ endpoint: receiver.endpoint, state })
  count(second, 2)
  await second.report()
  await second.report()
  assert.deepEqual(countsAt(receiver), [7, undefined])
})

test('a crash costs what was counted since the last five minutes, and no more', async () => {
  await using receiver = await startReceiver()
  const state = createMemoryStore()
  const clock = createFakeClock()
  const crashed = createAcme({ state, clock, schedule: { initialDelay: '24h' } })
  await crashed.start()
  count(crashed, 5)
  await clock.advance(5 * 60_000)
  count(crashed, 100)
  await createAcme({ endpoint: receiver.endpoint, state, clock }).report()
  assert.deepEqual(countsAt(receiver), [5])
})

test('the processes of an installation are summed up, and none is counted twice', async () => {
  using scratch = createScratch()
  await using receiver = await startReceiver()
  const clock = createFakeClock()
  const options = {
    ...{ endpoint: receiver.endpoint, state: scratch.directory, clock },
    schedule: { initialDelay: '24h' },
  } as const
  const [one, two, three] = [createAcme(options), createAcme(options), createAcme(options)]
  for (const usage of [one, two, three]) await usage.start()
  count(one, 1)
  count(two, 20)
  count(three, 300)
  await clock.advance(5 * 60_000)
  // Disks take their time, and the clock does not wait for them.
  const kept = createDirectoryStore(scratch.directory)
  await until(async () => (await kept.list('counts')).length === 3)
  await one.report()
  count(two, 4_000)
  await two.report()
  await three.report()
  for (const usage of [one, two, three]) await usage.shutdown()
  await createAcme(options).report()
  assert.equal(countsAt(receiver)[0], 321)
  assert.equal(sumAt(receiver), 4_321)
})

test('ten processes that report at once on one directory carry each count once', async () => {
  using scratch = createScratch()
  await using receiver = await startReceiver()
  const processes = Array.from({ length: 10 }, () =>
    createAcme({ endpoint: receiver.endpoint, state: scratch.directory }),
  )
  for (const usage of processes) count(usage, 1)
  await Promise.all(processes.map((usage) => usage.report()))
  for (const usage of processes) await usage.report()
  assert.equal(sumAt(receiver), 10)
})

test('counts of a report that is refused are in the next one', async () => {
  let refuses = true
  await using receiver = await startReceiver((_, response) => {
    response.writeHead(refuses ? 400 : 200, { 'content-type': 'application/json' }).end(refuses ? 'no' : '{}')
  })
  const usage = createAcme({ endpoint: receiver.endpoint })
  count(usage, 5)
  assert.equal((await usage.report()).outcome, 'refused')
  refuses = false
  count(usage, 2)
  await usage.report()
  assert.deepEqual(countsAt(receiver), [5, 7])
})

test('counts of a report that waited, and was refused in a later life, are in the next one (Camunda: restored on failure)', async () => {
  let status = 503
  await using receiver = await startReceiver((_, response) => {
    response.writeHead(status, { 'content-type': 'application/json' }).end('{}')
  })
  const state = createMemoryStore()
  const first = createAcme({ endpoint: receiver.endpoint, state })
  count(first, 5)
  assert.equal((await first.report()).outcome, 'queued')
  await first.shutdown()
  status = 400
  const second = createAcme({ endpoint: receiver.endpoint, state })
  count(second, 2)
  await second.report()
  status = 200
  await second.report()
  assert.equal(countsAt(receiver).at(-1), 7)
})

test('the window of a report begins where the last one that took its counts ended', async () => {
  let status = 200
  await using receiver = await startReceiver((_, response) => {
    response.writeHead(status, { 'content-type': 'application/json' }).end('{}')
  })
  const clock = createFakeClock()
  const usage = createAcme({ endpoint: receiver.endpoint, clock })
  const start = clock.now()
  for (const answer of [200, 400, 200]) {
    status = answer
    count(usage, 1)
    await clock.advance(1_000)
    await usage.report()
  }
  const windows = receiver.received.map(({ body }) => {
    const { startTimeUnixNano, timeUnixNano } = JSON.parse(
      /"startTimeUnixNano":"\d+","timeUnixNano":"\d+"/
        .exec(body.toString())?.[0]
        .replace(/^/, '{')
        .replace(/$/, '}') ?? '{}',
    )
    return [startTimeUnixNano, timeUnixNano].map((time) => Number(BigInt(time) / 1_000_000n) - start)
  })
  assert.deepEqual(windows, [
    [0, 1_000],
    [1_000, 2_000],
    [1_000, 3_000],
  ])
})

test('opted out, counts are nowhere in the state directory but in the local log', async () => {
  using scratch = createScratch()
  const clock = createFakeClock()
  const usage = createAcme({
    ...{ state: scratch.directory, clock, environment: { DO_NOT_TRACK: '1' } },
    schedule: { initialDelay: '1h' },
  })
  await usage.start()
  count(usage, 5)
  await clock.advance(30 * 60_000)
  await usage.report()
  await usage.shutdown()
  assert.deepEqual(readdirSync(scratch.directory), [
    'host.json',
    'ledger.jsonl',
    'product.json',
    'schedule.json',
  ])
})

test('a no deletes what was counted, also what ended processes have left', async () => {
  using scratch = createScratch()
  const ended = createAcme({ state: scratch.directory })
  await ended.start()
  count(ended, 5)
  await ended.shutdown()
  assert.equal(readdirSync(path.join(scratch.directory, 'counts')).length, 1)
  const usage = createAcme({ state: scratch.directory, consent: {} })
  await usage.consent.set('disabled', { by: 'alice' })
  assert.deepEqual(readdirSync(path.join(scratch.directory, 'counts')), [])
})

test('what ended processes have left is cleared away once reports have taken it', async () => {
  using scratch = createScratch()
  await using receiver = await startReceiver()
  const options = { endpoint: receiver.endpoint, state: scratch.directory }
  for (let run = 0; run < 3; run++) {
    const usage = createAcme(options)
    count(usage, 1)
    await usage.shutdown()
  }
  const usage = createAcme(options)
  count(usage, 1)
  for (let report = 0; report < 3; report++) await usage.report()
  assert.equal(sumAt(receiver), 4)
  assert.equal(readdirSync(path.join(scratch.directory, 'counts')).length, 1)
  assert.ok(readdirSync(path.join(scratch.directory, 'acknowledged')).length <= 2)
  assert.equal(existsSync(path.join(scratch.directory, 'outbox', '0000000001.json')), false)
})

// Symptom: of two processes one lost a step, or sent it twice, when the clock of the other had been set by years. Cause: by that clock
// it had been silent for long, and its entry was cleared away while it wrote it.
test('what a living process counts in is not cleared away, whatever the wall clock of another one says', async () => {
  using scratch = createScratch()
  await using receiver = await startReceiver()
  const options = { endpoint: receiver.endpoint, state: scratch.directory }
  const entries = () => readdirSync(path.join(scratch.directory, 'counts'))
  const living = createAcme({ ...options, clock: createFakeClock() })
  count(living, 1)
  await living.report()
  const [own = ''] = entries()
  const ahead = createAcme({ ...options, clock: createFakeClock(Date.UTC(2036, 0, 1)) })
  for (let report = 0; report < 3; report++) {
    count(ahead, 1)
    await ahead.report()
  }
  assert.ok(entries().includes(own))
  count(living, 1)
  await living.report()
  assert.equal(sumAt(receiver), 5)
})

test('what a killed process has counted in is cleared away with the report that takes it, on its own machine', async () => {
  using scratch = createScratch()
  await using receiver = await startReceiver()
  const options = { endpoint: receiver.endpoint, state: scratch.directory }
  const entries = () => readdirSync(path.join(scratch.directory, 'counts'))
  const killed = createAcme({ ...options, clock: createFakeClock() })
  count(killed, 1)
  await killed.report()
  const [left = ''] = entries()
  const file = path.join(scratch.directory, 'counts', left)
  const gone = spawnSync(process.execPath, ['--eval', '']).pid
  writeFileSync(file, readFileSync(file, 'utf8').replace(`"pid":${process.pid},`, `"pid":${gone},`))
  const next = createAcme({ ...options, clock: createFakeClock() })
  count(next, 1)
  for (let report = 0; report < 2; report++) await next.report()
  assert.ok(!entries().includes(left))
  assert.equal(sumAt(receiver), 2)
})

// Symptom: a refused report's counts were lost when the process was killed. Cause: the next report had taken what was counted while it
// was made, more than lay in the entry, and so less than nothing was left of that.
test('what is counted while a report is made is for the next one, so that a crash loses nothing of a refused one', async () => {
  const statuses = [503, 400]
  const accepted: number[] = []
  await using receiver = await startReceiver((_, response) => {
    const status = statuses.shift() ?? 200
    if (status === 200) accepted.push(receiver.received.length - 1)
    const headers = { 'content-type': 'application/json' }
    response.writeHead(status, headers).end('{"partialSuccess":{}}')
  })
  const state = createMemoryStore()
  let meanwhile = 0
  const busy: StateStore = {
    ...state,
    async write(name, data) {
      await state.write(name, data)
      if (name.startsWith('counts/')) count(killed, meanwhile)
    },
  }
  const options = { endpoint: receiver.endpoint, clock: createFakeClock() }
  const killed = createAcme({ ...options, state: busy })
  count(killed, 1)
  assert.equal((await killed.report()).outcome, 'queued')
  count(killed, 2)
  meanwhile = 100
  assert.equal((await killed.report()).outcome, 'sent')
  await createAcme({ ...options, state }).report()
  assert.deepEqual(
    accepted.map((place) => countsAt(receiver)[place]),
    [2, 1],
  )
})

// Symptom: the last step of a killed process was lost. Cause: its entry was read, then it wrote once more and was killed, and then it
// was seen to have ended, with all of what was read in reports.
test('what a process has written right before it was killed is in the next report', async () => {
  const gone = spawnSync(process.execPath, ['--eval', '']).pid
  // With the first one it is counted, with the second one it is looked at whether it can go.
  for (const nth of [1, 2]) {
    await using receiver = await startReceiver()
    const state = createMemoryStore()
    const options = { endpoint: receiver.endpoint, clock: createFakeClock() }
    const killed = createAcme({ ...options, state })
    count(killed, 1)
    await killed.report()
    const [left = ''] = await state.list('counts')
    const entry = Buffer.from((await state.read(left)) ?? []).toString()
    await state.write(left, entry.replace(`"pid":${process.pid},`, `"pid":${gone},`))

    let reads = 0
    const watched: StateStore = {
      ...state,
      async read(name) {
        const content = await state.read(name)
        if (name === left && ++reads === nth) {
          const more = Buffer.from(content ?? []).toString()
          await state.write(left, more.replace(/("acme\.commands[^:]+:[^:]+:[^:]+):1/, '$1:8'))
        }
        return content
      },
    }
    const next = createAcme({ ...options, state: watched })
    for (let report = 0; report < 3; report++) {
      count(next, 1)
      await next.report()
    }
    assert.equal(sumAt(receiver), 11, `after read ${nth}`)
  }
})

test('a running total never starts over: not with a report, not with a restart (FerretDB counts that way, since the start of the process)', async () => {
  await using receiver = await startReceiver()
  const catalog = defineCatalog({
    version: 1,
    prefix: 'acme',
    facts: {
      'acme.queries': {
        kind: 'count',
        unit: '{query}',
        temporality: 'cumulative',
        since: 1,
        why: 'Shows how much the product is used.',
      },
    },
  })
  const state = createMemoryStore()
  const clock = createFakeClock()
  const host = () =>
    createAcme({
      endpoint: receiver.endpoint,
      state,
      clock,
      catalog: catalog as never,
    }) as unknown as UsageTelemetry<typeof catalog.facts>
  const begin = clock.now()
  for (const amount of [5, 2, 0]) {
    const usage = host()
    if (amount > 0) usage.counter('acme.queries').add(amount, {})
    await clock.advance(1_000)
    await usage.report()
    await usage.report()
    await usage.shutdown()
  }
  const totals = receiver.received.map(({ json }) => numbersOf(json)['acme.queries'])
  assert.deepEqual(totals, [5, 5, 7, 7, 7, 7])
  assert.match(
    receiver.received[5]?.body.toString() ?? '',
    new RegExp(`"startTimeUnixNano":"${begin}000000"`),
  )
})

test('what was refused is counted over a restart as well', async () => {
  await using receiver = await startReceiver()
  const state = createMemoryStore()
  const first = createAcme({ endpoint: receiver.endpoint, state })
  first.set('acme.edition', 'nonsense' as 'community')
  await first.shutdown()
  await createAcme({ endpoint: receiver.endpoint, state }).report()
  assert.equal(numbersOf(receiver.received[0]!.json)['usage.dropped{reason=invalid_value}'], 1)
})

test('a process that slept for days while the others went on counts on, and nothing of it is counted twice', async () => {
  await using receiver = await startReceiver()
  const state = createMemoryStore()
  const clock = createFakeClock()
  const elsewhere = createFakeClock(clock.now())
  const far = { initialDelay: '24d' } as const
  const sleeper = createAcme({ endpoint: receiver.endpoint, state, clock, schedule: far })
  await sleeper.start()
  count(sleeper, 5)
  await clock.advance(5 * 60_000)
  for (let day = 0; day < 5; day++) {
    await elsewhere.advance(24 * 3_600_000)
    await createAcme({ endpoint: receiver.endpoint, state, clock: elsewhere }).report()
  }
  assert.deepEqual(await state.list('counts'), [])
  clock.setWall(elsewhere.now())
  count(sleeper, 2)
  await clock.advance(5 * 60_000)
  await sleeper.report()
  await sleeper.shutdown()
  assert.equal(sumAt(receiver), 7)
})

/** A store over another that stands still at a certain change, before or after it is made: what a crash looks like from the outside. */
function crashing(
  inner: StateStore,
  {
    change,
    when,
    end,
    gone,
  }: { change: number; when: 'before' | 'after'; end: Promise<never>; gone: () => void },
): StateStore {
  let left = change
  const pass = async <R>(action: () => Promise<R>): Promise<R> => {
    left--
    if (left > 0) return action()
    if (left === 0 && when === 'after') await action()
    gone()
    return end
  }
  return {
    ...inner,
    write: (name, data) => pass(() => inner.write(name, data)),
    create: (name, data) => pass(() => inner.create(name, data)),
    append: (name, line) => pass(() => inner.append(name, line)),
    remove: (name) => pass(() => inner.remove(name)),
  }
}

test('wherever a process crashes, what it had written down arrives, and nothing arrives twice', async () => {
  const answers = fc.array(fc.constantFrom(200, 200, 503, 400), { minLength: 6, maxLength: 6 })
  const crash = fc.record({
    change: fc.integer({ min: 1, max: 40 }),
    when: fc.constantFrom('before' as const, 'after' as const),
  })
  await fc.assert(
    fc.asyncProperty(answers, crash, async (statuses, at) => {
      const { promise: end, reject: over } = Promise.withResolvers<never>()
      const { promise: crashed, resolve: gone } = Promise.withResolvers<void>()
      end.catch(() => {})
      const state = createMemoryStore()
      const accepted = new Map<unknown, number>()
      const receiver = await startReceiver(({ complete }, response) => {
        const report = receiver.received.at(-1)!.json
        const id = attributesOf(report)['usage.report.id']
        // Whoever has accepted a report accepts it again.
        const status = accepted.has(id) ? 200 : (statuses.shift() ?? 200)
        if (complete && status === 200) accepted.set(id, numbersOf(report)[COUNT] ?? 0)
        response.writeHead(status, { 'content-type': 'application/json' }).end('{}')
      })
      const { endpoint } = receiver
      let counted = 0
      let written = 0
      async function life() {
        const crashes = createAcme({ endpoint, state: crashing(state, { ...at, end, gone }) })
        for (const amount of [1, 10, 100, 1_000]) {
          count(crashes, amount)
          counted += amount
          await crashes.report()
          written = counted
        }
      }
      const lived = life().catch(() => {})
      await Promise.race([lived, crashed])
      const [least, most] = [written, counted]
      // Whatever the crashed process holds has run out.
      const clock = createFakeClock(Date.now() + 60_000)
      for (let report = 0; report < 6; report++) await createAcme({ endpoint, state, clock }).report()
      await receiver[Symbol.asyncDispose]()
      over(new Error('The process is gone.'))
      await lived
      const sum = [...accepted.values()].reduce((all, amount) => all + amount, 0)
      assert.ok(sum >= least && sum <= most, `${sum} of ${least} to ${most}`)
    }),
    { numRuns: 50 },
  )
})

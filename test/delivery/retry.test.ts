/** When sending is tried again, across the lives of a process. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createRetries, waitAfter } from '../../src/library/delivery/retry.ts'
import { MAX_RETRY_AFTER, readRetryAfter } from '../../src/library/transport/response.ts'
import { createDirectoryStore, createMemoryStore, type StateStore } from '../../src/state/index.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { createScratch } from '../support/scratch.ts'

const SECOND = 1_000
const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const ENDPOINT = 'https://usage.acme.example/v1/metrics'

/** A die that always shows the most. */
const most = () => 1 - Number.EPSILON
const half = () => 0.5

const textOf = (bytes: Uint8Array | undefined) => new TextDecoder().decode(bytes)

/** A memory store that notes what is done to it. */
function createWatchedStore() {
  const store = createMemoryStore()
  const changes: string[] = []
  const watched: StateStore = {
    ...store,
    write: (name, data) => {
      changes.push(`write ${name}`)
      return store.write(name, data)
    },
    remove: (name) => {
      changes.push(`remove ${name}`)
      return store.remove(name)
    },
  }
  return { store: watched, changes }
}

test('while all is well, sending may be tried at any time and nothing is written', async () => {
  const { store, changes } = createWatchedStore()
  const retries = createRetries(store, createFakeClock())
  assert.equal(await retries.next(), 0)
  await retries.succeeded()
  await retries.succeeded()
  assert.equal(await retries.isRetired(ENDPOINT), false)
  assert.deepEqual(changes, [])
})

test('the span that is waited for doubles with each failure, up to six hours', async () => {
  const clock = createFakeClock()
  const retries = createRetries(createMemoryStore(), clock, most)
  const waits: number[] = []
  for (let failure = 1; failure <= 12; failure++) {
    await retries.failed()
    waits.push(((await retries.next()) - clock.now()) / MINUTE)
    clock.setWall(await retries.next())
  }
  assert.deepEqual(waits, [1, 2, 4, 8, 16, 32, 64, 128, 256, 360, 360, 360])
})

test('a success ends it: the next failure is a first one, and nothing stays behind', async () => {
  const { store } = createWatchedStore()
  const clock = createFakeClock()
  const retries = createRetries(store, clock, most)
  for (let failure = 1; failure <= 5; failure++) await retries.failed()
  await retries.succeeded()
  assert.equal(await retries.next(), 0)
  assert.equal(await store.read('retry.json'), undefined)
  await retries.failed()
  assert.equal((await retries.next()) - clock.now(), MINUTE)
})

test('full jitter: anything from nothing to the whole span, never more, whatever the number of failures', () => {
  assert.equal(
    waitAfter(5, () => 0),
    0,
  )
  assert.equal(waitAfter(5, half), 16 * MINUTE)
  fc.assert(
    fc.property(
      fc.nat(5_000),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (attempts, die) => {
        const wait = waitAfter(attempts, () => die)
        assert.ok(Number.isInteger(wait) && wait >= 0 && wait <= Math.min(MINUTE * 2 ** attempts, 6 * HOUR))
      },
    ),
  )
})

test('what the receiver asks for is the least, and a jitter comes on top', () => {
  assert.equal(
    waitAfter(0, () => 0, 10 * MINUTE),
    10 * MINUTE,
  )
  assert.equal(waitAfter(0, half, 10 * MINUTE), 10 * MINUTE + 30 * SECOND)
  assert.equal(waitAfter(40, most, DAY), DAY)
})

test('a restart tries no sooner, and counts on', async () => {
  using scratch = createScratch()
  const clock = createFakeClock()
  const revived = () => createRetries(createDirectoryStore(scratch.directory), clock, most)
  await revived().failed()
  await revived().failed(HOUR)
  const next = await revived().next()
  assert.equal(next - clock.now(), HOUR + 2 * MINUTE)
  await clock.advance(HOUR)
  assert.equal(await revived().next(), next)
})

test('after the wait is over, a failure before is known still', async () => {
  const clock = createFakeClock()
  const retries = createRetries(createMemoryStore(), clock, most)
  await retries.failed()
  await clock.advance(HOUR)
  const next = await retries.next()
  assert.ok(next > 0 && next < clock.now())
})

test('a clock that was set back does not block: the failure would be yet to come', async () => {
  const clock = createFakeClock()
  const retries = createRetries(createMemoryStore(), clock, most)
  await retries.failed(DAY)
  clock.setWall(clock.now() - 3_650 * DAY)
  assert.equal(await retries.next(), clock.now())
  await retries.failed()
  assert.equal((await retries.next()) - clock.now(), 2 * MINUTE)
})

test('however the clock is set, nothing is blocked longer than a day, and not for ever', () => {
  const jump = fc.integer({ min: -10_000 * DAY, max: 10_000 * DAY })
  return fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(fc.option(fc.nat(2 * DAY)), jump)), async (failures) => {
      const clock = createFakeClock(Date.UTC(2226, 0, 1))
      const retries = createRetries(createMemoryStore(), clock)
      for (const [retryAfter, by] of failures) {
        await retries.failed(retryAfter ?? undefined)
        clock.setWall(Math.max(clock.now() + by, 0))
        assert.ok((await retries.next()) <= clock.now() + DAY)
      }
      clock.setWall(Math.max(await retries.next(), clock.now()))
      assert.ok((await retries.next()) <= clock.now())
    }),
    { numRuns: 50 },
  )
})

const NOTHING_KNOWN = [
  '',
  'null',
  '[]',
  '{',
  '\u0000\u0000',
  '{"format":1}',
  '{"format":2,"attempts":3,"failedAt":1,"wait":1}',
  '{"format":1,"attempts":-1,"failedAt":1,"wait":1}',
  '{"format":1,"attempts":1,"failedAt":"2026","wait":1}',
  '{"format":1,"attempts":1,"failedAt":1,"wait":86400001}',
  '{"format":1,"attempts":1,"failedAt":1,"wait":1e999}',
]

for (const content of NOTHING_KNOWN) {
  test(`a file that cannot be understood (${JSON.stringify(content)}) is ignored`, async () => {
    const store = createMemoryStore()
    const clock = createFakeClock()
    await store.write('retry.json', content)
    const retries = createRetries(store, clock, most)
    assert.equal(await retries.next(), 0)
    assert.equal(await retries.isRetired(ENDPOINT), false)
    await retries.failed()
    assert.equal((await retries.next()) - clock.now(), MINUTE)
    await store.write('retry.json', content)
    await retries.succeeded()
    assert.equal(await store.read('retry.json'), undefined)
  })
}

test('a file that cannot be read is ignored', async () => {
  const store = createMemoryStore()
  const unreadable = { ...store, read: () => Promise.reject(new Error('EACCES')) }
  const retries = createRetries(unreadable, createFakeClock())
  assert.equal(await retries.next(), 0)
  assert.equal(await retries.isRetired(ENDPOINT), false)
  await retries.failed()
  await retries.succeeded()
})

test('an endpoint that is retired stays it, also after a restart and another failure; another endpoint is not', async () => {
  const store = createMemoryStore()
  const clock = createFakeClock()
  await createRetries(store, clock).failed()
  await createRetries(store, clock).retired(ENDPOINT)
  const revived = createRetries(store, clock)
  assert.equal(await revived.isRetired(ENDPOINT), true)
  assert.equal(await revived.isRetired('https://new.acme.example/v1/metrics'), false)
  assert.equal(await revived.next(), 0, 'another endpoint need not wait')
  await revived.failed()
  assert.equal(await revived.isRetired(ENDPOINT), true)
  await revived.succeeded()
  assert.equal(await revived.isRetired(ENDPOINT), false)
})

test('failures at once are all counted', async () => {
  const clock = createFakeClock()
  const store = createMemoryStore()
  const retries = createRetries(store, clock, most)
  await Promise.all(Array.from({ length: 5 }, () => retries.failed()))
  assert.equal(JSON.parse(textOf(await store.read('retry.json'))).attempts, 5)
})

test('several processes that write at once leave a whole file', async () => {
  using scratch = createScratch()
  const clock = createFakeClock()
  const processes = Array.from({ length: 4 }, () =>
    createRetries(createDirectoryStore(scratch.directory), clock, most),
  )
  await Promise.all(processes.flatMap((one) => [one.failed(), one.failed(HOUR), one.next(), one.failed()]))
  const next = (await processes[0]?.next()) ?? 0
  assert.ok(next > clock.now() && next <= clock.now() + DAY)
})

const NOW = Date.UTC(2026, 0, 1)

const RETRY_AFTER: Array<[value: string | undefined, wait: number | undefined]> = [
  [undefined, undefined],
  ['0', 0],
  ['120', 120 * SECOND],
  ['007', 7 * SECOND],
  ['86401', DAY],
  ['99999999999999999999999999', DAY],
  ['9'.repeat(400), DAY],
  ['Thu, 01 Jan 2026 00:01:00 GMT', MINUTE],
  ['Thursday, 01-Jan-26 00:01:00 GMT', MINUTE],
  ['Thu Jan  1 00:01:00 2026', MINUTE],
  ['Thu, 01 Jan 2099 00:00:00 GMT', DAY],
  ['Thu, 01 Jan 1970 00:00:00 GMT', 0],
  ['', undefined],
  ['soon', undefined],
  ['-1', undefined],
  ['1.5', undefined],
  ['1e3', undefined],
  ['0x10', undefined],
  ['120, 240', undefined],
  ['2026', 2026 * SECOND],
  ['2026-01-01T00:01:00Z', undefined],
  ['Thu, 01 Jan 2026 00:01:00 CET', undefined],
  ['Thu, 99 Jan 2026 00:01:00 GMT', undefined],
  ['Thu, 01 Foo 2026 00:01:00 GMT', undefined],
  ['Jan 1 2026', undefined],
]

for (const [value, wait] of RETRY_AFTER) {
  const short = value && value.length > 60 ? `${value.slice(0, 20)}…` : value
  test(`Retry-After: ${short} means ${wait === undefined ? 'nothing' : `${wait / SECOND} s`}`, () => {
    assert.equal(readRetryAfter(value, NOW), wait)
  })
}

test('whatever stands in Retry-After: nothing, or between now and a day', () => {
  fc.assert(
    fc.property(fc.string(), fc.integer(), (value, now) => {
      const wait = readRetryAfter(value, now)
      assert.ok(wait === undefined || (wait >= 0 && wait <= MAX_RETRY_AFTER))
    }),
  )
  fc.assert(
    fc.property(fc.nat(DAY / SECOND), (seconds) => {
      assert.equal(readRetryAfter(String(seconds), NOW), seconds * SECOND)
      assert.equal(readRetryAfter(new Date(NOW + seconds * SECOND).toUTCString(), NOW), seconds * SECOND)
    }),
  )
})

test('what the receiver asked for is kept apart from the jitter, for a day at most, and failures are counted with their time', async () => {
  const clock = createFakeClock()
  const store = createMemoryStore()
  const retries = createRetries(store, clock, most)
  assert.equal(await retries.heldUntil(), 0)
  assert.deepEqual(await retries.failures(), { count: 0, lastAt: undefined })
  await retries.failed(10 * MINUTE)
  assert.equal((await retries.heldUntil()) - clock.now(), 10 * MINUTE)
  assert.equal((await retries.next()) - clock.now(), 11 * MINUTE)
  assert.deepEqual(await retries.failures(), { count: 1, lastAt: clock.now() })
  await retries.failed(2 * DAY)
  assert.equal((await retries.heldUntil()) - clock.now(), DAY)
  clock.setWall(clock.now() - HOUR)
  assert.equal(await retries.heldUntil(), 0, 'the clock was set back')
})

test('of a file, each part is used only if it makes sense', async () => {
  const clock = createFakeClock(NOW)
  const good = { format: 1, attempts: 1, failedAt: NOW, wait: 10, asked: 4, retired: ENDPOINT, refused: 'no' }
  const read = async (content: object) => {
    const store = createMemoryStore()
    await store.write('retry.json', JSON.stringify(content))
    const retries = createRetries(store, clock)
    return {
      ...{ next: (await retries.next()) - NOW, held: (await retries.heldUntil()) - NOW },
      ...{ isRetired: await retries.isRetired(ENDPOINT), isNews: await retries.refused('no') },
    }
  }
  const all = { next: 10, held: 4, isRetired: true, isNews: false }
  const nothing = { next: -NOW, held: -NOW, isRetired: false, isNews: true }
  assert.deepEqual(await read(good), all)
  assert.deepEqual(await read({ ...good, asked: 11 }), { ...all, held: 0 })
  assert.deepEqual(await read({ ...good, asked: '4' }), { ...all, held: 0 })
  assert.deepEqual(await read({ ...good, asked: 10 }), { ...all, held: 10 })
  assert.deepEqual(await read({ ...good, wait: DAY }), { ...all, next: DAY })
  assert.deepEqual(await read({ ...good, retired: 7 }), { ...all, isRetired: false })
  assert.deepEqual(await read({ ...good, refused: 7 }), { ...all, isNews: true })
  assert.deepEqual(await read({ ...good, failedAt: 8.64e15 }), { ...all, next: 0, held: -NOW })
  for (const odd of [
    { wait: DAY + 1 },
    { failedAt: 8.64e15 + 1 },
    { failedAt: null },
    { attempts: '1' },
    { wait: -1 },
  ])
    assert.deepEqual(await read({ ...good, ...odd }), nothing, JSON.stringify(odd))
})

test('a refusal is logged once for each reason, also after a restart, and does not count as a failure', async () => {
  const store = createMemoryStore()
  const clock = createFakeClock()
  await createRetries(store, clock).failed()
  for (const [reason, isNews] of [
    ['too large', true],
    ['too large', false],
    ['unknown product', true],
  ] as const)
    assert.equal(await createRetries(store, clock).refused(reason), isNews, reason)
  assert.equal((await createRetries(store, clock).failures()).count, 0)
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ObservableCallback } from '@opentelemetry/api'
import { createHost, droppedIn, numbersIn } from './host.ts'

/** A promise that is settled from outside. */
function createLater<T = void>() {
  let resolve!: (value: T) => void
  let reject!: (error: unknown) => void
  const promise = new Promise<T>((yes, no) => {
    resolve = yes
    reject = no
  })
  return { promise, resolve, reject }
}

test('a callback that throws is absent and counted, and the others are in the report', async () => {
  const host = createHost()
  const throwing: ObservableCallback[] = [
    () => {
      throw new Error('no')
    },
    (result) => {
      result.observe(1)
      throw undefined
    },
    async () => {
      throw null
    },
    undefined as never,
    'users' as never,
  ]
  for (const callback of throwing) host.meter.createObservableGauge('acme.users').addCallback(callback)
  host.meter.createObservableGauge('acme.size').addCallback((result) => result.observe(2))
  const snapshot = await host.collect()
  assert.deepEqual(numbersIn(snapshot), { 'acme.size': 2 })
  assert.deepEqual([...snapshot.absent], [['acme.users', 'failed']])
  assert.deepEqual(droppedIn(snapshot), { failed: throwing.length })
})

test('a batch callback that throws makes all of its facts absent', async () => {
  const host = createHost()
  const users = host.meter.createObservableGauge('acme.users')
  const logins = host.meter.createObservableCounter('acme.logins')
  host.meter.addBatchObservableCallback(
    (result) => {
      result.observe(users, 1)
      result.observe(logins, 1)
      throw new Error('no')
    },
    [users, logins],
  )
  const snapshot = await host.collect()
  assert.deepEqual(numbersIn(snapshot), {})
  assert.deepEqual(Object.fromEntries(snapshot.absent), { 'acme.users': 'failed', 'acme.logins': 'failed' })
})

test('a callback that never ends costs its budget and its own fact, and nothing else', async () => {
  const host = createHost()
  host.meter.createObservableGauge('acme.users').addCallback(() => new Promise(() => {}))
  host.meter.createObservableGauge('acme.size').addCallback(async (result) => result.observe(2))
  const collecting = host.collect({ sourceTimeout: 500 })
  await host.clock.advance(499)
  let done = false
  void collecting.then(() => {
    done = true
  })
  await host.clock.advance(0)
  assert.equal(done, false, 'it waits as long as the budget')
  await host.clock.advance(1)
  const snapshot = await collecting
  assert.deepEqual(numbersIn(snapshot), { 'acme.size': 2 })
  assert.deepEqual([...snapshot.absent], [['acme.users', 'timeout']])
  assert.deepEqual(droppedIn(snapshot), { timeout: 1 })
})

test('a hundred callbacks that never end cost one budget, not a hundred', async () => {
  const host = createHost()
  const users = host.meter.createObservableGauge('acme.users')
  for (let one = 0; one < 100; one++) users.addCallback(() => new Promise(() => {}))
  const collecting = host.collect()
  await host.clock.advance(1_000)
  assert.equal((await collecting).dropped.timeout, 100)
})

test('the budget of the report holds where that of a fact is longer', async () => {
  const host = createHost()
  host.meter.createObservableGauge('acme.users').addCallback(() => new Promise(() => {}))
  const collecting = host.collect({ sourceTimeout: 60_000, reportTimeout: 100 })
  await host.clock.advance(100)
  assert.equal((await collecting).absent.get('acme.users'), 'timeout')
})

test('callbacks that answer leave no timer behind', async () => {
  const host = createHost()
  host.meter.createObservableGauge('acme.users').addCallback(async (result) => result.observe(1))
  host.meter.createObservableGauge('acme.size').addCallback(async () => Promise.reject(new Error('no')))
  await host.collect()
  assert.equal(host.clock.waiting, 0)
})

test('a late answer is neither in this report nor in the next one', async () => {
  const host = createHost()
  const late = createLater()
  let asked = 0
  host.meter.createObservableGauge('acme.users').addCallback(async (result) => {
    if (asked++ > 0) return
    result.observe(1)
    await late.promise
    result.observe(2)
  })
  const first = host.collect()
  await host.clock.advance(1_000)
  assert.deepEqual(numbersIn(await first), {})
  const second = host.collect()
  late.resolve()
  assert.deepEqual(numbersIn(await second), {})
  assert.deepEqual(await host.numbers(), {})
})

test('a late total of an observable counter is counted once, by the next report', async () => {
  const host = createHost()
  const late = createLater()
  let asked = 0
  host.meter.createObservableCounter('acme.logins').addCallback(async (result) => {
    if (asked++ === 0) await late.promise
    result.observe(10)
  })
  const first = host.collect()
  await host.clock.advance(1_000)
  assert.deepEqual(numbersIn(await first), {})
  late.resolve()
  assert.deepEqual(await host.numbers(), { 'acme.logins': 10 })
  assert.deepEqual(await host.numbers(), { 'acme.logins': 10 })
})

test('an observer that is kept and used after its callback has ended does nothing', async () => {
  const host = createHost()
  let kept: Parameters<ObservableCallback>[0] | undefined
  host.meter.createObservableGauge('acme.users').addCallback((result) => {
    kept ??= result
  })
  await host.collect()
  kept?.observe(7)
  assert.deepEqual(await host.numbers(), {})
})

test('a callback that rejects after its budget does not become an unhandled rejection', async (t) => {
  const unhandled: unknown[] = []
  const listen = (reason: unknown) => void unhandled.push(reason)
  process.on('unhandledRejection', listen)
  t.after(() => process.off('unhandledRejection', listen))
  const host = createHost()
  const late = createLater()
  host.meter.createObservableGauge('acme.users').addCallback(() => late.promise)
  const collecting = host.collect()
  await host.clock.advance(1_000)
  await collecting
  late.reject(new Error('too late'))
  await host.clock.advance(1_000)
  assert.deepEqual(unhandled, [])
})

test('an answer that only looks like a promise is waited for, and may be hostile', async () => {
  const thenables = [
    // biome-ignore lint/suspicious/noThenProperty: a host's own promises are what is tested here
    { then: (resolve: () => void) => resolve() },
    Object.defineProperty({}, 'then', {
      get() {
        throw new Error('no')
      },
    }),
    {
      // biome-ignore lint/suspicious/noThenProperty: as above
      then() {
        throw new Error('no')
      },
    },
    Object.assign(Promise.resolve(), {
      // biome-ignore lint/suspicious/noThenProperty: as above
      then() {
        throw new Error('no')
      },
    }),
  ]
  const host = createHost()
  for (const answer of thenables) {
    host.meter.createObservableGauge('acme.users').addCallback(() => answer as Promise<void>)
  }
  host.meter.createObservableGauge('acme.size').addCallback((result) => result.observe(2))
  const snapshot = await host.collect()
  assert.deepEqual(numbersIn(snapshot), { 'acme.size': 2 })
  assert.deepEqual(droppedIn(snapshot), { failed: 3 })
})

test('facts that consent does not reach are not asked for', async () => {
  const host = createHost()
  let asked = 0
  const ask = () => void asked++
  host.meter.createObservableGauge('acme.users').addCallback(ask)
  host.meter.createObservableCounter('acme.logins').addCallback(ask)
  host.store.set('acme.edition', ask)
  host.store.set('acme.size', ask)
  await host.collect({ includes: (name) => name === 'acme.caches' })
  assert.equal(asked, 0)
})

test('a batch that is reached in part gives only what consent reaches', async () => {
  const host = createHost()
  const users = host.meter.createObservableGauge('acme.users')
  const logins = host.meter.createObservableCounter('acme.logins')
  host.meter.addBatchObservableCallback(
    (result) => {
      result.observe(users, 1)
      result.observe(logins, Number.NaN)
    },
    [users, logins],
  )
  const snapshot = await host.collect({ includes: (name) => name === 'acme.users' })
  assert.deepEqual(numbersIn(snapshot), { 'acme.users': 1 })
  assert.deepEqual(droppedIn(snapshot), {})
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { BatchObservableCallback, ObservableCallback } from '@opentelemetry/api'
import { createHost } from './host.ts'

test('a gauge gives its latest value for each combination of dimensions', async () => {
  const host = createHost()
  const connections = host.meter.createGauge('acme.connections')
  connections.record(7, { driver: 'node' })
  connections.record(0, { driver: 'java' })
  connections.record(-5, { driver: 'node' })
  assert.deepEqual(await host.numbers(), {
    'acme.connections{driver=node}': -5,
    'acme.connections{driver=java}': 0,
  })
})

test('a gauge that was never recorded is absent, and not zero', async () => {
  const host = createHost()
  host.meter.createGauge('acme.users')
  assert.deepEqual(await host.numbers(), {})
})

test('a recorded gauge stays, whatever reports have carried it', async () => {
  const host = createHost()
  host.meter.createGauge('acme.users').record(5)
  host.settle(await host.collect())
  assert.deepEqual(await host.numbers(), { 'acme.users': 5 })
})

test('an observable gauge is asked when a report is made, and not before', async () => {
  const host = createHost()
  let users = 1
  let asked = 0
  host.meter.createObservableGauge('acme.users').addCallback((result) => {
    asked++
    result.observe(users)
  })
  assert.equal(asked, 0)
  assert.deepEqual(await host.numbers(), { 'acme.users': 1 })
  users = 2
  assert.deepEqual(await host.numbers(), { 'acme.users': 2 })
  assert.equal(asked, 2)
})

test('an attribute set that is no longer observed is gone from the next report', async () => {
  const host = createHost()
  const live = new Map([
    ['node', 3],
    ['java', 4],
  ])
  host.meter.createObservableGauge('acme.connections').addCallback((result) => {
    for (const [driver, value] of live) result.observe(value, { driver })
  })
  assert.deepEqual(Object.values(await host.numbers()), [3, 4])
  live.delete('node')
  assert.deepEqual(await host.numbers(), { 'acme.connections{driver=java}': 4 })
})

test('an observed value stands over a recorded one, and only while it is observed', async () => {
  const host = createHost()
  host.meter.createGauge('acme.users').record(1)
  const observable = host.meter.createObservableGauge('acme.users')
  const observe: ObservableCallback = (result) => result.observe(2)
  observable.addCallback(observe)
  assert.deepEqual(await host.numbers(), { 'acme.users': 2 })
  observable.removeCallback(observe)
  assert.deepEqual(await host.numbers(), { 'acme.users': 1 })
})

test('a counter adds up, whole and broken amounts alike', async () => {
  const host = createHost()
  const commands = host.meter.createCounter('acme.commands')
  commands.add(1, { command: 'find', result: 'ok' })
  commands.add(2.5, { result: 'ok', command: 'find' })
  commands.add(1, { command: 'insert', result: 'error' })
  assert.deepEqual(await host.numbers(), {
    'acme.commands{command=find,result=ok}': 3.5,
    'acme.commands{command=insert,result=error}': 1,
  })
})

test('a count of zero is not in the report', async () => {
  const host = createHost()
  host.meter.createCounter('acme.logins').add(0)
  assert.deepEqual(await host.numbers(), {})
})

test('an up-down counter moves a gauge from zero, also below it', async () => {
  const host = createHost()
  const users = host.meter.createUpDownCounter('acme.users')
  users.add(2)
  users.add(-5)
  assert.deepEqual(await host.numbers(), { 'acme.users': -3 })
})

test('an observable counter counts what its total has grown by', async () => {
  const host = createHost()
  let total = 10
  host.meter.createObservableCounter('acme.logins').addCallback((result) => result.observe(total))
  host.settle(await host.collect())
  total = 13
  const second = await host.collect()
  host.settle(second)
  assert.deepEqual(
    second.points.map(({ value }) => value),
    [3],
  )
  assert.deepEqual(await host.numbers(), {})
})

test('an observable counter whose total starts again counts on from zero', async () => {
  const host = createHost()
  const totals = [10, 4, 6]
  host.meter
    .createObservableCounter('acme.logins')
    .addCallback((result) => result.observe(totals.shift() ?? 6))
  await host.collect()
  assert.deepEqual(await host.numbers(), { 'acme.logins': 14 })
  assert.deepEqual(await host.numbers(), { 'acme.logins': 16 })
})

test('the total that is observed last in a report is the one that counts', async () => {
  const host = createHost()
  const observable = host.meter.createObservableCounter('acme.logins')
  observable.addCallback((result) => result.observe(100))
  observable.addCallback((result) => result.observe(5))
  assert.deepEqual(await host.numbers(), { 'acme.logins': 5 })
  assert.deepEqual(await host.numbers(), { 'acme.logins': 5 })
})

test('totals that fall under the overflow word are added together, and counted once', async () => {
  const host = createHost()
  host.meter.createObservableCounter('acme.errors').addCallback((result) => {
    result.observe(1, { code: 'e1' })
    result.observe(10, { code: 'e77' })
    result.observe(20, { code: 'e78' })
  })
  const expected = { 'acme.errors{code=e1}': 1, 'acme.errors{code=other}': 30 }
  assert.deepEqual(await host.numbers(), expected)
  assert.deepEqual(await host.numbers(), expected)
})

test('an observable up-down counter fills a gauge', async () => {
  const host = createHost()
  host.meter.createObservableUpDownCounter('acme.users').addCallback((result) => result.observe(-2))
  assert.deepEqual(await host.numbers(), { 'acme.users': -2 })
})

test('a batch callback observes several instruments at once', async () => {
  const host = createHost()
  const users = host.meter.createObservableGauge('acme.users')
  const connections = host.meter.createObservableUpDownCounter('acme.connections')
  const logins = host.meter.createObservableCounter('acme.logins')
  host.meter.addBatchObservableCallback(
    async (result) => {
      result.observe(users, 1)
      result.observe(connections, 2, { driver: 'node' })
      result.observe(logins, 3)
    },
    [users, connections, logins],
  )
  assert.deepEqual(await host.numbers(), {
    'acme.users': 1,
    'acme.connections{driver=node}': 2,
    'acme.logins': 3,
  })
})

test('a batch callback cannot observe an instrument that it was not registered for', async () => {
  const host = createHost()
  const users = host.meter.createObservableGauge('acme.users')
  const size = host.meter.createObservableGauge('acme.size')
  host.meter.addBatchObservableCallback(
    (result) => {
      result.observe(users, 1)
      result.observe(size, 2)
    },
    [users],
  )
  assert.deepEqual(await host.numbers(), { 'acme.users': 1 })
  assert.deepEqual(await host.dropped(), { undeclared: 1 })
})

test('a callback that is registered twice is asked once, and removed at once', async () => {
  const host = createHost()
  const observable = host.meter.createObservableGauge('acme.users')
  const other = host.meter.createObservableGauge('acme.size')
  let asked = 0
  const single: ObservableCallback = () => void asked++
  const batch: BatchObservableCallback = () => void asked++
  for (let time = 0; time < 2; time++) {
    observable.addCallback(single)
    host.meter.addBatchObservableCallback(batch, time === 0 ? [observable, other] : [other, observable])
  }
  await host.collect()
  assert.equal(asked, 2)
  observable.removeCallback(single)
  host.meter.removeBatchObservableCallback(batch, [other, observable])
  await host.collect()
  assert.equal(asked, 2)
})

test('the same batch callback for other instruments is a separate registration', async () => {
  const host = createHost()
  const [users, size] = [
    host.meter.createObservableGauge('acme.users'),
    host.meter.createObservableGauge('acme.size'),
  ]
  let asked = 0
  const batch: BatchObservableCallback = () => void asked++
  host.meter.addBatchObservableCallback(batch, [users])
  host.meter.addBatchObservableCallback(batch, [users, size])
  host.meter.removeBatchObservableCallback(batch, [size])
  await host.collect()
  assert.equal(asked, 2)
  host.meter.removeBatchObservableCallback(batch, [users])
  await host.collect()
  assert.equal(asked, 3)
})

test('removing a callback that was never added does nothing', async () => {
  const host = createHost()
  const observable = host.meter.createObservableGauge('acme.users')
  observable.addCallback((result) => result.observe(1))
  observable.removeCallback(() => {})
  host.meter.removeBatchObservableCallback(() => {}, [observable])
  assert.deepEqual(await host.numbers(), { 'acme.users': 1 })
})

test('a histogram counts each value once, in the bucket of the smallest bound that is not below it', async () => {
  const host = createHost()
  const durations = host.meter.createHistogram('acme.durations')
  for (const seconds of [0, 0.05, 0.1, 0.100_001, 1, 5, Infinity, 1e308])
    durations.record(seconds, { command: 'find' })
  durations.record(0.5, { command: 'umbrella' })
  assert.deepEqual(await host.numbers(), {
    'acme.durations{command=find,le=0}': 1,
    'acme.durations{command=find,le=0.1}': 2,
    'acme.durations{command=find,le=1}': 2,
    'acme.durations{command=find,le=inf}': 3,
    'acme.durations{command=other,le=1}': 1,
  })
  assert.deepEqual(await host.dropped(), {})
})

test('a histogram drops and counts what is in no bucket, and nothing that a host hands in throws', async () => {
  const host = createHost()
  const durations = host.meter.createHistogram('ACME.durations')
  const hostile = Object.defineProperty({}, 'command', { enumerable: true, get: () => assert.fail('thrown') })
  for (const value of [-1, Number.NaN, '1', undefined, 1n, Symbol('x')])
    durations.record(value as number, { command: 'find' })
  durations.record(1, hostile)
  durations.record(1, null as never)
  assert.deepEqual(await host.numbers(), { 'acme.durations{command=other,le=1}': 1 })
  assert.deepEqual(await host.dropped(), { invalid_value: 6, invalid_attribute: 1 })
})

test('a histogram is dropped and counted where no buckets are declared: a distribution says more than it should', async () => {
  const host = createHost()
  host.meter.createHistogram('acme.users').record(3)
  host.meter.createHistogram('acme.latency').record(3)
  host.meter.createHistogram('acme.logins').record(3)
  assert.deepEqual(await host.numbers(), {})
  assert.deepEqual(await host.dropped(), { wrong_instrument: 2, undeclared: 1 })
})

test('names of instruments do not differ by case, as OpenTelemetry has it', async () => {
  const host = createHost()
  host.meter.createGauge('Acme.Users').record(3)
  host.meter.createObservableCounter('ACME.LOGINS').addCallback((result) => result.observe(2))
  assert.deepEqual(await host.numbers(), { 'acme.users': 3, 'acme.logins': 2 })
})

test('log2 is applied to the report, and the count itself is kept exactly', async () => {
  const host = createHost()
  host.meter.createGauge('acme.size').record(1000)
  const bytes = host.meter.createCounter('acme.bytes')
  bytes.add(1000)
  const snapshot = await host.collect()
  assert.deepEqual(await host.numbers(), { 'acme.size': 512, 'acme.bytes': 512 })
  bytes.add(10)
  host.settle(snapshot)
  assert.deepEqual(await host.numbers(), { 'acme.size': 512, 'acme.bytes': 8 })
})

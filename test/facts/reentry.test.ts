/** Sources that call back into the telemetry while they are asked. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ObservableCallback } from '@opentelemetry/api'
import { createHost } from './host.ts'

test('a callback may count, record and set: it is in this report or in the next one', async () => {
  const host = createHost()
  host.meter.createObservableGauge('acme.users').addCallback((result) => {
    host.meter.createCounter('acme.logins').add(1)
    host.meter.createGauge('acme.size').record(4)
    host.store.set('acme.edition', 'community')
    result.observe(1)
  })
  assert.deepEqual(await host.numbers(), { 'acme.users': 1, 'acme.size': 4, 'acme.logins': 1 })
  const second = await host.collect()
  assert.deepEqual(second.attributes, { 'acme.edition': 'community' })
  host.settle(second)
  assert.deepEqual(await host.numbers(), { 'acme.users': 1, 'acme.size': 4, 'acme.logins': 1 })
})

test('a callback that registers itself again is called once a report, and not for ever', async () => {
  const host = createHost()
  const users = host.meter.createObservableGauge('acme.users')
  let asked = 0
  const register = () => {
    const callback: ObservableCallback = () => {
      asked++
      users.removeCallback(callback)
      register()
    }
    users.addCallback(callback)
  }
  register()
  const source = () => {
    asked++
    host.store.set('acme.size', source)
    return 1
  }
  host.store.set('acme.size', source)
  await host.collect()
  assert.equal(asked, 2)
  await host.collect()
  assert.equal(asked, 4)
})

test('a callback that makes a preview gets one without being asked again, and the event loop goes on', async () => {
  const host = createHost()
  host.meter.createGauge('acme.size').record(4)
  const previews: Array<Record<string, number>> = []
  host.meter.createObservableGauge('acme.users').addCallback(async (result) => {
    previews.push(await host.numbers())
    await Promise.resolve()
    previews.push(await host.numbers())
    result.observe(1)
  })
  assert.deepEqual(await host.numbers(), { 'acme.users': 1, 'acme.size': 4 })
  assert.deepEqual(previews, [{ 'acme.size': 4 }, { 'acme.size': 4 }])
})

test('what a callback has started may make a preview once the report is done', async () => {
  const host = createHost()
  let scheduleResume = () => {}
  const later = new Promise<void>((resolve) => {
    scheduleResume = resolve
  })
  let started: Promise<Record<string, number>> | undefined
  host.meter.createObservableGauge('acme.users').addCallback((result) => {
    started ??= later.then(() => host.numbers())
    result.observe(1)
  })
  await host.collect()
  scheduleResume()
  assert.deepEqual(await started, { 'acme.users': 1 })
})

test('the callback of one product may make a preview of another', async () => {
  const [host, other] = [createHost(), createHost()]
  other.meter.createObservableGauge('acme.users').addCallback((result) => result.observe(5))
  host.meter.createObservableGauge('acme.users').addCallback(async (result) => {
    result.observe((await other.numbers())['acme.users'] ?? -1)
  })
  assert.deepEqual(await host.numbers(), { 'acme.users': 5 })
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { FactSnapshot } from '../../src/library/facts/index.ts'
import { createHost, droppedIn, numbersIn } from './host.ts'

const OK = { command: 'find', result: 'ok' }
const FOUND = 'acme.commands{command=find,result=ok}'

test('a preview has no side effect: the counts are the same the second time', async () => {
  const host = createHost()
  host.meter.createCounter('acme.logins').add(3)
  let total = 5
  host.meter.createObservableCounter('acme.commands').addCallback((result) => result.observe(total, OK))
  const first = await host.numbers()
  assert.deepEqual(first, { 'acme.logins': 3, [FOUND]: 5 })
  assert.deepEqual(await host.numbers(), first)
  total = 7
  assert.deepEqual(await host.numbers(), { 'acme.logins': 3, [FOUND]: 7 })
})

test('settling takes out exactly what the report carried, while counting goes on', async () => {
  const host = createHost()
  const logins = host.meter.createCounter('acme.logins')
  logins.add(3)
  const snapshot = await host.collect()
  logins.add(4)
  host.settle(snapshot)
  assert.deepEqual(numbersIn(snapshot), { 'acme.logins': 3 })
  assert.deepEqual(await host.numbers(), { 'acme.logins': 4 })
})

test('a report that fails and one that succeeds: the second carries the sum', async () => {
  const host = createHost()
  const logins = host.meter.createCounter('acme.logins')
  logins.add(3)
  await host.collect()
  logins.add(4)
  const second = await host.collect()
  assert.deepEqual(numbersIn(second), { 'acme.logins': 7 })
  host.settle(second)
  assert.deepEqual(await host.numbers(), {})
})

test('counts that consent does not reach stay until it does', async () => {
  const host = createHost()
  host.meter.createCounter('acme.logins').add(3)
  host.settle(await host.collect({ includes: () => false }))
  assert.deepEqual(await host.numbers(), { 'acme.logins': 3 })
})

test('what was dropped is settled with the report, and what was dropped since stays', async () => {
  const host = createHost()
  const logins = host.meter.createCounter('acme.logins')
  logins.add(-1)
  const snapshot = await host.collect()
  logins.add(-1)
  logins.add(-1)
  host.settle(snapshot)
  assert.deepEqual(droppedIn(snapshot), { invalid_value: 1 })
  assert.deepEqual(await host.dropped(), { invalid_value: 2 })
})

test('discarded counts never come back, and counting starts again from zero', async () => {
  const host = createHost()
  const logins = host.meter.createCounter('acme.logins')
  logins.add(3)
  host.discard()
  assert.deepEqual(await host.numbers(), {})
  logins.add(1)
  assert.deepEqual(await host.numbers(), { 'acme.logins': 1 })
})

test('two reports at once count the total of an observable counter once, whichever is faster', async () => {
  const host = createHost()
  let total = 10
  let slow = true
  host.meter.createObservableCounter('acme.logins').addCallback((result) => {
    result.observe(total)
    if (!slow) return undefined
    return new Promise<void>((resolve) => host.clock.after(500, resolve))
  })
  const overtaken = host.collect()
  slow = false
  total = 12
  assert.deepEqual(await host.numbers(), { 'acme.logins': 12 })
  await host.clock.advance(500)
  await overtaken
  assert.deepEqual(await host.numbers(), { 'acme.logins': 12 })
})

test('a snapshot does not change when counting goes on', async () => {
  const host = createHost()
  const logins = host.meter.createCounter('acme.logins')
  logins.add(3)
  const snapshot = await host.collect()
  logins.add(4)
  assert.deepEqual(numbersIn(snapshot), { 'acme.logins': 3 })
  assert.deepEqual([...snapshot.totals], [['acme.logins{}', 3]])
})

test('settled reports and what is left make up everything that was added', async () => {
  const step = fc.oneof(
    fc.record({
      do: fc.constant('add' as const),
      amount: fc.nat(1000),
      result: fc.constantFrom('ok', 'error'),
    }),
    fc.record({ do: fc.constant('bound' as const), amount: fc.nat(1000) }),
    fc.record({ do: fc.constant('total' as const), growth: fc.nat(1000), restart: fc.boolean() }),
    fc.record({ do: fc.constantFrom('preview' as const, 'accepted' as const, 'refused' as const) }),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const host = createHost()
      const commands = host.meter.createCounter('acme.commands')
      const bound = host.store.counts.get('acme.commands')?.bind(OK)
      let total = 0
      let observed = 0
      host.meter.createObservableCounter('acme.logins').addCallback((result) => result.observe(total))
      let added = 0
      let delivered = 0
      let onItsWay: FactSnapshot | undefined
      const sumOf = (snapshot: FactSnapshot) => snapshot.points.reduce((sum, { value }) => sum + value, 0)
      const collect = async () => {
        const snapshot = await host.collect()
        // A total counts from where the last round saw it; one that fell has started again.
        added += total >= observed ? total - observed : total
        observed = total
        return snapshot
      }
      for (const one of steps) {
        if (one.do === 'add') {
          commands.add(one.amount, { command: 'find', result: one.result })
          added += one.amount
        } else if (one.do === 'bound') {
          bound?.add(one.amount)
          added += one.amount
        } else if (one.do === 'total') {
          total = one.restart ? one.growth : total + one.growth
        } else if (one.do === 'preview') {
          await collect()
        } else {
          // The outcome of one report is known when the next one is made: counting goes on in between.
          if (onItsWay) {
            host.settle(onItsWay)
            delivered += sumOf(onItsWay)
          }
          const snapshot = await collect()
          onItsWay = one.do === 'accepted' ? snapshot : undefined
        }
      }
      if (onItsWay) {
        host.settle(onItsWay)
        delivered += sumOf(onItsWay)
      }
      assert.equal(delivered + sumOf(await collect()), added)
    }),
  )
})

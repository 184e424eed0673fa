import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createHost, droppedIn, numbersIn } from './host.ts'

test('an attribute that is set is in the report, in the order of the names', async () => {
  const host = createHost()
  host.store.set('acme.edition', 'community')
  host.store.set('acme.db.version', '15.2')
  const { attributes } = await host.collect()
  assert.deepEqual(Object.entries(attributes), [
    ['acme.db.version', '15.2'],
    ['acme.edition', 'community'],
  ])
})

test('an attribute that was never set is absent', async () => {
  assert.deepEqual((await createHost().collect()).attributes, {})
})

test('undefined unsets an attribute, its source, a gauge and its source', async () => {
  const host = createHost()
  for (const value of ['community', () => 'community']) {
    host.store.set('acme.edition', value)
    host.store.set('acme.edition', undefined)
  }
  for (const value of [5, () => 5]) {
    host.store.set('acme.users', value)
    host.store.set('acme.users', undefined)
  }
  const snapshot = await host.collect()
  assert.deepEqual(snapshot.attributes, {})
  assert.deepEqual(snapshot.points, [])
  assert.deepEqual(droppedIn(snapshot), {})
})

test('a source is asked when a report is made, and its last answer is the one that counts', async () => {
  const host = createHost()
  const answers = ['community', 'enterprise']
  host.store.set('acme.edition', async () => answers.shift())
  assert.deepEqual((await host.collect()).attributes, { 'acme.edition': 'community' })
  assert.deepEqual((await host.collect()).attributes, { 'acme.edition': 'enterprise' })
})

test('a source without an answer is absent, and does not count as a mistake', async () => {
  const host = createHost()
  host.store.set('acme.edition', () => undefined)
  host.store.set('acme.db.version', async () => undefined)
  host.store.set('acme.users', async () => undefined)
  const snapshot = await host.collect()
  assert.deepEqual(snapshot.attributes, {})
  assert.deepEqual(snapshot.points, [])
  assert.deepEqual(snapshot.absent.size, 0)
  assert.deepEqual(droppedIn(snapshot), {})
})

test('a value that is not in the list is dropped and counted, and the one before it stands', async () => {
  const host = createHost()
  host.store.set('acme.edition', 'community')
  for (const value of [
    'enterprize',
    '',
    null,
    1,
    1n,
    Symbol('community'),
    {},
    Promise.resolve('community'),
  ]) {
    host.store.set('acme.edition', value)
  }
  const snapshot = await host.collect()
  assert.deepEqual(snapshot.attributes, { 'acme.edition': 'community' })
  assert.deepEqual(droppedIn(snapshot), { invalid_value: 8 })
})

test('a source that answers with what is not in the list is absent and counted', async () => {
  const host = createHost()
  host.store.set('acme.edition', () => 'enterprize')
  host.store.set('acme.db.version', async () => 'db.example.com')
  host.store.set('acme.users', () => Number.NaN)
  host.store.set('acme.size', async () => '5')
  const snapshot = await host.collect()
  assert.deepEqual(snapshot.attributes, {})
  assert.deepEqual(snapshot.points, [])
  assert.deepEqual(Object.fromEntries(snapshot.absent), {
    'acme.edition': 'invalid_value',
    'acme.db.version': 'invalid_value',
    'acme.users': 'invalid_value',
    'acme.size': 'invalid_value',
  })
  assert.deepEqual(droppedIn(snapshot), { invalid_value: 4 })
})

test('a source that throws or never answers is absent and counted, and the others are in the report', async () => {
  const host = createHost()
  host.store.set('acme.edition', () => {
    throw new Error('no')
  })
  host.store.set('acme.db.version', () => new Promise(() => {}))
  host.store.set('acme.users', () => Promise.reject(new Error('no')))
  host.store.set('acme.size', () => 4)
  const collecting = host.collect()
  await host.clock.advance(1_000)
  const snapshot = await collecting
  assert.deepEqual(numbersIn(snapshot), { 'acme.size': 4 })
  assert.deepEqual(Object.fromEntries(snapshot.absent), {
    'acme.edition': 'failed',
    'acme.db.version': 'timeout',
    'acme.users': 'failed',
  })
  assert.deepEqual(droppedIn(snapshot), { failed: 2, timeout: 1 })
})

test('a name that is not declared, or is a count, is dropped and counted', async () => {
  const host = createHost()
  const odd = [undefined, null, 7, Symbol('acme.edition'), Object.create(null)] as never[]
  const names = ['acme.secret', '__proto__', 'constructor', 'toString', 'Acme.Edition', ...odd]
  for (const name of names) host.store.set(name, 'community')
  host.store.set('acme.logins', 5)
  const snapshot = await host.collect()
  assert.deepEqual(snapshot.attributes, {})
  assert.deepEqual(snapshot.points, [])
  assert.deepEqual(droppedIn(snapshot), { undeclared: names.length, wrong_instrument: 1 })
})

test('a gauge may be set, and a source takes the place of the value and the other way round', async () => {
  const host = createHost()
  host.store.set('acme.users', 5)
  assert.deepEqual(await host.numbers(), { 'acme.users': 5 })
  host.store.set('acme.users', () => 6)
  assert.deepEqual(await host.numbers(), { 'acme.users': 6 })
  host.store.set('acme.users', 7)
  assert.deepEqual(await host.numbers(), { 'acme.users': 7 })
})

test('a gauge with dimensions cannot be set without them: it is dropped and counted', async () => {
  const host = createHost()
  host.store.set('acme.connections', 5)
  assert.deepEqual(await host.numbers(), {})
  assert.deepEqual(await host.dropped(), { invalid_attribute: 1 })
  host.store.set('acme.connections', () => 5)
  const snapshot = await host.collect()
  assert.deepEqual(snapshot.points, [])
  assert.deepEqual([...snapshot.absent], [['acme.connections', 'invalid_attribute']])
})

test('what a preview drops is not added up: it is counted again by the report itself', async () => {
  const host = createHost()
  host.store.set('acme.edition', () => 'enterprize')
  for (let time = 0; time < 3; time++) assert.deepEqual(await host.dropped(), { invalid_value: 1 })
})

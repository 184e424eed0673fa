import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createSeries } from '../../src/library/facts/series.ts'

const word = fc.stringMatching(/^[a-z][a-z0-9_]{0,8}$/)
const dimensions = fc
  .uniqueArray(fc.tuple(word, fc.uniqueArray(word, { minLength: 1, maxLength: 5 })), {
    minLength: 1,
    maxLength: 4,
    selector: ([key]) => key,
  })
  .map((entries): Record<string, string[]> => Object.fromEntries(entries))

test('every combination has its own place, and the place gives the combination back', () => {
  fc.assert(
    fc.property(dimensions, (by) => {
      const series = createSeries(by)
      const size = Object.values(by).reduce((product, values) => product * values.length, 1)
      assert.equal(series.size, size)
      const seen = new Set<string>()
      for (let index = 0; index < size; index++) {
        const attributes = series.attributesAt(index)
        assert.deepEqual(Object.keys(attributes), Object.keys(by))
        assert.equal(series.indexOf(attributes), index)
        assert.equal(series.hasUndeclared(attributes), false)
        seen.add(JSON.stringify(attributes))
      }
      assert.equal(seen.size, size)
    }),
  )
})

test('the order in which a host writes the attributes does not matter', () => {
  fc.assert(
    fc.property(dimensions, fc.nat(), (by, place) => {
      const series = createSeries(by)
      const index = place % series.size
      const turned = Object.fromEntries(Object.entries(series.attributesAt(index)).reverse())
      assert.equal(series.indexOf(turned), index)
    }),
  )
})

test('whatever a host hands in, it is a declared combination or none', () => {
  const anything = fc.dictionary(fc.oneof(fc.constantFrom('command', 'result'), fc.string()), fc.anything())
  const by = { command: ['find', 'insert'], result: ['ok', 'error', 'other'] }
  const series = createSeries(by)
  fc.assert(
    fc.property(anything, (attributes) => {
      let index = -1
      try {
        index = series.indexOf(attributes)
      } catch {
        // Objects that cannot be made a text: the cells catch it.
      }
      assert.ok(Number.isInteger(index) && index >= -1 && index < series.size)
      if (index >= 0) assert.equal(series.attributesAt(index)['command'], String(attributes['command']))
    }),
  )
})

test('a value that is not in the list has the place of other, where the list has it', () => {
  const series = createSeries({ command: ['find', 'other'], result: ['ok', 'error'] })
  const other = series.indexOf({ command: 'other', result: 'ok' })
  assert.equal(series.indexOf({ command: 'drop', result: 'ok' }), other)
  assert.equal(series.indexOf({ result: 'ok' }), other)
  assert.equal(series.indexOf({ command: 'find', result: 'unknown' }), -1)
  assert.deepEqual(
    Array.from({ length: series.size }, (_, index) => series.isOverflow(index)),
    [false, false, true, true],
  )
})

test('numbers and booleans stand for the words that they are written as', () => {
  const series = createSeries({ tls: ['true', 'false'], nodes: ['1', '2'] })
  assert.deepEqual(series.attributesAt(series.indexOf({ tls: true, nodes: 2 })), { tls: 'true', nodes: '2' })
})

test('a fact without dimensions has one place, whatever it is given', () => {
  const series = createSeries(undefined)
  assert.equal(series.size, 1)
  assert.equal(series.indexOf({ user: 'alice' }), 0)
  assert.deepEqual(series.attributesAt(0), {})
  assert.equal(series.hasUndeclared(undefined), false)
  assert.equal(series.hasUndeclared({ user: 'alice' }), true)
})

test('of alternatives, every combination of each has its own place, and no other combination has one', () => {
  const series = createSeries([
    { command: ['aggregate'], argument: ['$match', '$group'], result: ['ok', 'error'] },
    { command: ['find', 'insert'], argument: ['unknown'], result: ['ok'] },
  ])
  assert.equal(series.size, 6)
  for (let index = 0; index < series.size; index++) {
    const attributes = series.attributesAt(index)
    assert.deepEqual(Object.keys(attributes), ['command', 'argument', 'result'])
    assert.equal(series.indexOf(attributes), index)
  }
  for (const attributes of [
    { command: 'find', argument: '$match', result: 'ok' },
    { command: 'find', argument: 'unknown', result: 'error' },
    { command: 'find', argument: 'unknown' },
    {},
    undefined,
  ]) {
    assert.equal(series.indexOf(attributes), -1)
  }
  const [one] = [{ command: 'find', argument: 'unknown', result: 'ok' }]
  assert.equal(series.hasUndeclared(one), false)
  assert.equal(series.hasUndeclared({ ...one, user: 'alice' }), true)
})

test('an exact combination of a later alternative comes before the other of an earlier one', () => {
  const series = createSeries([
    { command: ['find', 'other'], argument: ['filter', 'other'] },
    { command: ['insert'], argument: ['ordered', 'other'] },
  ])
  const at = (command: string, argument: string) =>
    series.attributesAt(series.indexOf({ command, argument })) as unknown
  assert.deepEqual(at('insert', 'ordered'), { command: 'insert', argument: 'ordered' })
  assert.deepEqual(at('insert', 'other'), { command: 'insert', argument: 'other' })
  assert.deepEqual(at('insert', 'comment'), { command: 'other', argument: 'other' })
  assert.deepEqual(at('drop', 'filter'), { command: 'other', argument: 'filter' })
  assert.deepEqual(
    Array.from({ length: series.size }, (_, index) => series.isOverflow(index)),
    [false, true, true, true, false, true],
  )
})

test('a list with one alternative is the alternative itself', () => {
  fc.assert(
    fc.property(dimensions, (by) => {
      const [alone, listed] = [createSeries(by), createSeries([by])]
      assert.equal(listed.size, alone.size)
      for (let index = 0; index < alone.size; index++)
        assert.deepEqual(listed.attributesAt(index), alone.attributesAt(index))
    }),
  )
})

import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import type { BooleanFact, EnumFact } from '../../src/catalog/index.ts'
import { randomized } from '../../src/library/report/randomize.ts'

const yesNo: BooleanFact = {
  kind: 'attribute',
  type: 'boolean',
  since: 1,
  why: 'Tells it.',
  example: true,
  randomize: { epsilon: Math.log(3) },
}
const choice: EnumFact = { ...yesNo, type: 'enum', values: ['a', 'b', 'c', 'd'], example: 'a' }

/** How often each answer comes from many installations that all have the same value. */
function answers(fact: BooleanFact | EnumFact, value: string | boolean, installations = 20_000) {
  const counts = new Map<unknown, number>()
  for (let one = 0; one < installations; one++) {
    const answer = randomized(fact, 'acme.fact', value, randomUUID())
    counts.set(answer, (counts.get(answer) ?? 0) + 1 / installations)
  }
  return counts
}

/** Six standard deviations of a share over 20,000 installations: a right implementation fails once in a billion runs. */
const near = (share: number | undefined, expected: number) =>
  Math.abs((share ?? 0) - expected) < 6 * Math.sqrt(0.25 / 20_000)

test('with ln 3 the true value is reported three times of four', () => {
  assert.ok(near(answers(yesNo, true).get(true), 0.75))
  assert.ok(near(answers(yesNo, false).get(true), 0.25))
})

test('of more values, each other one is as likely as the next', () => {
  const counts = answers(choice, 'b')
  assert.ok(near(counts.get('b'), 3 / 6))
  for (const other of ['a', 'c', 'd']) assert.ok(near(counts.get(other), 1 / 6), other)
})

test('asking again gives the same answer: repetition does not reveal the truth', () => {
  for (let installation = 0; installation < 50; installation++) {
    const secret = randomUUID()
    const said = new Set(Array.from({ length: 20 }, () => randomized(choice, 'acme.fact', 'b', secret)))
    assert.equal(said.size, 1)
  }
})

test('two facts of one installation are randomized independently', () => {
  const same = Array.from({ length: 400 }, () => {
    const secret = randomUUID()
    return randomized(yesNo, 'acme.one', true, secret) === randomized(yesNo, 'acme.two', true, secret)
  })
  assert.ok(same.includes(true) && same.includes(false))
})

test('a fact without epsilon, and a value that stands for none, are left as they are', () => {
  const { randomize: _, ...plain } = yesNo
  assert.equal(randomized(plain, 'acme.fact', true, randomUUID()), true)
  assert.equal(randomized(yesNo, 'acme.fact', null, randomUUID()), null)
  for (let time = 0; time < 50; time++)
    assert.equal(randomized(choice, 'acme.fact', 'Unknown', randomUUID()), 'Unknown')
})

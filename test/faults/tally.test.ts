import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createTally, MAX_LIVES, type Step } from './tally.ts'

const arrivedOf = (...steps: readonly (Step & { part?: string })[]) => {
  const arrived = new Map<string, number>()
  const add = (key: string, amount: number) => arrived.set(key, (arrived.get(key) ?? 0) + amount)
  for (const { lane, amount, part } of steps)
    for (const each of part ? [part] : ['first', 'second']) add(`${lane}/${each}`, amount)
  return arrived
}

/** Two lives of three steps, two of each certain. */
function twoLives() {
  const tally = createTally()
  const steps = [tally.open(), tally.open()].map((life) => {
    const [one, two] = [life.begin(), life.begin()]
    life.confirm(2)
    return [one, two, life.begin()] as const
  })
  return { tally, one: steps[0]!, other: steps[1]! }
}

test('what had to arrive and what might have, each once: nothing is wrong', () => {
  const { tally, one, other } = twoLives()
  const all = tally.judge(arrivedOf(...one, ...other))
  assert.deepEqual(all, { begun: 6, certain: 4, late: 2, lost: 0, doubled: 0, torn: 0 })
  const least = tally.judge(arrivedOf(one[0], one[1], other[0], other[1]))
  assert.deepEqual(least, { begun: 6, certain: 4, late: 0, lost: 0, doubled: 0, torn: 0 })
})

test('a step that had to arrive and did not is lost', () => {
  const { tally, one, other } = twoLives()
  assert.equal(tally.judge(arrivedOf(one[0], other[0], other[1])).lost, 1)
  assert.equal(tally.judge(new Map()).lost, 4)
})

test('a step that has arrived twice is doubled, and so is an amount that nobody has counted', () => {
  const { tally, one, other } = twoLives()
  assert.equal(tally.judge(arrivedOf(...one, ...other, other[2])).doubled, 1)
  assert.equal(tally.judge(arrivedOf(...one, ...other, { lane: 'l0', amount: 4 ** 5 })).doubled, 1)
})

test('half a step, or a step without those before it, is torn', () => {
  const { tally, one, other } = twoLives()
  const certain = [one[0], one[1], other[0], other[1]]
  assert.equal(tally.judge(arrivedOf(...certain, { ...one[2], part: 'first' })).torn, 1)
  assert.equal(tally.judge(arrivedOf(one[1], other[0], other[1])).torn, 1)
})

test('a step without those before it is whole where threads count in turn; half a step is torn there too', () => {
  const tally = createTally()
  const life = tally.open(false)
  const steps = [life.begin(), life.begin()] as const
  const { late, torn } = tally.judge(arrivedOf(steps[1]))
  assert.deepEqual({ late, torn }, { late: 1, torn: 0 })
  assert.equal(tally.judge(arrivedOf({ ...steps[1], part: 'first' })).torn, 1)
})

test('the last process of a run of faults is checked as exactly as the first', () => {
  const tally = createTally()
  const lives = Array.from({ length: MAX_LIVES }, () => tally.open())
  const steps = lives.flatMap((life) => Array.from({ length: 8 }, () => life.begin()))
  for (const life of lives) life.confirm(8)
  const { lost, doubled, torn } = tally.judge(arrivedOf(...steps))
  assert.deepEqual({ lost, doubled, torn }, { lost: 0, doubled: 0, torn: 0 })
  assert.equal(tally.judge(arrivedOf(...steps.slice(0, -1))).lost, 1)
  assert.throws(() => tally.open(), /room for 1200 lives/)
})

/** Which counts a report may carry, by the consent under which they were counted. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inBatches, someOf } from '../../src/library/counts/batches.ts'
import {
  type CountedUnder,
  countedUnder,
  isCountedUnder,
  isCovered,
} from '../../src/library/counts/coverage.ts'

type Verdict = Parameters<typeof countedUnder>[0]

const [BEFORE, DECIDED, AFTER] = [
  '2026-01-01T00:00:00.000Z',
  '2026-02-01T00:00:00.000Z',
  '2026-03-01T00:00:00.000Z',
]
const STATES = ['disabled', 'undecided', 'enabled'] as const
const verdict = (state: string, source = 'default', heldSince?: string) =>
  ({ state, source, ...(heldSince !== undefined && { heldSince }) }) as Verdict
const counted = (under: CountedUnder, since: string = AFTER) => ({ under, since })

test('what was counted under a lower consent is not covered by a higher one, and the other way round it is', () => {
  for (const [had, under] of STATES.entries())
    for (const [has, state] of STATES.entries())
      assert.equal(
        isCovered(counted({ state: under }), verdict(state)),
        has <= had,
        `${under}, then ${state}`,
      )
})

test('a yes that a person has stored covers what was counted under it, whatever the clock of another machine said', () => {
  const yes = verdict('enabled', 'stored-choice', DECIDED)
  for (const since of [BEFORE, DECIDED, AFTER]) {
    assert.equal(isCovered(counted({ state: 'enabled', choice: DECIDED }, since), yes), true)
    assert.equal(isCovered(counted({ state: 'enabled', choice: BEFORE }, since), yes), false)
  }
})

test('of what was counted under another source, a stored yes covers what began after it', () => {
  const yes = verdict('enabled', 'stored-choice', DECIDED)
  const covered = [BEFORE, DECIDED, AFTER].map((since) =>
    isCovered(counted({ state: 'enabled' }, since), yes),
  )
  assert.deepEqual(covered, [false, false, true])
})

test('a yes of another source, or one whose time nobody knows, covers what was counted before', () => {
  const under = { state: 'enabled', choice: BEFORE } as const
  for (const yes of [verdict('enabled', 'environment', DECIDED), verdict('enabled', 'stored-choice')])
    assert.equal(isCovered(counted(under, BEFORE), yes), true)
})

test('the time of a choice is kept with counts where a stored choice lets them be counted, and only there', () => {
  const kept = (...args: Parameters<typeof verdict>) => ({ ...countedUnder(verdict(...args)) })
  assert.deepEqual(kept('enabled', 'stored-choice', DECIDED), { state: 'enabled', choice: DECIDED })
  assert.deepEqual(kept('undecided', 'stored-choice', DECIDED), { state: 'undecided', choice: DECIDED })
  assert.deepEqual(kept('enabled', 'stored-choice'), { state: 'enabled' })
  assert.deepEqual(kept('enabled', 'environment', DECIDED), { state: 'enabled' })
  assert.deepEqual(kept('disabled', 'stored-choice', DECIDED), { state: 'disabled' })
})

test('stored data that is not the consent of counts is ignored', () => {
  for (const state of STATES) {
    assert.equal(isCountedUnder({ state }), true)
    assert.equal(isCountedUnder({ state, choice: DECIDED }), true)
    assert.equal(isCountedUnder({ state, choice: 1 }), false)
  }
  for (const data of [undefined, null, 'enabled', {}, { state: 'on' }, { state: '' }, { choice: DECIDED }])
    assert.equal(isCountedUnder(data), false)
})

test('of many items some are taken, each once and each of them at some time', () => {
  const all = [1, 2, 3, 4, 5]
  for (let round = 0; round < 50; round++) assert.deepEqual(someOf(all, 5), all)
  assert.deepEqual(someOf(all, 6), all)
  const first = new Set<number>()
  for (let round = 0; round < 500; round++) {
    const some = someOf(all, 3)
    assert.equal(new Set(some).size, 3)
    first.add(some[0] as number)
  }
  assert.deepEqual([...first].toSorted(), all)
})

test('an action runs once for each item, thirty-two at a time, and its results are in order', async () => {
  const all = Array.from({ length: 70 }, (_, index) => index)
  let [running, most] = [0, 0]
  const results = await inBatches(all, async (one) => {
    running++
    most = Math.max(most, running)
    await new Promise((resolve) => setImmediate(resolve))
    running--
    return one * 2
  })
  assert.deepEqual(
    results,
    all.map((one) => one * 2),
  )
  assert.equal(most, 32)
})

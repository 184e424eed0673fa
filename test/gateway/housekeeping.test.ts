import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startHousekeeping } from '../../src/maintainer/stack/housekeeping.ts'
import { createFakeClock } from '../support/fake-clock.ts'

const HOUR = 3_600_000

test('the jobs run at the start and every hour; one that fails is logged and stops no other', async () => {
  const clock = createFakeClock()
  const done: string[] = []
  const failures: string[] = []
  const failing = async () => {
    throw new Error('no store')
  }
  const pruning = async (now: number) => void done.push(new Date(now).toISOString())
  const { stop } = startHousekeeping({
    jobs: [failing, pruning],
    onFailure: (reason) => failures.push(reason),
    clock,
  })
  await clock.advance(2.5 * HOUR)
  assert.deepEqual(done, ['2026-01-01T00:00:00.000Z', '2026-01-01T01:00:00.000Z', '2026-01-01T02:00:00.000Z'])
  assert.deepEqual(failures, ['no store', 'no store', 'no store'])
  await stop()
  await clock.advance(5 * HOUR)
  assert.equal(done.length, 3)
  assert.equal(clock.waiting, 0)
})

test('a job that takes longer than an hour is not begun twice, and the end waits for it', async () => {
  const clock = createFakeClock()
  let begun = 0
  let finish = () => {}
  const slow = () => {
    begun++
    return new Promise<void>((resolve) => {
      finish = resolve
    })
  }
  const { stop } = startHousekeeping({ jobs: [slow], onFailure: assert.fail, clock })
  await clock.advance(5 * HOUR)
  assert.equal(begun, 1)
  let stopped = false
  const stopping = stop().then(() => {
    stopped = true
  })
  await clock.advance(0)
  assert.equal(stopped, false)
  finish()
  await stopping
  assert.equal(clock.waiting, 0)
})

test('the first reports of a product are rolled up within half a minute, and not an hour later', async () => {
  const clock = createFakeClock()
  const start = clock.now()
  const runs: number[] = []
  let isDue = false
  const { stop } = startHousekeeping({
    jobs: [async (now) => void runs.push(now - start)],
    isDue: async () => isDue,
    onFailure: assert.fail,
    clock,
  })
  await clock.advance(10 * 60_000)
  isDue = true
  await clock.advance(10_000)
  isDue = false
  await clock.advance(HOUR)
  assert.deepEqual(runs, [0, 610_000, 610_000 + HOUR])
  await stop()
  assert.equal(clock.waiting, 0)
})

/** Wall clocks that jump: set by hand, by NTP, or by a machine that was asleep. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createHost, DAY, HOUR, MINUTE, restarted, YEAR } from './host.ts'

test('a clock that is set back ten years does not silence an installation for ten years', async () => {
  const { clock, schedule, reports } = createHost()
  await schedule.start(0)
  await clock.advance(HOUR)
  clock.setWall(clock.now() - 10 * YEAR)
  await clock.advance(DAY + HOUR)
  assert.equal(reports.length, 2)
  await clock.advance(DAY)
  assert.equal(reports.length, 3)
})

test('a clock that was set back ten years while the process was down does not silence an installation', async () => {
  const first = createHost()
  await first.schedule.start(0)
  await first.clock.advance(0)
  first.schedule.stop()
  first.clock.setWall(first.clock.now() - 10 * YEAR)
  const second = restarted(first)
  await second.schedule.start(5 * MINUTE)
  await second.clock.advance(DAY)
  assert.deepEqual(second.reports, [DAY])
})

test('a clock that is set forward ten years makes one report, and not ten years of them', async () => {
  const { clock, schedule, reports } = createHost()
  await schedule.start(0)
  await clock.advance(90 * MINUTE)
  clock.setWall(clock.now() + 10 * YEAR)
  await clock.advance(HOUR)
  assert.equal(reports.length, 2)
  await clock.advance(23 * HOUR)
  assert.equal(reports.length, 2)
  await clock.advance(HOUR)
  assert.equal(reports.length, 3)
})

test('a machine that was asleep for 47 hours makes one report when it wakes, and the next a day later', async () => {
  const { clock, schedule, reports } = createHost()
  await schedule.start(0)
  await clock.advance(0)
  clock.setWall(clock.now() + 47 * HOUR)
  await clock.advance(HOUR)
  assert.deepEqual(reports, [0, HOUR])
  await clock.advance(DAY - 1)
  assert.equal(reports.length, 2)
  await clock.advance(1)
  assert.deepEqual(reports, [0, HOUR, HOUR + DAY])
})

/** Where reports are not to be joined, the time of day of one says nothing of that of the next. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createHost, DAY, live, MINUTE, seeded } from './host.ts'

const wandering = { wanders: true, random: seeded(7) }

test('each report is made at another time of day, and there is one a day in the long run', async () => {
  const host = createHost(wandering)
  await host.schedule.start(5 * MINUTE)
  await host.machine.run(400 * DAY)
  const steps = host.reports.slice(1).map((at, index) => (at - (host.reports[index] as number)) / DAY)
  assert.ok(Math.min(...steps) >= 0.5 && Math.max(...steps) <= 1.55)
  assert.ok(host.reports.length >= 375 && host.reports.length <= 405, `${host.reports.length} reports`)
  // In each of ten parts of what a step can be there are as many as by chance.
  const parts = Object.values(Object.groupBy(steps, (step) => Math.min(Math.floor((step - 0.5) * 10), 9)))
  assert.equal(parts.length, 10)
  for (const part of parts) assert.ok((part?.length ?? 0) > 20 && (part?.length ?? 0) < 65, `${part?.length}`)
})

test('processes that live for minutes report at such times as well', async () => {
  const reports = await live(
    createHost(wandering),
    { lives: 1_000, life: 5 * MINUTE, pause: 25 * MINUTE },
    wandering,
  )
  assert.ok(reports.length >= 18 && reports.length <= 24, `${reports.length} reports in 21 days`)
})

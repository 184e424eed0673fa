/** A yes after days of reports for the local log only: nobody waits until the next day to see that the yes has an effect. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createHost, DAY, HOUR, MINUTE, restarted, seeded, stored } from './host.ts'

/** An installation whose reports were for the local log only, for three days and a bit. */
async function offForDays({ ...options }: Parameters<typeof createHost>[0] = {}) {
  const host = createHost({ ...options, run: async () => host.schedule.reported(true) })
  await host.schedule.start(5 * MINUTE)
  await host.machine.run(3 * DAY + HOUR)
  return host
}

test('the first report comes within five minutes of the first yes, not up to 36 hours later', async () => {
  for (const random of [0, 0.5, 0.999]) {
    const off = await offForDays()
    off.schedule.stop()
    const host = restarted(off, { offset: random })
    await host.schedule.start(5 * MINUTE)
    const saidAt = host.machine.elapsed
    await host.schedule.start(5 * MINUTE, { isYes: true })
    const due = host.schedule.due()
    await host.machine.run(36 * HOUR)
    const [first = 0, second = 0] = host.reports
    assert.ok(first - saidAt <= 5 * MINUTE, `${first - saidAt}`)
    assert.equal(due, host.machine.now() - host.machine.elapsed + first)
    assert.ok(second - first >= DAY / 2 && second - first <= 1.5 * DAY, `${second - first}`)
  }
})

test('a fleet that says yes at once does not report at once, nor in the same second of each day after', async () => {
  const random = seeded(7)
  const [delays, gaps]: [number[], number[]] = [[], []]
  for (let one = 0; one < 60; one++) {
    const off = await offForDays({ random })
    off.schedule.stop()
    const host = restarted(off, { random })
    await host.schedule.start(5 * MINUTE)
    const saidAt = host.machine.elapsed
    await host.schedule.start(5 * MINUTE, { isYes: true })
    await host.machine.run(36 * HOUR)
    delays.push((host.reports[0] ?? 0) - saidAt)
    gaps.push((host.reports[1] ?? 0) - (host.reports[0] ?? 0))
  }
  const spread = (values: number[]) => Math.max(...values) - Math.min(...values)
  assert.ok(spread(delays) > 3 * MINUTE, `${spread(delays)}`)
  assert.ok(spread(gaps) > 16 * HOUR, `${spread(gaps)}`)
})

test('a restart between the yes and its report does not put it off, and restarts do not repeat it', async () => {
  const off = await offForDays()
  await off.schedule.start(5 * MINUTE, { isYes: true })
  off.schedule.stop()
  const saidAt = off.machine.elapsed
  const next = restarted(off)
  await next.schedule.start(5 * MINUTE, { isYes: true })
  await next.machine.run(5 * MINUTE)
  assert.equal(next.reports.length, 1)
  assert.ok((next.reports[0] ?? 0) - saidAt <= 5 * MINUTE)
  assert.equal((await stored(next.store))['unsent'], undefined)
  for (let start = 0; start < 5; start++) {
    next.schedule.stop()
    const again = restarted(next)
    await again.schedule.start(5 * MINUTE, { isYes: true })
    await again.machine.run(10 * MINUTE)
    assert.deepEqual(again.reports, [])
    again.schedule.stop()
  }
})

test('a yes while the clock is set back or forward, or after a sleep, is followed by one report within minutes', async () => {
  for (const by of [-2 * DAY, -HOUR, HOUR, 2 * DAY]) {
    const off = await offForDays()
    const { machine } = off
    off.schedule.stop()
    const host = restarted(off)
    await host.schedule.start(5 * MINUTE)
    await host.schedule.start(5 * MINUTE, { isYes: true })
    machine.setWall(by)
    await machine.run(10 * MINUTE)
    // A clock that was set back moves what was planned with it.
    assert.equal(host.reports.length, 1, `the clock was set by ${by}`)
    await machine.run(11 * HOUR)
    assert.equal(host.reports.length, 1, `the clock was set by ${by}`)
  }
})

test('a second yes, after a report was sent, keeps the rhythm: switching back and forth makes no reports', async () => {
  const host = createHost()
  await host.schedule.start(0, { isYes: true })
  await host.machine.run(HOUR)
  const { length } = host.reports
  for (let change = 0; change < 10; change++) {
    await host.schedule.start(0)
    await host.schedule.start(0, { isYes: true })
    await host.machine.run(5 * MINUTE)
  }
  assert.equal(host.reports.length, length)
})

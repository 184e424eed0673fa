/** The schedule cannot die silently: whichever step never comes to its end, the next report is made. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { createMemoryStore, type StateStore } from '../../src/index.ts'
import { createAcme } from '../support/acme.ts'
import { createFakeClock, type FakeClock } from '../support/fake-clock.ts'
import { createLog } from '../support/log.ts'
import { startReceiver } from '../support/receiver.ts'

const HOUR = 3_600_000

/** A store of which some steps, by their number since it was told to count, never come to their end. They may take effect all the same. */
function createHangingStore(hangs: (step: number, name: unknown) => boolean, takesEffect = false) {
  const whole = createMemoryStore()
  let steps = 0
  let counting = false
  const step = <A extends unknown[], R>(action: (...args: A) => Promise<R>) => {
    return async (...args: A): Promise<R> => {
      if (!counting || !hangs(++steps, args[0])) return action(...args)
      if (takesEffect) await action(...args)
      return new Promise(() => {})
    }
  }
  const store: StateStore = {
    ...whole,
    read: step(whole.read),
    write: step(whole.write),
    create: step(whole.create),
    append: step(whole.append),
    remove: step(whole.remove),
    list: step(whole.list),
  }
  const begin = () => {
    counting = true
  }
  return { store, begin }
}

/** Time passes, with a moment for the network at each hour. */
async function live(clock: FakeClock, hours: number): Promise<void> {
  for (let hour = 0; hour < hours; hour++) {
    await clock.advance(HOUR)
    await setTimeout(2)
  }
}

test('a state store of which any one step never ends does not end the schedule', {
  timeout: 120_000,
}, async () => {
  await using receiver = await startReceiver()
  for (let at = 1; at <= 40; at += 2) {
    const hanging = createHangingStore((step) => step === at, at % 4 === 1)
    const clock = createFakeClock()
    const usage = createAcme({
      ...{ endpoint: receiver.endpoint, state: hanging.store, clock },
      schedule: { initialDelay: '10m', jitter: 0 },
    })
    await usage.start()
    usage.counter('acme.commands').add(1, { command: 'find', result: 'ok' })
    hanging.begin()
    await live(clock, 3)
    const before = receiver.received.length
    await live(clock, 37)
    assert.ok(receiver.received.length > before, `no report any more once step ${at} has hung`)
    await usage.shutdown()
  }
})

/** The lines of a host whose store hangs for 40 hours, in all that it is asked of or in some of it, and then works again. */
async function survived(hangs: (name: unknown) => boolean) {
  await using receiver = await startReceiver()
  const clock = createFakeClock()
  const log = createLog()
  let broken = true
  const hanging = createHangingStore((_, name) => broken && hangs(name))
  const usage = createAcme({
    ...{ endpoint: receiver.endpoint, clock, logger: log, state: hanging.store },
    schedule: { initialDelay: '1h', jitter: 0 },
  })
  await usage.start()
  hanging.begin()
  await live(clock, 40)
  broken = false
  const { connections } = receiver
  await live(clock, 40)
  assert.ok(receiver.received.length > 0)
  await usage.shutdown()
  return { connections, lines: log.lines }
}

test('a store that answers only just in time makes a report take more than ten minutes: the report goes on, and the operator is warned', async () => {
  await using receiver = await startReceiver()
  const clock = createFakeClock()
  const log = createLog()
  const whole = createMemoryStore()
  let isSlow = false
  const slowly = <A extends unknown[], R>(action: (...args: A) => Promise<R>, by = 59_000) => {
    return async (...args: A): Promise<R> => {
      if (isSlow) await new Promise<void>((resolve) => clock.after(by, resolve))
      return action(...args)
    }
  }
  const [write, create] = [slowly(whole.write), slowly(whole.create)]
  const [append, remove] = [slowly(whole.append), slowly(whole.remove)]
  const usage = createAcme({
    ...{ endpoint: receiver.endpoint, clock, logger: log },
    state: {
      ...{ ...whole, write, create, append, remove },
      ...{ read: slowly(whole.read, 4_900), list: slowly(whole.list, 4_900) },
    },
    schedule: { initialDelay: '1h', jitter: 0 },
  })
  await usage.start()
  usage.counter('acme.commands').add(1, { command: 'find', result: 'ok' })
  isSlow = true
  await live(clock, 40)
  isSlow = false
  const stuck = log.lines.filter((line) => /^error: .* timed out after 10 minutes/.test(line))
  assert.ok(stuck.length > 0)
  await live(clock, 60)
  assert.ok(receiver.received.length > 0)
  await usage.shutdown()
})

test('a store that answers for the choice only: the operator is warned once, and reports arrive once the store works again', async () => {
  const { lines } = await survived((name) => name !== 'consent.jsonl')
  assert.equal(lines.filter((line) => /^warn: .*cannot read .*ETIMEDOUT/.test(line)).length, 1)
})

test('while a store does not say what was chosen, nothing is sent: it may be a no; once it works again, reports arrive', async () => {
  assert.equal((await survived(() => true)).connections, 0)
})

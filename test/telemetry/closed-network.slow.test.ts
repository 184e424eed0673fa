/** A network that is closed for weeks: the operator reads of it once. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMemoryStore } from '../../src/index.ts'
import { createAcme } from '../support/acme.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { createLog } from '../support/log.ts'

const HOUR = 3_600_000

/** A port of this machine where nobody listens. */
const NOBODY = 'http://127.0.0.1:9'

/** An installation that cannot reach its receiver, and what was logged of it beside the notice at each start. */
function createClosed() {
  const clock = createFakeClock()
  const state = createMemoryStore()
  const log = createLog()
  const life = () => createAcme({ endpoint: NOBODY, state, clock, logger: log })
  return {
    life,
    lines: () => log.lines.filter((line) => !line.startsWith('info: Acme DB sends ')),
    outcomes: async () => (await Array.fromAsync(life().ledger.entries())).map(({ outcome }) => outcome),
    /** Time for the network, which is real, to say no in between. */
    async days(count: number) {
      for (let hour = 0; hour < count * 24; hour++) {
        await clock.advance(HOUR)
        await new Promise((resolve) => setTimeout(resolve, 1))
      }
    },
  }
}

const ONE_LINE =
  /^debug: Usage reports wait in memory: the receiver cannot be reached \(ECONNREFUSED\)\. They are sent later\.$/

test('a network that is closed for thirty days is one line in the log, at debug', async () => {
  const { life, lines, days, outcomes } = createClosed()
  const usage = life()
  await usage.start()
  await days(30)
  await usage.shutdown()
  assert.ok((await outcomes()).length >= 29)
  assert.equal(lines().length, 1)
  assert.match(lines()[0] ?? '', ONE_LINE)
})

test('a closed network is one line also where the product is started each day', async () => {
  const { life, lines, days, outcomes } = createClosed()
  for (let day = 0; day < 30; day++) {
    const usage = life()
    await usage.start()
    await days(1)
    await usage.shutdown()
  }
  assert.ok((await outcomes()).length >= 28)
  assert.equal(lines().length, 1)
  assert.match(lines()[0] ?? '', ONE_LINE)
})

test('a closed network is still one line when the oldest reports are given up, day by day', async () => {
  const { life, lines, days, outcomes } = createClosed()
  const usage = life()
  await usage.start()
  await days(40)
  await usage.shutdown()
  assert.ok((await outcomes()).includes('discarded'))
  assert.equal(lines().length, 1)
})

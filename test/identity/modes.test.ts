/** How much of an id there is: one for good, one a period, or none. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createHost, DAY, reported } from './host.ts'

const UUID_V8 = /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

const WEEKLY = { mode: 'rotating', period: 7 * DAY } as const

/** What a report says on each of the days. */
async function daily(days: number, policy: Parameters<typeof reported>[1]): Promise<string[]> {
  const host = createHost()
  const ids: string[] = []
  for (let day = 0; day < days; day++) {
    ids.push((await reported(host, policy)).id ?? '')
    await host.clock.advance(DAY)
  }
  return ids
}

const lengthsOf = (ids: readonly string[]) =>
  [...new Set(ids)].map((id) => ids.filter((one) => one === id).length)

test('a rotating id is another one each period, and in between the same', async () => {
  const ids = await daily(29, WEEKLY)
  for (const id of ids) assert.match(id, UUID_V8)
  const lengths = lengthsOf(ids)
  assert.deepEqual(lengths.slice(1, 4), [7, 7, 7])
  assert.equal(ids.lastIndexOf(ids[0] ?? ''), (lengths[0] ?? 0) - 1)
})

test('a rotating id lasts thirty days when the product does not say how long', async () => {
  assert.equal(lengthsOf(await daily(61, { mode: 'rotating' }))[1], 30)
})

test('a fleet does not change its ids on one day', async () => {
  const firsts = await Promise.all(
    Array.from({ length: 40 }, async () => lengthsOf(await daily(8, WEEKLY))[0]),
  )
  assert.ok(new Set(firsts).size >= 4, `first periods of ${firsts} days`)
})

test('all processes of an installation come to the same rotating id, and only the first one writes', async () => {
  const host = createHost()
  const first = await reported(host, WEEKLY)
  assert.deepEqual(host.done(), ['create installation.json'])
  await host.clock.advance(30 * DAY)
  const { id } = await first.installation.propose()
  assert.notEqual(id, first.id)
  assert.equal((await reported(host, WEEKLY)).id, id)
  assert.deepEqual(host.done(), [])
})

test('nothing that is sent in the mode rotating is stored', async () => {
  const host = createHost()
  const { id, secret, installation } = await reported(host, WEEKLY)
  assert.deepEqual(await host.stored(), { secret, createdAt: '2026-01-01T00:00:00.000Z' })
  assert.notEqual(id, secret)
  assert.equal(await installation.stored(), id)
})

test('the secret of randomized facts outlives the period: a random answer that changes each period averages out', async () => {
  const host = createHost()
  const { secret } = await reported(host, WEEKLY)
  await host.clock.advance(70 * DAY)
  assert.equal((await reported(host, WEEKLY)).secret, secret)
})

test('a product that changes the period does not say an id of before again', async () => {
  const host = createHost()
  const { id } = await reported(host, WEEKLY)
  // Periods that are twice as long come to the same number when twice the time is over.
  host.clock.setWall(2 * host.clock.now())
  assert.notEqual((await reported(host, { mode: 'rotating', period: 2 * WEEKLY.period })).id, id)
})

test('a forgotten rotating id does not come again, not in the same period either', async () => {
  const host = createHost()
  const { id, installation } = await reported(host, WEEKLY)
  await installation.forget()
  assert.equal(await installation.stored(), undefined)
  assert.notEqual((await reported(host, WEEKLY)).id, id)
})

const AGES: ReadonlyArray<readonly [days: number, age: string]> = [
  ...([
    [0, 'day'],
    [0.999, 'day'],
    [1, 'week'],
    [6.999, 'week'],
    [7, 'month'],
    [29.999, 'month'],
  ] as const),
  ...([
    [30, 'half-year'],
    [182.999, 'half-year'],
    [183, 'older'],
    [5_000, 'older'],
  ] as const),
  ...([
    [-0.001, 'day'],
    [-20_000, 'day'],
  ] as const),
]

for (const [days, age] of AGES) {
  test(`without an id, a report ${days} days after the first says '${age}' and nothing else`, async () => {
    const host = createHost()
    const { installation } = await reported(host, { mode: 'none' })
    host.clock.setWall(host.clock.now() + days * DAY)
    assert.deepEqual(await installation.propose(), { age })
    assert.deepEqual(await host.install({ mode: 'none' }).propose(), { age })
  })
}

test('an age never grows younger while the clock goes on', async () => {
  const order = ['day', 'week', 'month', 'half-year', 'older']
  const host = createHost()
  const { installation } = await reported(host, { mode: 'none' })
  const start = host.clock.now()
  await fc.assert(
    fc.asyncProperty(fc.nat(4e10), fc.nat(4e10), async (one, other) => {
      const ages = []
      for (const elapsed of [Math.min(one, other), Math.max(one, other)]) {
        host.clock.setWall(start + elapsed)
        ages.push(order.indexOf((await installation.propose()).age ?? ''))
      }
      assert.ok((ages[0] ?? -1) >= 0 && (ages[0] ?? 0) <= (ages[1] ?? 0))
    }),
  )
})

test('a product that gives its ids up deletes the one that is stored, and keeps the age and the secret', async () => {
  const host = createHost()
  const before = await reported(host)
  await host.clock.advance(40 * DAY)
  const after = host.install({ mode: 'none' })
  assert.deepEqual(await after.propose(), { age: 'half-year' })
  // Until then an erasure request can name what was sent before.
  assert.equal(await after.stored(), before.id)
  await after.keep()
  assert.deepEqual(await host.stored(), { secret: before.secret, createdAt: '2026-01-01T00:00:00.000Z' })
  assert.deepEqual(await after.propose(), { age: 'half-year' })
  assert.equal(await after.stored(), undefined)
})

test('a product that begins to rotate deletes the stable id, and none of the new ones is derived from it', async () => {
  const host = createHost()
  const { id, secret } = await reported(host)
  const rotating = await reported(host, WEEKLY)
  assert.deepEqual(await host.stored(), { secret, createdAt: '2026-01-01T00:00:00.000Z' })
  assert.notEqual(rotating.id, id)
})

for (const mode of ['none', 'rotating'] as const) {
  test(`a product that goes from ${mode} to stable makes an id, once`, async () => {
    const host = createHost()
    const { secret } = await reported(host, { mode })
    await host.clock.advance(DAY)
    const first = await reported(host)
    assert.deepEqual(await host.stored(), { id: first.id, secret, createdAt: '2026-01-01T00:00:00.000Z' })
    host.done()
    assert.equal((await reported(host)).id, first.id)
    assert.deepEqual(host.done(), [])
  })
}

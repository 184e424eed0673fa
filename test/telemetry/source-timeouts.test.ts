/** Time limits of the functions that give values, as the product sets them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MeterProvider } from '@opentelemetry/sdk-metrics'
import { UsageConfigurationError, type UsageTelemetryOptions } from '../../src/index.ts'
import { type AcmeFacts, createAcme } from '../support/acme.ts'
import { createFakeClock } from '../support/fake-clock.ts'

const SECOND = 1_000

type Facts = UsageTelemetryOptions<AcmeFacts>['facts']

/** Asks one source that takes some time, and returns whether its value is in the preview. */
async function isInReport(takes: number, facts: Facts): Promise<boolean> {
  const clock = createFakeClock()
  const usage = createAcme({ clock, ...(facts && { facts }) })
  // The first preview loads the SDK, which takes real time.
  await usage.preview()
  usage.set('acme.users', () => new Promise<number>((resolve) => clock.after(takes, () => resolve(64))))
  const previewing = usage.preview()
  await clock.advance(100 * SECOND)
  const { points } = (await previewing).facts
  return points.some(({ name }) => name === 'acme.users')
}

for (const [facts, longest] of [
  [undefined, 1 * SECOND],
  [{ sourceTimeout: '10s' }, 10 * SECOND],
  [{ sourceTimeout: '1m' }, 60 * SECOND],
  [{ sourceTimeout: '20ms' }, 20],
  [{ reportTimeout: '500ms' }, 500],
  [{ sourceTimeout: '30s', reportTimeout: '30s' }, 30 * SECOND],
] as const) {
  test(`a source has ${longest} ms with facts: ${JSON.stringify(facts)}`, async () => {
    assert.equal(await isInReport(longest - 1, facts), true)
    assert.equal(await isInReport(longest + 1, facts), false)
  })
}

test('all sources together have the time of the report, however many there are (EventStoreDB: ten seconds per component)', async () => {
  const clock = createFakeClock()
  const usage = createAcme({ clock, facts: { sourceTimeout: '10s' } })
  await usage.preview()
  for (const name of ['acme.users', 'acme.edition', 'acme.db.version'] as const)
    usage.set(name, () => new Promise<never>(() => {}))
  let ended = false
  const previewing = usage.preview().then((preview) => {
    ended = true
    return preview
  })
  await clock.advance(10 * SECOND - 1)
  assert.equal(ended, false)
  await clock.advance(1)
  const { attributes, points } = (await previewing).facts
  assert.deepEqual([{ ...attributes }, points], [{}, []])
})

test('the callbacks of an SDK of the host count to the time of the report', async () => {
  const clock = createFakeClock()
  const usage = createAcme({ clock, facts: { sourceTimeout: '50ms', reportTimeout: '50ms' } })
  const provider = new MeterProvider({ readers: [await usage.reader()] })
  const users = provider.getMeter('acme').createObservableGauge('acme.users')
  await usage.preview()
  users.addCallback(() => new Promise(() => {}))
  let hasEnded = false
  const previewing = usage.preview().then(() => {
    hasEnded = true
  })
  await clock.advance(49)
  assert.equal(hasEnded, false)
  await clock.advance(1)
  await previewing
  await provider.shutdown()
})

for (const [facts, path, message] of [
  [{ sourceTimeout: '61s' }, 'facts.sourceTimeout', /is '61s'; use '10ms' to '1m'/],
  [{ sourceTimeout: 0 }, 'facts.sourceTimeout', /use '10ms' to '1m'/],
  [{ sourceTimeout: Number.NaN }, 'facts.sourceTimeout', /use '10ms' to '1m'/],
  [{ sourceTimeout: 'long' }, 'facts.sourceTimeout', /use '10ms' to '1m'/],
  [{ sourceTimeout: null }, 'facts.sourceTimeout', /use '10ms' to '1m'/],
  [{ reportTimeout: '6m' }, 'facts.reportTimeout', /use '10ms' to '5m'/],
  [{ reportTimeout: Number.POSITIVE_INFINITY }, 'facts.reportTimeout', /use '10ms' to '5m'/],
  [{ sourceTimeout: '10s', reportTimeout: '5s' }, 'facts.reportTimeout', /shorter than facts.sourceTimeout/],
  [{ sourceTimout: '10s' }, 'facts.sourceTimout', /'sourceTimeout' is/],
  ['10s', 'facts', /pass an object/],
] as const) {
  test(`facts: ${JSON.stringify(facts)} is refused at the start`, () => {
    assert.throws(
      () => createAcme({ facts: facts as Facts & object }),
      (error: UsageConfigurationError) =>
        error instanceof UsageConfigurationError &&
        error.mistakes.some((mistake) => mistake.path === path && message.test(mistake.message)),
    )
  })
}

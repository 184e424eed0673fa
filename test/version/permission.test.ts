/** When a request is made, and when none is: consent, the product's mode, the operator's variables. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { UsageTelemetryOptions } from '../../src/index.ts'
import { createMemoryStore } from '../../src/index.ts'
import type { AcmeFacts } from '../support/acme.ts'
import { startReceiver } from '../support/receiver.ts'
import { acmeFeed, createChecking, startFeedServer } from './feeds.ts'

const DAY = 86_400_000
const HOUR = 3_600_000

type Options = Partial<UsageTelemetryOptions<AcmeFacts>>
type Mode = NonNullable<NonNullable<UsageTelemetryOptions['versionCheck']>['mode']>

/** Lives three hours, asks for a check too, and returns the connections to the feed and the disclosure. */
async function live(mode: Mode, options: Options, environment: Record<string, string> = {}) {
  await using server = await startFeedServer()
  const { usage, clock, logger } = createChecking({ feed: server.feed, mode }, { ...options, environment })
  await usage.start()
  const { outcome } = await usage.version.check()
  await clock.advance(3 * HOUR)
  const { version, disclosure } = await usage.status()
  await usage.shutdown()
  return { connections: server.connections, outcome, version, disclosure, lines: logger.lines }
}

for (const [what, mode, options, environment] of [
  ['DO_NOT_TRACK', 'with-telemetry', {}, { DO_NOT_TRACK: '1' }],
  ['DO_NOT_TRACK, though the checks are independent', 'independent', {}, { DO_NOT_TRACK: '1' }],
  ['the opt-out of the telemetry', 'with-telemetry', {}, { ACME_DB_TELEMETRY_OPTOUT: '1' }],
  ['the opt-out of the checks', 'with-telemetry', {}, { ACME_DB_VERSION_CHECK_OPTOUT: '1' }],
  ['the opt-out of independent checks', 'independent', {}, { ACME_DB_VERSION_CHECK_OPTOUT: 'yes' }],
  ['a misspelt opt-out', 'independent', {}, { acme_db_version_check_opt_out: '1' }],
  ['a product that is off by default', 'with-telemetry', { consent: { default: 'disabled' } }, {}],
  ['a name of the executable', 'independent', { consent: { executableName: '/opt/DoNotTrack/acme' } }, {}],
  ['a debug run', 'independent', { debugOutput: () => {} }, { ACME_DB_TELEMETRY_DEBUG: '1' }],
  [
    'CI, where the product counts that as a no',
    'independent',
    { consent: { automation: 'disabled' } },
    { CI: 'true' },
  ],
  ['a product that makes no checks', 'never', {}, {}],
] as const satisfies ReadonlyArray<readonly [string, Mode, Options, Record<string, string>]>) {
  test(`no request is made under ${what}`, async () => {
    const { connections, outcome, version } = await live(mode, options as Options, environment)
    assert.deepEqual([connections, outcome], [0, 'off'])
    assert.equal(version?.checks, mode === 'never' ? undefined : 'off')
  })
}

test('the opt-out of the telemetry does not stop independent checks', async () => {
  const { connections, version } = await live('independent', {}, { ACME_DB_TELEMETRY_OPTOUT: '1' })
  assert.ok(connections >= 1)
  assert.equal(version?.notice?.condition, 'vulnerable')
})

test("a word for no in the opt-out of the checks stops nothing, and the product's own variable does", async () => {
  const checked = await live('independent', {}, { ACME_DB_VERSION_CHECK_OPTOUT: '0' })
  assert.ok(checked.connections >= 1)
  await using server = await startFeedServer()
  const { usage } = createChecking(
    { feed: server.feed, mode: 'independent', optOutVariable: 'CHECKPOINT_DISABLE' },
    { environment: { CHECKPOINT_DISABLE: '1' } },
  )
  await usage.start()
  assert.deepEqual(await usage.version.check(), { outcome: 'off', reason: 'CHECKPOINT_DISABLE=1' })
  await usage.shutdown()
})

test('an opt-out of the checks that is set while the product runs is obeyed', async () => {
  await using server = await startFeedServer()
  const environment: Record<string, string> = {}
  const { usage } = createChecking({ feed: server.feed, mode: 'independent' }, { environment })
  await usage.start()
  await usage.version.check()
  environment['ACME_DB_VERSION_CHECK_OPTOUT'] = '1'
  assert.equal((await usage.version.check()).outcome, 'off')
  assert.equal(usage.version.notice(), undefined)
  assert.equal(server.requests.length, 1)
  await usage.shutdown()
})

for (const mode of ['with-telemetry', 'independent'] as const)
  test(`nothing is requested before nobody has decided for the delay, ${mode}`, async () => {
    await using server = await startFeedServer()
    const state = createMemoryStore()
    const { usage, clock } = createChecking(
      { feed: server.feed, mode },
      {
        state,
        consent: { default: 'undecided' },
        schedule: { undecidedDelay: '1h' },
        endpoint: 'http://127.0.0.1:9',
      },
    )
    await usage.start()
    assert.equal((await usage.version.check()).outcome, 'off')
    assert.equal((await usage.status()).version?.checks, 'waiting')
    await clock.advance(HOUR - 1_000)
    assert.equal(server.connections, 0)
    await clock.advance(2 * HOUR)
    assert.equal(server.requests.length, 1)
    assert.equal((await usage.status()).version?.checks, 'on')
    await usage.shutdown()
  })

test('independent checks of a product that is off by default wait as well: the notice has to be read first', async () => {
  await using server = await startFeedServer()
  const { usage, clock } = createChecking(
    { feed: server.feed, mode: 'independent' },
    { consent: { default: 'disabled' } },
  )
  await usage.start()
  await clock.advance(HOUR - 1_000)
  assert.equal(server.connections, 0)
  await clock.advance(2 * HOUR)
  assert.equal(server.requests.length, 1)
  await usage.shutdown()
})

test('a choice against the telemetry ends the checks at once, and a choice for it begins them', async () => {
  await using server = await startFeedServer()
  const { usage, clock } = createChecking({ feed: server.feed }, { consent: { default: 'disabled' } })
  await usage.start()
  await clock.advance(3 * HOUR)
  assert.equal(server.connections, 0)
  await usage.consent.set('enabled', { by: 'alice' })
  await clock.advance(HOUR)
  assert.equal(server.requests.length, 1)
  await usage.consent.set('disabled', { by: 'alice' })
  await clock.advance(DAY)
  assert.equal(server.requests.length, 1)
  assert.equal(usage.version.notice(), undefined)
  await usage.shutdown()
})

test('the notice at the start says that version checks are off too, and where they are made', async () => {
  const off = await live('with-telemetry', {}, { ACME_DB_TELEMETRY_OPTOUT: '1' })
  assert.match(off.disclosure ?? '', /Version checks are off too/)
  const own = await live('independent', {}, { ACME_DB_TELEMETRY_OPTOUT: '1' })
  assert.match(
    own.disclosure ?? '',
    /looks for new versions and advisories at 127\.0\.0\.1:\d+.* ACME_DB_VERSION_CHECK_OPTOUT=1\./,
  )
  assert.ok(own.lines.some((line) => line.includes('ACME_DB_VERSION_CHECK_OPTOUT=1')))
  const stopped = await live('independent', {}, { ACME_DB_VERSION_CHECK_OPTOUT: '1' })
  assert.doesNotMatch(stopped.disclosure ?? '', /ersion/)
  const never = await live('never', {})
  assert.doesNotMatch(never.disclosure ?? '', /ersion/)
})

test('the processes of an installation make one check an interval together, over restarts', async () => {
  await using receiver = await startReceiver()
  await using server = await startFeedServer()
  const state = createMemoryStore()
  const both = [0, 1].map(() =>
    createChecking({ feed: server.feed, interval: '4h' }, { state, endpoint: receiver.endpoint }),
  )
  for (const { usage } of both) await usage.start()
  for (let hour = 0; hour < 12; hour++) for (const { clock } of both) await clock.advance(HOUR)
  assert.ok(server.requests.length >= 1 && server.requests.length <= 4, `${server.requests.length} requests`)
  const notices = both.map(({ usage }) => usage.version.notice()?.condition)
  assert.deepEqual(notices, ['vulnerable', 'vulnerable'])
  for (const { usage } of both) await usage.shutdown()
  const before = server.requests.length
  for (let start = 0; start < 5; start++) {
    const { usage, clock } = createChecking({ feed: server.feed }, { state, endpoint: receiver.endpoint })
    clock.setWall(both[0]?.clock.now() ?? 0)
    await usage.start()
    await clock.advance(60_000)
    await usage.shutdown()
  }
  assert.equal(server.requests.length, before)
})

test('a feed that asks to be read again after twelve hours is', async () => {
  await using server = await startFeedServer(acmeFeed({ checkAfterHours: 12 }))
  const { usage, clock } = createChecking({ feed: server.feed, interval: '1h' })
  await usage.start()
  await clock.advance(2 * HOUR)
  assert.equal(server.requests.length, 1)
  await clock.advance(10 * HOUR)
  assert.equal(server.requests.length, 1)
  await clock.advance(5 * HOUR)
  assert.equal(server.requests.length, 2)
  await usage.shutdown()
})

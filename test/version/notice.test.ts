/** The notice: what the operator learns, where it is shown, and how long it is kept. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { createMemoryStore, createStartupWarnings } from '../../src/index.ts'
import { createScratch } from '../support/scratch.ts'
import { acmeFeed, createChecking, startFeedServer } from './feeds.ts'

const MESSAGE =
  'Acme DB 2.4.0 is vulnerable: ACME-2026-1 (high, A query can read another database), fixed in 2.4.3. ' +
  'Acme DB 2.5.0 is available, and 2.4.3 in the same line; this is 2.4.0. Read more: https://acme.example/versions'

test('the notice says what is newest, what is wrong with the running version, and where it is fixed', async () => {
  await using server = await startFeedServer()
  const { usage } = createChecking({ feed: server.feed })
  await usage.start()
  assert.equal(usage.version.notice(), undefined)
  assert.equal((await usage.version.check()).outcome, 'changed')
  assert.deepEqual(usage.version.notice(), {
    version: '2.4.0',
    source: 'feed',
    condition: 'vulnerable',
    latest: '2.5.0',
    latestInLine: '2.4.3',
    endOfLife: '2027-06-01',
    severity: 'high',
    advisories: [
      {
        id: 'ACME-2026-1',
        severity: 'high',
        fixedIn: ['2.4.3'],
        summary: 'A query can read another database',
        url: 'https://acme.example/advisories/1',
      },
    ],
    message: MESSAGE,
    url: 'https://acme.example/versions',
  })
  await usage.shutdown()
})

test('the notice is one line in the log, also over restarts and further checks', async () => {
  await using server = await startFeedServer()
  const state = createMemoryStore()
  const lines: string[] = []
  for (let start = 0; start < 3; start++) {
    const { usage, logger } = createChecking({ feed: server.feed }, { state })
    await usage.start()
    await usage.version.check()
    await usage.version.check()
    lines.push(...logger.lines.filter((line) => line.includes('vulnerable')))
    assert.equal(usage.version.notice()?.message, MESSAGE)
    await usage.shutdown()
  }
  assert.deepEqual(lines, [`warn: ${MESSAGE}`])
})

test('a start shows the notice that is kept, in the start-up warnings and the status, without a request', async () => {
  await using server = await startFeedServer()
  const state = createMemoryStore()
  const { usage: first } = createChecking({ feed: server.feed }, { state })
  await first.start()
  await first.version.check()
  await first.shutdown()
  const warnings = createStartupWarnings()
  const { usage } = createChecking({ feed: server.feed }, { state, disclosure: { sinks: [warnings.sink] } })
  await usage.start()
  assert.equal(warnings.lines().at(-1), MESSAGE)
  const { version } = await usage.status()
  assert.equal(version?.notice?.message, MESSAGE)
  assert.deepEqual([version?.checks, version?.feed], ['on', server.feed])
  assert.equal(server.requests.length, 1)
  await usage.shutdown()
})

test('an upgrade clears the notice at once, and the stored feed is read for the new version without a request', async () => {
  await using server = await startFeedServer()
  const state = createMemoryStore()
  const { usage: old } = createChecking({ feed: server.feed }, { state })
  await old.start()
  await old.version.check()
  await old.shutdown()
  const { usage, clock } = createChecking(
    { feed: server.feed },
    { state, product: { name: 'acme-db', version: '2.4.3', title: 'Acme DB' } },
  )
  await usage.start()
  assert.equal(usage.version.notice(), undefined)
  await clock.advance(11_000)
  assert.equal(usage.version.notice()?.message, 'Acme DB 2.5.0 is available; this is 2.4.3.')
  assert.equal(server.requests.length, 1)
  await usage.shutdown()
})

test('an opt-out clears the notice and everything that is stored of it', async () => {
  await using server = await startFeedServer()
  const state = createMemoryStore()
  const { usage } = createChecking({ feed: server.feed }, { state })
  const stored = async () => {
    const entries = [
      'version.json',
      'version-feed.json',
      'version-acknowledged.jsonl',
      'version-schedule.json',
    ]
    const found = await Promise.all(entries.map((entry) => state.read(entry)))
    return entries.filter((_, index) => found[index] !== undefined)
  }
  await usage.start()
  await usage.version.check()
  await usage.version.acknowledge('ACME-2026-1', { by: 'alice', until: '2026-12-24' })
  assert.equal((await stored()).length, 4)
  await usage.consent.set('disabled', { by: 'alice' })
  assert.equal(usage.version.notice(), undefined)
  await usage.status()
  assert.deepEqual(await stored(), [])
  assert.equal((await usage.version.check()).outcome, 'off')
  assert.equal(server.requests.length, 1)
  await usage.shutdown()
})

test('an acknowledged advisory counts no more until its time is over, and is shown with the name of the person', async () => {
  await using server = await startFeedServer()
  const state = createMemoryStore()
  const { usage, clock, logger } = createChecking({ feed: server.feed }, { state })
  await usage.start()
  await usage.version.check()
  await usage.version.acknowledge('ACME-2026-1', { by: 'alice', until: '2026-12-01' })
  const notice = usage.version.notice()
  assert.deepEqual([notice?.condition, notice?.severity], ['outdated', 'none'])
  assert.deepEqual(notice?.advisories[0]?.acknowledged, { by: 'alice', until: '2026-12-01T00:00:00.000Z' })
  await clock.advance(5 * 86_400_000)
  assert.deepEqual(
    [usage.version.notice()?.condition, usage.version.notice()?.severity],
    ['vulnerable', 'high'],
  )
  assert.equal(logger.lines.filter((line) => line.includes('vulnerable')).length, 2)
  await usage.shutdown()
})

for (const [what, id, choice] of [
  ['an advisory that the notice does not have', 'ACME-2026-2', { by: 'alice', until: '2026-12-01' }],
  ['an empty name', 'ACME-2026-1', { by: ' ', until: '2026-12-01' }],
  ['a name that would colour the terminal', 'ACME-2026-1', { by: 'al\u001b[31mice', until: '2026-12-01' }],
  ['a time that is over', 'ACME-2026-1', { by: 'alice', until: '2026-11-01' }],
  ['a time that is no time', 'ACME-2026-1', { by: 'alice', until: 'Christmas' }],
  ['a time in ten years', 'ACME-2026-1', { by: 'alice', until: '2036-12-01' }],
] as const) {
  test(`an acknowledgement with ${what} is refused`, async () => {
    await using server = await startFeedServer()
    const { usage } = createChecking({ feed: server.feed })
    await usage.start()
    await usage.version.check()
    await assert.rejects(usage.version.acknowledge(id, choice), { code: 'ERR_USAGE_CONSENT_DECISION' })
    assert.equal(usage.version.notice()?.severity, 'high')
    await usage.shutdown()
  })
}

test('an acknowledgement that could not be stored is refused', async () => {
  await using server = await startFeedServer()
  const store = createMemoryStore()
  const state = {
    ...store,
    async append(name: string, line: string) {
      if (name.includes('acknowledged')) throw Object.assign(new Error('full'), { code: 'ENOSPC' })
      return store.append(name, line)
    },
  }
  const { usage } = createChecking({ feed: server.feed }, { state })
  await usage.start()
  await usage.version.check()
  const choice = { by: 'alice', until: '2026-12-01' }
  await assert.rejects(usage.version.acknowledge('ACME-2026-1', choice), { code: 'ERR_USAGE_NOT_STORED' })
  assert.equal(usage.version.notice()?.severity, 'high')
  await usage.shutdown()
})

test('a version that is not maintained any more is called so from that day on, without a check', async () => {
  await using server = await startFeedServer(
    acmeFeed({ versions: [{ version: '2.4.0', endOfLife: '2026-11-28' }], advisories: [] }),
  )
  const { usage, clock } = createChecking({ feed: server.feed })
  await usage.start()
  await usage.version.check()
  assert.equal(usage.version.notice()?.condition, 'current')
  server.content = () => {}
  await clock.advance(86_400_000)
  assert.equal(usage.version.notice()?.condition, 'end-of-life')
  assert.match(
    usage.version.notice()?.message ?? '',
    /^Acme DB 2\.4\.0 has not been maintained since 2026-11-28\./,
  )
  await usage.shutdown()
})

test('the newest version of the channel counts, and none that is not out yet', async () => {
  await using server = await startFeedServer(
    acmeFeed({
      versions: [
        { version: '2.4.0', channels: ['stable', 'lts'] },
        { version: '2.4.9', channels: ['lts'] },
        { version: '2.6.0', released: '2026-12-24' },
        { version: '2.5.0' },
      ],
      advisories: [],
    }),
  )
  for (const [channel, latest] of [
    ['stable', '2.5.0'],
    ['lts', '2.4.9'],
    ['beta', undefined],
  ] as const) {
    const { usage } = createChecking({ feed: server.feed, channel })
    await usage.start()
    await usage.version.check()
    assert.equal(usage.version.notice()?.latest, latest)
    await usage.shutdown()
  }
})

test('on a closed network the feed is a file, which may be changed by hand', async () => {
  using scratch = createScratch()
  const file = path.join(scratch.directory, 'feed.json')
  writeFileSync(file, JSON.stringify(acmeFeed({ advisories: [] })))
  const { usage } = createChecking(
    {},
    { environment: { ACME_DB_VERSION_CHECK_FEED: pathToFileURL(file).href } },
  )
  await usage.start()
  assert.equal((await usage.version.check()).outcome, 'changed')
  assert.equal(usage.version.notice()?.condition, 'outdated')
  writeFileSync(file, JSON.stringify(acmeFeed()))
  assert.equal((await usage.version.check()).outcome, 'changed')
  assert.equal(usage.version.notice()?.condition, 'vulnerable')
  await usage.shutdown()
})

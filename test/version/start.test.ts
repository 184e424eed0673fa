/**
 * Symptom: version checks with a notice made each start of the host 7 ms slower.
 * Mended: a start shows what an earlier one has stored, and loads what checks versions ten seconds later, or when it is asked for.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import path from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import {
  createDirectoryStore,
  createMemoryStore,
  createStartupWarnings,
  type StateStore,
  type UsageTelemetryOptions,
} from '../../src/index.ts'
import type { AcmeFacts } from '../support/acme.ts'
import { createScratch } from '../support/scratch.ts'
import { until } from '../support/until.ts'
import { acmeFeed, createChecking, type FeedServer, START, startFeedServer } from './feeds.ts'

const root = path.resolve(import.meta.dirname, '../..')
type Options = Partial<UsageTelemetryOptions<AcmeFacts>>

// biome-ignore lint/suspicious/noExplicitAny: what another program may have changed has any type.
type Start = Record<string, any>

/** Lets a process of the product find a notice, and end. */
async function leaveNotice(state: StateStore, { feed }: FeedServer, options: Options = {}) {
  const { usage } = createChecking({ feed }, { state, ...options })
  await usage.start()
  await usage.version.check()
  assert.equal(usage.version.notice()?.condition, 'vulnerable')
  await usage.shutdown()
}

const stored = async (state: StateStore) =>
  JSON.parse(Buffer.from((await state.read('version.json')) ?? '{}').toString())

async function entriesIn(state: StateStore): Promise<number> {
  const names = ['version.json', 'version-feed.json', 'version-acknowledged.jsonl', 'version-schedule.json']
  const found = await Promise.all(names.map((name) => state.read(name)))
  return found.filter((entry) => entry !== undefined).length
}

test('a start that shows a notice reads no file of the library that one without version checks does not read', async () => {
  using scratch = createScratch()
  await using server = await startFeedServer(acmeFeed({ product: 'acme' }))
  const script = `
    import { registerHooks } from 'node:module'
    const files = []
    registerHooks({ load: (url, context, next) => { files.push(url); return next(url, context) } })
    const { createStartupWarnings, createUsageTelemetry, defineCatalog } = await import('otel-usage')
    const warnings = createStartupWarnings()
    const usage = createUsageTelemetry({
      product: { name: 'acme', version: '2.4.0', homepage: 'https://acme.example' },
      catalog: defineCatalog({ version: 1, prefix: 'acme', facts: {} }),
      endpoint: 'http://127.0.0.1:9', consent: { default: 'enabled' }, environment: {},
      state: process.argv[1], versionCheck: { feed: process.argv[2] }, disclosure: { sinks: [warnings.sink] },
    })
    await usage.start()
    const found = { files: files.filter((url) => url.startsWith('file:')).length, condition: usage.version.notice()?.condition, lines: warnings.lines() }
    if (process.argv[3]) await usage.version.check()
    await usage.shutdown()
    process.stdout.write(JSON.stringify(found))
  `
  const start = async (check: string) => {
    const args = ['--input-type=module', '--eval', script, scratch.directory, server.feed, check]
    return JSON.parse((await promisify(execFile)(process.execPath, args, { cwd: root })).stdout)
  }
  await start('check')
  const { files, condition, lines } = await start('')
  assert.deepEqual([files, condition], [2, 'vulnerable'])
  assert.match(lines.at(-1), /^acme 2\.4\.0 is vulnerable/)
  assert.match(lines[0], /looks for new versions and advisories at 127\.0\.0\.1/)
})

test('the checks begin ten seconds after such a start, and nothing is logged or requested before', async () => {
  await using server = await startFeedServer()
  const state = createMemoryStore()
  await leaveNotice(state, server)
  const warnings = createStartupWarnings()
  const { usage, clock, logger } = createChecking(
    { feed: server.feed },
    { state, disclosure: { sinks: [warnings.sink] } },
  )
  await usage.start()
  assert.match(warnings.lines().at(-1) ?? '', /^Acme DB 2\.4\.0 is vulnerable/)
  assert.deepEqual(
    [logger.lines.filter((line) => line.includes('vulnerable')), server.requests.length],
    [[], 1],
  )
  server.content = acmeFeed({ issued: '2026-11-28T00:00:00Z', advisories: [] })
  await clock.advance(2 * 86_400_000)
  assert.ok(server.requests.length >= 2)
  assert.equal(usage.version.notice()?.condition, 'outdated')
  assert.match(warnings.lines().at(-1) ?? '', /^Acme DB 2\.5\.0 is available/)
  await usage.shutdown()
})

const DAY = 86_400_000

for (const [what, options, expected] of [
  ['an upgrade', { product: { name: 'acme-db', version: '2.4.3', title: 'Acme DB' } }, undefined],
  ['an opt-out of the telemetry', { environment: { ACME_DB_TELEMETRY_OPTOUT: '1' } }, undefined],
  ['an opt-out of the checks', { environment: { ACME_DB_VERSION_CHECK_OPTOUT: '1' } }, undefined],
  ['DO_NOT_TRACK', { environment: { DO_NOT_TRACK: '1' } }, undefined],
  ['a product that is off by default now', { consent: { default: 'disabled' } }, undefined],
  [
    'another title',
    { product: { name: 'acme-db', version: '2.4.0', title: 'Acme' } },
    /^Acme 2\.4\.0 is vulnerable/,
  ],
  ['nothing', {}, /^Acme DB 2\.4\.0 is vulnerable/],
] as const satisfies ReadonlyArray<readonly [string, Options, RegExp | undefined]>) {
  test(`what an earlier start has stored is shown only where it holds: after ${what}`, async () => {
    await using server = await startFeedServer()
    const state = createMemoryStore()
    await leaveNotice(state, server)
    const { usage } = createChecking({ feed: server.feed }, { state, ...(options as Options) })
    await usage.start()
    const message = usage.version.notice()?.message
    if (expected) assert.match(message ?? '', expected)
    else assert.equal(message, undefined)
    const isOptOut = /opt-out|TRACK/.test(what)
    assert.equal(isOptOut && (await entriesIn(state)) > 0, false)
    await usage.shutdown()
  })
}

test('the life of a version has ended since the notice was stored: the next start says so', async () => {
  await using server = await startFeedServer(
    acmeFeed({ versions: [{ version: '2.4.0', endOfLife: '2026-11-28' }] }),
  )
  const state = createMemoryStore()
  await leaveNotice(state, server)
  const { usage, clock } = createChecking({ feed: server.feed }, { state })
  clock.setWall(START + 3 * DAY)
  await usage.start()
  assert.match(usage.version.notice()?.message ?? '', /has not been maintained since 2026-11-28/)
  await usage.shutdown()
})

test('a variable that stops the checks and is set after the start is obeyed before they are loaded', async () => {
  await using server = await startFeedServer()
  const state = createMemoryStore()
  const environment: Record<string, string> = {}
  await leaveNotice(state, server)
  const { usage } = createChecking({ feed: server.feed }, { state, environment })
  await usage.start()
  assert.equal(usage.version.notice()?.condition, 'vulnerable')
  environment['ACME_DB_VERSION_CHECK_OPTOUT'] = '1'
  assert.equal(usage.version.notice(), undefined)
  await usage.shutdown()
})

test('a mistake in the options is refused although an earlier start has stored a notice', async () => {
  await using server = await startFeedServer()
  const state = createMemoryStore()
  await leaveNotice(state, server)
  for (const wrong of [{ channel: 'Stable' }, { printAtEnd: 'no' }, { interval: 10n }]) {
    const { usage } = createChecking({ feed: server.feed, ...wrong } as never, { state })
    await assert.rejects(usage.start(), { code: 'ERR_USAGE_CONFIGURATION' })
    await usage.shutdown()
  }
})

test('what a product asks for in the first seconds is answered from what is stored', async () => {
  await using server = await startFeedServer()
  const state = createMemoryStore()
  await leaveNotice(state, server)
  const start = async () => {
    const { usage } = createChecking({ feed: server.feed }, { state })
    await usage.start()
    return usage
  }
  const asked = await start()
  assert.deepEqual((await asked.status()).version?.notice?.condition, 'vulnerable')
  await asked.shutdown()
  const checked = await start()
  assert.equal((await checked.version.check()).outcome, 'unchanged')
  await checked.shutdown()
  const acknowledged = await start()
  await acknowledged.version.acknowledge('ACME-2026-1', { by: 'alice', until: '2026-12-24' })
  assert.equal(acknowledged.version.notice()?.condition, 'outdated')
  await acknowledged.shutdown()
  const again = await start()
  assert.equal(again.version.notice()?.condition, 'outdated')
  await again.consent.set('disabled', { by: 'alice' })
  assert.equal(again.version.notice(), undefined)
  await until(async () => (await entriesIn(state)) === 0)
  await again.shutdown()
})

test('the notice at a start, as another program may have changed it, is believed as little as the network', async () => {
  await using server = await startFeedServer()
  const state = createMemoryStore()
  await leaveNotice(state, server)
  const good = await stored(state)
  const changes: ReadonlyArray<(start: Start) => void> = [
    (start) => {
      start['notice'].message = '\u001b[31mred'
    },
    (start) => {
      start['notice'].url = 'javascript:alert(1)'
    },
    (start) => {
      start['notice'].latest = '<b>'
    },
    (start) => {
      start['notice'].condition = 'fine'
    },
    (start) => {
      start['notice'].severity = 'severe'
    },
    (start) => {
      start['notice'].advisories = 7
    },
    (start) => {
      start['notice'].advisories[0].severity = 'none'
    },
    (start) => {
      start['notice'].advisories[0].fixedIn = [{}]
    },
    (start) => {
      start['notice'].advisories[0].summary = { toString: 1 }
    },
    (start) => {
      start['notice'].message = '\u202egnp.exe'
    },
    (start) => {
      start['text'] = 'two\nlines'
    },
    (start) => {
      start['disclosed'] = [{}, { versionCheck: 'on', versionOptOut: '\u0007' }]
    },
    (start) => {
      start['disclosed'] = []
    },
    (start) => {
      start['until'] = 'Christmas\n'
    },
  ]
  for (const change of changes) {
    const start = structuredClone(good.start)
    change(start)
    await state.write('version.json', JSON.stringify({ ...good, start }))
    const warnings = createStartupWarnings()
    const { usage, logger } = createChecking(
      { feed: server.feed },
      { state, disclosure: { sinks: [warnings.sink] } },
    )
    await usage.start()
    const shown = JSON.stringify([usage.version.notice() ?? '', warnings.lines(), logger.lines])
    assert.doesNotMatch(
      shown,
      /\\u001b|\\u0007|\u202e|javascript|<b>|fine|severe|two|Christmas/,
      String(change),
    )
    await usage.shutdown()
  }
})

test('an opt-out while the findings are being written: they do not come back', async () => {
  using scratch = createScratch()
  await using server = await startFeedServer()
  const store = createDirectoryStore(scratch.directory)
  let hold: Promise<void> | undefined
  const held = Promise.withResolvers<void>()
  const state: StateStore = {
    ...store,
    async write(name, data) {
      if (name === 'version.json' && String(data).includes('ACME-2026-1')) {
        held.resolve()
        await hold
      }
      return store.write(name, data)
    },
  }
  const { usage } = createChecking({ feed: server.feed }, { state })
  await usage.start()
  const released = Promise.withResolvers<void>()
  hold = released.promise
  const checking = usage.version.check()
  await held.promise
  const choosing = usage.consent.set('disabled', { by: 'alice' })
  released.resolve()
  await Promise.all([checking, choosing])
  await usage.status()
  await usage.shutdown()
  assert.equal(await entriesIn(store), 0)
})

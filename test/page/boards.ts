/** Acme Boards with its page behind a real server, and a real Chromium that looks at it. */
import { readFileSync } from 'node:fs'
import http from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import chromiumOfNpm from '@sparticuz/chromium'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { type AdminAccess, createAdminHandler } from '../../src/admin.ts'
import {
  createMemoryStore,
  createUsageTelemetry,
  defineCatalog,
  defineProduct,
  type StateStore,
} from '../../src/index.ts'
import { createTestTelemetry, type TestTelemetry } from '../../src/testing.ts'

const catalog = defineCatalog({
  version: 3,
  prefix: 'boards',
  levels: ['basic', 'full'],
  facts: {
    'boards.edition': {
      kind: 'attribute',
      type: 'enum',
      values: ['community', 'enterprise'],
      level: 'basic',
      since: 1,
      why: 'Shows which edition is in use.',
      example: 'community',
      owner: 'team core',
    },
    'boards.database.version': {
      kind: 'attribute',
      type: 'version',
      level: 'basic',
      since: 1,
      why: 'Decides which databases are supported.',
      example: '15.2',
    },
    'boards.count': {
      kind: 'gauge',
      unit: '{board}',
      round: 'log2',
      level: 'full',
      since: 1,
      why: 'Shows for how many boards it must stay fast. Rounded down to a power of two.',
      example: 64,
    },
    'boards.searches': {
      kind: 'count',
      unit: '{search}',
      by: { result: ['ok', 'failed'] },
      level: 'full',
      since: 2,
      why: 'Shows whether the new search is used, and how often it fails.',
      expires: '2099-06-30',
    },
  },
})

export const LEGAL_NOTE = 'Acme Ltd. is responsible under the GDPR. You can withdraw at any time.'

export const product = defineProduct({
  name: 'acme-boards',
  version: '2.4.0',
  title: 'Acme Boards',
  homepage: 'https://acme.example/telemetry',
  catalog,
  endpoint: 'https://usage.acme.example',
  consent: { default: 'undecided' },
  disclosure: { legalNote: LEGAL_NOTE },
  neverCollected: ['names', 'titles of boards', 'anything that people wrote'],
  receiver: {
    operator: 'Acme Ltd.',
    seenBy: 'the people who develop Acme Boards',
    retention: '400 days',
    erasure: 'Write to privacy@acme.example, with the id of the installation.',
  },
})

export interface ServedPage extends AsyncDisposable {
  readonly url: string
  readonly kit: TestTelemetry<typeof catalog.facts>
  readonly usage: TestTelemetry<typeof catalog.facts>['usage']
  /** Answer of the product's `authorize`; `undefined` for nobody who is signed in. */
  access: AdminAccess | undefined
  /** Stops and starts the server at the same port. */
  stop(): Promise<void>
  start(): Promise<void>
  /** Closes every connection; the server goes on. */
  hangUp(): void
}

/** Days of reports before the page is opened. */
const DAYS = 4

/** Version feed of Acme Boards, with two advisories that affect the running version. */
const FEED = JSON.stringify({
  ...{ format: 1, product: 'acme-boards', issued: '2026-01-01T00:00:00Z' },
  message: 'Update soon.',
  versions: [{ version: '2.5.0' }, { version: '2.4.3' }],
  advisories: [
    {
      ...{ id: 'ACME-2026-7', severity: 'high', affected: '<2.4.3', fixedIn: ['2.4.3', '2.5.0'] },
      summary: 'A shared board can be read without its link',
      url: 'https://acme.example/advisories/7',
    },
    { id: 'ACME-2026-4', severity: 'low', affected: '<2.5.0', summary: 'Search counts boards of others' },
  ],
})

interface BoardsOptions {
  readonly level?: string
  readonly environment?: Readonly<Record<string, string>>
  readonly title?: string
  /** State directory. The days before are not in it. Default: memory. */
  readonly state?: string
  /** Whether the product has a version feed, with advisories. Default: it makes no version checks. */
  readonly hasFeed?: boolean
}

/** Serves Acme Boards; with a level, alice has chosen it some days ago, and a report was made on each of them. */
export async function serveBoards(options: BoardsOptions = {}): Promise<ServedPage> {
  const { level, environment = {}, title = 'Acme Boards', state, hasFeed = false } = options
  const store = createMemoryStore()
  const hasLived = level !== undefined && state === undefined
  if (hasLived) for (const [entry, bytes] of await daysBefore(level, hasFeed)) await store.write(entry, bytes)
  const kit = createKit({ environment, title, hasFeed, store, now: hasLived ? Date.now() : beginOfDays() })
  const usage =
    state === undefined
      ? kit.usage
      : createUsageTelemetry({ product: { ...product, title }, environment: {}, state })
  await usage.start()
  setFacts(usage, () => boardsOn(DAYS - 1))
  if (level !== undefined && !hasLived) await usage.consent.set(level, { by: 'alice' })
  if (hasFeed) await usage.version.check()
  kit.clock.set(Date.now())

  const served = { access: { by: 'alice', read: true, write: true } } as ServedPage
  const admin = createAdminHandler(usage, { authorize: () => served.access, product })
  let port = 0
  let server: http.Server
  const start = async () => {
    server = http.createServer((request, response) => {
      if (request.url?.startsWith('/settings')) response.end(SETTINGS)
      else admin(request, response)
    })
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
    port = (server.address() as AddressInfo).port
  }
  const stop = async () => {
    server.close()
    server.closeAllConnections()
  }
  const hangUp = () => server.closeAllConnections()
  await start()
  return Object.assign(served, {
    url: `http://127.0.0.1:${port}/telemetry`,
    ...{ kit, usage, start, stop, hangUp },
    async [Symbol.asyncDispose]() {
      admin.close()
      await stop()
      await usage.shutdown()
    },
  })
}

const beginOfDays = () => Date.now() - DAYS * 86_400_000 - 4 * 3_600_000

const boardsOn = (day: number) => Math.round(20 * 1.3 ** day)

function createKit({
  environment = {},
  title = 'Acme Boards',
  hasFeed,
  store,
  now,
}: Omit<BoardsOptions, 'level' | 'state'> & { readonly store: StateStore; readonly now: number }) {
  const kit = createTestTelemetry(
    {
      product: { ...product, title },
      ...{ environment, state: store },
      ...(hasFeed && { versionCheck: { feed: 'https://acme.example/versions.json' } }),
    },
    { now },
  )
  if (hasFeed) kit.receiver.feed(FEED)
  return kit
}

function setFacts(usage: ServedPage['usage'], boards: () => number): void {
  usage.set('boards.edition', 'community')
  usage.set('boards.database.version', '15.2')
  usage
    .getMeter('boards')
    .createObservableGauge('boards.count')
    .addCallback((result) => result.observe(boards()))
}

/** Entries of the store after the days, which pass once for all tests: each time takes a second. */
const passed = new Map<string, Promise<ReadonlyMap<string, Uint8Array>>>()

function daysBefore(level: string, hasFeed: boolean): Promise<ReadonlyMap<string, Uint8Array>> {
  const key = `${level}, ${hasFeed}`
  const found = passed.get(key) ?? passDays(level, hasFeed)
  passed.set(key, found)
  return found
}

async function passDays(level: string, hasFeed: boolean): Promise<ReadonlyMap<string, Uint8Array>> {
  const store = createMemoryStore()
  const names = new Set<string>()
  const named = Object.fromEntries(
    (['write', 'create', 'append'] as const).map((method) => [
      method,
      (name: string, data: string) => {
        names.add(name)
        return store[method](name, data)
      },
    ]),
  )
  const { usage, clock, receiver } = createKit({
    hasFeed,
    store: { ...store, ...named },
    now: beginOfDays(),
  })
  await usage.start()
  let day = 0
  setFacts(usage, () => boardsOn(day))
  const searches = usage.counter('boards.searches')
  await usage.consent.set(level, { by: 'alice' })
  for (; day < DAYS; day++) {
    searches.add(30 + ((day * 37) % 50), { result: 'ok' })
    if (day % 3 === 0) searches.add(2, { result: 'failed' })
    receiver.answer(day === 2 ? 503 : 200)
    await clock.advance('24h')
  }
  await usage.shutdown()
  const entries = new Map<string, Uint8Array>()
  for (const name of names) {
    const bytes = await store.read(name)
    if (bytes) entries.set(name, bytes)
  }
  return entries
}

/** Page of the product that embeds the prompt. */
const SETTINGS = `<!doctype html><html lang="en"><title>Settings</title><main><h1>Settings</h1>
<script type="module" src="/telemetry/page.js"></script>
<button onclick="document.querySelector('usage-telemetry-prompt').open()">Usage telemetry</button>
<usage-telemetry-prompt></usage-telemetry-prompt></main>`

/** Starts Chromium. */
export async function launch(): Promise<Browser> {
  return chromium.launch({
    executablePath: await chromiumOfNpm.executablePath(),
    args: ['--no-sandbox', '--disable-gpu'],
  })
}

/** Opens an address, and waits for the page. A script that fails, or that the policy forbids, fails the test. */
export async function open(
  browser: Browser,
  url: string,
  options: BrowserContextOptions & {
    readonly withoutEvents?: boolean
    readonly before?: (page: Page) => Promise<void>
  } = {},
): Promise<Page & { readonly complaints: readonly string[] }> {
  const context = await browser.newContext({
    locale: 'en-US',
    viewport: { width: 1280, height: 900 },
    ...options,
  })
  // The usual 30 seconds are too short on a busy machine, where a browser is among the first that wait.
  context.setDefaultTimeout(120_000)
  const page = await context.newPage()
  if (options.withoutEvents) await page.route('**/events', (route) => route.abort())
  await options.before?.(page)
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => {
    if (/Content Security Policy|Trusted/.test(message.text())) complaints.push(message.text())
  })
  await page.goto(url)
  await page.locator('h1').first().waitFor()
  return Object.assign(page, { complaints })
}

interface Axe {
  run(): Promise<{
    readonly violations: ReadonlyArray<{
      readonly id: string
      readonly nodes: ReadonlyArray<{ readonly target: unknown }>
    }>
  }>
}

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** Returns what axe finds wrong, one line each. */
export async function axeFindings(page: Page): Promise<readonly string[]> {
  await page.evaluate(axe)
  return page.evaluate(async () => {
    const { violations } = await (globalThis as unknown as { readonly axe: Axe }).axe.run()
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target).join(' ')}`)
  })
}

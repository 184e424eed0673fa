/** Entries that no library has written, and stores that answer nonsense: what they cost is bounded, and the next report is made. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { test } from 'node:test'
import {
  createDirectoryStore,
  createMemoryStore,
  type StateStore,
  type UsageTelemetry,
} from '../../src/index.ts'
import { type AcmeFacts, createAcme } from '../support/acme.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { createLog } from '../support/log.ts'
import { numbersOf, type Receiver, startReceiver } from '../support/receiver.ts'
import { createScratch } from '../support/scratch.ts'

const COUNT = 'acme.commands{command=find,result=ok}'
const count = (usage: UsageTelemetry<AcmeFacts>, amount: number) =>
  usage.counter('acme.commands').add(amount, { command: 'find', result: 'ok' })
const countsAt = ({ received }: Receiver) => received.map(({ json }) => numbersOf(json)[COUNT])

const FOLDERS = ['outbox', 'acknowledged', 'leases', 'ledger', 'counts']

/** Puts the text into an entry, whatever that is. */
function plant(directory: string, name: string, text: string): void {
  const file = path.join(directory, name)
  mkdirSync(path.dirname(file), { recursive: true })
  writeFileSync(file, text, { mode: 0o600 })
}

const ACKNOWLEDGED = JSON.stringify({ format: 1, at: 0, reportedAt: 0, share: {}, totals: {} })

for (const [name, text] of [
  ['outbox/9999999999.json', '{}'],
  ['outbox/9999999998.json', ''],
  ['acknowledged/9999999999.json', '{}'],
  ['acknowledged/9999999999.json', ACKNOWLEDGED],
  ['leases/drain.9999999999.json', '{}'],
  ['ledger/9999999999-01234567.jsonl', '{}'],
  ['retry.json', '{"format":1,"attempts":1e308,"failedAt":1e300,"wait":1}'],
  [
    'outbox/0000000001.json',
    '{"format":1,"reportId":"x","at":1e300,"totalsSince":1e300,"share":{},"report":{}}',
  ],
  ['acknowledged/0000000001.json', `${ACKNOWLEDGED.slice(0, -1)},"totalsSince":{"since":"never"}}`],
  ['acknowledged/0000000001.json', `${ACKNOWLEDGED.slice(0, -1)},"totalsSince":null}`],
] as const) {
  test(`an entry with an absurd number does no harm: ${name} with ${text.slice(0, 60) || 'nothing'}`, async () => {
    using scratch = createScratch()
    await using receiver = await startReceiver()
    plant(scratch.directory, name, text)
    const usage = createAcme({ endpoint: receiver.endpoint, state: scratch.directory })
    await usage.start()
    for (const amount of [5, 2]) {
      count(usage, amount)
      assert.equal((await usage.report()).outcome, 'sent')
    }
    assert.equal(typeof (await usage.status()).delivery.waiting, 'number')
    assert.equal((await usage.ledger.last())?.outcome, 'sent')
    await usage.shutdown()
    assert.deepEqual(countsAt(receiver), [5, 2])
    // Not from memory: another process knows what was sent.
    const next = createAcme({ endpoint: receiver.endpoint, state: scratch.directory })
    await next.report()
    assert.deepEqual(countsAt(receiver), [5, 2, undefined])
  })
}

/** A store of which one function answers something else than it may. */
const answering = (call: keyof StateStore, answer: () => unknown): StateStore => ({
  ...createMemoryStore(),
  location: '/var/lib/acme',
  [call]: async () => answer(),
})

for (const [call, answer] of [
  ['create', null],
  ['create', undefined],
  ['create', 0],
  ['create', false],
  ['list', null],
  ['list', [null, {}, 'outbox/x', '../../etc/passwd', 'outbox/9999999999.json']],
  ['list', 'outbox/0000000001.json'],
  ['read', 'text'],
  ['read', {}],
] as const) {
  test(`a store whose \`${call}\` answers ${JSON.stringify(answer)} costs what needs it, and no endless loop`, async () => {
    await using receiver = await startReceiver()
    const usage = createAcme({ endpoint: receiver.endpoint, state: answering(call, () => answer) })
    const verdict = await usage.start()
    count(usage, 5)
    const { outcome } = await usage.report()
    await usage.status()
    assert.ok(['sent', 'suppressed', 'queued'].includes(outcome), outcome)
    // What was chosen may be a no.
    if (call === 'read') assert.equal(verdict.state, 'disabled')
    await usage.shutdown()
    assert.ok(receiver.received.length <= 1)
  })
}

test('a store that lists something else each time it is asked costs no endless loop', async () => {
  let time = 0
  const state = answering('list', () => [`ledger/${String(++time).padStart(10, '0')}-01234567.jsonl`])
  const usage = createAcme({ state })
  await usage.start()
  assert.equal(await usage.ledger.last(), undefined)
  await usage.status()
})

const NOBODY = 65_534
const asRoot =
  process.getuid?.() === 0 ? {} : { skip: 'permissions do not hold for root, who drops his here' }

test(
  'usage.status(), ledger.last() and ledger.check() throw no EACCES into the host, whatever cannot be read',
  asRoot,
  async () => {
    for (const name of ['.', ...FOLDERS, 'ledger.jsonl', 'consent.jsonl', 'product.json', 'retry.json']) {
      using scratch = createScratch()
      chmodSync(scratch.directory, 0o777)
      const directory = path.join(scratch.directory, 'usage')
      for (const folder of FOLDERS) plant(directory, `${folder}/0000000001.json`, '{}')
      plant(directory, 'ledger/0000000001-01234567.jsonl', '{}')
      for (const file of ['ledger.jsonl', 'consent.jsonl', 'product.json', 'retry.json'])
        plant(directory, file, '{}')
      chmodSync(path.join(directory, name), 0)
      const log = createLog()
      process.seteuid?.(NOBODY)
      try {
        const usage = createAcme({ state: createDirectoryStore(directory), logger: log })
        await usage.start()
        const status = await usage.status()
        assert.equal(status.state.location, directory)
        assert.ok(status.state.problems.length > 0, name)
        assert.equal(await usage.ledger.last(), undefined)
        for await (const _ of usage.ledger.entries()) assert.fail('there is nothing in it')
        assert.ok(((await usage.ledger.check()).unreadable ?? 0) > 0)
        assert.deepEqual(await usage.consent.history(), [])
        await usage.preview()
        await usage.shutdown()
      } finally {
        process.seteuid?.(0)
      }
    }
  },
)

test('the status says where the state is kept, and what a loss of power may cost', async () => {
  using scratch = createScratch()
  const usage = createAcme({ state: scratch.directory })
  await usage.start()
  assert.deepEqual((await usage.status()).state, { location: scratch.directory, durable: true, problems: [] })
  const inMemory = await createAcme().status()
  assert.equal(inMemory.state.durable, false)
  assert.match(inMemory.state.problems.join(), /in memory, and ends with the process/)
})

test('a start waits for a store that does not answer for no longer than some seconds', async () => {
  const clock = createFakeClock()
  const never = () => new Promise<never>(() => {})
  const inner = createMemoryStore()
  for (const state of [
    { ...inner, read: never, write: never, create: never, append: never, remove: never, list: never },
    { ...inner, write: never, create: never, append: never, remove: never },
  ]) {
    const usage = createAcme({ state, clock })
    let verdict: unknown
    void usage.start().then((now) => {
      verdict = now
    })
    await clock.advance(15_000)
    assert.ok(verdict)
  }
})

/** What may lie in the place of a file without being one: opening or reading it takes for ever. */
const ENDLESS: Record<string, (file: string) => void> = {
  'a FIFO': (file) => void execFileSync('mkfifo', [file]),
  'a link to a FIFO': (file) => {
    execFileSync('mkfifo', [`${file}.fifo`])
    symlinkSync(`${file}.fifo`, file)
  },
  'a link to an endless file': (file) => symlinkSync('/dev/zero', file),
  'a directory': (file) => mkdirSync(file),
  'eight terabytes of nothing': (file) => {
    writeFileSync(file, '')
    truncateSync(file, 2 ** 43)
  },
}

const PLACES = [
  ...['consent.jsonl', 'ledger.jsonl', 'product.json', 'installation.json', 'schedule.json', 'retry.json'],
  ...[
    'detached.json',
    'erasure.json',
    'outbox/0000000001.json',
    'acknowledged/0000000001.json',
    'counts/x.json',
  ],
  ...['leases/drain.0000000001.json', 'ledger/0000000001-01234567.jsonl'],
]

for (const [what, place] of Object.entries(ENDLESS)) {
  test(`${what} in the place of any state file holds up neither the start nor the host's own files, and takes no memory`, async () => {
    for (const name of PLACES) {
      using scratch = createScratch()
      await using receiver = await startReceiver()
      mkdirSync(path.dirname(path.join(scratch.directory, name)), { recursive: true })
      place(path.join(scratch.directory, name))
      const began = performance.now()
      const before = process.memoryUsage().rss
      const usage = createAcme({ endpoint: receiver.endpoint, state: scratch.directory })
      const verdict = await usage.start()
      // What may be a no is one.
      assert.equal(verdict.state, name === 'consent.jsonl' ? 'disabled' : 'enabled', name)
      await Promise.all(Array.from({ length: 4 }, () => usage.ledger.last()))
      await usage.status()
      count(usage, 5)
      await usage.report()
      await readFile(import.meta.filename)
      await usage.shutdown()
      // Nor is anything sent under an id that would be another one at each start: a directory is in the way of that.
      const isSent = name !== 'consent.jsonl' && (what !== 'a directory' || name !== 'installation.json')
      assert.deepEqual(countsAt(receiver), isSent ? [5] : [], name)
      assert.ok(performance.now() - began < 30_000, name)
      assert.ok(process.memoryUsage().rss - before < 200e6, name)
    }
  })
}

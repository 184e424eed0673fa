/** What a developer does wrong is found by name, in the log and in the status, and by nobody else. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defineCatalog } from '../../src/index.ts'
import { createAcme } from '../support/acme.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { createLog } from '../support/log.ts'
import { startReceiver } from '../support/receiver.ts'

/** An Acme DB, and what its developer finds in the log. */
function createMistaken(options: Parameters<typeof createAcme>[0] = {}) {
  const log = createLog()
  const clock = createFakeClock()
  const usage = createAcme({ logger: log, clock, ...options })
  const debugLines = () => log.lines.filter((line) => line.startsWith('debug: Usage telemetry drops'))
  return { usage, clock, debugLines }
}

test('each mistake of a developer is one debug line with its name, and stands by name in the status', async () => {
  const { usage, clock, debugLines } = createMistaken()
  const wrong = usage as unknown as {
    set(name: string, value: unknown): void
    counter(name: string): { add(amount: number, attributes?: object): void }
  }
  const meter = usage.getMeter('acme')
  for (let time = 0; time < 3; time++) {
    wrong.set('acme.editoin', 'community')
    wrong.set('acme.edition', 'alice@example.org')
    wrong.counter('acme.users').add(1)
    wrong.counter('acme.commands').add(1, { command: 'alice', result: 'ok' })
    wrong.counter('acme.commands').add(-1, { command: 'find', result: 'ok' })
    meter.createHistogram('acme.commands').record(1)
    meter.createUpDownCounter('acme.sessions').add(1)
  }
  wrong.set('acme.db.version', () => {
    throw new Error('no connection for alice')
  })
  wrong.set('acme.users', () => new Promise(() => {}))
  for (let time = 0; time < 2; time++) {
    const previewed = usage.preview()
    await clock.advance(10_000)
    await previewed
  }

  assert.deepEqual((await usage.status()).dropped, [
    { name: 'acme.editoin', reason: 'undeclared', count: 3 },
    { name: 'acme.sessions', reason: 'undeclared', count: 3 },
    { name: 'acme.users', reason: 'wrong_instrument', count: 3 },
    { name: 'acme.commands', reason: 'wrong_instrument', count: 3 },
    { name: 'acme.edition', reason: 'invalid_value', count: 3 },
    { name: 'acme.commands', reason: 'invalid_value', count: 3 },
    { name: 'acme.commands', reason: 'invalid_attribute', count: 3 },
    { name: 'acme.db.version', reason: 'failed', count: 2 },
    { name: 'acme.users', reason: 'timeout', count: 2 },
  ])
  const lines = debugLines()
  assert.equal(lines.length, 9)
  assert.equal(
    lines[0],
    "debug: Usage telemetry drops values of 'acme.editoin': the catalog does not declare this name. " +
      'status().dropped counts them; this is said once.',
  )
  assert.doesNotMatch(lines.join('\n'), /alice/)
})

test('the names of mistakes are in no report, no preview and no log entry', async () => {
  await using receiver = await startReceiver()
  const { usage } = createMistaken({ endpoint: receiver.endpoint })
  usage.getMeter('acme').createCounter('acme.secret_plan').add(1)
  const preview = await usage.preview()
  await usage.report()
  const texts = [JSON.stringify(preview), receiver.received[0]?.body.toString() ?? '']
  for await (const entry of usage.ledger.entries()) texts.push(JSON.stringify(entry))
  assert.equal(texts.length, 4)
  assert.doesNotMatch(texts.join('\n'), /secret_plan/)
  assert.match(texts[1] ?? '', /usage\.dropped/)
})

test('an observable instrument and a batch that observe what is not declared are found by name', async () => {
  const { usage } = createMistaken()
  const meter = usage.getMeter('acme')
  const [users, commands] = [
    meter.createObservableGauge('acme.user'),
    meter.createObservableCounter('acme.commands'),
  ]
  users.addCallback((result) => result.observe(1))
  meter.addBatchObservableCallback((result) => result.observe(commands, 1, { command: 'drop' }), [commands])
  await usage.preview()
  assert.deepEqual((await usage.status()).dropped, [
    { name: 'acme.user', reason: 'undeclared', count: 1 },
    { name: 'acme.commands', reason: 'invalid_attribute', count: 1 },
  ])
})

test('a plugin finds its mistakes as well', async () => {
  const { usage, debugLines } = createMistaken()
  const plugin = usage.contribute(
    defineCatalog({ version: 1, prefix: 'plugin', levels: ['basic', 'full'], facts: {} }),
  )
  ;(plugin.set as (name: string, value: unknown) => void)('plugin.state', 1)
  assert.deepEqual((await usage.status()).dropped, [{ name: 'plugin.state', reason: 'undeclared', count: 1 }])
  assert.equal(debugLines().length, 1)
})

test('names that come from data neither fill the memory nor the log, nor break a line of it', async () => {
  const { usage, debugLines } = createMistaken()
  const set = usage.set as (name: unknown, value: unknown) => void
  for (let index = 0; index < 10_000; index++) set(`user ${index}`, 1)
  set('x'.repeat(1e6), 1)
  set(Symbol('name'), 1)
  assert.equal((await usage.status()).dropped.length, 100)
  assert.equal(debugLines().length, 100)
  const { usage: other, debugLines: others } = createMistaken()
  ;(other.set as (name: unknown, value: unknown) => void)(`\u001b[31m\n${'x'.repeat(1e6)}`, 1)
  assert.doesNotMatch(others()[0] ?? '', /\p{Cc}/u)
  assert.equal((await other.status()).dropped[0]?.name.length, 128)
})

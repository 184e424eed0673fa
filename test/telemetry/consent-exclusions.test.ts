import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createAcme } from '../support/acme.ts'
import { createLog } from '../support/log.ts'
import { attributesOf, numbersOf, startReceiver } from '../support/receiver.ts'

/** An Acme DB that tells something about every fact. */
function talkingAcme(options: Parameters<typeof createAcme>[0]) {
  const usage = createAcme(options)
  usage.set('acme.edition', 'enterprise')
  usage.set('acme.db.version', '15.2')
  usage.set('acme.users', 100)
  usage.counter('acme.commands').add(3, { command: 'find', result: 'ok' })
  return usage
}

test('facts that the operator withholds are not in the report; it says how many, and never which', async () => {
  await using receiver = await startReceiver()
  const environment = { ACME_DB_TELEMETRY_EXCLUDE: 'ACME.Users, acme.db.*' }
  const usage = talkingAcme({ endpoint: receiver.endpoint, environment })
  let asked = false
  usage.set('acme.users', () => {
    asked = true
    return 1
  })
  await usage.report()

  const { json, body } = receiver.received[0] ?? assert.fail('no report')
  assert.deepEqual(numbersOf(json), {
    'acme.commands{command=find,result=ok}': 3,
    'usage.facts': 2,
    'usage.withheld': 2,
  })
  assert.equal(attributesOf(json)['acme.edition'], 'enterprise')
  assert.doesNotMatch(body.toString(), /acme\.users|acme\.db\.version|15\.2/)
  assert.equal(asked, false)
  assert.deepEqual((await usage.status()).facts.excluded.toSorted(), ['acme.db.version', 'acme.users'])
})

test('what was withheld stays withheld under the old name of the product', async () => {
  await using receiver = await startReceiver()
  const product = { name: 'acme-db', version: '2.4.0', legacyEnvironmentPrefixes: ['OLD_DB', 'OLDER_DB'] }
  const environment = {
    OLDER_DB_TELEMETRY_EXCLUDE: 'acme.edition',
    OLD_DB_TELEMETRY_EXCLUDE: 'acme.commands',
  }
  await talkingAcme({ endpoint: receiver.endpoint, environment, product }).report()
  const { json } = receiver.received[0] ?? assert.fail('no report')
  assert.equal(attributesOf(json)['acme.edition'], undefined)
  assert.deepEqual(numbersOf(json), { 'acme.users': 64, 'usage.facts': 2, 'usage.withheld': 2 })
})

test('everything can be withheld: the report says that there is an installation, and nothing else', async () => {
  await using receiver = await startReceiver()
  const environment = { ACME_DB_TELEMETRY_EXCLUDE: 'acme.*' }
  await talkingAcme({ endpoint: receiver.endpoint, environment }).report()
  const { json } = receiver.received[0] ?? assert.fail('no report')
  assert.deepEqual(numbersOf(json), { 'usage.facts': 0, 'usage.withheld': 4 })
})

test('a name that no fact has: nothing is sent, the warning names variable, value and name, the start goes on', async () => {
  await using receiver = await startReceiver()
  const log = createLog()
  const environment = { ACME_DB_TELEMETRY_EXCLUDE: 'acme.edition,acme.usres' }
  const usage = talkingAcme({ endpoint: receiver.endpoint, environment, logger: log })
  const verdict = await usage.start()
  assert.deepEqual([verdict.state, verdict.source, verdict.locked], ['disabled', 'exclude-variable', true])
  assert.deepEqual(
    log.lines.filter((line) => line.startsWith('warn')),
    [
      "warn: ACME_DB_TELEMETRY_EXCLUDE=acme.edition,acme.usres names 'acme.usres', which is not a fact of this product; " +
        'correct the name or remove it. Until then no usage report is sent.',
    ],
  )
  const { outcome, bytes } = await usage.report()
  assert.equal(outcome, 'suppressed')
  // Also the local report keeps what the operator does not want to be told.
  assert.doesNotMatch(Buffer.from(bytes).toString(), /acme\.edition/)
  assert.equal(receiver.connections, 0)
  await usage.shutdown()
})

test('the preview withholds the same, and an exclusion is no obstacle to a choice', async () => {
  const environment = { ACME_DB_TELEMETRY_EXCLUDE: 'acme.users' }
  const usage = talkingAcme({ environment, consent: { default: 'disabled' } })
  const { facts } = await usage.preview()
  assert.deepEqual([...new Set(facts.points.map(({ name }) => name))], ['acme.commands'])
  assert.equal((await usage.consent.set('enabled', { by: 'alice' })).state, 'enabled')
  assert.deepEqual(usage.consent.verdict().reach.excluded, ['acme.users'])
})

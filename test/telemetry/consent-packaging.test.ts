/** What whoever packages the product sets beside it. */
import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { ConsentLockedError, explainConsent } from '../../src/index.ts'
import { acmeCatalog, createAcme } from '../support/acme.ts'
import { createLog } from '../support/log.ts'
import { startReceiver } from '../support/receiver.ts'
import { createScratch } from '../support/scratch.ts'
import { verdictOf } from './host-process.ts'

const packed = (root: string | URL) => ({ name: 'acme-db', version: '2.4.0', root })

/** The two places of the switch, with a word in them. */
const PLACES = {
  'the file usage-telemetry': (root: string, word: string) =>
    writeFileSync(path.join(root, 'usage-telemetry'), `${word}\n`),
  'the field usageTelemetry of package.json': (root: string, word: string) =>
    writeFileSync(path.join(root, 'package.json'), JSON.stringify({ name: 'acme-db', usageTelemetry: word })),
}

for (const [place, put] of Object.entries(PLACES)) {
  for (const [word, state] of [
    ['on', 'enabled'],
    ['Enabled', 'enabled'],
    ['off', 'disabled'],
    ['undecided', 'undecided'],
  ] as const) {
    test(`${word} in ${place} is the product's default, under the name of the place`, async () => {
      for (const byProduct of ['enabled', 'disabled', 'undecided'] as const) {
        using scratch = createScratch()
        put(scratch.directory, word)
        const usage = createAcme({ product: packed(scratch.directory), consent: { default: byProduct } })
        const verdict = await usage.start()
        assert.deepEqual(
          [verdict.state, verdict.source, verdict.locked, verdict.warnings],
          [state, 'default', false, []],
        )
        assert.match(verdict.because, /^the package's default \(/)
        assert.ok(verdict.because.includes(scratch.directory))
        await usage.shutdown()
      }
    })
  }

  test(`what cannot be read in ${place} is a no, with a warning that names the place, the value and the words`, async () => {
    for (const word of ['rhubarb', '', 'nonesuch', '2', '\u{1b}[31mon', 'x'.repeat(1_000_000)]) {
      using scratch = createScratch()
      put(scratch.directory, word)
      const log = createLog()
      const consent = { default: 'enabled' } as const
      const usage = createAcme({ product: packed(scratch.directory), consent, logger: log })
      assert.equal((await usage.start()).state, 'disabled', word.slice(0, 20))
      const warnings = log.lines.filter((line) => line.startsWith('warn'))
      assert.equal(warnings.length, 1)
      assert.match(warnings[0] ?? '', /is not a setting .* use 'none', 'off', 'on' or 'undecided'\.$/)
      assert.ok(warnings[0]?.includes(scratch.directory))
      assert.doesNotMatch(warnings[0] ?? '', /[\p{C}\p{Zl}\p{Zp}]/u)
      assert.ok((warnings[0]?.length ?? 0) < 400)
      await usage.shutdown()
    }
  })
}

test('a switch that is broken JSON, a directory or no object is a no, with a warning', async () => {
  for (const [name, content] of [
    ['package.json', '{ "usageTelemetry": "on"'],
    ['package.json', ''],
    ['package.json', 'null'],
    ['package.json', '"on"'],
    ['usage-telemetry', undefined],
  ] as const) {
    using scratch = createScratch()
    const file = path.join(scratch.directory, name)
    if (content === undefined) mkdirSync(file)
    else writeFileSync(file, content)
    const log = createLog()
    const usage = createAcme({ product: packed(scratch.directory), logger: log })
    assert.equal((await usage.start()).state, 'disabled', `${name}: ${content}`)
    assert.match(log.lines[0] ?? '', new RegExp(`^warn: .*${file} .*stays off`))
    await usage.shutdown()
  }
})

test('a field that is not a word is a no; booleans and numbers are the words that they stand for', async () => {
  for (const [value, state] of [
    [true, 'enabled'],
    [1, 'enabled'],
    [false, 'disabled'],
    [0, 'disabled'],
    [['on'], 'disabled'],
    [{ on: true }, 'disabled'],
    [7, 'disabled'],
  ] as const) {
    using scratch = createScratch()
    writeFileSync(path.join(scratch.directory, 'package.json'), JSON.stringify({ usageTelemetry: value }))
    const verdict = await createAcme({ product: packed(scratch.directory) }).start()
    assert.equal(verdict.state, state, JSON.stringify(value))
  }
})

test('a package that says nothing leaves it to the product', async () => {
  using scratch = createScratch()
  for (const root of [scratch.directory, path.join(scratch.directory, 'nowhere')]) {
    writeFileSync(path.join(scratch.directory, 'package.json'), '{ "name": "acme-db" }')
    const verdict = await createAcme({ product: packed(root) }).start()
    assert.deepEqual([verdict.state, verdict.because], ['enabled', "the product's default"])
  }
})

test('the file comes before the field, the environment and a choice before both; the root may be a URL', async () => {
  using scratch = createScratch()
  PLACES['the field usageTelemetry of package.json'](scratch.directory, 'none')
  PLACES['the file usage-telemetry'](scratch.directory, 'off')
  const product = packed(pathToFileURL(`${scratch.directory}/`))
  assert.equal((await createAcme({ product }).start()).state, 'disabled')
  const usage = createAcme({ product, environment: { ACME_DB_TELEMETRY: 'on' } })
  assert.equal((await usage.start()).state, 'enabled')
  assert.equal((await createAcme({ product }).consent.set('enabled', { by: 'alice' })).state, 'enabled')
  await usage.shutdown()
})

for (const [place, put] of Object.entries(PLACES)) {
  test(`none in ${place}: nothing is collected, loaded, written or sent, and nobody can switch it on`, async () => {
    using scratch = createScratch()
    await using receiver = await startReceiver()
    put(scratch.directory, ' NONE')
    const state = path.join(scratch.directory, 'state')
    const options = {
      product: { root: scratch.directory },
      endpoint: receiver.endpoint,
      report: true,
      consent: {
        default: 'enabled',
        flag: 'on',
        seed: 'on',
        configured: 'on',
        automation: 'disabled',
        sticky: true,
      },
    }
    const environment = { ACME_DB_TELEMETRY: 'on', ACME_DB_TELEMETRY_DEBUG: '1', CI: 'true' }
    const verdict = await verdictOf(state, options, environment)
    assert.deepEqual([verdict.state, verdict.source, verdict.locked], ['disabled', 'default', true])
    assert.match(verdict.because, /^the package's default \(/)
    assert.deepEqual([verdict.loaded, verdict.warnings], [[], []])
    assert.throws(() => readdirSync(state), { code: 'ENOENT' })
    assert.equal(receiver.connections, 0)
  })
}

test('none: whatever the host calls is answered, and asks nothing of it', async () => {
  using scratch = createScratch()
  PLACES['the file usage-telemetry'](scratch.directory, 'none')
  const log = createLog()
  const asked = () => assert.fail('a source was asked')
  const options = { product: packed(scratch.directory), logger: log, consent: { flag: 'on' } } as const
  const usage = createAcme(options)
  usage.set('acme.users', asked)
  usage.set('acme.edition', 'enterprise')
  usage.counter('acme.commands').bind({ command: 'find', result: 'ok' }).add()
  const meter = usage.getMeter('acme')
  const gauge = meter.createObservableGauge('acme.users')
  gauge.addCallback(asked)
  meter.addBatchObservableCallback(asked, [gauge])
  gauge.removeCallback(asked)
  meter.removeBatchObservableCallback(asked, [gauge])
  meter.createHistogram('acme.users').record(1)
  meter.createUpDownCounter('acme.users').add(1)
  usage.consent.on('change', asked)()

  const verdict = await usage.start()
  assert.deepEqual(await usage.start(), verdict)
  assert.equal((await usage.preview()).wouldBeSent, false)
  const { outcome, reason } = await usage.report()
  assert.deepEqual([outcome, reason], ['suppressed', verdict.because])
  const { disclosure } = await usage.status()
  assert.deepEqual([usage.consent.verdict(), disclosure], [verdict, undefined])
  assert.deepEqual(await usage.consent.history(), [])
  await assert.rejects(usage.consent.set('enabled', { by: 'alice' }), (error) => {
    assert.ok(error instanceof ConsentLockedError)
    assert.ok(error.message.includes(path.join(scratch.directory, 'usage-telemetry')), error.message)
    return true
  })
  assert.deepEqual(await Array.fromAsync(usage.ledger.entries()), [])
  await usage.shutdown()
  assert.deepEqual(log.lines, [])
  const explained = { ...options, catalog: acmeCatalog, endpoint: 'http://127.0.0.1:9', environment: {} }
  assert.deepEqual((await explainConsent(explained)).state, 'disabled')
})

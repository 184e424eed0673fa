import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import path from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import {
  createMemoryStore,
  createStartupWarnings,
  createUsageTelemetry,
  defineCatalog,
  type UsageTelemetryOptions,
} from '../../src/index.ts'
import { type AcmeFacts, createAcme } from '../support/acme.ts'
import { bareEnvironment } from '../support/bare-environment.ts'
import { bundled } from '../support/bundled.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { createLog } from '../support/log.ts'

const run = promisify(execFile)
const READ_MORE = 'Read more: https://acme.example/telemetry'
const LEVEL = 'The level of the reports is full, of basic, full.'

/** What is logged by a start. */
async function toldBy(options: Partial<UsageTelemetryOptions<AcmeFacts>>): Promise<readonly string[]> {
  const log = createLog()
  const usage = createAcme({ endpoint: 'https://usage.acme.example', logger: log, ...options })
  await usage.start()
  await usage.shutdown()
  return log.lines
}

test('enabled: who sends what to whom and how often, who decided, and the words that stop it', async () => {
  assert.deepEqual(await toldBy({ consent: { default: 'enabled' } }), [
    "info: Acme DB sends a usage report to usage.acme.example once a day (the product's default); every report is in the local log. " +
      `To stop it: ACME_DB_TELEMETRY_OPTOUT=1. ${LEVEL} ${READ_MORE}`,
  ])
})

test('undecided: what will happen, and the words that stop it', async () => {
  assert.deepEqual(await toldBy({ consent: {} }), [
    'info: Acme DB will send a usage report to usage.acme.example once a day, unless you opt out; every report is in ' +
      `the local log. To stop it: ACME_DB_TELEMETRY_OPTOUT=1. ${LEVEL} ${READ_MORE}`,
  ])
})

test('disabled: that nothing is sent, who decided, and that there is a local log', async () => {
  for (const [options, because] of [
    [{ environment: { DO_NOT_TRACK: '1' } }, 'DO_NOT_TRACK=1'],
    [{ environment: { ACME_DB_TELEMETRY: 'off' } }, 'ACME_DB_TELEMETRY=off'],
    [{ consent: { configured: 'no' } }, "the configuration ('no')"],
  ] as const) {
    assert.deepEqual(await toldBy(options), [
      `info: Acme DB sends no usage reports (${because}). Reports are still written to the local log. ${READ_MORE}`,
    ])
  }
})

test('off by default and nobody has decided: one line says that nothing is sent, and what to type to help', async () => {
  const line =
    'info: Acme DB sends nothing about its use. To help its makers with a usage report once a day: ' +
    `ACME_DB_TELEMETRY=on. ${READ_MORE}`
  assert.deepEqual(await toldBy({ consent: { default: 'disabled' } }), [line])
  assert.deepEqual(await toldBy({ consent: { default: 'disabled', flag: 'undecided', configured: '' } }), [
    line,
  ])
  const usage = createAcme({ consent: { default: 'disabled' } })
  assert.equal(`info: ${(await usage.status()).disclosure}`, line)
})

test('off by default: the way to help is the command of the product, and a variable that it ignores is not named', async () => {
  const disclosure = { optIn: 'acme telemetry on' }
  const consent = { default: 'disabled', ignore: ['variable'] } as const
  assert.match((await toldBy({ disclosure, consent }))[0] ?? '', /once a day: acme telemetry on\. Read/)
  assert.deepEqual(await toldBy({ consent }), [])
})

test('a product that collects nothing while it is off does not speak of a local log', async () => {
  assert.deepEqual(await toldBy({ consent: { configured: 'no', whileDisabled: 'nothing' } }), [
    `info: Acme DB sends no usage reports (the configuration ('no')). ${READ_MORE}`,
  ])
})

test('each change of consent is one line of the log: who has decided, and what follows', async () => {
  const log = createLog()
  const clock = createFakeClock()
  const usage = createAcme({ logger: log, clock, consent: { default: 'disabled' } })
  await usage.start()
  assert.equal(log.lines.length, 1)

  await usage.consent.set('enabled', { by: 'alice' })
  await clock.advance(0)
  assert.deepEqual(log.lines.slice(1), [
    'info: Acme DB sends a usage report to 127.0.0.1:9 once a day (the choice of alice on 2026-01-01T00:00:00.000Z); every report is in ' +
      'the local log. To stop it: ACME_DB_TELEMETRY_OPTOUT=1. ' +
      `${LEVEL} The next report is due at ${(await usage.status()).nextReportAt}. ${READ_MORE}`,
  ])

  await clock.advance(60_000)
  await usage.consent.set('enabled', { by: 'alice' })
  await usage.consent.set('disabled', { by: 'bob' })
  await clock.advance(0)
  await usage.status()
  assert.deepEqual(log.lines.slice(2), [
    'info: Acme DB sends no usage reports (the choice of bob on 2026-01-01T00:01:00.000Z). Reports are still written to the local log. ' +
      `The installation id, waiting reports and counts are deleted. ${READ_MORE}`,
  ])
  await usage.shutdown()
})

test('a choice of an administrator is one line in each process of the product, and none in the command that has only read it', async () => {
  const state = createMemoryStore()
  const [server, command] = [createLog(), createLog()]
  const clock = createFakeClock()
  const usage = createAcme({ state, clock, logger: server, consent: { default: 'disabled' } })
  await usage.start()
  const tool = createAcme({ state, clock, logger: command, consent: { default: 'disabled' } })
  await tool.consent.set('enabled', { by: 'alice' })
  await clock.advance(6 * 60_000)

  const changes = (lines: readonly string[]) => lines.filter((line) => line.includes('the choice of alice'))
  assert.equal(changes(server.lines).length, 1)
  assert.equal(changes(command.lines).length, 1)
  const reader = createLog()
  await createAcme({ state, clock, logger: reader }).status()
  assert.deepEqual(reader.lines, [])
  await usage.shutdown()
})

test('DEBUG=1 prints a report right after the start, not after five minutes', async () => {
  const clock = createFakeClock()
  const printed: string[] = []
  const usage = createAcme({
    clock,
    environment: { ACME_DB_TELEMETRY_DEBUG: '1' },
    debugOutput: (text) => printed.push(text),
  })
  usage.set('acme.edition', 'community')
  await usage.start()
  await clock.advance(0)
  assert.equal(printed.length, 1)
  assert.match(printed[0] ?? '', /"acme\.edition"/)
  await usage.shutdown()
})

test('the level of the reports is in the notice where the product has several', async () => {
  const environment = { ACME_DB_TELEMETRY: 'basic' }
  assert.match(
    (await toldBy({ environment }))[0] ?? '',
    /The level of the reports is basic, of basic, full\. Read/,
  )
  const usage = createAcme({ environment })
  assert.match((await usage.status()).disclosure ?? '', /The level of the reports is basic, of basic, full\./)
  const oneLevel = defineCatalog({ version: 1, prefix: 'acme', facts: {} })
  const log = createLog()
  const other = createUsageTelemetry({
    ...{ product: { name: 'acme-db', version: '1' }, catalog: oneLevel, endpoint: 'http://127.0.0.1:9' },
    ...{ state: createMemoryStore(), environment: {}, logger: log, consent: { default: 'enabled' } },
  })
  await other.start()
  await other.shutdown()
  assert.doesNotMatch(log.lines.join('\n'), /level/)
})

test('the address that the operator has set is the one that is named', async () => {
  const environment = { ACME_DB_TELEMETRY_ENDPOINT: 'https://proxy.example:8443/usage' }
  assert.match((await toldBy({ environment }))[0] ?? '', /a usage report to proxy\.example:8443 once a day/)
})

test('once a start: not with every report, not with a second call; again after the next start', async () => {
  const log = createLog()
  const clock = createFakeClock()
  const usage = createAcme({ logger: log, clock, schedule: { initialDelay: '0s' } })
  const notices = () => log.lines.filter((line) => line.includes('To stop it')).length
  await Promise.all([usage.start(), usage.start()])
  await usage.start()
  await clock.advance(72 * 3_600_000)
  await usage.report()
  await usage.status()
  assert.equal(notices(), 1)
  await usage.shutdown()
  await usage.start()
  assert.equal(notices(), 2)
  await usage.shutdown()
})

test('the status carries the notice of every state, with new facts', async () => {
  const state = createMemoryStore()
  const usage = createAcme({ state, consent: {} })
  assert.match((await usage.status()).disclosure ?? '', /^Acme DB will send/)
  await usage.consent.set('enabled', { by: 'alice' })
  assert.match(
    (await usage.status()).disclosure ?? '',
    /^Acme DB sends a usage report .* \(the choice of alice on /,
  )
  await usage.consent.set('disabled', { by: 'alice' })
  assert.match(
    (await usage.status()).disclosure ?? '',
    /^Acme DB sends no usage reports \(the choice of alice on /,
  )
})

test('sinks get the notice instead of the logger; one that fails does not stop the others', async () => {
  const log = createLog()
  const warnings = createStartupWarnings()
  const custom: string[] = []
  const fails = () => {
    throw new Error('no terminal')
  }
  const usage = createAcme({
    logger: log,
    disclosure: { sinks: [fails, warnings.sink, (text) => custom.push(text)] },
  })
  await usage.start()
  assert.equal(warnings.lines().length, 1)
  assert.match(warnings.lines()[0] ?? '', /^Acme DB sends a usage report/)
  assert.deepEqual(custom, warnings.lines())
  assert.deepEqual(log.lines, [])
  await usage.shutdown()
})

test('the product fills a list of start-up warnings, and a change to its copy of the lines does not change the list', () => {
  const warnings = createStartupWarnings()
  warnings.sink('one')
  ;(warnings.lines() as string[]).push('two')
  warnings.sink('three')
  assert.deepEqual(warnings.lines(), ['one', 'three'])
})

test('texts in another language, a legal note and a command of the product take their places', async () => {
  const disclosure = {
    texts: {
      enabled: '{title} sendet täglich an {receiver} ({because}). Abschalten: {optOut}.',
      level: 'Umfang: {level} ({levels}).',
      readMore: 'Mehr: {homepage}',
    },
    legalNote: 'Nach Art. 6 DSGVO; {title} haftet für nichts. {unknown}',
    optOut: 'acme telemetry off',
  }
  assert.deepEqual(await toldBy({ disclosure, consent: { flag: 'on' } }), [
    "info: Acme DB sendet täglich an usage.acme.example (the command-line flag ('on')). Abschalten: acme telemetry off. " +
      'Umfang: full (basic, full). Mehr: https://acme.example/telemetry Nach Art. 6 DSGVO; Acme DB haftet für nichts. {unknown}',
  ])
  // What is not replaced stays as it is.
  assert.match(
    (await toldBy({ disclosure, consent: {} }))[0] ?? '',
    /will send .* To stop it: acme telemetry off\./,
  )
  assert.match(
    (await toldBy({ disclosure, consent: { flag: 'off' } }))[0] ?? '',
    /sends no usage reports .* DSGVO/,
  )
})

test('warnings are at warn and before the notice, which is at info', async () => {
  const lines = await toldBy({ environment: { ACME_DB_TELEMETRY: 'rhubarb' } })
  assert.deepEqual(
    lines.map((line) => line.slice(0, 60)),
    [
      'warn: ACME_DB_TELEMETRY=rhubarb is not a value that the usage',
      'info: Acme DB sends no usage reports (ACME_DB_TELEMETRY=rhuba',
    ].map((line) => line.slice(0, 60)),
  )
})

test('nothing of it is ever on standard output, in no state, with a logger and without one', async () => {
  const host = bundled(path.join(import.meta.dirname, 'hosts/told.ts'))
  for (const [options, environment, told] of [
    [{}, {}, /sends a usage report/],
    [{ consent: {} }, {}, /will send a usage report/],
    [{}, { DO_NOT_TRACK: '1' }, /sends no usage reports/],
    [{}, { ACME_DB_TELEMETRY: 'rhubarb' }, /is not a value/],
    [{}, { ACME_DB_TELEMETRY_DEBUG: '1' }, /"resourceMetrics"/],
    [{ logged: false }, {}, /^$/],
    [{ logged: false }, { DO_NOT_TRACK: '1' }, /^$/],
  ] as const) {
    const { stdout, stderr } = await run(
      process.execPath,
      [host, JSON.stringify({ ...options, state: undefined })],
      {
        env: { ...bareEnvironment(), ...environment, HOME: '/nonexistent' },
      },
    )
    assert.equal(stdout, '')
    assert.match(stderr, told)
  }
})

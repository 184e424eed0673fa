/** Variables as processes really get them: long, with control characters, and in bytes that are not UTF-8. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { createAcme } from '../support/acme.ts'
import { createLog } from '../support/log.ts'
import { createScratch } from '../support/scratch.ts'
import { type HostVerdict, VERDICT_HOST, verdictOf } from './host-process.ts'

const run = promisify(execFile)
const ENABLED = { consent: { default: 'enabled' } }
const UNSHOWN = /[\p{C}\p{Zl}\p{Zp}]/u

/** A host with a variable whose value is what `printf` makes of a format: any bytes but zero. */
async function verdictWith(state: string, variable: string, format: string): Promise<HostVerdict> {
  const script =
    'value=$(printf "$1"); shift; exec env -i "PATH=$PATH" "NODE_COMPILE_CACHE=$NODE_COMPILE_CACHE" "$1=$value" "$2" "$3" "$4"'
  const host = [variable, process.execPath, VERDICT_HOST, JSON.stringify({ state, ...ENABLED })]
  const { stdout } = await run('/bin/sh', ['-c', script, 'sh', format, ...host])
  return JSON.parse(stdout)
}

for (const variable of [
  'DO_NOT_TRACK',
  'ACME_DB_TELEMETRY_OPTOUT',
  'ACME_DB_TELEMETRY',
  'ACME_DB_TELEMETRY_EXCLUDE',
]) {
  test(`${variable} in bytes that are not UTF-8 is a no, and the start goes on`, async () => {
    using scratch = createScratch()
    for (const format of ['\\377', '\\300\\200', 'on\\355\\240\\200', '1\\200']) {
      const verdict = await verdictWith(scratch.directory, variable, format)
      assert.equal(verdict.state, 'disabled', format)
      assert.match(verdict.because, new RegExp(`^${variable}=`))
      for (const text of [verdict.because, ...verdict.warnings]) assert.doesNotMatch(text, UNSHOWN)
    }
    assert.equal((await verdictWith(scratch.directory, variable, '')).state, 'enabled')
  })
}

test('control characters in a variable steer no terminal, and what they surround is read', async () => {
  using scratch = createScratch()
  const verdict = await verdictWith(scratch.directory, 'ACME_DB_TELEMETRY', '\\033[2J\\033]0;on\\007off')
  assert.equal(verdict.state, 'disabled')
  assert.equal(verdict.warnings.length, 1)
  for (const text of [verdict.because, ...verdict.warnings]) assert.doesNotMatch(text, UNSHOWN)
  assert.equal(
    (await verdictWith(scratch.directory, 'ACME_DB_TELEMETRY', '\\r\\n\\ton\\013')).state,
    'enabled',
  )
})

test('a variable as long as the system allows is read like any other', async () => {
  using scratch = createScratch()
  const long = (text: string) => text.repeat(Math.floor(120_000 / text.length))
  for (const variable of [
    'DO_NOT_TRACK',
    'ACME_DB_TELEMETRY',
    'ACME_DB_TELEMETRY_EXCLUDE',
    'OTEL_SDK_DISABLED',
  ]) {
    const verdict = await verdictOf(scratch.directory, ENABLED, { [variable]: long('x') })
    assert.equal(verdict.state, 'disabled')
    assert.ok(verdict.because.length < 120, verdict.because)
    for (const warning of verdict.warnings) assert.ok(warning.length < 500)
  }
  const spaces = await verdictOf(scratch.directory, ENABLED, { ACME_DB_TELEMETRY: `${long(' ')}off` })
  assert.deepEqual([spaces.state, spaces.warnings], ['disabled', []])
})

test('a megabyte in every variable ends in a no and short messages, and never in an error', async () => {
  const megabyte = 'rhubarb '.repeat(125_000)
  const log = createLog()
  const names = [
    'TELEMETRY',
    'TELEMETRY_OPTOUT',
    'TELEMETRY_EXCLUDE',
    'TELEMETRY_ENDPOINT',
    'TELEMETRY_DEBUG',
  ]
  const environment = Object.fromEntries([
    ...names.map((name) => [`ACME_DB_${name}`, megabyte]),
    ['DO_NOT_TRACK', megabyte],
  ])
  const consent = { flag: megabyte, configured: megabyte, seed: megabyte, executableName: megabyte }
  const usage = createAcme({ environment, consent, logger: log, debugOutput: () => {} })
  assert.equal((await usage.start()).state, 'disabled')
  assert.equal((await usage.report()).outcome, 'suppressed')
  for (const line of log.lines) assert.ok(line.length < 2_000, line.slice(0, 200))
  await usage.shutdown()
})

test('an address that cannot be used is a no, and the warning names variable, value and what is wrong', async () => {
  for (const [address, problem] of [
    ['rhubarb', /is not an http or https address/],
    [' ', /is not an http or https address/],
    ['https://a:b@usage.acme.example', /holds a user name or a password/],
    ['\u{1b}[31m', /is not an http or https address/],
  ] as const) {
    const log = createLog()
    const usage = createAcme({ environment: { ACME_DB_TELEMETRY_ENDPOINT: address }, logger: log })
    const verdict = await usage.start()
    assert.deepEqual([verdict.state, verdict.source, verdict.locked], ['disabled', 'endpoint-variable', true])
    assert.match(log.lines[0] ?? '', /^warn: ACME_DB_TELEMETRY_ENDPOINT=/)
    assert.match(log.lines[0] ?? '', problem)
    assert.doesNotMatch(log.lines.join(''), UNSHOWN)
    await usage.shutdown()
  }
})

test('the debug variable under an old name prints reports and sends none, like the new one', async () => {
  for (const variable of ['ACME_DB_TELEMETRY_DEBUG', 'OLD_DB_TELEMETRY_DEBUG']) {
    const printed: string[] = []
    const usage = createAcme({
      product: { name: 'acme-db', version: '2.4.0', legacyEnvironmentPrefixes: ['OLD_DB'] },
      environment: { [variable]: '1' },
      debugOutput: (text) => printed.push(text),
    })
    assert.equal((await usage.start()).source, 'debug-variable')
    const { outcome, bytes } = await usage.report()
    assert.equal(outcome, 'suppressed')
    assert.deepEqual(JSON.parse(printed.join('')), JSON.parse(String(Buffer.from(bytes ?? ''))))
    await usage.shutdown()
  }
})

/** What an operator sees and decides at a terminal: every command, its document, its exit code. */
import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { createMemoryStore, defineCatalog } from '../../src/index.ts'
import { COMMAND_SCHEMAS } from '../../src/operator/commands/schemas.ts'
import type { OperatedTelemetry } from '../../src/operator/operations/index.ts'
import { createTestTelemetry } from '../../src/testing.ts'
import { createAcme } from '../support/acme.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { createLog } from '../support/log.ts'
import { startReceiver } from '../support/receiver.ts'
import { createScratch } from '../support/scratch.ts'
import { runAcme } from './run.ts'

const ALICE = { by: 'alice' }
const ajv = new Ajv2020({ strictTypes: false })

/** Runs a command with `--json`, and returns its document, which its schema describes; standard error has nothing. */
async function documentOf(usage: OperatedTelemetry, args: readonly string[], expected = 0) {
  const { code, stdout, stderr } = await runAcme(usage, [...args, '--json'])
  assert.equal(stderr, '')
  assert.equal(stdout, `${JSON.stringify(JSON.parse(stdout))}\n`)
  const validate = ajv.compile(COMMAND_SCHEMAS[args[0] as string] as object)
  assert.ok(validate(JSON.parse(stdout)), `${args.join(' ')}: ${JSON.stringify(validate.errors)}\n${stdout}`)
  assert.equal(code, expected, stdout)
  return JSON.parse(stdout)
}

function createCounted(options: Parameters<typeof createAcme>[0] = {}) {
  const usage = createAcme(options)
  usage.set('acme.edition', 'community')
  usage.set('acme.users', 12)
  usage.counter('acme.commands').add(3, { command: 'find', result: 'ok' })
  return usage
}

test('every command prints with --json one document that its schema describes, and nothing else', async () => {
  using scratch = createScratch()
  await using receiver = await startReceiver()
  const usage = createCounted({ endpoint: receiver.endpoint, state: scratch.directory, consent: {} })
  assert.equal((await documentOf(usage, ['status'])).verdict.state, 'undecided')
  assert.equal((await documentOf(usage, ['explain', 'DO_NOT_TRACK=1'])).verdict.locked, true)
  assert.equal((await documentOf(usage, ['level', 'basic'])).verdict.level, 'basic')
  assert.equal((await documentOf(usage, ['on'])).verdict.level, 'full')
  assert.equal((await documentOf(usage, ['preview'])).wouldBeSent, true)
  assert.deepEqual(Object.keys((await documentOf(usage, ['preview', '--all'])).levels), [
    'off',
    'basic',
    'full',
  ])
  const { reportId, outcome } = await documentOf(usage, ['report'])
  assert.equal(outcome, 'sent')
  const { entries } = await documentOf(usage, ['log'])
  assert.deepEqual(
    entries.map((entry: { outcome: string }) => entry.outcome),
    ['queued', 'sent'],
  )
  const shown = await documentOf(usage, ['show', reportId.slice(0, 8)])
  assert.equal(shown.bytes, receiver.received[0]?.body.toString())
  assert.equal(shown.sha256, createHash('sha256').update(shown.bytes).digest('hex'))
  usage.set('acme.users', 40)
  assert.deepEqual((await documentOf(usage, ['diff'])).changes, [
    { name: 'acme.users', before: 8, after: 32 },
  ])
  const out = path.join(scratch.directory, 'out.json')
  assert.equal((await documentOf(usage, ['export', '--out', out])).file, out)
  assert.equal((await documentOf(usage, ['facts'])).facts.length, 4)
  assert.equal((await documentOf(usage, ['history'])).choices.length, 2)
  assert.equal((await documentOf(usage, ['status'])).lastReport.outcome, 'exported')
  assert.equal((await documentOf(usage, ['forget', '--yes'])).outcome, 'sent')
  assert.equal((await documentOf(usage, ['off'])).verdict.state, 'disabled')
  assert.equal((await documentOf(usage, ['reset'])).verdict.state, 'undecided')
  assert.equal((await documentOf(usage, ['export'], 1)).outcome, 'suppressed')
})

for (const [args, code] of [
  [['show', '12'], 5],
  [['show', 'ffffffff'], 5],
  [['diff'], 5],
  [['level', 'rhubarb'], 2],
  [['explain', 'rhubarb'], 2],
  [['preview', '--level', 'rhubarb'], 2],
  [['log', '--since', 'rhubarb'], 2],
  [['log', '-n', '-1'], 2],
  [['status', '--rhubarb'], 2],
  [['show'], 2],
  [['forget'], 2],
] as const) {
  test(`a call that cannot be carried out ends with ${code}, and says why: ${args.join(' ')}`, async () => {
    const stdin = Object.assign(process.stdin, { isTTY: false })
    const usage = createAcme()
    const failed = await runAcme(usage, args, { stdin })
    assert.equal(failed.code, code)
    assert.equal(failed.stdout, '')
    assert.match(failed.stderr, /^[A-Z'].*[.]\n/s)
    assert.equal((await documentOf(usage, args, code)).error.message.length > 10, true)
  })
}

test('the status of a product with a version notice is as its schema says, acknowledged advisories included', async () => {
  const { usage, receiver } = createTestTelemetry({
    product: { name: 'acme-db', version: '2.4.0' },
    catalog: defineCatalog({ version: 1, prefix: 'acme', facts: {} }),
    endpoint: 'https://usage.acme.example',
    consent: { default: 'enabled' },
    versionCheck: { feed: 'https://acme.example/versions.json' },
  })
  const advisory = { severity: 'high', affected: '<2.5.0', fixedIn: ['2.5.0'], summary: 'Bad' }
  receiver.feed(
    JSON.stringify({
      ...{ format: 1, product: 'acme-db', issued: '2025-12-01T00:00:00Z', message: 'Update soon.' },
      ...{ url: 'https://acme.example/', versions: [{ version: '2.5.0', endOfLife: '2027-01-01' }] },
      advisories: ['ACME-1', 'ACME-2'].map((id) => ({ id, ...advisory })),
    }),
  )
  await usage.start()
  await usage.version.check()
  await usage.version.acknowledge('ACME-1', { by: 'alice', until: '2026-06-01T00:00:00Z' })
  const { stdout } = await runAcme(usage, ['status', '--json'])
  const document = JSON.parse(stdout)
  assert.equal(document.version.notice.announcement, 'Update soon.')
  assert.equal(document.version.notice.advisories[0].acknowledged.by, 'alice')
  const isValid = new Ajv2020({ strict: false }).compile(COMMAND_SCHEMAS['status'] as object)
  assert.ok(isValid(document), JSON.stringify(isValid.errors))
  await usage.shutdown()
})

test('a choice by a command is shown by the command, and not logged as well', async () => {
  const log = createLog()
  const usage = createAcme({ logger: log })
  assert.equal((await runAcme(usage, ['off', '--json'])).code, 0)
  assert.equal((await runAcme(usage, ['on'])).code, 0)
  assert.deepEqual(
    log.lines.filter((line) => line.startsWith('info')),
    [],
  )
})

test('an unknown command ends with 2, in a document as well', async () => {
  const { code, stdout, stderr } = await runAcme(createAcme(), ['stauts'])
  assert.deepEqual([code, stdout], [2, ''])
  assert.match(stderr, /Unknown command 'stauts'. Did you mean status\?/)
  const asJson = await runAcme(createAcme(), ['stauts', '--json'])
  assert.deepEqual([asJson.code, asJson.stderr], [2, ''])
  assert.match(JSON.parse(asJson.stdout).error.message, /^Unknown command 'stauts'\. Did you mean status\?$/)
})

test('a choice that a variable comes before ends with 3, and says which one', async () => {
  const usage = createAcme({ environment: { DO_NOT_TRACK: '1' } })
  const { code, stderr } = await runAcme(usage, ['on'])
  assert.equal(code, 3)
  assert.match(stderr, /DO_NOT_TRACK=1/)
  assert.equal((await documentOf(usage, ['on'], 3)).error.code, 'ERR_USAGE_CONSENT_LOCKED')
})

test('off on an installation that cannot be written ends with 4, and says which variable to set', async () => {
  const inner = createMemoryStore()
  const refuse = async () => {
    throw Object.assign(new Error('read-only'), { code: 'EROFS' })
  }
  const state = { ...inner, write: refuse, create: refuse, append: refuse, remove: refuse }
  const { code, stderr, stdout } = await runAcme(createAcme({ state }), ['off'])
  assert.equal(code, 4)
  assert.equal(stdout, '')
  assert.match(stderr, /was not stored .*EROFS.*Set ACME_DB_TELEMETRY_OPTOUT=1/s)
})

test('off in a separate process reaches the running product, without a connection', async () => {
  await using receiver = await startReceiver()
  const state = createMemoryStore()
  const host = createCounted({ state, endpoint: receiver.endpoint })
  await host.start()
  assert.equal((await runAcme(createAcme({ state, endpoint: receiver.endpoint }), ['off'])).code, 0)
  assert.equal((await host.report()).outcome, 'suppressed')
  assert.equal(receiver.connections, 0)
  assert.equal((await host.consent.history())[0]?.by, 'alice')
  await host.shutdown()
})

test('the history names the user of the process where the product names nobody', async () => {
  const usage = createAcme()
  await runAcme(usage, ['on'], { by: undefined as never })
  const [choice] = await usage.consent.history()
  assert.equal(choice?.by, execFileSync('id', ['-un']).toString().trim())
})

test('status says in a sentence what is so, why, and where everything lies', async () => {
  await using receiver = await startReceiver()
  const clock = createFakeClock()
  const usage = createCounted({ endpoint: receiver.endpoint, clock, state: '/tmp/never-written' })
  const memory = createCounted({ endpoint: receiver.endpoint, clock, state: createMemoryStore() })
  const { stdout } = await runAcme(usage, ['status'], { clock })
  assert.match(stdout, /^Acme DB sends usage reports, with the facts of level 'full'\.\n/)
  assert.match(stdout, /Decided by the product's default\./)
  assert.match(stdout, /State {8}\/tmp\/never-written\n/)
  assert.equal(existsSync('/tmp/never-written'), false)
  await memory.consent.set('basic', ALICE)
  await memory.report()
  const text = (await runAcme(memory, ['status'], { clock })).stdout
  assert.match(text, /Decided by the choice of alice on 2026-01-01 00:00 UTC/)
  assert.match(text, /Last report\s+sent 2026-01-01 00:00 UTC/)
  assert.match(text, /Facts\s+2 reported, 2 above the level/)
})

test('the lines fit into a narrow terminal, and have colours only where they are wanted', async () => {
  const usage = createCounted({ environment: { ACME_DB_TELEMETRY: 'basic' } })
  for (const environment of [{ COLUMNS: '50' }, { COLUMNS: '50', NO_COLOR: '1', FORCE_COLOR: '1' }]) {
    const { stdout } = await runAcme(usage, ['status'], { environment })
    const tooLong = stdout.split('\n').filter((line) => line.length > 50 && line.includes(' ', 20))
    assert.deepEqual(tooLong, [])
    assert.ok(!stdout.includes('\u{1b}'))
  }
  const { stdout } = await runAcme(usage, ['status'], { environment: { FORCE_COLOR: '1' } })
  assert.ok(stdout.includes('\u{1b}[32m'))
  const { stdout: json } = await runAcme(usage, ['status', '--json'], { environment: { FORCE_COLOR: '1' } })
  assert.ok(!json.includes('\u{1b}'))
})

test('nothing of the ledger or the history can take over the terminal', async () => {
  using scratch = createScratch()
  const usage = createAcme({ state: scratch.directory })
  await usage.report()
  await usage.consent.set('on', { by: 'eve\u{1b}]0;owned\u{7}\u{202e}\nalice' })
  const ledger = path.join(scratch.directory, 'ledger.jsonl')
  const evil = JSON.stringify('\u{1b}[2J\u{202e}\r\nsent')
  writeFileSync(
    ledger,
    `${readFileSync(ledger)}{"at":"2026-01-01T00:00:00.000Z","reportId":"ffffffff-aaaa","outcome":"sent","reason":${evil},"endpoint":${evil},"report":{"resourceMetrics":[{"resource":{"attributes":[{"key":"acme.edition","value":{"stringValue":${evil}}}]},"scopeMetrics":[]}]}}\n`,
  )
  for (const args of [['status'], ['log'], ['history'], ['show', 'ffffffff'], ['diff']]) {
    const { stdout, code } = await runAcme(usage, args)
    assert.equal(code, 0)
    const controls = [...stdout].filter((one) => /[\p{C}\p{Zl}\p{Zp}]/u.test(one) && one !== '\n')
    assert.deepEqual(controls, [])
  }
})

test('an id is never used as a path: nothing outside of the state is read', async () => {
  using scratch = createScratch()
  const state = path.join(scratch.directory, 'state')
  writeFileSync(path.join(scratch.directory, 'secret.json'), '{"secret":1}')
  const usage = createAcme({ state })
  await usage.report()
  for (const id of [
    '../secret.json',
    '../../etc/passwd',
    '/etc/passwd',
    'a/../../secret',
    '....',
    '%2e%2e',
    '',
    '\0aaaa',
  ]) {
    const { code, stdout } = await runAcme(usage, ['show', id])
    assert.equal(code, 5, id)
    assert.equal(stdout, '')
  }
})

test('a file of 1 GB in the place of the ledger costs neither memory nor the command', async () => {
  using scratch = createScratch()
  const usage = createAcme({ state: scratch.directory })
  await usage.report()
  const file = path.join(scratch.directory, 'ledger.jsonl')
  mkdirSync(path.join(scratch.directory, 'ledger'), { recursive: true })
  truncateSync(file, 2 ** 30)
  assert.equal(statSync(file).size, 2 ** 30)
  const before = process.memoryUsage().rss
  for (const args of [['log'], ['status'], ['show', 'ffffffff']])
    assert.ok([0, 5].includes((await runAcme(usage, args)).code))
  const grown = process.memoryUsage().rss - before
  assert.ok(grown < 200e6, `${grown} bytes`)
})

test('the log shows the newest entries in their order, since a time, and with one outcome', async () => {
  const clock = createFakeClock()
  await using receiver = await startReceiver()
  const usage = createAcme({ clock, endpoint: receiver.endpoint })
  const ids: string[] = []
  for (let day = 0; day < 30; day++) {
    ids.push((await usage.report()).reportId as string)
    await clock.advance(86_400_000)
  }
  const idsOf = async (...args: string[]) => {
    const { stdout } = await runAcme(usage, ['log', '--json', ...args], { clock })
    return JSON.parse(stdout).entries.map(({ reportId }: { reportId: string }) => reportId)
  }
  assert.deepEqual(await idsOf('--outcome', 'sent', '-n', '3'), ids.slice(-3))
  assert.deepEqual(await idsOf('--outcome', 'sent', '--since', '36h'), ids.slice(-1))
  assert.deepEqual(await idsOf('--outcome', 'sent', '--since', '2026-01-30'), ids.slice(-1))
  assert.equal((await idsOf('-n', 'all')).length, 60)
  assert.equal((await idsOf()).length, 20)
})

test('log --follow goes on with what comes, until it is ended', async () => {
  const clock = createFakeClock()
  await using receiver = await startReceiver()
  const usage = createAcme({ clock, endpoint: receiver.endpoint })
  const first = await usage.report()
  const end = new AbortController()
  const following = runAcme(usage, ['log', '-f', '--json'], { clock, signal: end.signal })
  await clock.advance(1_500)
  const second = await usage.report()
  await clock.advance(1_500)
  end.abort()
  await clock.advance(1_000)
  const { stdout, code } = await following
  const lines = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  assert.equal(code, 0)
  assert.deepEqual(
    lines.map(({ reportId, outcome }) => [reportId, outcome]),
    [
      [first.reportId, 'queued'],
      [first.reportId, 'sent'],
      [second.reportId, 'queued'],
      [second.reportId, 'sent'],
    ],
  )
})

test('an export is a file that sha256sum checks and curl imports, and replaces no other one', async () => {
  using scratch = createScratch()
  await using receiver = await startReceiver()
  const usage = createCounted()
  const file = path.join(scratch.directory, "acme's usage.json")
  const { code, stdout } = await runAcme(usage, ['export', '--out', file])
  assert.equal(code, 0, stdout)
  assert.match(
    execFileSync('sha256sum', ['--check', `${file}.sha256`], { cwd: scratch.directory }).toString(),
    /OK/,
  )
  assert.deepEqual(readdirSync(scratch.directory).sort(), [
    path.basename(file),
    `${path.basename(file)}.sha256`,
  ])
  assert.equal(statSync(file).mode & 0o777, 0o600)
  const command = (stdout.match(/^ {2}(curl .*)$/m)?.[1] ?? '').replace(
    'http://127.0.0.1:9',
    receiver.endpoint,
  )
  const curl = spawn('sh', ['-c', command], { cwd: scratch.directory })
  assert.equal(await new Promise((resolve) => curl.on('close', resolve)), 0, command)
  assert.deepEqual(receiver.received[0]?.body, readFileSync(file))

  const content = readFileSync(file)
  const again = await runAcme(usage, ['export', '--out', file])
  assert.equal(again.code, 1)
  assert.match(again.stderr, /exists, and is not replaced.*wait as before/)
  assert.deepEqual(readFileSync(file), content)
  assert.equal((await usage.status()).delivery.waiting, 1)
  const nowhere = await runAcme(usage, ['export', '--out', path.join(scratch.directory, 'none/usage.json')])
  assert.match(nowhere.stderr, /could not be written \(ENOENT\)/)
})

test('the help of each command is there without a state', async () => {
  const usage = createAcme({ state: '/tmp/never-written' })
  for (const command of ['', ...Object.keys(COMMAND_SCHEMAS), 'completion']) {
    const { code, stdout } = await runAcme(usage, [...(command ? [command] : []), '--help'])
    assert.equal(code, 0)
    assert.ok(stdout.startsWith(`Usage: acme telemetry${command && ` ${command}`}`), stdout)
  }
  assert.equal(existsSync('/tmp/never-written'), false)
})

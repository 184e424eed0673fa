/** A choice, an erasure or an installation that does not reach the store is not reported as done, whatever keeps it from there. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { createMemoryStore, NotStoredError, type StateStore } from '../../src/index.ts'
import { createAcme } from '../support/acme.ts'
import { bareEnvironment } from '../support/bare-environment.ts'
import { bundled } from '../support/bundled.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { createLog } from '../support/log.ts'
import { attributesOf, startReceiver } from '../support/receiver.ts'
import { createScratch } from '../support/scratch.ts'

const ALICE = { by: 'alice' }
const PLACE = '/var/lib/acme/usage'

/** A store of which changes, or reading, fail with an error while they are told to; `hangs` never answer. */
function createTroubled() {
  const inner = createMemoryStore()
  const trouble: { code?: string | undefined; unreadable?: string | undefined; hangs?: boolean } = {}
  const step = async (code: string | undefined): Promise<void> => {
    if (trouble.hangs) await new Promise(() => {})
    if (code) throw Object.assign(new Error(`${code}: no`), { code })
  }
  const store: StateStore = {
    location: PLACE,
    read: (name) =>
      step(name === 'consent.jsonl' ? trouble.unreadable : undefined).then(() => inner.read(name)),
    list: (folder) => step(undefined).then(() => inner.list(folder)),
    write: (name, data) => step(trouble.code).then(() => inner.write(name, data)),
    create: (name, data) => step(trouble.code).then(() => inner.create(name, data)),
    append: (name, line) => step(trouble.code).then(() => inner.append(name, line)),
    remove: (name) => step(trouble.code).then(() => inner.remove(name)),
  }
  return Object.assign(trouble, { store, inner })
}

const failureOf = (step: Promise<unknown>): Promise<unknown> =>
  step.then(
    () => undefined,
    (error) => error,
  )

const idOf = async ({ inner }: { inner: StateStore }) =>
  JSON.parse(new TextDecoder().decode(await inner.read('installation.json'))).id

for (const code of ['EROFS', 'ENOSPC', 'EDQUOT', 'EACCES', '57P01']) {
  test(`a no that cannot be stored (${code}) rejects and says what to do; in this process it holds`, async () => {
    await using receiver = await startReceiver()
    const disk = createTroubled()
    const usage = createAcme({ endpoint: receiver.endpoint, state: disk.store })
    await usage.start()
    assert.equal((await usage.report()).outcome, 'sent')
    disk.code = code
    const error = await failureOf(usage.consent.set('disabled', ALICE))
    assert.ok(error instanceof NotStoredError)
    assert.deepEqual(
      [error.code, error.what, error.location],
      ['ERR_USAGE_NOT_STORED', 'choice', `${PLACE}/consent.jsonl`],
    )
    assert.equal(
      error.message,
      `The choice 'disabled' about the usage telemetry was not stored in ${PLACE}/consent.jsonl (${code}). It applies in this ` +
        'process until the process ends; other processes do not know of it. Set ACME_DB_TELEMETRY_OPTOUT=1, or make that file writable and ' +
        'choose again.',
    )
    assert.equal((error.cause as NodeJS.ErrnoException).code, code)
    const { state, because, disabledBy } = usage.consent.verdict()
    assert.deepEqual([state, disabledBy], ['disabled', 'person'])
    assert.match(because, /^the choice of alice on .*, which is not stored yet$/)
    assert.equal((await usage.report()).outcome, 'suppressed')
    assert.equal((await usage.status()).verdict.state, 'disabled')
    assert.deepEqual(await usage.consent.history(), [])
    // As soon as it can be stored, it is, and what was to be deleted is deleted.
    disk.code = undefined
    await usage.consent.set('disabled', ALICE)
    assert.equal(usage.consent.verdict().unstored, undefined)
    assert.equal(await disk.inner.read('installation.json'), undefined)
    await usage.shutdown()
    const next = createAcme({ endpoint: receiver.endpoint, state: disk.store })
    assert.equal((await next.start()).state, 'disabled')
    await next.shutdown()
    assert.equal(receiver.received.length, 1)
  })
}

test('a no that is not stored said that id and counts are deleted, beside that it is not stored yet', async () => {
  const disk = createTroubled()
  const log = createLog()
  const clock = createFakeClock()
  // Whatever is removed is gone, but nothing can be written.
  const state = { ...disk.store, remove: disk.inner.remove }
  const usage = createAcme({ state, clock, logger: log, consent: { default: 'enabled' } })
  await usage.start()
  disk.code = 'EROFS'
  await assert.rejects(usage.consent.set('disabled', ALICE), { code: 'ERR_USAGE_NOT_STORED' })
  await clock.advance(0)
  const lines = () => log.lines.filter((line) => line.includes('sends no usage reports'))
  assert.match(lines().join('\n'), /which is not stored yet\)/)
  assert.doesNotMatch(lines().join('\n'), /are deleted/)
  await usage.shutdown()
})

test('a no holds before the store answers, and rejects when it does not', async () => {
  await using receiver = await startReceiver()
  const disk = createTroubled()
  const clock = createFakeClock()
  const usage = createAcme({ endpoint: receiver.endpoint, state: disk.store, clock })
  await usage.start()
  disk.hangs = true
  const choosing = usage.consent.set('disabled', ALICE)
  choosing.catch(() => {})
  assert.equal(usage.consent.verdict().state, 'disabled')
  await clock.advance(10 * 60_000)
  await assert.rejects(choosing, { code: 'ERR_USAGE_NOT_STORED', message: /ETIMEDOUT/ })
  assert.equal(usage.consent.verdict().state, 'disabled')
  assert.equal(receiver.connections, 0)
})

test('the state directory is removed while the product runs, and cannot be made again: a choice rejects', async () => {
  using scratch = createScratch()
  const directory = path.join(scratch.directory, 'usage')
  const usage = createAcme({ state: directory })
  await usage.consent.set('enabled', ALICE)
  rmSync(directory, { recursive: true })
  writeFileSync(directory, '')
  await assert.rejects(usage.consent.set('disabled', ALICE), {
    name: 'NotStoredError',
    code: 'ERR_USAGE_NOT_STORED',
    what: 'choice',
  })
  assert.equal(usage.consent.verdict().state, 'disabled')
})

test('a yes that was written and cannot be read back rejects, because it does not hold; a no does not', async () => {
  const disk = createTroubled()
  const usage = createAcme({ state: disk.store })
  disk.unreadable = 'EIO'
  await assert.rejects(usage.consent.set('enabled', ALICE), { code: 'ERR_USAGE_NOT_STORED' })
  assert.equal(usage.consent.verdict().state, 'disabled')
  assert.equal((await usage.consent.set('disabled', ALICE)).state, 'disabled')
})

test('a yes that cannot be stored rejects, and holds in this process; but it takes back no stored no', async () => {
  const disk = createTroubled()
  const usage = createAcme({ state: disk.store, consent: { default: 'disabled' } })
  disk.code = 'EROFS'
  const message =
    /was not stored .* It applies in this process until the process ends.* Set ACME_DB_TELEMETRY=basic/
  await assert.rejects(usage.consent.set('basic', ALICE), { code: 'ERR_USAGE_NOT_STORED', message })
  const { state, level, unstored } = usage.consent.verdict()
  assert.deepEqual([state, level, unstored], ['enabled', 'basic', true])

  disk.code = undefined
  await usage.consent.set('disabled', ALICE)
  disk.code = 'EROFS'
  await assert.rejects(usage.consent.set('enabled', ALICE), {
    message: /It does not apply: the choice of alice/,
  })
  assert.equal(usage.consent.verdict().state, 'disabled')
})

test('a choice that was stored by another process since is heard, beside one that could not be stored', async () => {
  const disk = createTroubled()
  const [here, elsewhere] = [createAcme({ state: disk.store }), createAcme({ state: disk.store })]
  await here.consent.set('enabled', ALICE)
  disk.code = 'ENOSPC'
  await assert.rejects(here.consent.set('disabled', ALICE))
  disk.code = undefined
  assert.equal((await here.status()).verdict.state, 'disabled', 'the yes was before it')
  await elsewhere.consent.set('enabled', { by: 'bob' })
  assert.equal((await here.status()).verdict.state, 'enabled')
})

test('a seed and a sticky decision that cannot be stored do not end the start; the operator hears of a no that is not kept', async () => {
  const disk = createTroubled()
  disk.code = 'EROFS'
  const log = createLog()
  const options = { state: disk.store, logger: log, consent: { seed: 'off', sticky: true } } as const
  assert.equal((await createAcme(options).start()).state, 'disabled')
  const environment = { DO_NOT_TRACK: '1' }
  const usage = createAcme({ ...options, environment })
  assert.equal((await usage.start()).state, 'disabled')
  await usage.shutdown()
  const said = log.lines.filter((line) => line.includes("choice 'disabled'"))
  assert.equal(said.length, 1)
  assert.match(
    said[0] ?? '',
    /^warn: .* not stored .* It applies only while DO_NOT_TRACK=1 does\. Set ACME_DB_TELEMETRY_OPTOUT=1/,
  )
})

test('nothing can be stored: not another installation at each start, but no report, one warning, and nobody speaks of a log', async () => {
  using scratch = createScratch()
  const occupied = path.join(scratch.directory, 'occupied')
  writeFileSync(occupied, '')
  await using receiver = await startReceiver()
  const log = createLog()
  const usage = createAcme({ endpoint: receiver.endpoint, state: occupied, logger: log })
  const verdict = await usage.start()
  assert.deepEqual([verdict.state, verdict.source, verdict.locked], ['disabled', 'state', false])
  assert.equal(verdict.disabledBy, 'circumstance')
  const { outcome, reason } = await usage.report()
  assert.equal(outcome, 'suppressed')
  assert.match(reason, /the stored state does not outlive this process: .*occ/)
  const warnings = log.lines.filter((line) => line.startsWith('warn'))
  assert.equal(warnings.length, 1)
  assert.match(warnings[0] ?? '', /occupied .* name another directory in ACME_DB_TELEMETRY_DIR\.$/)
  const { disclosure } = await usage.status()
  for (const said of [disclosure, ...log.lines])
    assert.doesNotMatch(said ?? '', /local log|They are sent later\./)
  assert.equal(receiver.connections, 0)

  // It is mended: the installation is the same from now on.
  rmSync(occupied)
  assert.equal((await usage.report()).outcome, 'sent')
  await usage.shutdown()
})

test('the first report after a store works again is sent, whatever it could not do before', async () => {
  await using receiver = await startReceiver()
  const disk = createTroubled()
  disk.code = 'EROFS'
  const usage = createAcme({ endpoint: receiver.endpoint, state: disk.store })
  await usage.start()
  assert.equal(usage.consent.verdict().source, 'state')
  disk.unreadable = 'EIO'
  assert.equal((await usage.report()).outcome, 'suppressed')
  assert.equal(usage.consent.verdict().source, 'stored-choice')
  disk.code = undefined
  disk.unreadable = undefined
  assert.equal((await usage.report()).outcome, 'sent')
  await usage.shutdown()
})

for (const [said, options] of [
  ['a variable', { environment: { ACME_DB_TELEMETRY: 'on' } }],
  ['the flag', { consent: { flag: 'full' } }],
  ['a locked configuration', { consent: { configured: { value: 'on', locked: true } } }],
] as const) {
  test(`nothing can be stored, and ${said} says yes: reports leave, under one id`, async () => {
    await using receiver = await startReceiver()
    const disk = createTroubled()
    disk.code = 'EROFS'
    const log = createLog()
    const usage = createAcme({ endpoint: receiver.endpoint, state: disk.store, logger: log, ...options })
    await usage.start()
    for (const _ of [1, 2]) assert.equal((await usage.report()).outcome, 'sent')
    const ids = receiver.received.map(({ json }) => attributesOf(json)['service.instance.id'])
    assert.equal(new Set(ids).size, 1)
    assert.match((await usage.status()).disclosure ?? '', /the log of reports ends with this process/)
    await usage.shutdown()
  })
}

test('nothing can be stored, and somebody says yes in this process: that rejects, and reports leave', async () => {
  await using receiver = await startReceiver()
  const disk = createTroubled()
  disk.code = 'EROFS'
  const usage = createAcme({ endpoint: receiver.endpoint, state: disk.store })
  await usage.start()
  assert.equal((await usage.report()).outcome, 'suppressed')
  await assert.rejects(usage.consent.set('enabled', ALICE), { code: 'ERR_USAGE_NOT_STORED' })
  assert.equal((await usage.report()).outcome, 'sent')
  await usage.shutdown()
  const next = createAcme({ endpoint: receiver.endpoint, state: disk.store })
  assert.equal((await next.start()).state, 'disabled')
  await next.shutdown()
})

test('a read-only directory in which an installation lies is the same one at each start, and reports', async () => {
  await using receiver = await startReceiver()
  const disk = createTroubled()
  const first = createAcme({ endpoint: receiver.endpoint, state: disk.store })
  await first.report()
  await first.shutdown()
  disk.code = 'EROFS'
  for (const _ of [1, 2]) {
    const usage = createAcme({ endpoint: receiver.endpoint, state: disk.store })
    assert.equal((await usage.start()).state, 'enabled')
    assert.equal((await usage.report()).outcome, 'sent')
    await usage.shutdown()
  }
  const ids = receiver.received.map(({ json }) => attributesOf(json)['service.instance.id'])
  assert.deepEqual(new Set(ids), new Set([await idOf(disk)]))
})

test('a store of memory that the product names is its own decision: choices are stored there, and reports leave', async () => {
  await using receiver = await startReceiver()
  const state = createMemoryStore()
  const usage = createAcme({ endpoint: receiver.endpoint, state })
  assert.equal((await usage.report()).outcome, 'sent')
  assert.equal((await usage.consent.set('disabled', ALICE)).state, 'disabled')
  assert.equal((await createAcme({ state }).start()).state, 'disabled')
})

/** A user without a home directory: no entry in the user database, and no HOME. */
const NOBODY = 54_321
const STATELESS = bundled(path.join(import.meta.dirname, 'hosts/stateless.ts'))

async function live(endpoint: string, environment: Record<string, string>, ...args: string[]) {
  const user = { uid: NOBODY, gid: NOBODY, cwd: '/' }
  const options = { ...user, env: { ...bareEnvironment(), ...environment } }
  const { stdout } = await promisify(execFile)(process.execPath, [STATELESS, endpoint, ...args], options)
  return JSON.parse(stdout)
}

const skip = process.getuid?.() === 0 ? false : 'only root can start a process of a user without a home'

test('no HOME, and no home: one warning with the variable that mends it, a choice rejects, and nothing is sent', {
  skip,
}, async () => {
  await using receiver = await startReceiver()
  const { outcomes, chosen, erased, state, disclosure, delivery, log } = await live(
    receiver.endpoint,
    {},
    'disabled',
  )
  assert.deepEqual(outcomes, ['suppressed', 'suppressed'])
  assert.match(chosen, /^ERR_USAGE_NOT_STORED: .* not stored .* Set ACME_DB_TELEMETRY_OPTOUT=1/)
  assert.equal(erased, 'done', 'nothing of it is stored anywhere')
  assert.equal(state, 'disabled')
  assert.deepEqual(delivery.waiting, 0)
  const warnings = log.filter((line: string) => line.startsWith('warn'))
  assert.equal(warnings.length, 1, log.join('\n'))
  assert.match(warnings[0], /this user has no home directory.*ACME_DB_TELEMETRY_DIR/)
  for (const said of [disclosure, ...log]) assert.doesNotMatch(said, /local log|They are sent later\./)
  const other = await live(receiver.endpoint, {})
  assert.deepEqual(other.outcomes, ['suppressed', 'suppressed'])
  assert.equal(receiver.connections, 0)

  const yes = await live(receiver.endpoint, { ACME_DB_TELEMETRY: 'on' })
  assert.deepEqual(yes.outcomes, ['sent', 'sent'])
})

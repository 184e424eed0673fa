import assert from 'node:assert/strict'
import { readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import type { Verdict } from '../../src/library/consent/index.ts'
import { createMemoryStore } from '../../src/state/index.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { createScratch } from '../support/scratch.ts'
import { consentIn } from './running.ts'

const MINUTE = 60_000

test('a choice is kept with state, level, who, when, and the versions of product and catalog', async () => {
  using scratch = createScratch()
  const clock = createFakeClock()
  const consent = consentIn(scratch.directory, { clock })
  await consent.set('basic', { by: 'alice' })
  await clock.advance(MINUTE)
  await consent.set('disabled', { by: 'bob' })
  await clock.advance(MINUTE)
  await consent.set('enabled', { by: 'alice' })

  const versions = { productVersion: '2.4.0', catalogVersion: 2 }
  const history = [
    { at: '2026-01-01T00:00:00.000Z', state: 'enabled', level: 'basic', by: 'alice', ...versions },
    { at: '2026-01-01T00:01:00.000Z', state: 'disabled', by: 'bob', ...versions },
    { at: '2026-01-01T00:02:00.000Z', state: 'enabled', by: 'alice', ...versions },
  ]
  assert.deepEqual(await consent.history(), history)
  const lines = readFileSync(path.join(scratch.directory, 'consent.jsonl'), 'utf8').trimEnd().split('\n')
  assert.deepEqual(
    lines.map((line) => JSON.parse(line)),
    history.map((choice) => ({ format: 1, ...choice })),
  )
})

test('the history is only appended to: what was there before a choice is there after it, byte for byte', async () => {
  using scratch = createScratch()
  const file = path.join(scratch.directory, 'consent.jsonl')
  const consent = consentIn(scratch.directory)
  await consent.set('enabled', { by: 'alice' })
  for (const choice of ['disabled', 'undecided', 'full', 'full']) {
    const before = readFileSync(file)
    await consent.set(choice, { by: 'alice' })
    const after = readFileSync(file)
    assert.ok(after.length > before.length)
    assert.deepEqual(after.subarray(0, before.length), before)
  }
})

test('a choice survives a restart, with its level, its moment and who made it', async () => {
  using scratch = createScratch()
  await consentIn(scratch.directory).set('basic', { by: 'alice' })
  const clock = createFakeClock(Date.UTC(2027, 5, 1))
  const verdict = await consentIn(scratch.directory, { clock, inputs: { default: 'disabled' } }).begin()
  assert.deepEqual(
    [verdict.state, verdict.level, verdict.source, verdict.since, verdict.because, verdict.locked],
    [
      'enabled',
      'basic',
      'stored-choice',
      '2026-01-01T00:00:00.000Z',
      'the choice of alice on 2026-01-01T00:00:00.000Z',
      false,
    ],
  )
  assert.equal(verdict.permitted.catalogVersion, 2)
})

test('a no survives upgrades: a newer product with a newer catalog does not ask again', async () => {
  using scratch = createScratch()
  await consentIn(scratch.directory).set('disabled', { by: 'alice' })
  for (const [productVersion, catalogVersion] of [
    ['3.0.0', 3],
    ['4.0.0', 10],
  ] as const) {
    const inputs = { default: 'enabled', configured: 'on', seed: 'on' } as const
    const verdict = await consentIn(scratch.directory, {
      productVersion: () => productVersion,
      catalogVersion,
      inputs,
    }).begin()
    assert.deepEqual([verdict.state, verdict.source], ['disabled', 'stored-choice'])
  }
})

test('a stored level that the catalog of a later version does not have is a no, with a warning', async () => {
  using scratch = createScratch()
  await consentIn(scratch.directory).set('some', { by: 'alice' })
  const verdict = await consentIn(scratch.directory, { inputs: { levels: ['basic', 'full'] } }).begin()
  assert.deepEqual([verdict.state, verdict.source, verdict.warnings.length], ['disabled', 'stored-choice', 1])
  assert.match(verdict.warnings[0] ?? '', /the choice of alice on .* \('some'\) is not a value/)
})

test('a choice of undecided leaves it to the rest, and is kept in the history', async () => {
  using scratch = createScratch()
  const consent = consentIn(scratch.directory, { inputs: { configured: 'basic' } })
  await consent.set('disabled', { by: 'alice' })
  const verdict = await consent.set('undecided', { by: 'alice' })
  assert.deepEqual([verdict.state, verdict.source], ['enabled', 'configuration'])
  assert.equal((await consent.history()).length, 2)
})

test('choices made at once are kept one after the other, and the later one holds', async () => {
  using scratch = createScratch()
  const consent = consentIn(scratch.directory)
  const choices = ['enabled', 'disabled', 'basic', 'undecided', 'some', 'disabled', 'full']
  const verdicts = await Promise.all(
    choices.map((choice, index) => consent.set(choice, { by: `admin ${index}` })),
  )
  assert.deepEqual(
    (await consent.history()).map(({ by }) => by),
    choices.map((_, index) => `admin ${index}`),
  )
  assert.equal(consent.verdict().level, 'full')
  assert.deepEqual(verdicts.at(-1), consent.verdict())
})

test('the moment of a choice is what the clock said, also where it was set back: the line that came last holds', async () => {
  using scratch = createScratch()
  const clock = createFakeClock()
  const consent = consentIn(scratch.directory, { clock })
  await consent.set('enabled', { by: 'alice' })
  clock.setWall(Date.UTC(1999, 0, 1))
  await consent.set('disabled', { by: 'bob' })
  clock.setWall(Date.UTC(12_026, 0, 1))
  await consent.refresh()
  assert.deepEqual(
    [consent.verdict().state, consent.verdict().since],
    ['disabled', '1999-01-01T00:00:00.000Z'],
  )
  await consent.set('basic', { by: 'carol' })
  assert.deepEqual(
    [consent.verdict().level, consent.verdict().since],
    ['basic', '+012026-01-01T00:00:00.000Z'],
  )
  assert.equal((await consent.history()).length, 3)
})

test('reading writes nothing, whoever reads and as often as it is read', async () => {
  using scratch = createScratch()
  const directory = path.join(scratch.directory, 'state')
  const consent = consentIn(directory, { inputs: { seed: 'on', flag: 'off' }, sticky: true })
  await consent.refresh()
  await consent.history()
  consent.verdict()
  await assert.rejects(consent.set('enabled', { by: 'alice' }))
  assert.throws(() => statSync(directory), { code: 'ENOENT' })
})

test('whoever listens is told when state, level or source change, with the verdict before, until it is enough', async () => {
  const consent = consentIn(createMemoryStore())
  const told: string[] = []
  const line = ({ state, level, source }: Verdict) => `${state} ${level} ${source}`
  consent.on('change', () => {
    throw new Error('a listener of the host')
  })
  const end = consent.on('change', (now, before) => told.push(`${line(before)} -> ${line(now)}`))
  for (const choice of ['enabled', 'enabled', 'full', 'basic', 'disabled', 'disabled', 'undecided'])
    await consent.set(choice, { by: 'alice' })
  end()
  await consent.set('enabled', { by: 'alice' })
  assert.deepEqual(told, [
    'undecided full default -> enabled full stored-choice',
    'enabled full stored-choice -> enabled basic stored-choice',
    'enabled basic stored-choice -> disabled off stored-choice',
    'disabled off stored-choice -> undecided full default',
  ])
})

test('a name with control characters is kept as it is and never shown as it is', async () => {
  using scratch = createScratch()
  const by = 'al\u{1b}[31mice\n"\u{202e}\ud800'
  await consentIn(scratch.directory).set('enabled', { by })
  const consent = consentIn(scratch.directory)
  const { because, state } = await consent.begin()
  assert.equal(state, 'enabled')
  assert.doesNotMatch(because, /[\p{C}\p{Zl}\p{Zp}]/u)
  assert.deepEqual(
    (await consent.history()).map((choice) => choice.by),
    [by],
  )
  assert.equal(
    readFileSync(path.join(scratch.directory, 'consent.jsonl'), 'utf8').trimEnd().split('\n').length,
    1,
  )
})

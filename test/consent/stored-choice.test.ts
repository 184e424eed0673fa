import assert from 'node:assert/strict'
import { readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { readAnnounced } from '../../src/library/consent/announced.ts'
import { effectiveChoice, isAfter, unlessSuperseded } from '../../src/library/consent/choice-in-effect.ts'
import type { ConsentState, Verdict } from '../../src/library/consent/index.ts'
import { latestNoIn } from '../../src/library/consent/stored-choice.ts'
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

test('listeners hear when state, level or source change, with the verdict before, until they stop listening', async () => {
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

const choice = (state: ConsentState, at = '2026-01-02T00:00:00.000Z') =>
  ({ state, at, by: 'alice', productVersion: '1.0.0', catalogVersion: 1 }) as const
const PROBLEM = { problem: 'is empty' }

test('a choice that could not be stored holds, unless it would take back a stored no', () => {
  for (const [stored, made, holds] of [
    [undefined, 'enabled', true],
    [choice('enabled'), 'disabled', true],
    [choice('enabled'), 'enabled', true],
    [choice('undecided'), 'enabled', true],
    [choice('disabled'), 'disabled', true],
    [choice('disabled'), 'enabled', false],
    [choice('disabled'), 'undecided', false],
    [{ ...choice('disabled'), seed: true as const }, 'enabled', true],
    [PROBLEM, 'enabled', false],
    [PROBLEM, 'disabled', true],
  ] as const) {
    const inEffect = effectiveChoice(stored, { choice: choice(made) })
    const expected = holds ? { ...choice(made), unstored: true } : stored
    assert.deepEqual({ ...inEffect }, expected, `${JSON.stringify(stored)}, then ${made}`)
  }
})

test('a choice that could not be stored holds until a later one is stored, wherever the first was made', () => {
  const [first, second] = [choice('enabled'), choice('disabled')]
  const made = { choice: choice('undecided') }
  for (const choices of [[], [first], [second, first]]) {
    const held = unlessSuperseded(made, { choices })
    assert.equal(held?.beside, choices.length > 0 ? JSON.stringify(first) : '')
    assert.deepEqual({ ...unlessSuperseded(held!, { choices }) }, { ...held })
    assert.equal(unlessSuperseded(held!, { choices: [...choices, second] }), undefined)
  }
})

test('a choice lifts a no under another name if it is later, and where that cannot be known', () => {
  const [early, late] = ['2026-01-01T00:00:00.000Z', '2026-01-03T00:00:00.000Z']
  for (const [own, outside, isLater] of [
    [undefined, choice('disabled', early), false],
    [choice('enabled', late), choice('disabled', early), true],
    [choice('enabled', early), choice('disabled', late), false],
    [choice('enabled', early), choice('disabled', early), false],
    [{ ...choice('enabled', late), seed: true as const }, choice('disabled', early), false],
    [{ ...choice('enabled', late), seed: true as const }, PROBLEM, false],
    [PROBLEM, choice('disabled', late), true],
    [choice('enabled', early), PROBLEM, true],
  ] as const)
    assert.equal(isAfter(own, outside), isLater, JSON.stringify([own, outside]))
})

test('of several noes under other names the latest counts, then one that cannot be read; a yes and a seed do not count', async () => {
  const histories = async (...texts: readonly string[]) =>
    Promise.all(
      texts.map(async (text, index) => {
        const store = createMemoryStore()
        await store.write('consent.jsonl', text)
        return { store: { ...store, location: `place ${index}` }, entry: 'consent.jsonl' }
      }),
    )
  const line = (state: ConsentState, day: number, more = {}) =>
    `${JSON.stringify({ format: 1, ...choice(state, `2026-01-0${day}T00:00:00.000Z`), ...more })}\n`
  const find = async (...texts: readonly string[]) => latestNoIn(await histories(...texts))
  assert.equal(await find(), undefined)
  assert.equal(
    await find(line('enabled', 1), line('disabled', 2, { seed: true }), line('undecided', 3)),
    undefined,
  )
  const [no, other] = [line('disabled', 2), line('disabled', 3)]
  for (const texts of [
    [no, other],
    [other, no],
    ['torn', no, other],
    [other, no, 'torn'],
  ]) {
    const found = await find(...texts)
    const place = `place ${texts.indexOf(other)}/consent.jsonl`
    assert.ok(found && 'at' in found)
    assert.deepEqual([found.at, found.location], ['2026-01-03T00:00:00.000Z', place])
  }
  const torn = await find(line('enabled', 9), 'torn', '')
  assert.ok(torn && 'problem' in torn && torn.problem.startsWith('in place 1/consent.jsonl ends with a line'))
})

test('facts of the last notice that cannot be understood count as no notice', async () => {
  const store = createMemoryStore()
  const facts = { 'acme.users': 1 }
  for (const content of ['', '{', 'null', '{"format":1}', JSON.stringify({ format: 2, facts })]) {
    await store.write('announced.json', content)
    assert.equal(await readAnnounced(store), undefined, content)
  }
  for (const odd of [null, [], 'acme.users', 7]) {
    await store.write('announced.json', JSON.stringify({ format: 1, facts: odd }))
    assert.equal(await readAnnounced(store), undefined, JSON.stringify(odd))
  }
  await store.write('announced.json', JSON.stringify({ format: 1, facts }))
  assert.deepEqual({ ...(await readAnnounced(store)) }, facts)
})

test('a choice names who makes it, in 1 to 128 characters, and says what it is; the message shows what was given instead', async () => {
  const consent = consentIn(createMemoryStore())
  const refused = (decision: unknown, by: unknown, message: string) =>
    assert.rejects(consent.set(decision as string, { by } as never), {
      name: 'ConsentDecisionError',
      code: 'ERR_USAGE_CONSENT_DECISION',
      message,
    })
  const long = 'x'.repeat(129)
  for (const [by, shown] of [
    [long, long.slice(0, 60)],
    [' ', ' '],
    [undefined, 'undefined'],
    [7, '7'],
  ] as const)
    await refused('on', by, `'${shown}' does not say who decides; pass { by } with 1 to 128 characters.`)
  const words = "'enabled', 'on', 'disabled', 'off', 'undecided', 'basic', 'some', 'full'"
  for (const decision of [long, 'none', 7, undefined])
    await refused(
      decision,
      'alice',
      `'${String(decision).slice(0, 60)}' is not a choice about the usage telemetry; use one of ${words}.`,
    )
  assert.equal((await consent.set('on', { by: long.slice(0, 128) })).state, 'enabled')
})

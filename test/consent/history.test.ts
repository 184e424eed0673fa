/** The history of choices, line by line: what of it counts, and what stands in messages about it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { countingLines, nameOfLine } from '../../src/library/consent/conditional.ts'
import {
  ConsentChangedError,
  ConsentConflictError,
  ConsentDecisionError,
  ConsentLockedError,
  ConsentSourceError,
  choiceNotStored,
} from '../../src/library/consent/errors.ts'
import { addChoiceNext, isAsSeen, parseSeen } from '../../src/library/consent/expected.ts'
import {
  addChoice,
  factsToStore,
  lineOf,
  readHistory,
  type StoredChoice,
} from '../../src/library/consent/stored-choice.ts'
import type { StoredOpinion, Verdict } from '../../src/library/consent/types.ts'
import { createMemoryStore, type StateStore } from '../../src/state/index.ts'

const on = (day: number) => `2026-01-0${day}T00:00:00.000Z`
const plain = (value: unknown) => JSON.parse(JSON.stringify(value ?? null))
const errorWith = (code: string) => Object.assign(new Error(code), { code })
const FACTS = { 'acme.users': 1 } as never
const choice = (day: number, more: Partial<StoredChoice> = {}): StoredChoice => ({
  ...{ at: on(day), state: 'enabled', by: 'alice', productVersion: '1.0.0', catalogVersion: 1 },
  ...more,
})

async function historyOf(...lines: ReadonlyArray<StoredChoice | string>) {
  const store = createMemoryStore()
  await store.write(
    'consent.jsonl',
    lines.map((one) => `${typeof one === 'string' ? one : lineOf(one)}\n`).join(''),
  )
  return readHistory(store)
}
const currentOf = async (...lines: ReadonlyArray<StoredChoice | string>) =>
  (await historyOf(...lines)).current
const isUnreadable = (current: StoredOpinion | undefined) => current !== undefined && 'problem' in current

test('a line is read as it was written, with all its parts or without those that may be absent', async () => {
  const full = choice(1, { level: 'full', contributions: { 'acme.search': 3 }, facts: FACTS, seed: true })
  for (const one of [full, choice(1), choice(1, { facts: on(1) }), choice(1, { state: 'disabled' })])
    assert.deepEqual(plain((await historyOf(one)).choices), [plain(one)])
})

test('a last line with a part that is not what it has to be is a no, wherever it is wrong', async () => {
  const good = { format: 1, ...choice(2) }
  const wrong: Readonly<Record<string, readonly unknown[]>> = {
    ...{ format: [2, undefined, '1'], at: ['2026-01-02', 'soon', undefined, 7] },
    ...{ state: ['yes', undefined], level: [7, null], by: [7, undefined], productVersion: [7, undefined] },
    ...{ catalogVersion: [1.5, '1', undefined], contributions: [7, null, { a: 1.5 }, { a: 1, b: '2' }] },
    ...{ facts: [7, null, []], after: [7, null], token: [7, null] },
  }
  for (const [part, values] of Object.entries(wrong))
    for (const value of values) {
      const line = JSON.stringify({ ...good, [part]: value })
      assert.ok(isUnreadable(await currentOf(choice(1), line)), line)
    }
  assert.equal(
    (await historyOf(choice(1), JSON.stringify({ ...good, seed: 'yes' }))).choices.at(-1)?.seed,
    undefined,
  )
  assert.ok(isUnreadable(await currentOf('{"torn":')))
  assert.ok(isUnreadable(await currentOf('')))
})

test('an unreadable line in the middle costs that line only, and messages say where the trouble is', async () => {
  const { choices, current } = await historyOf(choice(1), '{"torn":', choice(2, { by: 'bob' }))
  assert.deepEqual(
    choices.map(({ at }) => at),
    [on(1), on(2)],
  )
  assert.equal(current && 'by' in current && current.by, 'bob')
  const end = 'so it counts as a no; choose again, or restore what was there'
  assert.deepEqual(
    { ...(await currentOf(choice(1), 'torn')) },
    {
      problem: `in memory/consent.jsonl ends with a line that cannot be read, ${end}`,
    },
  )
  assert.equal(isUnreadable(await currentOf(choice(1), ' \t')), false, 'a line of spaces')
  assert.deepEqual({ ...(await currentOf()) }, { problem: `in memory/consent.jsonl is empty, ${end}` })
  const broken = { ...createMemoryStore(), read: () => Promise.reject(errorWith('EIO')) }
  const { current: unread, error, choices: none } = await readHistory(broken)
  assert.deepEqual({ ...unread }, { problem: `in memory/consent.jsonl cannot be read (EIO), ${end}` })
  assert.deepEqual([error?.code, none], ['EIO', []])
  assert.deepEqual({ ...(await readHistory(createMemoryStore())) }, { choices: [] })
})

test('the last choice counts, before any seed; of several seeds the first; and it is held since it was first made', async () => {
  const seed = (day: number) => choice(day, { seed: true })
  const held = async (...lines: readonly StoredChoice[]) => {
    const current = await currentOf(...lines)
    return current && 'at' in current ? [current.at, current.heldSince] : undefined
  }
  assert.deepEqual(await held(seed(1), choice(2), seed(3)), [on(2), on(2)])
  assert.deepEqual((await held(seed(1), seed(2)))?.[0], on(1))
  assert.deepEqual(await held(choice(1), choice(2), choice(3)), [on(3), on(1)])
  for (const other of [
    { state: 'disabled' },
    { level: 'basic' },
    { catalogVersion: 2 },
    { contributions: { a: 1 } },
    { facts: FACTS },
  ] as const)
    assert.deepEqual(
      await held(choice(1, other), choice(2), choice(3)),
      [on(3), on(2)],
      JSON.stringify(other),
    )
  assert.deepEqual(await held(choice(1, { by: 'bob', productVersion: '0.9.0' }), choice(2)), [on(2), on(1)])
})

test('facts that a choice covers are stored once; a reference that leads nowhere, or to two, covers none', async () => {
  const factsOf = async (...lines: readonly StoredChoice[]) => {
    const current = await currentOf(...lines)
    return current && 'facts' in current ? plain(current.facts) : undefined
  }
  assert.deepEqual(await factsOf(choice(1, { facts: FACTS }), choice(2, { facts: on(1) })), FACTS)
  const other = { 'acme.b': 1 } as never
  assert.deepEqual(
    await factsOf(choice(1, { facts: FACTS }), choice(2, { facts: other }), choice(3, { facts: on(1) })),
    FACTS,
  )
  assert.deepEqual(await factsOf(choice(1), choice(2, { facts: on(1) })), {})
  assert.deepEqual(
    await factsOf(choice(1, { facts: FACTS }), choice(1, { facts: FACTS }), choice(2, { facts: on(1) })),
    {},
  )
  const [first, second] = [choice(1, { facts: FACTS }), choice(2, { facts: on(1) })]
  assert.deepEqual(await factsOf(first, choice(1), second), FACTS, 'of two, one says nothing of facts')
  assert.deepEqual(
    await factsOf(first, second, choice(3, { facts: on(2) })),
    {},
    'a reference to a reference',
  )
  assert.equal(factsToStore(FACTS, [first]), on(1))
  assert.equal(await factsOf(choice(1, { facts: FACTS }), choice(2)), undefined)
  assert.equal(factsToStore(FACTS, [choice(1, { facts: FACTS }), choice(2)]), on(1))
  assert.equal(factsToStore(FACTS, [choice(1, { facts: FACTS }), choice(2, { facts: FACTS })]), on(2))
  assert.equal(factsToStore(FACTS, [choice(1, { facts: FACTS }), choice(1)]), FACTS, 'two have that time')
  assert.equal(
    factsToStore(FACTS, [choice(1, { facts: { 'acme.b': 1 } as never }), choice(2, { facts: on(1) })]),
    FACTS,
  )
})

test('a choice after a history that cannot be read keeps a copy of it, and puts it back if it cannot be stored', async () => {
  const aside = 'consent.20260102000000000.unreadable'
  const inner = createMemoryStore()
  await inner.write('consent.jsonl', 'torn')
  await addChoice(inner, choice(2), await readHistory(inner))
  assert.equal(new TextDecoder().decode(await inner.read(aside)), 'torn')
  assert.equal((await readHistory(inner)).choices.length, 1)
  await addChoice(inner, choice(3), await readHistory(inner))
  assert.equal(await inner.read('consent.20260103000000000.unreadable'), undefined, 'it can be read now')

  for (const [code, moves] of [
    ['EACCES', true],
    ['EIO', false],
  ] as const) {
    const store = createMemoryStore()
    await store.write('consent.jsonl', 'of root')
    const names: string[] = []
    const odd: StateStore = {
      ...store,
      append: () => Promise.reject(errorWith('ENOSPC')),
      rename: async (from, to) => {
        names.push(`${from} -> ${to}`)
        await store.rename?.(from, to)
      },
    }
    await assert.rejects(addChoice(odd, choice(2), { choices: [], error: errorWith(code) }), {
      code: 'ENOSPC',
    })
    assert.deepEqual(names, moves ? [`consent.jsonl -> ${aside}`, `${aside} -> consent.jsonl`] : [], code)
    assert.equal(new TextDecoder().decode(await store.read('consent.jsonl')), 'of root')
  }
  const { rename: _, ...without } = createMemoryStore()
  await addChoice(without, choice(2), { choices: [], error: errorWith('EACCES') })
  assert.equal((await readHistory(without)).choices.length, 1, 'a store that renames nothing')
  await assert.rejects(
    addChoice({ ...without, append: () => Promise.reject(errorWith('ENOSPC')) }, choice(2), {
      ...{ choices: [], error: errorWith('EACCES') },
    }),
    { code: 'ENOSPC' },
  )
  const late = errorWith('ETIMEDOUT')
  await assert.rejects(addChoice(inner, choice(4), { choices: [], error: late }), late)
})

test('a line that names the one before it counts only right after that one, and where that one is gone', () => {
  const [a, b] = [{ text: 'a' }, { text: 'b' }]
  const after = (line: { text: string }, text: string) => ({ text, after: nameOfLine(line.text) })
  const counted = (...lines: ReadonlyArray<{ text: string; after?: string }>) =>
    countingLines(lines)
      .map(({ text }) => String(text))
      .join('')
  assert.equal(counted(a, b), 'ab')
  assert.equal(counted(a, after(a, '1'), after(a, '2'), b), 'a1b')
  assert.equal(counted(a, b, after(a, '1')), 'ab')
  assert.equal(counted(a, after({ text: 'gone' }, '1')), 'a1')
  assert.equal(counted({ text: '1', after: '' }, { text: '2', after: '' }), '1')
  assert.equal(counted(a, after(a, '1'), after({ text: '1' }, '2')), 'a12')
  assert.equal(nameOfLine(''), `0-${(0x811c9dc5).toString(36)}`)
  assert.equal(nameOfLine('a'), `1-${(0xe40c292c).toString(36)}`, 'FNV-1a')
  assert.notEqual(nameOfLine('ab'), nameOfLine('ba'))
})

test('a conditional choice whose history is gone after it was added did not count; one that cannot be read again is not stored', async () => {
  const store = createMemoryStore()
  await store.write('consent.jsonl', `${lineOf(choice(1))}\n`)
  const history = await readHistory(store)
  const gone = { ...store, append: () => store.remove('consent.jsonl') }
  assert.equal(await addChoiceNext(gone, choice(2), history), false)
  const away = { ...store, read: () => Promise.reject(errorWith('EIO')) }
  await assert.rejects(addChoiceNext(away, choice(2), history), { code: 'EIO' })
})

test('the first conditional choice is created whole; one after an empty file, or after one that could not be read, is added', async () => {
  const fail = () => Promise.reject(errorWith('ENOSPC'))
  const none = { ...createMemoryStore(), append: fail }
  assert.equal(await addChoiceNext(none, choice(1), await readHistory(none)), true)
  const later = { choices: [], error: errorWith('EIO') }
  for (const history of [later, undefined]) {
    const store = { ...createMemoryStore(), create: fail }
    await store.write('consent.jsonl', '')
    assert.equal(await addChoiceNext(store, choice(1), history ?? (await readHistory(store))), true)
    assert.equal((await readHistory(store)).choices.length, 1)
  }
})

test('what a person has seen keeps the parts that its state does not name', () => {
  const word = (level?: string) => () => ['enabled', level] as const
  const seen = { state: 'enabled', level: 'basic', source: 'flag', since: on(1) } as const
  assert.deepEqual(parseSeen(seen, word()), seen)
  assert.deepEqual(parseSeen('full', word('full')), { state: 'enabled', level: 'full' })
  assert.deepEqual(parseSeen('enabled', word()), { state: 'enabled' })
})

test('what was seen is compared in the parts that were given, and a time only with that of a stored choice', () => {
  const now = { state: 'enabled', level: 'full', source: 'stored-choice', since: on(1) } as Verdict
  for (const [seen, is] of [
    [{}, true],
    [{ state: 'disabled' }, false],
    [{ level: 'full', source: 'stored-choice', since: on(1) }, true],
    [{ level: 'basic' }, false],
    [{ source: 'seed' }, false],
    [{ since: on(2) }, false],
  ] as const)
    assert.equal(isAsSeen({ state: 'enabled', ...seen } as never, now), is, JSON.stringify(seen))
  assert.equal(isAsSeen({ state: 'enabled', since: on(2) }, { ...now, source: 'seed' }), false)
  assert.equal(isAsSeen({ state: 'enabled', since: on(2) }, { ...now, source: 'flag' }), true)
})

test('a choice that was not stored says what, where, why, what holds and what to set instead', () => {
  const message = (state: 'enabled' | 'disabled' | 'undecided', level?: string) => {
    const about = {
      location: '/var/lib/acme',
      prefix: 'ACME',
      holds: 'It holds.',
      cause: errorWith('ENOSPC'),
    }
    const error = choiceNotStored({ state, ...(level && { level }) }, about)
    assert.deepEqual(
      [error.what, error.location, error.cause],
      ['choice', '/var/lib/acme/consent.jsonl', about.cause],
    )
    return error.message
  }
  for (const [state, level, word, variable] of [
    ['enabled', undefined, 'enabled', 'ACME_TELEMETRY=on'],
    ['enabled', 'basic', 'basic', 'ACME_TELEMETRY=basic'],
    ['undecided', undefined, 'undecided', 'ACME_TELEMETRY=undecided'],
    ['disabled', undefined, 'disabled', 'ACME_TELEMETRY_OPTOUT=1'],
  ] as const)
    assert.equal(
      message(state, level),
      `The choice '${word}' about the usage telemetry was not stored in /var/lib/acme/consent.jsonl (ENOSPC). It holds. ` +
        `Set ${variable}, or make that file writable and choose again.`,
    )
  const changed = new ConsentChangedError({ state: 'disabled', because: 'bob has said no' } as Verdict)
  assert.deepEqual(
    [changed.name, changed.code, changed.message],
    [
      'ConsentChangedError',
      'ERR_USAGE_CONSENT_CHANGED',
      'The usage telemetry has changed since it was looked at: it is disabled by now (bob has said no). Nothing was changed by ' +
        'this choice. Look at it again, and repeat the choice if it is still meant.',
    ],
  )
})

test('an error has a name, a code, and what a program needs to go on', () => {
  const verdict = { state: 'enabled', source: 'flag', because: 'the flag' } as Verdict
  for (const [error, name, code] of [
    [new ConsentLockedError(verdict), 'ConsentLockedError', 'ERR_USAGE_CONSENT_LOCKED'],
    [new ConsentDecisionError(''), 'ConsentDecisionError', 'ERR_USAGE_CONSENT_DECISION'],
    [new ConsentChangedError(verdict), 'ConsentChangedError', 'ERR_USAGE_CONSENT_CHANGED'],
    [new ConsentConflictError(''), 'ConsentConflictError', 'ERR_USAGE_CONSENT_CONFLICT'],
    [new ConsentSourceError(''), 'ConsentSourceError', 'ERR_USAGE_CONSENT_SOURCE'],
  ] as const)
    assert.deepEqual([error.name, error.code], [name, code])
  assert.ok(new ConsentDecisionError('') instanceof TypeError)
  assert.equal(new ConsentLockedError(verdict).source, 'flag')
  assert.equal(new ConsentChangedError(verdict).verdict, verdict)
})

/** A store of the host's: none of its answers is believed before it was looked at, and it is asked one thing at a time. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  createCheckedStore,
  createDirectoryStore,
  createMemoryStore,
  createWatchedStore,
  namespacedStore,
  StateEntryError,
  type StateStore,
  storeWithMemoryFallback,
  storeWithTimeout,
} from '../../src/state/index.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { createLog } from '../support/log.ts'

const NOT_USED = { code: 'ERR_USAGE_STATE_ENTRY' }

/** A store of which one function answers something of its own. */
const answering = (call: keyof StateStore, answer: unknown): StateStore => ({
  ...createMemoryStore(),
  [call]: async () => answer,
})

test('a store whose `create` answers neither true nor false has made nothing for certain: it rejects', async () => {
  for (const answer of [undefined, null, 0, 1, '', 'true', {}, Number.NaN])
    await assert.rejects(createCheckedStore(answering('create', answer)).create('a', 'x'), NOT_USED)
  for (const answer of [true, false])
    assert.equal(await createCheckedStore(answering('create', answer)).create('a', 'x'), answer)
})

test('a store that reads anything but bytes is not believed', async () => {
  for (const answer of [null, 'text', 1, {}, [1, 2], new ArrayBuffer(2), new Uint16Array(2), { length: 1 }])
    await assert.rejects(createCheckedStore(answering('read', answer)).read('a'), NOT_USED)
  assert.equal(await createCheckedStore(answering('read', undefined)).read('a'), undefined)
  const bytes = Buffer.from('x')
  assert.equal(await createCheckedStore(answering('read', bytes)).read('a'), bytes)
})

test('a store that reads more of the end of an entry than was asked for, or has no size for it, is not believed', async () => {
  const bytes = Buffer.from('end')
  for (const answer of [
    ...[null, 'end', bytes, {}, { bytes }, { size: 3 }, { bytes: 'end', size: 3 }, { bytes, size: '3' }],
    ...[
      { bytes, size: 2 },
      { bytes, size: Number.NaN },
      { bytes, size: 3.5 },
    ],
    ...[
      { bytes: Buffer.alloc(5), size: 5 },
      { bytes, size: 2 ** 40 },
    ],
  ])
    await assert.rejects(
      async () => createCheckedStore(answering('readEnd', answer)).readEnd?.('a', 4),
      NOT_USED,
    )
  assert.equal(await createCheckedStore(answering('readEnd', undefined)).readEnd?.('a', 4), undefined)
  const store = createCheckedStore(answering('readEnd', { bytes, size: 90, more: 1 }))
  assert.deepEqual({ ...(await store.readEnd?.('a', 4)) }, { bytes, size: 90 })
})

test('a wrong answer is refused with the call, the answer and what was expected', async () => {
  const refused = async (call: 'create' | 'list' | 'read', answer: unknown) => {
    const store = createCheckedStore(answering(call, answer))
    return assert.rejects(async () => store[call]('outbox', 'x'), {
      message: {
        create: `memory cannot be used: it has answered create('outbox') with 'yes' instead of true or false.`,
        list: `memory cannot be used: it has answered list('outbox') with an object instead of an array of names.`,
        read: `memory cannot be used: it has answered read('outbox') with 7 instead of bytes, or undefined.`,
      }[call],
    })
  }
  await refused('create', 'yes')
  await refused('list', {})
  await refused('read', 7)
})

const LAYERS: Record<string, (store: StateStore) => StateStore> = {
  checked: createCheckedStore,
  'with a timeout': (store) => storeWithTimeout(store, createFakeClock()),
  'with a memory to fall back on': (store) => storeWithMemoryFallback(store, createLog()),
  watched: (store) => createWatchedStore(store, createLog()),
  "a product's own": (store) =>
    namespacedStore(store, { name: 'acme-db', prefix: 'ACME_DB', legacyPrefixes: [] }, createLog()),
}

for (const [layer, over] of Object.entries(LAYERS)) {
  test(`${layer}: what a store can and says of itself is passed on, and what it leaves out is left out`, async () => {
    const inner = createMemoryStore()
    const calls: unknown[] = []
    const health = { durable: true, problems: ['slow'] }
    const full = over({
      ...inner,
      location: 'db',
      async rename(from, to) {
        calls.push([from, to])
      },
      async tidy() {
        calls.push('tidy')
      },
      health: () => health,
    })
    assert.equal(full.location, 'db')
    assert.deepEqual({ ...full.health?.() }, health)
    await full.rename?.('a', 'b')
    await full.tidy?.()
    assert.deepEqual(calls, [['a', 'b'], 'tidy'])
    await full.append('ledger.jsonl', 'line')
    const end = await full.readEnd?.('ledger.jsonl', 3)
    assert.deepEqual([Buffer.from(end?.bytes ?? []).toString(), end?.size], ['ne\n', 5])

    const { health: _health, readEnd: _readEnd, rename: _rename, ...rest } = inner
    const bare = over(rest)
    assert.ok(!bare.readEnd && !bare.rename && !bare.tidy)
    const sound = { durable: true, problems: [] }
    assert.deepEqual({ ...(bare.health?.() ?? sound) }, sound)
    assert.ok(!('shared' in bare) && !('blocking' in bare))
    for (const shared of [true, false]) assert.equal(over({ ...inner, shared }).shared, shared)
  })
}

test('whether calls block a thread is passed on to where calls are made one at a time', () => {
  for (const layer of [LAYERS['checked'], LAYERS['with a timeout']])
    for (const blocking of [true, false])
      assert.equal(layer?.({ ...createMemoryStore(), blocking }).blocking, blocking)
  assert.equal(createDirectoryStore('/tmp').blocking, true)
  const odd = { shared: 'yes', blocking: 1, rename: 'no', tidy: true } as unknown as StateStore
  const { shared, blocking, rename, tidy } = createCheckedStore({ ...createMemoryStore(), ...odd })
  assert.deepEqual([shared, blocking, rename, tidy], [false, false, undefined, undefined])
})

test('a store that reads more than any entry has is not believed', async () => {
  const store = createCheckedStore(answering('read', Buffer.alloc(2 ** 17)))
  await assert.rejects(store.read('schedule.json'), {
    message: 'memory/schedule.json cannot be used: it has 131072 bytes, and 65536 is the most.',
  })
  const full = Buffer.alloc(2 ** 16)
  assert.equal(await createCheckedStore(answering('read', full)).read('schedule.json'), full)
})

test('of what a store lists, the names of entries in the folder are taken, once and in order', async () => {
  const odd = [
    'outbox/2',
    'outbox/1',
    'outbox/2',
    'acknowledged/1',
    'outbox/',
    '../x',
    'outbox/../x',
    'outbox/A b',
  ]
  const store = createCheckedStore(answering('list', [...odd, null, 7, {}, ['outbox/3'], '\u{1b}[31m']))
  assert.deepEqual(await store.list('outbox'), ['outbox/1', 'outbox/2'])
  for (const names of [
    ['outbox/1', 'outbox/1', 'outbox/2'],
    ['outbox/2', 'outbox/1'],
  ])
    assert.deepEqual(await createCheckedStore(answering('list', names)).list('outbox'), [
      'outbox/1',
      'outbox/2',
    ])
  for (const answer of [undefined, null, 'outbox/1', {}, new Set(['outbox/1'])])
    await assert.rejects(createCheckedStore(answering('list', answer)).list('outbox'), NOT_USED)
})

test('a store without a location, or with an odd health, is shown all the same', () => {
  const store = createCheckedStore({
    ...createMemoryStore(),
    location: undefined as unknown as string,
    health: () => ({ durable: 'no', problems: [null, 'slow'] }) as never,
  })
  assert.equal(store.location, 'the state store')
  assert.deepEqual(store.health?.(), { durable: true, problems: ['slow'] })
  const much = createCheckedStore({
    ...createMemoryStore(),
    location: 'x'.repeat(1_000),
    health: () => ({ durable: false, problems: Array.from({ length: 50 }, (_, n) => `${n}`) }),
  })
  assert.equal(much.location, 'x'.repeat(200))
  assert.deepEqual(much.health?.(), {
    durable: false,
    problems: Array.from({ length: 10 }, (_, n) => `${n}`),
  })
  for (const answer of [undefined, null, 'bad', {}, { problems: 'slow' }])
    assert.deepEqual(
      createCheckedStore({ ...createMemoryStore(), health: () => answer as never }).health?.(),
      { durable: true, problems: [] },
    )
})

/** A store of which calls answer when they are told to. */
function createHanging(blocking: boolean) {
  const open: Array<() => void> = []
  const inner = createMemoryStore()
  const hang = async <R>(action: () => Promise<R>): Promise<R> => {
    await new Promise<void>((resolve) => open.push(resolve))
    return action()
  }
  const store: StateStore = {
    ...inner,
    blocking,
    read: (name) => hang(() => inner.read(name)),
    list: (folder) => hang(() => inner.list(folder)),
    write: (name, data) => hang(() => inner.write(name, data)),
  }
  return { store, open }
}

test('a store is asked one thing at a time', async () => {
  const { store, open } = createHanging(true)
  const timely = storeWithTimeout(store, createFakeClock())
  const answers = Promise.all([timely.read('a'), timely.list('outbox'), timely.write('a', 'x')])
  for (let call = 0; call < 3; call++) {
    await new Promise((resolve) => setImmediate(resolve))
    assert.equal(open.length, 1)
    open.pop()?.()
  }
  assert.deepEqual(await answers, [undefined, [], undefined])
})

test('a file system that hangs holds one thread, whatever is asked of it meanwhile, and is used again once it answers', async () => {
  const clock = createFakeClock()
  const { store, open } = createHanging(true)
  const timely = storeWithTimeout(store, clock)
  const late = { code: 'ETIMEDOUT' }
  const first = assert.rejects(timely.read('a'), late)
  await clock.advance(5_000)
  await first
  for (let hour = 0; hour < 10; hour++) {
    await clock.advance(3_600_000)
    await assert.rejects(timely.read('a'), late)
    await assert.rejects(timely.write('a', 'x'), late)
  }
  assert.equal(open.length, 1)
  open.pop()?.()
  await clock.advance(1)
  const again = timely.read('a')
  await clock.advance(1)
  open.pop()?.()
  assert.equal(await again, undefined)
})

test('a store of the host that has lost a call is asked again after a minute', async () => {
  const clock = createFakeClock()
  await clock.advance(3_600_000)
  const { store, open } = createHanging(false)
  const timely = storeWithTimeout(store, clock)
  const first = assert.rejects(timely.read('a'), { code: 'ETIMEDOUT' })
  await clock.advance(5_000)
  await first
  await assert.rejects(timely.read('a'), { code: 'ETIMEDOUT' })
  assert.equal(open.length, 1)
  await clock.advance(60_000)
  const again = timely.read('a')
  await clock.advance(1)
  open.pop()?.()
  assert.equal(await again, undefined)
})

test('a call is late after 5 s of reading and after a minute of changing; one that answers leaves no timer behind', async () => {
  for (const [call, limit] of [
    ['read', 5_000],
    ['write', 60_000],
  ] as const) {
    const clock = createFakeClock()
    const { store, open } = createHanging(false)
    const timely = storeWithTimeout(store, clock)
    const message = `memory has not answered for ${limit} ms.`
    const late = assert.rejects(timely[call]('a', 'x'), { code: 'ETIMEDOUT', message })
    await clock.advance(limit - 1)
    assert.equal(clock.waiting, 1)
    await clock.advance(1)
    await late
    open.pop()?.()
    await clock.advance(1)
    const inTime = timely[call]('a', 'x')
    await clock.advance(1)
    open.pop()?.()
    await inTime
    assert.equal(clock.waiting, 0)
  }
})

test('the late answer of a call does not hide that a later one has none yet', async () => {
  const clock = createFakeClock()
  const { store, open } = createHanging(false)
  const timely = storeWithTimeout(store, clock)
  for (const time of [1, 2]) {
    const late = assert.rejects(timely.read('a'), { code: 'ETIMEDOUT' })
    await clock.advance(5_000)
    await late
    if (time === 1) await clock.advance(60_000)
  }
  open.shift()?.()
  await clock.advance(1)
  await assert.rejects(timely.read('a'), { code: 'ETIMEDOUT' })
  assert.equal(open.length, 1)
})

test('what cannot be read is said once for each reason, however many entries it concerns, and in the health while it lasts', async () => {
  const inner = createMemoryStore()
  const log = createLog()
  let code: string | undefined = 'EACCES'
  const fail = async <R>(action: () => Promise<R>): Promise<R> => {
    if (code) throw Object.assign(new Error('made to fail'), { code })
    return action()
  }
  const store = createWatchedStore(
    {
      ...inner,
      location: '/var/lib/acme',
      read: (name) => fail(() => inner.read(name)),
      list: (folder) => fail(() => inner.list(folder)),
    },
    log,
  )
  for (let entry = 0; entry < 1_000; entry++)
    await assert.rejects(store.read(`counts/${entry}.json`), { code: 'EACCES' })
  await assert.rejects(store.list('counts'), { code: 'EACCES' })
  assert.equal(log.lines.length, 1)
  assert.match(log.lines[0] ?? '', /^warn: .* cannot read \/var\/lib\/acme\/counts\/0\.json \(EACCES\)/)
  assert.match(
    store.health?.().problems.join() ?? '',
    /counts\/0\.json cannot be read \(EACCES\), and so are/,
  )
  code = 'EIO'
  await assert.rejects(store.read('retry.json'), { code: 'EIO' })
  assert.equal(log.lines.length, 2)
  code = undefined
  for (let entry = 0; entry < 1_000; entry++) await store.read(`counts/${entry}.json`)
  await store.read('retry.json')
  await store.list('counts')
  assert.doesNotMatch(store.health?.().problems.join() ?? '', /cannot be read/)
})

/** A store that nothing can be read from, for reasons that the test gives. */
function createUnreadable(reasonOf: (name: string) => Error | undefined) {
  const log = createLog()
  const inner: StateStore = {
    ...createMemoryStore(),
    location: 'db',
    async read(name) {
      const reason = reasonOf(name)
      if (reason) throw reason
      return undefined
    },
  }
  const { health: _, ...bare } = inner
  const store = createWatchedStore(bare, log)
  const problems = () => store.health?.().problems
  const tryRead = (name: string) => store.read(name).catch(() => {})
  return { log, problems, tryRead }
}

test('a warning of what cannot be read says which entry, why and what to do; a stored choice has its own message', async () => {
  const { log, problems, tryRead } = createUnreadable(() => new Error('it is gone'))
  for (const name of ['consent.jsonl', 'acme.consent.jsonl']) await tryRead(name)
  assert.deepEqual(log.lines, [])
  await tryRead('retry.json')
  assert.deepEqual(log.lines, [
    'warn: The usage telemetry cannot read db/retry.json (it is gone), and goes on without it and whatever else cannot be ' +
      'read for the same reason. Give it to the user that the product runs as, or remove it.',
  ])
  assert.deepEqual(problems(), [
    'db/consent.jsonl cannot be read (it is gone), and so are others of its entries.',
  ])
})

test('entries that are something else than files are one reason to warn, whatever each is; errors without a code are each their own', async () => {
  const odd = createUnreadable((name) => new StateEntryError(name, `it is ${name}`))
  for (const name of ['a', 'b']) await odd.tryRead(name)
  assert.equal(odd.log.lines.length, 1)
  const bare = createUnreadable((name) => (name === 'fine' ? undefined : new Error(`no ${name}`)))
  await bare.tryRead('a')
  assert.deepEqual(bare.problems(), ['db/a cannot be read (no a).'])
  for (const name of ['a', 'b', 'fine']) await bare.tryRead(name)
  assert.equal(bare.log.lines.length, 2)
})

test('of entries and reasons without end, a hundred are remembered', async () => {
  let broken = true
  const { log, problems, tryRead } = createUnreadable((name) => (broken ? new Error(name) : undefined))
  for (let entry = 1; entry <= 101; entry++) await tryRead(`counts/${entry}`)
  assert.equal(log.lines.length, 101)
  for (const entry of [100, 101, 101]) await tryRead(`counts/${entry}`)
  assert.equal(log.lines.length, 103, 'the last reason was not remembered')
  broken = false
  for (let entry = 1; entry <= 99; entry++) await tryRead(`counts/${entry}`)
  assert.deepEqual(problems(), ['db/counts/100 cannot be read (counts/100).'])
  await tryRead('counts/100')
  assert.deepEqual(problems(), [])
})

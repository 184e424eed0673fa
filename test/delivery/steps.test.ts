/** What becomes of a report, step by step: in the log, in the outbox, at the receiver, and what the operator reads of it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  createMemoryStore,
  defineCatalog,
  type ReportEvent,
  type SendingEvent,
  type StateStore,
} from '../../src/index.ts'
import { decideConsent } from '../../src/library/consent/index.ts'
import {
  createAcknowledgements,
  createLocalCounter,
  createOutbox,
  type WaitingReport,
} from '../../src/library/counts/log.ts'
import { createDelivery, createRetries, type DeliveryOptions } from '../../src/library/delivery/index.ts'
import { takeSendingLease } from '../../src/library/delivery/waiting-reports.ts'
import { createInstallation } from '../../src/library/identity/index.ts'
import { MAX_REPORT_BYTES } from '../../src/library/ledger/index.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { createLog } from '../support/log.ts'

const URL = 'https://usage.acme.example/v1/metrics'
const [SECOND, HOUR, DAY] = [1_000, 3_600_000, 86_400_000]
const UNDECIDED = 'nobody has decided yet, and the delay for a decision is not over'
const RETIRED = 'the receiver answered that this endpoint is retired (410)'
const ID = '11111111-1111-4111-8111-111111111111'

const fact = {
  kind: 'attribute',
  type: 'enum',
  values: ['paid', 'free'],
  since: 1,
  why: 'Shows it.',
  example: 'paid',
} as const
const catalog = defineCatalog({
  ...{ version: 1, prefix: 'acme', levels: ['basic', 'full'] },
  facts: {
    'acme.edition': { ...fact, level: 'basic' },
    'acme.plan': { ...fact, level: 'full' },
  },
})
const inputs = { prefix: 'ACME', levels: ['basic', 'full'], environment: {}, catalog }
const yes = decideConsent({ ...inputs, default: 'enabled' })
const undecided = decideConsent({ ...inputs, default: 'undecided' })
const no = decideConsent({ ...inputs, default: 'enabled', environment: { DO_NOT_TRACK: '1' } })
const personsNo = {
  ...no,
  source: 'stored-choice',
  disabledBy: 'person',
  because: 'alice has said no',
} as typeof no
const noInPassing = { ...no, disabledBy: 'circumstance', because: 'this run is a test' } as typeof no

const textOf = (bytes: Uint8Array | undefined) => new TextDecoder().decode(bytes)
const bytesOf = (text: string) => new TextEncoder().encode(text)
/** Returns a report with an attribute. */
const reportOf = (name = 'acme.edition', value = 'paid') =>
  bytesOf(
    JSON.stringify({
      resourceMetrics: [
        { resource: { attributes: [{ key: name, value: { stringValue: value } }] }, scopeMetrics: [] },
      ],
    }),
  )
const ERASURE = bytesOf(
  JSON.stringify({
    resourceMetrics: [
      {
        resource: { attributes: [{ key: 'service.instance.id', value: { stringValue: ID } }] },
        scopeMetrics: [{ metrics: [{ name: 'usage.forget' }] }],
      },
    ],
  }),
)

type Answer = Awaited<ReturnType<NonNullable<DeliveryOptions['transport']>['send']>>

/** A delivery whose receiver answers as `answers` say, in turn; then it accepts. */
function createSender(options: Partial<DeliveryOptions> & { readonly change?: Partial<StateStore> } = {}) {
  const inner = createMemoryStore()
  const state: StateStore = { ...inner, ...options.change }
  const [clock, log] = [createFakeClock(), createLog()]
  const now: { verdict: typeof yes; maySend: boolean } = { verdict: yes, maySend: true }
  const answers: Array<Answer | (() => Answer | Promise<Answer>)> = []
  const sent: string[] = []
  const signals: Array<AbortSignal | undefined> = []
  const events: string[] = []
  const local = createLocalCounter({ store: state, clock, totals: () => new Map() })
  local.applyVerdict(yes)
  const delivery = createDelivery({
    ...{ state, clock, local, logger: log, endpoint: 'https://usage.acme.example' },
    ...{ catalog: () => catalog, productVersion: () => '1.0.0', random: () => 0 },
    readVerdict: async () => now.verdict,
    maySend: ({ state: one }) => now.maySend && one !== 'disabled',
    transport: {
      async send(bytes, signal, mayLeave) {
        signals.push(signal)
        const answer = answers.shift() ?? { outcome: 'accepted' as const }
        const result = typeof answer === 'function' ? await answer() : answer
        if (!(await mayLeave?.())) return { outcome: 'unavailable', reason: 'it was called off' }
        await mayLeave?.()
        sent.push(textOf(bytes))
        return result
      },
    },
    tell(event, make) {
      const { reportId, endpoint, kind, outcome = 'sending' } = make() as SendingEvent & Partial<ReportEvent>
      assert.equal(endpoint, URL)
      assert.equal(event, outcome === 'sending' ? 'sending' : 'report')
      events.push(`${reportId} ${kind} ${outcome}`)
    },
    ...options,
  })
  const outbox = createOutbox(state)
  const accept = (reportId: string, more: Partial<Parameters<typeof delivery.accept>[0]> = {}) =>
    delivery.accept({ reportId, at: clock.now(), bytes: reportOf(), verdict: now.verdict, ...more })
  return {
    ...{ inner, state, clock, log, now, answers, sent, signals, events, delivery, outbox, accept },
    retries: createRetries(state, clock, () => 0),
    /** Puts a report into the outbox, as another process does. */
    put: (number: number, more: Partial<WaitingReport> = {}) =>
      outbox.put({
        ...{ number, reportId: `report ${number}`, at: clock.now(), totalsSince: 0, bytes: reportOf() },
        ...{ share: new Map(), ...more },
      }),
    numbers: () => outbox.numbers(),
    entries: async () =>
      (await Array.fromAsync(delivery.ledger.entries())).map(
        ({ reportId, outcome, reason }) => `${reportId} ${outcome}: ${reason}`,
      ),
    latest: () => createAcknowledgements(state).latest(),
  }
}
const plain = (outcomes: ReadonlyMap<string, object>) => Object.fromEntries(outcomes)

test('a report waits to be sent where the verdict permits it; otherwise it is in the log with the reason, and nowhere else', async () => {
  const { accept, clock, delivery, entries, events, log, now, numbers, retries } = createSender()
  const at = clock.now()
  const bytes = reportOf()
  const queued = { outcome: 'queued', reason: 'it waits to be sent', reportId: 'first', at, bytes }
  assert.deepEqual(await accept('first', { bytes }), queued)
  assert.deepEqual(
    [await numbers(), await delivery.ledger.last().then((entry) => entry?.at)],
    [[1], new Date(at).toISOString()],
  )
  const suppressed = async (reportId: string, reason: string, more = {}) => {
    const result = await accept(reportId, { bytes, ...more })
    assert.deepEqual(result, { outcome: 'suppressed', reason, reportId, at, bytes })
  }
  await suppressed('second', 'it is a preview', { impediment: 'it is a preview' })
  now.maySend = false
  await suppressed('third', UNDECIDED, { verdict: undecided, impediment: 'it is a preview' })
  await suppressed('fourth', no.because, { verdict: no })
  now.maySend = true
  await retries.retired(URL)
  await suppressed('fifth', RETIRED)
  await retries.retired('https://another.example/v1/metrics')
  assert.equal(((await accept('sixth')) as { outcome: string }).outcome, 'queued')
  assert.deepEqual(await numbers(), [1, 2])
  assert.deepEqual(await entries(), [
    `first queued: ${yes.because}`,
    'second suppressed: it is a preview',
    `third suppressed: ${UNDECIDED}`,
    `fourth suppressed: ${no.because}`,
    `fifth suppressed: ${RETIRED}`,
    `sixth queued: ${yes.because}`,
  ])
  assert.deepEqual(
    log.lines.filter((line) => line.startsWith('info')),
    [
      ['second', 'it is a preview'],
      ['third', UNDECIDED],
      ['fourth', no.because],
      ['fifth', RETIRED],
    ].map(([id, why]) => `info: Usage report ${id} not sent, ${why}: ${textOf(bytes)}`),
  )
  assert.deepEqual(events.slice(0, 2), ['first report queued', 'second report suppressed'])
})

test('a report that is too large is not sent, and a warning names its largest facts', async () => {
  const { accept, entries, log, numbers } = createSender()
  const bytes = bytesOf(
    JSON.stringify({
      resourceMetrics: [
        {
          resource: {
            attributes: [
              { key: 'acme.edition', value: { stringValue: 'x'.repeat(300_000) } },
              { key: 'acme.plan', value: { stringValue: 'paid' } },
            ],
          },
          scopeMetrics: [],
        },
      ],
    }),
  )
  const { outcome, reason } = (await accept('large', { bytes })) as { outcome: string; reason: string }
  assert.equal(outcome, 'too-large')
  assert.match(
    reason,
    /^it has \d+ bytes, and \d+ is the most; the largest facts are acme\.edition, acme\.plan$/,
  )
  assert.deepEqual(log.lines, [`warn: Usage report large is not sent: ${reason}.`])
  assert.deepEqual([await numbers(), await entries()], [[], [`large too-large: ${reason}`]])
})

test('a report of the largest size is sent, and one that another process has overtaken is to be made again', async () => {
  const { accept, numbers } = createSender()
  const bytes = bytesOf(textOf(reportOf()).padEnd(MAX_REPORT_BYTES))
  const { outcome } = (await accept('large', { bytes })) as { outcome: string }
  assert.deepEqual([outcome, await numbers()], ['queued', [1]])
  const pending = {
    number: 1,
    reportedAt: 0,
    share: new Map(),
    reported: new Map(),
    since: 0,
    totalsSince: 0,
  }
  assert.equal(await accept('outdated', { pending }), 'outdated')
})

/** Counts of a report that nothing can be written of: it waits in memory. */
const volatile = (number: number) => ({
  ...{ number, reportedAt: 0, share: new Map(), reported: new Map(), since: 0, totalsSince: 0 },
  isVolatile: true,
})

test('a report that waits in memory is tried as well, and the log says that it is lost with the process', async () => {
  const { accept, answers, delivery, log, numbers, sent } = createSender()
  await accept('first', { pending: volatile(1) })
  answers.push({ outcome: 'unavailable', reason: 'x' })
  await delivery.send()
  assert.deepEqual(log.lines, [
    'debug: Usage reports wait in the memory of this process: x. They are sent later, if the process lives until then.',
  ])
  await delivery.send()
  assert.deepEqual([sent.length, await numbers()], [2, []])
})

test('a report that has arrived leaves the outbox, is in the log as sent, and the host gets an event before and after', async () => {
  const { answers, delivery, entries, events, latest, log, numbers, put, retries, sent } = createSender()
  await put(1)
  await put(2)
  await retries.failed()
  answers.push({ outcome: 'accepted', note: 'the receiver has rejected one point' })
  assert.deepEqual(plain(await delivery.send()), {
    'report 1': { outcome: 'sent', reason: 'the receiver has rejected one point' },
    'report 2': { outcome: 'sent', reason: yes.because },
  })
  assert.deepEqual([await numbers(), sent.length, (await latest()).number], [[], 2, 2])
  assert.deepEqual(await entries(), [
    'report 1 sent: the receiver has rejected one point',
    `report 2 sent: ${yes.because}`,
  ])
  assert.equal(
    log.lines[1],
    `info: Usage report report 2 sent to ${URL}, ${yes.because}: ${textOf(reportOf())}`,
  )
  assert.deepEqual(events, [
    ...['report 1 report sending', 'report 1 report sent', 'report 2 report sending', 'report 2 report sent'],
  ])
  assert.equal((await retries.failures()).count, 0)
})

test('what the receiver refuses is not sent again, and the operator is warned once for each reason', async () => {
  const { answers, delivery, entries, log, numbers, put } = createSender()
  for (const number of [1, 2, 3]) await put(number)
  for (const reason of ['no such product', 'no such product', 'no such version'])
    answers.push({ outcome: 'refused', reason })
  const outcomes = plain(await delivery.send())
  assert.deepEqual(outcomes['report 2'], { outcome: 'refused', reason: 'no such product' })
  assert.deepEqual(await numbers(), [])
  assert.equal((await entries())[2], 'report 3 refused: no such version')
  assert.deepEqual(
    log.lines.filter((line) => line.startsWith('warn')),
    [1, 3].map(
      (number) =>
        `warn: Usage report report ${number} was refused by ${URL}: no such ${number === 1 ? 'product' : 'version'}.`,
    ),
  )
})

test('while the receiver cannot be reached, reports wait and are tried again, and the log says so once', async () => {
  const { answers, clock, delivery, events, log, numbers, put, retries, sent } = createSender()
  await put(1)
  await put(2)
  const down = { outcome: 'unavailable', reason: 'connect ECONNREFUSED', retryAfter: 60 * SECOND } as const
  answers.push(down, down)
  assert.deepEqual(plain(await delivery.send()), {
    'report 1': { outcome: 'queued', reason: 'connect ECONNREFUSED' },
  })
  assert.deepEqual(events.at(-1), 'report 1 report queued')
  assert.deepEqual(log.lines, [
    'debug: Usage reports wait in memory: connect ECONNREFUSED. They are sent later.',
  ])
  assert.deepEqual(await retries.failures(), { count: 1, lastAt: clock.now() })
  const held = { outcome: 'queued', reason: 'the receiver asked us to retry later (Retry-After)' }
  assert.deepEqual(plain(await delivery.send()), { 'report 1': held })
  assert.equal(answers.length, 1, 'nothing was tried')
  await clock.advance(60 * SECOND)
  assert.deepEqual([answers.length, log.lines.length, (await retries.failures()).count], [0, 1, 2])
  await clock.advance(60 * SECOND)
  assert.deepEqual([await numbers(), sent.length], [[], 4])
  await put(3)
  answers.push({ ...down, retryAfter: 0 })
  await delivery.send()
  assert.equal(log.lines.filter((line) => line.startsWith('debug')).length, 2, 'a new failure is news')
  assert.equal(log.lines.filter((line) => line.startsWith('info')).length, 2)
})

test('a failure that an earlier process has logged is not logged again', async () => {
  const { answers, clock, delivery, log, put, retries } = createSender()
  await put(1)
  await retries.failed()
  await clock.advance(HOUR)
  answers.push({ outcome: 'unavailable', reason: 'connect ECONNREFUSED' })
  await delivery.send()
  assert.deepEqual(log.lines, [])
})

test('an endpoint that says that it is retired is not used any more, and the operator is warned', async () => {
  const { answers, clock, delivery, log, numbers, put, sent } = createSender()
  await put(1)
  await put(2)
  answers.push({ outcome: 'retired', reason: '410 Gone' })
  assert.deepEqual(plain(await delivery.send()), { 'report 1': { outcome: 'queued', reason: '410 Gone' } })
  assert.deepEqual(log.lines, [
    `warn: Usage reports are not sent any more: ${RETIRED}. Reports to another endpoint are sent again.`,
  ])
  assert.deepEqual(plain(await delivery.send()), { 'report 1': { outcome: 'queued', reason: RETIRED } })
  assert.deepEqual([await numbers(), sent.length, clock.waiting], [[1, 2], 1, 0])
})

test('a report that consent does not cover any more is discarded, with the reason', async () => {
  const { delivery, entries, events, log, now, numbers, put, sent, signals, latest } = createSender()
  await put(1, { bytes: reportOf('acme.plan') })
  await put(2)
  await put(3, { bytes: reportOf('acme.gone') })
  await put(4, { bytes: reportOf('acme\u001b') })
  const five = ['acme.a', '\u001b[31m', 'acme.c', 'acme.d'].map((key) => ({
    key,
    value: { stringValue: 'x' },
  }))
  await put(5, {
    bytes: bytesOf(
      JSON.stringify({ resourceMetrics: [{ resource: { attributes: five }, scopeMetrics: [] }] }),
    ),
    share: new Map([['counter', new Map([['acme.a{}', 1]])]]),
  })
  now.verdict = decideConsent({ ...inputs, default: 'enabled', flag: 'basic' } as never)
  const reason = (rest: string) => `it contains facts that ${rest}`
  assert.deepEqual(plain(await delivery.send()), {
    'report 1': { outcome: 'discarded', reason: reason(`${now.verdict.because} does not permit`) },
    'report 2': { outcome: 'sent', reason: now.verdict.because },
    'report 3': { outcome: 'discarded', reason: reason('the product no longer reports: acme.gone') },
    'report 4': { outcome: 'discarded', reason: reason('the product no longer reports: an unreadable name') },
    'report 5': {
      outcome: 'discarded',
      reason: reason('the product no longer reports: acme.a, an unreadable name, acme.c'),
    },
  })
  assert.deepEqual([await numbers(), sent.length, signals.length], [[], 1, 1])
  assert.equal(
    (await entries())[0],
    `report 1 discarded: ${reason(`${now.verdict.because} does not permit`)}`,
  )
  assert.equal(
    log.lines[0],
    `info: Usage report report 1 is not sent any more, ${reason(`${now.verdict.because} does not permit`)}.`,
  )
  assert.equal(events[0], 'report 1 report discarded')
  assert.equal((await latest()).share.size, 0, 'its counts are pending again')
})

test('a no while a report is on its way: nothing more leaves, and a person\u2019s no empties the outbox', async () => {
  for (const [verdict, outcome, left] of [
    [personsNo, 'discarded', []],
    [noInPassing, 'queued', [2, 3]],
  ] as const) {
    const { answers, delivery, entries, events, inner, now, numbers, put, retries, sent, clock } =
      createSender()
    for (const number of [1, 2, 3]) await put(number)
    await inner.write('counts/a.json', 'x')
    answers.push({ outcome: 'accepted' }, () => {
      now.verdict = verdict
      return { outcome: 'accepted' }
    })
    assert.deepEqual(plain(await delivery.send()), {
      'report 1': { outcome: 'sent', reason: yes.because },
      'report 2': { outcome, reason: verdict.because },
    })
    assert.deepEqual([await numbers(), sent.length, clock.waiting], [left, 1, 0])
    assert.ok(!events.includes('report 2 report sending'))
    assert.equal((await retries.failures()).count, 0, 'the receiver has not failed')
    assert.deepEqual(await inner.list('counts'), left.length > 0 ? ['counts/a.json'] : [])
    assert.equal((await entries()).length, left.length > 0 ? 1 : 3)
  }
})

test('while the answer is no, nothing is sent or tried', async () => {
  const { delivery, now, put, sent, signals, numbers } = createSender()
  await put(1)
  await put(2)
  now.verdict = noInPassing
  assert.deepEqual(plain(await delivery.send()), {
    'report 1': { outcome: 'queued', reason: noInPassing.because },
  })
  assert.deepEqual([sent, signals, await numbers()], [[], [], [1, 2]])
})

test('while nobody has decided, nothing is tried, and a report on its way is called off', async () => {
  const { answers, delivery, now, put, sent, signals, retries, clock, numbers } = createSender()
  await put(1)
  now.maySend = false
  assert.deepEqual(plain(await delivery.send()), {})
  assert.deepEqual([signals, clock.waiting], [[], 0])
  now.maySend = true
  answers.push(() => {
    now.maySend = false
    return { outcome: 'accepted' }
  })
  assert.deepEqual(plain(await delivery.send()), {
    'report 1': { outcome: 'queued', reason: 'it was called off' },
  })
  assert.deepEqual([sent, (await retries.failures()).count, await numbers()], [[], 0, [1]])
})

test('a report whose facts lose their consent while it is on its way is discarded', async () => {
  const { answers, delivery, now, numbers, put, sent } = createSender()
  await put(1, { bytes: reportOf('acme.plan') })
  answers.push(() => {
    now.verdict = decideConsent({ ...inputs, default: 'enabled', flag: 'basic' } as never)
    return { outcome: 'accepted' }
  })
  const [[, one] = []] = await delivery.send()
  assert.deepEqual([one?.outcome, sent, await numbers()], ['discarded', [], []])
})

test('what a no could not delete is left, and the log says what went wrong', async () => {
  const inner = createMemoryStore()
  const list: StateStore['list'] = (folder) =>
    folder === 'counts' ? Promise.reject(new Error('EIO')) : inner.list(folder)
  const { delivery, log, now, put, numbers } = createSender({ change: { ...inner, list } })
  await put(1)
  now.verdict = personsNo
  assert.deepEqual(plain(await delivery.send()), {
    'report 1': { outcome: 'queued', reason: personsNo.because },
  })
  assert.ok(
    log.lines.includes('debug: What is left of the installation in memory was not deleted: Error: EIO.'),
  )
  assert.deepEqual(await numbers(), [])
  await assert.rejects(delivery.withdraw(personsNo), { message: 'EIO' })
})

test('a person\u2019s no deletes the installation id, unless the product keeps it', async () => {
  for (const keepInstallation of [true, false]) {
    const { delivery, inner, put, log, entries } = createSender({ keepInstallation })
    await put(1)
    const id = JSON.stringify({ format: 1, id: ID })
    await inner.write('installation.json', id)
    await delivery.withdraw(personsNo)
    assert.equal((await inner.read('installation.json')) !== undefined, keepInstallation)
    assert.deepEqual(await entries(), [`report 1 discarded: ${personsNo.because}`])
    assert.ok(log.lines.includes(`info: Usage report report 1 is not sent any more, ${personsNo.because}.`))
  }
})

test('a no before the first report does not use up the id that an installation had before', async () => {
  const identity = { adopt: ID }
  const { clock, delivery, state } = createSender({ identity })
  await delivery.withdraw(personsNo)
  const installation = createInstallation(state, clock, identity)
  assert.equal((await installation.propose()).id, ID)
})

test('the next attempt comes after fifteen seconds or later, and never if nothing waits or the process ends', async () => {
  const { answers, clock, delivery, put, sent, retries } = createSender()
  await retries.failed(HOUR)
  await delivery.resume()
  assert.equal(clock.waiting, 0)
  await retries.succeeded()
  await put(1)
  answers.push({ outcome: 'unavailable', reason: 'x' })
  await delivery.resume()
  assert.deepEqual([sent.length, clock.waiting], [1, 1])
  await clock.advance(15 * SECOND - 1)
  assert.equal(sent.length, 1)
  await clock.advance(1)
  assert.equal(sent.length, 2)

  await put(2)
  await retries.failed(2 * HOUR)
  await delivery.resume()
  assert.equal(clock.waiting, 1)
  await clock.advance(2 * HOUR - 1)
  assert.equal(sent.length, 2)
  await clock.advance(1)
  assert.equal(sent.length, 3)

  await put(3)
  answers.push({ outcome: 'unavailable', reason: 'x' })
  await delivery.resume()
  assert.equal(clock.waiting, 1)
  await delivery.shutdown()
  assert.equal(clock.waiting, 0)
  answers.push({ outcome: 'unavailable', reason: 'x' })
  await delivery.send()
  assert.equal(clock.waiting, 0)
})

test('after a failure nothing is tried before the random delay is over', async () => {
  const { answers, clock, delivery, put, sent } = createSender({ random: () => 0.5 })
  await put(1)
  answers.push({ outcome: 'unavailable', reason: 'x' })
  await delivery.send()
  await clock.advance(30 * SECOND - 1)
  await delivery.resume()
  assert.equal(sent.length, 1)
  await clock.advance(15 * SECOND)
  assert.equal(sent.length, 2)
})

test('an outbox that cannot be read may have a report: it is tried again', async () => {
  const { clock, delivery } = createSender({
    change: {
      list: (folder) => (folder === 'outbox' ? Promise.reject(new Error('EIO')) : Promise.resolve([])),
    },
  })
  await delivery.send()
  assert.equal(clock.waiting, 1)
})

test('an attempt that is called off does not count as a failure of the receiver; the next attempt has a new signal', async () => {
  const { answers, delivery, put, retries, signals, numbers } = createSender()
  await put(1)
  answers.push(() => {
    delivery.callOff()
    return { outcome: 'unavailable', reason: 'aborted' }
  })
  await delivery.send()
  assert.equal(signals[0]?.aborted, true)
  assert.deepEqual([(await retries.failures()).count, await numbers()], [0, [1]])
  await delivery.send()
  assert.deepEqual([signals[1]?.aborted, await numbers()], [false, []])
  await delivery.shutdown()
  await put(2)
  await delivery.send()
  assert.equal(signals[2]?.aborted, true)
})

test('a shutdown and a no end the attempt that is on its way, and wait until it has ended', async () => {
  for (const end of ['shutdown', 'withdraw'] as const) {
    const { answers, delivery, put, signals } = createSender()
    await put(1)
    let isOver = false
    answers.push(async () => {
      await new Promise<void>((resolve) => signals[0]?.addEventListener('abort', () => resolve()))
      for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve))
      isOver = true
      return { outcome: 'unavailable', reason: 'aborted' }
    })
    const sending = delivery.send()
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
    await (end === 'shutdown' ? delivery.shutdown() : delivery.withdraw(personsNo))
    assert.equal(isOver, true)
    await sending
  }
})

test('an erasure sees the reports that wait, can remove them, and leaves a request in the outbox', async () => {
  const { delivery, outbox, put, numbers, inner, clock } = createSender()
  for (let number = 1; number <= 102; number++) await put(number, { bytes: bytesOf(`{"number":${number}}`) })
  await inner.write('outbox/0000000102.json', 'torn')
  await delivery.exclusively(async ({ accept, clear, waiting }) => {
    const found = (await waiting()).map(textOf)
    assert.deepEqual([found.length, found[0], found.at(-1)], [99, '{"number":3}', '{"number":101}'])
    await clear()
    assert.deepEqual([await numbers(), await waiting()], [[], []])
    await accept({ reportId: 'request', at: clock.now(), bytes: ERASURE })
  })
  const [first] = await numbers()
  const request = await outbox.read(first ?? 0)
  assert.ok(typeof request === 'object' && 'reportId' in request && request.reportId === 'request')
})

test('an erasure goes on where the outbox cannot be read, and says what could not be removed', async () => {
  const blind = createSender({ change: { list: () => Promise.reject(new Error('EIO')) } })
  await blind.delivery.exclusively(async ({ waiting }) => assert.deepEqual(await waiting(), []))
  const inner = createMemoryStore()
  const stuck = createSender({
    change: {
      ...inner,
      read: (name) => (name.includes('1') ? Promise.reject(new Error('EIO')) : inner.read(name)),
      remove: (name) => (name.includes('1') ? Promise.reject(new Error('EBUSY')) : inner.remove(name)),
    },
  })
  for (const number of [1, 2]) await stuck.put(number)
  await stuck.delivery.exclusively(async ({ clear, waiting }) => {
    assert.equal((await waiting()).length, 1)
    await assert.rejects(clear(), { message: 'EBUSY' })
  })
  assert.deepEqual(await inner.list('outbox'), ['outbox/0000000001.json'])
})

test('a request for erasure that cannot wait is tried once, under any verdict, and the answer says what became of it', async () => {
  const { answers, delivery, events, now, retries, sent } = createSender()
  now.verdict = personsNo
  const sendAlone = () =>
    delivery.exclusively((steps) => steps.sendAlone({ reportId: 'request', bytes: ERASURE }))
  assert.deepEqual(await sendAlone(), { outcome: 'sent', reason: 'the receiver accepted it' })
  assert.deepEqual([sent, events], [[textOf(ERASURE)], ['request erasure sending']])
  answers.push({ outcome: 'accepted', note: 'over there' })
  assert.deepEqual(await sendAlone(), { outcome: 'sent', reason: 'over there' })
  answers.push({ outcome: 'refused', reason: 'not known' })
  assert.deepEqual(await sendAlone(), { outcome: 'refused', reason: 'not known' })
  answers.push({ outcome: 'unavailable', reason: 'ECONNREFUSED' })
  assert.deepEqual(await sendAlone(), { outcome: 'suppressed', reason: 'ECONNREFUSED' })
  answers.push({ outcome: 'retired', reason: '410 Gone' })
  assert.deepEqual(await sendAlone(), { outcome: 'suppressed', reason: RETIRED })
  await retries.retired(URL)
  assert.deepEqual(await sendAlone(), { outcome: 'suppressed', reason: RETIRED })
  assert.equal(sent.length, 5)
})

test('corrupt reports are discarded with one warning, and those behind them are sent', async () => {
  const { delivery, inner, log, numbers, put, sent, latest } = createSender()
  const torn = (number: number) => inner.write(`outbox/000000000${number}.json`, 'torn')
  await torn(1)
  await put(2)
  await put(3, { bytes: bytesOf('{"no":"report"}') })
  for (const number of [4, 5]) await torn(number)
  await put(6)
  await torn(7)
  await delivery.send()
  assert.deepEqual([await numbers(), sent.length, (await latest()).number], [[], 2, 7])
  assert.deepEqual(
    log.lines.filter((line) => line.startsWith('warn')),
    [
      'warn: The waiting usage report 1 in memory is corrupt and was discarded.',
      'warn: The waiting usage reports 3 to 5 in memory are corrupt and were discarded.',
      'warn: The waiting usage report 7 in memory is corrupt and was discarded.',
    ],
  )
})

test('entries that another process has ended are removed and not sent; merged counters are recorded, or deleted under a no', async () => {
  const { delivery, latest, numbers, now, outbox, put, sent, state } = createSender()
  const nothing = { share: new Map(), totals: new Map(), totalsSince: undefined, at: 0, reportedAt: 0 }
  await put(1)
  await createAcknowledgements(state).record({ ...nothing, number: 1, sources: undefined, merged: undefined })
  const merged = { counters: [], counterIds: new Set([ID]) }
  await outbox.putMerged(2, merged)
  await put(3)
  await delivery.send()
  assert.deepEqual([await numbers(), sent.length, (await latest()).number], [[], 1, 3])
  assert.deepEqual((await latest()).merged?.counterIds, merged.counterIds)
  await outbox.putMerged(4, merged)
  now.verdict = personsNo
  await delivery.send()
  assert.deepEqual(await numbers(), [])
})

test('an entry that cannot be read, or has gone meanwhile, keeps no other from being sent', async () => {
  const inner = createMemoryStore()
  const denied = Object.assign(new Error('permission denied'), { code: 'EACCES' })
  const { delivery, log, numbers, put, sent } = createSender({
    change: {
      ...inner,
      async read(name) {
        if (name === 'outbox/0000000001.json') throw denied
        return name === 'outbox/0000000002.json' ? undefined : inner.read(name)
      },
    },
  })
  for (const number of [1, 2, 3]) await put(number)
  await delivery.send()
  assert.equal(sent.length, 1)
  assert.deepEqual(
    log.lines.filter((line) => !line.startsWith('info')),
    [],
  )
  assert.ok(!(await numbers()).includes(3))
})

test('a report of which another process records the outcome meanwhile is not sent again', async () => {
  const { answers, delivery, latest, numbers, put, sent, state } = createSender()
  for (const number of [1, 2, 3]) await put(number)
  answers.push(async () => {
    await createAcknowledgements(state).record({ ...(await latest()), number: 2 })
    return { outcome: 'accepted' }
  })
  await delivery.send()
  assert.deepEqual([sent.length, await numbers()], [2, []])
})

test('very many entries that have an outcome keep no report from being sent, and do not count as waiting', async () => {
  const { delivery, entries, latest, inner, log, numbers, put, sent, state } = createSender()
  const ten = (number: number) => String(number).padStart(10, '0')
  for (let number = 1; number <= 1_001; number++) await inner.write(`outbox/${ten(number)}.json`, 'x')
  await createAcknowledgements(state).record({ ...(await latest()), number: 1_001 })
  for (let number = 1_002; number <= 1_061; number++) await put(number)
  await delivery.send()
  assert.deepEqual([sent.length, (await numbers()).length], [60, 1])
  assert.deepEqual(
    (await entries()).filter((entry) => entry.includes('discarded')),
    [],
  )
  assert.ok(log.lines.every((line) => line.startsWith('info')))
})

test('too many reports: the oldest but the first one are discarded, and what waits for a month is as well', async () => {
  const TOO_MUCH =
    'at most 60 reports wait, for at most 30 days, and the oldest that was not tried goes first'
  for (const [reports, age, discarded, odd] of [
    [60, 0, [], 0],
    [62, 0, [2, 3], 0],
    [500, 0, Array.from({ length: 440 }, (_, index) => index + 2), 0],
    [63, 0, [3], 2],
    [4, 30 * DAY, [], 0],
    [4, 30 * DAY + 1, [2, 3], 0],
  ] as const) {
    const { answers, clock, delivery, entries, inner, numbers, outbox, put } = createSender()
    for (let number = 1; number <= reports; number++)
      if (number === odd) await put(number, { bytes: ERASURE })
      else if (number === odd + 2 && odd > 0)
        await outbox.putMerged(number, { counters: [], counterIds: new Set() })
      else await put(number)
    await clock.advance(age)
    answers.push({ outcome: 'unavailable', reason: 'x' })
    await delivery.send()
    assert.deepEqual(
      await entries(),
      discarded.map((number) => `report ${number} discarded: ${TOO_MUCH}`),
    )
    assert.equal((await numbers()).length, reports - discarded.length, `${reports} ${age}`)
    assert.equal((await inner.list('outbox')).length, reports - discarded.length)
  }
})

test('of very many reports the rest is discarded with one line, but a request for erasure stays', async () => {
  const { answers, delivery, inner, log, numbers, outbox, put } = createSender()
  for (let number = 1; number <= 502; number++) await put(number)
  await inner.remove('outbox/0000000010.json')
  for (const number of [11, 12]) await inner.remove(`outbox/00000000${number}.json`)
  await outbox.putMerged(12, { counters: [], counterIds: new Set() })
  await put(10, { bytes: ERASURE })
  await inner.write('outbox/0000000011.json', 'torn')
  answers.push({ outcome: 'unavailable', reason: 'x' })
  await delivery.send()
  const left = await numbers()
  assert.deepEqual([left.length, left.slice(0, 4)], [63, [1, 10, 12, 443]])
  assert.equal(
    log.lines[0],
    'warn: Of 502 usage reports that wait in memory, 439 are discarded: at most 60 reports wait, for at most 30 days, and the oldest that was not tried goes first.',
  )
})

test('of very many waiting reports a round handles a thousand, and the next one the rest', async () => {
  const many = createSender()
  for (let number = 1; number <= 1_101; number++) await many.put(number)
  many.answers.push({ outcome: 'unavailable', reason: 'x' })
  await many.delivery.send()
  assert.equal((await many.numbers()).length, 101, 'a thousand are discarded')

  const erasures = createSender()
  for (let number = 1; number <= 1_001; number++) await erasures.put(number, { bytes: ERASURE })
  await erasures.delivery.send()
  assert.equal(erasures.sent.length, 1_000)
  await erasures.delivery.send()
  assert.equal(erasures.sent.length, 1_001)

  const gone = createSender()
  for (let number = 1; number <= 1_000; number++) await gone.put(number, { bytes: reportOf('acme.gone') })
  await gone.put(1_001)
  assert.equal((await exported(gone)).problem, 'no report waits that may be exported')
})

test('an outcome that cannot be recorded ends the round: the next one tries it again', async () => {
  const inner = createMemoryStore()
  let isFull = false
  const { delivery, log, put, sent, numbers } = createSender({
    change: {
      ...inner,
      create: (name, data) =>
        isFull && name.startsWith('acknowledged')
          ? Promise.reject(new Error('ENOSPC'))
          : inner.create(name, data),
    },
  })
  await put(1)
  await put(2)
  isFull = true
  await delivery.send()
  assert.deepEqual([sent.length, await numbers()], [1, [1, 2]])
  assert.equal(log.lines.at(-1), 'debug: Usage reports wait in memory: ENOSPC.')
  isFull = false
  await delivery.send()
  assert.deepEqual([sent.length, await numbers()], [2, []])
})

test('a process that another one has taken over from while it was sending sends no other report', async () => {
  const { answers, delivery, inner, numbers, put, sent } = createSender()
  for (const number of [1, 2, 3]) await put(number)
  answers.push(async () => {
    await inner.write('leases/drain.0999999999.json', '{}')
    return { outcome: 'accepted' }
  })
  await delivery.send()
  assert.deepEqual([sent.length, await numbers()], [1, [2, 3]])
})

test('where nothing waits, sending writes nothing', async () => {
  const inner = createMemoryStore()
  let changes = 0
  const create: StateStore['create'] = (name, data) => {
    changes++
    return inner.create(name, data)
  }
  await createSender({ change: { ...inner, create } }).delivery.send()
  assert.equal(changes, 0)
})

test('the log of a host forgets by the clock of that host', async () => {
  const { accept, clock, entries } = createSender()
  await accept('first')
  await clock.advance(401 * DAY)
  for (const id of ['second', 'third']) await accept(id)
  assert.deepEqual(
    (await entries()).map((entry) => entry.split(' ')[0]),
    ['second', 'third'],
  )
})

test('while another process sends, this one leaves the reports to it', async () => {
  const { clock, delivery, inner, put, sent, state } = createSender()
  await put(1)
  const lease = await takeSendingLease(state, clock)
  const { problem } = await delivery.export(() => {})
  assert.equal(problem, 'another process is sending reports right now; ask again')
  await delivery.send()
  assert.deepEqual(sent, [])
  await lease?.release()
  await delivery.send()
  assert.deepEqual([sent.length, await inner.list('leases')], [1, []], 'and it leaves no lease behind')
})

/** Returns a document's text, and why reports still wait. */
async function exported(
  { delivery }: ReturnType<typeof createSender>,
  save: (text: string) => void = () => {},
) {
  const { document, problem, outcomes } = await delivery.export(({ bytes }) => save(textOf(bytes)))
  return {
    text: document && textOf(document.bytes),
    ids: document?.reportIds,
    problem,
    outcomes: plain(outcomes),
  }
}

test('an export has the reports that wait as they are, and those that were written otherwise with the same content', async () => {
  const sender = createSender()
  const odd = `{ "resourceMetrics": ${JSON.stringify([JSON.parse(textOf(reportOf('acme.plan'))).resourceMetrics[0]])} }`
  const more = `{"resourceMetrics":${JSON.stringify(JSON.parse(textOf(reportOf('acme.plan'))).resourceMetrics)},"more":[{}]}`
  const escaped = textOf(reportOf()).replace('"paid"', '"\\u0070aid"')
  await sender.put(1, { bytes: bytesOf(escaped) })
  await sender.put(2, { bytes: bytesOf(odd) })
  await sender.put(3, { bytes: bytesOf(more) })
  const { text, ids, problem, outcomes } = await exported(sender)
  const [item, plan] = [escaped, textOf(reportOf('acme.plan'))].map((one) => one.slice(20, -2))
  assert.equal(text, `{"resourceMetrics":[${item},${plan},${plan}]}`)
  assert.deepEqual(ids, ['report 1', 'report 2', 'report 3'])
  assert.equal(problem, undefined)
  assert.match(
    JSON.stringify(outcomes['report 3']),
    /^{"outcome":"exported","reason":"in a document with SHA-256 [0-9a-f]{64}"}$/,
  )
  assert.match(
    sender.log.lines[0] ?? '',
    /^info: Usage report report 1 exported, in a document with SHA-256 [0-9a-f]{64}: {/,
  )
  assert.deepEqual([await sender.numbers(), await sender.inner.list('leases')], [[], []])
})

test('a report that has an outcome already is not exported again', async () => {
  const sender = createSender()
  for (const number of [1, 2]) await sender.put(number)
  await createAcknowledgements(sender.state).record({ ...(await sender.latest()), number: 1 })
  assert.deepEqual((await exported(sender)).ids, ['report 2'])
})

test('nothing is exported where nothing may be, or nothing waits that may be', async () => {
  const sender = createSender()
  assert.deepEqual(await exported(sender), {
    ...{ text: undefined, ids: undefined, outcomes: {}, problem: 'no report waits that may be exported' },
  })
  await sender.put(1, { bytes: reportOf('acme.gone') })
  assert.equal((await exported(sender)).problem, 'no report waits that may be exported')
  sender.now.maySend = false
  await sender.put(2)
  assert.equal((await exported(sender)).problem, yes.because)
  assert.deepEqual(await sender.numbers(), [1, 2])
})

test('a document takes sixteen reports and 250,000 bytes, and an export says how many are left', async () => {
  for (const [reports, size, first, problem] of [
    [16, 100, 16, undefined],
    [17, 100, 16, 'one report still waits, because a document is full; export again'],
    [18, 100, 16, '2 reports still wait, because a document is full; export again'],
    [3, 125_000, 2, 'one report still waits, because a document is full; export again'],
    [3, 125_001, 1, '2 reports still wait, because a document is full; export again'],
  ] as const) {
    const sender = createSender()
    const bytes = bytesOf(textOf(reportOf()).padEnd(size))
    for (let number = 1; number <= reports; number++) await sender.put(number, { bytes })
    const found = await exported(sender)
    assert.deepEqual([found.ids?.length, found.problem], [first, problem], `${reports} of ${size}`)
    assert.equal((await sender.numbers()).length, reports - first)
  }
})

test('an export has what waits in the store and in memory, and all of it is recorded as exported', async () => {
  const sender = createSender()
  for (const number of [1, 2]) await sender.put(number)
  for (const number of [1, 2]) await sender.accept(`memory ${number}`, { pending: volatile(number) })
  const { ids, outcomes, problem } = await exported(sender)
  assert.deepEqual(ids, ['report 1', 'report 2', 'memory 1', 'memory 2'])
  assert.deepEqual([Object.keys(outcomes), problem], [ids, undefined])
})

test('a report between exported ones whose facts may not leave is discarded; one that was put there meanwhile waits', async () => {
  const sender = createSender()
  await sender.put(1)
  await sender.put(2, { bytes: reportOf('acme.gone') })
  await sender.put(3)
  const { ids, outcomes } = await exported(sender, () => void sender.put(4))
  assert.deepEqual(ids, ['report 1', 'report 3'])
  assert.deepEqual((outcomes['report 2'] as { outcome?: string } | undefined)?.outcome, 'discarded')
  assert.deepEqual(await sender.numbers(), [4])
})

test('an export that was saved but not recorded says that the receiver may get its reports twice, and one that was not saved says why', async () => {
  const inner = createMemoryStore()
  const sender = createSender({
    change: {
      ...inner,
      create: (name, data) =>
        name.startsWith('acknowledged') ? Promise.reject(new Error('ENOSPC')) : inner.create(name, data),
    },
  })
  await sender.put(1)
  const failed = await exported(sender, () => {
    throw new Error('the stick was pulled out')
  })
  assert.equal(failed.problem, 'the export was not saved: the stick was pulled out')
  assert.equal(failed.text, undefined)
  const { problem, text } = await exported(sender)
  assert.equal(
    problem,
    'the document is saved, but that could not be recorded: its reports wait, and may reach the receiver twice, under the same ids',
  )
  assert.notEqual(text, undefined)
  assert.deepEqual(await sender.numbers(), [1])
})

test('an export of which only a part was recorded says so too; where the rest cannot be counted it says nothing of it', async () => {
  for (const [fails, problem] of [
    ['acknowledged/0000000002.json', /could not be recorded/],
    ['outbox', undefined],
  ] as const) {
    const inner = createMemoryStore()
    let isOver = false
    const sender = createSender({
      change: {
        ...inner,
        async create(name, data) {
          if (name === fails) throw new Error('ENOSPC')
          isOver ||= name === 'acknowledged/0000000002.json'
          return inner.create(name, data)
        },
        async list(folder) {
          if (isOver && folder === fails) throw new Error('EIO')
          return inner.list(folder)
        },
      },
    })
    await sender.put(1)
    await sender.put(2)
    const found = await exported(sender)
    assert.deepEqual(found.ids, ['report 1', 'report 2'])
    if (problem) assert.match(found.problem ?? '', problem)
    else assert.equal(found.problem, undefined)
  }
})

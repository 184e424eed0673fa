/** The stream of events, and readers that are slow, gone or no longer permitted. */
import assert from 'node:assert/strict'
import http from 'node:http'
import net from 'node:net'
import { test } from 'node:test'
import { type AdminAccess, createAdminHandler } from '../../src/admin.ts'
import { createAcme } from '../support/acme.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { keptMemory } from '../support/kept-memory.ts'
import { until } from '../support/until.ts'
import { ALICE, listen, serve } from './served.ts'

const URL_OF_EVENTS = 'http://localhost/telemetry/events'

/** Returns a reader of a stream that returns the text until an event comes. */
function readerOf(answer: Response) {
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader() ?? assert.fail()
  return {
    async until(event: string): Promise<string> {
      let text = ''
      while (!text.includes(`event: ${event}\n`)) {
        const { done, value } = await reader.read()
        if (done) assert.fail(`The stream ended after ${JSON.stringify(text)}`)
        text += value
      }
      return text
    },
    next: () => reader.read(),
    cancel: () => reader.cancel(),
  }
}

/** Returns the handler of a product whose changes of consent the test makes, and the number of those who listen for them. */
function watched() {
  const usage = createAcme({ consent: { default: 'undecided' } })
  const listening = new Set<(verdict: object) => void>()
  const consent = {
    ...usage.consent,
    on(_: 'change', listener: (verdict: never, before: never) => void) {
      listening.add(listener as never)
      return () => void listening.delete(listener as never)
    },
  }
  return {
    admin: createAdminHandler({ ...usage, consent }, { authorize: () => ALICE }),
    listeners: () => listening.size,
    send(verdict: object) {
      for (const listener of listening) listener(verdict)
    },
  }
}

test('a page that stays open sees decisions and reports as they happen', async () => {
  await using served = await serve({ authorize: () => ALICE }, { consent: { default: 'disabled' } })
  const answer = await fetch(`http://127.0.0.1:${served.port}/telemetry/events`)
  assert.equal(answer.headers.get('content-type'), 'text/event-stream')
  const reader = readerOf(answer)
  await reader.until('ready')
  const { reportId } = await served.usage.report()
  const seen = await reader.until('report')
  assert.match(
    seen,
    new RegExp(`data: {"at":".*","reportId":"${reportId}","kind":"report","outcome":"suppressed"`),
  )
  await served.usage.consent.set('basic', { by: 'bob' })
  assert.match(await reader.until('consent'), /"state":"enabled","level":"basic","source":"stored-choice"/)
  await reader.cancel()
})

test('of 10,000 events a reader that reads none keeps a hundred at most, and then reads that it has missed some', async () => {
  const { admin, send, listeners } = watched()
  const reader = readerOf(await admin.fetch(new Request(URL_OF_EVENTS)))
  await reader.until('ready')
  assert.equal(listeners(), 1)
  const before = keptMemory()
  const because = 'x'.repeat(10_000)
  for (let number = 0; number < 10_000; number++)
    send({
      state: 'enabled',
      level: 'full',
      source: 'flag',
      because: because + number,
      locked: false,
    })
  assert.ok(keptMemory() - before < 40e6, 'the events do not wait in memory')
  const { value = '' } = await reader.next()
  assert.match(value, /^event: missed\n/)
  assert.ok(value.split('event: consent').length <= 101)
  await reader.cancel()
  assert.equal(listeners(), 0)
})

test('a connection that is not read holds back its own stream, and neither memory nor another stream', async () => {
  const { admin, send } = watched()
  await using server = await listen(http.createServer(admin))
  const deaf = net.connect(server.port, '127.0.0.1').pause()
  deaf.write('GET /telemetry/events HTTP/1.1\r\nHost: localhost\r\n\r\n')
  const reader = readerOf(await fetch(`http://127.0.0.1:${server.port}/telemetry/events`))
  await reader.until('ready')
  const before = keptMemory()
  const because = 'x'.repeat(10_000)
  for (let number = 0; number < 10_000; number++) {
    send({ state: 'enabled', level: 'full', source: 'flag', because, locked: false })
    if (number % 50 === 0) await reader.until('consent')
  }
  const kept = keptMemory() - before
  assert.ok(kept < 40e6, `${kept} bytes`)
  await reader.cancel()
  deaf.destroy()
})

test('a stream of many large events leaves no listener at its connection: Node.js warned of them on standard error', async () => {
  const { admin, send } = watched()
  let listeners = () => 0
  await using server = await listen(
    http.createServer((request, response) => {
      listeners = () => response.listenerCount('close') + response.listenerCount('drain')
      admin(request, response)
    }),
  )
  const reader = readerOf(await fetch(`http://127.0.0.1:${server.port}/telemetry/events`))
  await reader.until('ready')
  const before = listeners()
  for (let number = 0; number < 20; number++) {
    send({ state: 'enabled', level: 'full', source: 'flag', because: 'x'.repeat(100_000), locked: false })
    await reader.until('consent')
  }
  // One wait may be under way.
  assert.ok(listeners() <= before + 2, `${listeners()} listeners, and ${before} before`)
  await reader.cancel()
})

test('a stream ends with the session of its reader, and shows a sign of life while the session lasts', async () => {
  const clock = createFakeClock()
  let access: AdminAccess | undefined = ALICE
  const admin = createAdminHandler(createAcme(), { authorize: () => access, clock })
  const reader = readerOf(await admin.fetch(new Request(URL_OF_EVENTS)))
  await reader.until('ready')
  const alive = reader.next()
  await clock.advance(15_000)
  assert.deepEqual(await alive, { done: false, value: ': alive\n\n' })
  access = undefined
  const ended = reader.next()
  await clock.advance(15_000)
  assert.equal((await ended).done, true)
})

test('a reader that has gone is listened for no longer, streams are counted, and close() ends them', async () => {
  await using served = await serve()
  const open = () => fetch(`http://127.0.0.1:${served.port}/telemetry/events`)
  const first = readerOf(await open())
  await first.until('ready')
  const others = await Promise.all(Array.from({ length: 31 }, open))
  const full = await open()
  assert.deepEqual([full.status, full.headers.get('retry-after')], [503, '60'])
  await full.body?.cancel()
  await first.cancel()
  await until(async () => {
    const again = await open()
    await again.body?.cancel()
    return again.status === 200
  })
  served.admin.close()
  for (const one of others) assert.match(await one.text(), /event: ready/)
})

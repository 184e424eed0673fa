import assert from 'node:assert/strict'
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { after, test } from 'node:test'
import { createPostgresStore, type StateStore } from '../../src/state/index.ts'
import { bundled } from '../support/bundled.ts'
import { startPostgres } from '../support/postgres.ts'
import { createScratch } from '../support/scratch.ts'
import { consentIn } from './running.ts'

const PROCESSES = 50
const CHOICES = ['enabled', 'disabled', 'undecided', 'basic', 'some', 'full']

const scratch = createScratch()
after(() => scratch[Symbol.dispose]())
const program = bundled(path.join(import.meta.dirname, 'hosts/choose.ts'), scratch.directory)
const environment = { ...process.env, NODE_COMPILE_CACHE: path.join(scratch.directory, 'compiled') }

type Host = ChildProcessByStdio<Writable, Readable, null>

/** A process that has loaded everything and waits for the word to choose. */
async function ready(
  place: string,
  choice: string,
  by: string,
  expected: readonly string[] = [],
): Promise<Host> {
  const args = [program, place, choice, by, ...expected]
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'], env: environment })
  await once(child.stdout, 'data')
  return child
}

const readyWith = (directory: string, index: number) =>
  ready(directory, choiceOf(index), `admin ${index} ${'x'.repeat(100)}`)

const choiceOf = (index: number) => CHOICES[index % CHOICES.length] ?? ''

test('fifty processes that choose at once on one directory: the last line wins whole, and the history has all fifty', async () => {
  using scratch = createScratch()
  const directory = path.join(scratch.directory, 'made/by/the/first')
  const hosts: Host[] = []
  // Started a few at a time, so that the machine can load them; released all at once.
  for (let start = 0; start < PROCESSES; start += 5) {
    const batch = Array.from({ length: 5 }, (_, offset) => readyWith(directory, start + offset))
    hosts.push(...(await Promise.all(batch)))
  }
  const ends = hosts.map((child) => once(child, 'exit'))
  for (const { stdin } of hosts) stdin.write('go\n')
  for (const [code] of await Promise.all(ends)) assert.equal(code, 0)

  const lines = readFileSync(path.join(directory, 'consent.jsonl'), 'utf8').split('\n').filter(Boolean)
  const written = lines.map((line) => JSON.parse(line))
  assert.equal(written.length, PROCESSES)
  const consent = consentIn(directory)
  const history = await consent.history()
  assert.deepEqual(
    history.map(({ by }) => by),
    written.map(({ by }) => by),
  )
  const numbers = history.map(({ by }) => Number(by.split(' ')[1]))
  assert.deepEqual(
    numbers.toSorted((a, b) => a - b),
    Array.from({ length: PROCESSES }, (_, index) => index),
  )
  for (const [place, { state, level }] of history.entries()) {
    const choice = choiceOf(numbers[place] ?? -1)
    assert.equal(level ?? state, choice)
  }

  const verdict = await consent.begin()
  assert.deepEqual(verdict.warnings, [])
  const last = history.at(-1) ?? assert.fail('no choice')
  assert.equal(verdict.state, last.state)
  if (last.state === 'enabled') assert.equal(verdict.level, last.level ?? 'full')
  if (last.state !== 'undecided') assert.equal(verdict.since, last.at)
})

/** Lets processes choose at once that have all seen that nobody has decided; exactly one may succeed. */
async function chooseOnce(place: string, store: () => string | StateStore, round: number): Promise<void> {
  // The first line of a file is made otherwise than the next one.
  if (round > 0) await consentIn(store()).set('undecided', { by: 'first' })
  const hosts = await Promise.all(
    ['enabled', 'disabled', 'basic', 'disabled', 'full'].map((choice, index) =>
      ready(place, choice, `admin ${index}`, ['undecided']),
    ),
  )
  const ends = hosts.map(async (child) => {
    const said = text(child.stdout)
    const [code] = await once(child, 'exit')
    assert.equal(code, 0)
    return said
  })
  for (const { stdin } of hosts) stdin.write('go\n')
  const said = await Promise.all(ends)
  const won = said.filter((one) => !one.startsWith('changed'))
  assert.equal(won.length, 1, said.join(''))
  const consent = consentIn(store())
  const { state } = await consent.begin()
  assert.match(won[0] ?? '', new RegExp(`^${state} `))
  assert.equal((await consent.history()).length, round > 0 ? 2 : 1)
  for (const one of said) if (one !== won[0]) assert.equal(one, `changed to ${state}\n`)
}

test('of processes that choose at once and have all seen that nobody has decided, exactly one succeeds on a directory', async () => {
  for (let round = 0; round < 3; round++) {
    using scratch = createScratch()
    await chooseOnce(scratch.directory, () => scratch.directory, round)
  }
})

test('of such processes exactly one succeeds on PostgreSQL', async () => {
  await using server = await startPostgres()
  for (let round = 0; round < 3; round++) {
    const pool = server.pool()
    await chooseOnce(JSON.stringify(server.connection), () => createPostgresStore({ pool }), round)
    await pool.query('DROP TABLE otel_usage_state')
  }
})

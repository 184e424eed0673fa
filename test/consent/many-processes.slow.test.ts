import assert from 'node:assert/strict'
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { test } from 'node:test'
import { createScratch } from '../support/scratch.ts'
import { consentIn } from './running.ts'

const PROCESSES = 50
const CHOICES = ['enabled', 'disabled', 'undecided', 'basic', 'some', 'full']

type Host = ChildProcessByStdio<Writable, Readable, null>

/** A process that has loaded everything and waits for the word to choose. */
async function ready(directory: string, index: number): Promise<Host> {
  const host = path.join(import.meta.dirname, 'hosts/choose.ts')
  const args = [host, directory, choiceOf(index), `admin ${index} ${'x'.repeat(100)}`]
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  await once(child.stdout, 'data')
  return child
}

const choiceOf = (index: number) => CHOICES[index % CHOICES.length] ?? ''

test('fifty processes that choose at once on one directory: the last line wins whole, and the history has all fifty', async () => {
  using scratch = createScratch()
  const directory = path.join(scratch.directory, 'made/by/the/first')
  const hosts: Host[] = []
  // Started a few at a time, so that the machine can load them; released all at once.
  for (let start = 0; start < PROCESSES; start += 5) {
    const batch = Array.from({ length: 5 }, (_, offset) => ready(directory, start + offset))
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

/** A command that root runs beside a service must not take the service's choices away from it. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { chownSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { createAcme } from '../support/acme.ts'
import { bareEnvironment } from '../support/bare-environment.ts'
import { createScratch } from '../support/scratch.ts'

const run = promisify(execFile)
const SERVICE = 54_322
const CHOOSE = path.join(import.meta.dirname, 'hosts/choose.ts')
const VERDICT = path.join(import.meta.dirname, 'hosts/verdict.ts')
const skip = process.getuid?.() === 0 ? false : 'only root can run a process of another user'

const asService = async (...args: string[]) => {
  const { stdout } = await run(process.execPath, args, {
    uid: SERVICE,
    gid: SERVICE,
    cwd: '/',
    env: bareEnvironment(),
  })
  return stdout
}

const stateOfService = async (state: string) =>
  JSON.parse(await asService(VERDICT, JSON.stringify({ state, consent: { default: 'undecided' } })))

test('a choice that lies in a file of another user is a no that says so, and the next choice of the service holds', {
  skip,
}, async () => {
  using scratch = createScratch()
  const { directory } = scratch
  chownSync(directory, SERVICE, SERVICE)
  await createAcme({ state: directory }).consent.set('enabled', { by: 'root' })
  for (const name of readdirSync(directory)) chownSync(path.join(directory, name), 0, 0)
  chownSync(path.join(directory, 'product.json'), SERVICE, SERVICE)
  const before = await stateOfService(directory)
  assert.deepEqual([before.state, before.source], ['disabled', 'stored-choice'])
  assert.match(before.warnings.join(), /consent\.jsonl (?:cannot be read|belongs to)/)
  await asService(CHOOSE, directory, 'enabled', 'alice')
  assert.equal((await stateOfService(directory)).state, 'enabled')
  const aside = readdirSync(directory).filter((name) => name.endsWith('.unreadable'))
  assert.equal(aside.length, 1)
  assert.match(readFileSync(path.join(directory, aside[0] ?? ''), 'utf8'), /"by":"root"/)
})

test('a choice of root in the directory of a service is read by the service', { skip }, async () => {
  for (const choice of ['enabled', 'disabled']) {
    using scratch = createScratch()
    const { directory } = scratch
    chownSync(directory, SERVICE, SERVICE)
    await createAcme({ state: directory }).consent.set(choice, { by: 'root' })
    const { state, source, warnings } = await stateOfService(directory)
    assert.deepEqual([state, source, warnings], [choice, 'stored-choice', []])
  }
})

/** CI systems, test runners and agents, in processes of their own: what tells of them is the process's environment. */
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { test } from 'node:test'
import { createScratch } from '../support/scratch.ts'
import { verdictOf } from './host-process.ts'

const DISABLED = { automation: 'disabled', default: 'enabled' } as const

for (const [environment, what] of [
  [{ CI: 'true' }, 'CI'],
  [{ GITHUB_ACTIONS: 'true', CI: 'true' }, 'CI github_actions'],
  [{ GITLAB_CI: 'true' }, 'CI gitlab'],
  [{ NODE_ENV: 'test' }, 'a test'],
  [{ AI_AGENT: 'x' }, 'the agent x'],
  [{ AI_AGENT: 'x', CI: 'true', NODE_ENV: 'test' }, 'the agent x'],
] as const) {
  test(`${JSON.stringify(environment)} is a no where the product wants that, and nothing where it does not`, async () => {
    using scratch = createScratch()
    const no = await verdictOf(scratch.directory, { consent: { ...DISABLED, flag: 'on' } }, environment)
    assert.deepEqual([no.state, no.source, no.locked], ['disabled', 'automation', true])
    assert.equal(no.because, `a process that no person runs ('${what}')`)
    assert.deepEqual(no.loaded, [])
    assert.equal(no.warnings.length, 1)
    assert.deepEqual(readdirSync(scratch.directory), ['host.json', 'product.json', 'schedule.json'])

    for (const consent of [{ default: 'enabled', automation: 'ignore' }, { default: 'enabled' }]) {
      const ignored = await verdictOf(scratch.directory, { consent }, environment)
      assert.deepEqual([ignored.state, ignored.source, ignored.loaded], ['enabled', 'default', []])
    }
  })
}

test('where there is no sign of a CI system, a test or an agent, the check says neither yes nor no', async () => {
  using scratch = createScratch()
  for (const [byDefault, state] of [
    ['enabled', 'enabled'],
    ['disabled', 'disabled'],
    ['undecided', 'undecided'],
  ]) {
    const verdict = await verdictOf(scratch.directory, { consent: { ...DISABLED, default: byDefault } }, {})
    assert.deepEqual([verdict.state, verdict.source, verdict.warnings], [state, 'default', []])
  }
  const production = await verdictOf(
    scratch.directory,
    { consent: DISABLED },
    { NODE_ENV: 'production', CI: '' },
  )
  assert.equal(production.state, 'enabled')
})

test('a no that comes first comes first with a CI system as well, and a product may leave it out', async () => {
  using scratch = createScratch()
  const environment = { CI: 'true', DO_NOT_TRACK: '1' }
  assert.equal(
    (await verdictOf(scratch.directory, { consent: DISABLED }, environment)).source,
    'do-not-track',
  )
  const consent = { ...DISABLED, ignore: ['automation', 'do-not-track'] }
  assert.equal((await verdictOf(scratch.directory, { consent }, environment)).state, 'enabled')
})

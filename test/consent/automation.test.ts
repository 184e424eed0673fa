/** What tells of a CI system, a test runner or an AI agent: the environment that was handed in, and no word for no in it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { explainConsent } from '../../src/index.ts'
import { detectAutomation } from '../../src/library/consent/automation.ts'
import { acmeCatalog } from '../support/acme.ts'

const NO = ['', ' ', '0', 'false', 'FALSE', 'no', ' No ', 'off', 'n', 'f', 'disabled']
const detect = (environment: Record<string, string>) => detectAutomation(environment, () => false)

/** What the package `std-env` asks the environment for, with its answers where one variable alone is set. */
const standard = () => (answers ??= askStandard())
let answers: ReturnType<typeof askStandard> | undefined

async function askStandard() {
  const asked = new Set<string>()
  let set: Record<string, string> = {}
  const before = process.env
  process.env = new Proxy(before, {
    get: (_, name) => (typeof name === 'string' && asked.add(name) ? set[name] : undefined),
  })
  try {
    const { detectAgent, detectProvider } = await import('std-env')
    asked.clear()
    detectAgent()
    detectProvider()
    const tells = (environment: Record<string, string>) => {
      set = environment
      const provider = detectProvider()
      return detectAgent().name !== undefined || (provider.name !== '' && provider['ci'] !== false)
    }
    return [...asked].map((name) => ({ name, tells: tells({ [name]: 'x' }) }))
  } finally {
    process.env = before
  }
}

test('every variable that std-env takes for automation is known here, and no other of its variables', async () => {
  const known = await standard()
  assert.ok(known.length > 60, `${known.length}`)
  for (const { name, tells } of known) assert.equal(detect({ [name]: 'x' }) !== undefined, tells, name)
})

test('CI=false, CI=0 and TEST=false, and every other variable that is set to a word for no, do not count as automation', async () => {
  const names = (await standard()).filter(({ tells }) => tells).map(({ name }) => name)
  for (const name of [...names, 'CI', 'TEST', 'AI_AGENT', 'CLAUDECODE', 'GITHUB_ACTIONS', 'CURSOR_AGENT']) {
    for (const value of NO) assert.equal(detect({ [name]: value }), undefined, `${name}='${value}'`)
    assert.notEqual(detect({ [name]: '1' }), undefined, name)
  }
  assert.equal(detect({ NODE_ENV: 'production' }), undefined)
})

test('a word for no says nothing about the other variables', () => {
  assert.equal(detect({ CI: 'false', GITHUB_ACTIONS: 'true' }), 'CI github_actions')
  assert.equal(detect({ GITHUB_ACTIONS: 'false', CI: 'true' }), 'CI')
  assert.equal(detect({ AI_AGENT: 'false', CLAUDECODE: '1' }), 'the agent claude')
  assert.equal(detect({ AI_AGENT: '0', TEST: '1' }), 'a test')
})

test('agents that leave a trace in a variable of another use are known by it, one of them only without a terminal', () => {
  assert.equal(detect({ PATH: '/home/a/.pi/agent/bin:/usr/bin' }), 'the agent pi')
  assert.equal(detect({ EDITOR: '/opt/devin' }), 'the agent devin')
  assert.equal(
    detectAutomation({ TERM_PROGRAM: 'kiro' }, () => false),
    'the agent kiro',
  )
  assert.equal(
    detectAutomation({ TERM_PROGRAM: 'kiro' }, () => true),
    undefined,
  )
})

test('the environment that is handed in counts, and not that of the process', async () => {
  const options = {
    product: { name: 'acme-db', version: '2.4.0' },
    catalog: acmeCatalog,
    endpoint: 'http://127.0.0.1:9',
    consent: { default: 'enabled', automation: 'disabled' },
  } as const
  const before = process.env['CI']
  process.env['CI'] = 'true'
  try {
    assert.equal((await explainConsent({ ...options, environment: {} })).state, 'enabled')
    process.env['CI'] = ''
    const verdict = await explainConsent({ ...options, environment: { CI: '1' } })
    assert.deepEqual(
      [verdict.state, verdict.source, verdict.disabledBy],
      ['disabled', 'automation', 'circumstance'],
    )
  } finally {
    if (before === undefined) delete process.env['CI']
    else process.env['CI'] = before
  }
})

test('the message names what was found, in lower case and cut off', () => {
  assert.equal(detect({ NODE_ENV: 'test' }), 'a test')
  assert.equal(detect({ NODE_ENV: ' test ' }), 'a test')
  assert.equal(detect({ TEST: '1' }), 'a test')
  assert.equal(detect({ AI_AGENT: 'DevIn', CI: '1' }), 'the agent devin')
  assert.equal(detect({ AI_AGENT: 'x'.repeat(1_000) }), `the agent ${'x'.repeat(200)}`)
  assert.equal(detect({ CI: '1', GITLAB_CI: '' }), 'CI')
  assert.equal(detect({ CLAUDE_CODE: '1', GITLAB_CI: '1' }), 'the agent claude')
})

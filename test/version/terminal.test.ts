/** When the notice is printed after the output of a command. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mayPrint } from '../../src/library/version/terminal.ts'

const at = (changes: {
  environment?: Record<string, string>
  args?: string[]
  terminals?: readonly number[]
  wish?: boolean | (() => boolean)
}) => {
  const { environment = {}, args = [], terminals = [1, 2], wish } = changes
  return mayPrint(wish, { environment, args, hasTerminal: (descriptor) => terminals.includes(descriptor) })
}

test('on a terminal the notice is printed', () => {
  assert.equal(at({}), true)
  assert.equal(at({ args: ['--no-json', 'package.json', '--file', 'data.json'] }), true)
  assert.equal(at({ environment: { CI: 'false' } }), true)
})

for (const [what, changes] of [
  ['standard error is not a terminal', { terminals: [1] }],
  ['standard output goes to a program', { terminals: [2] }],
  ['NO_UPDATE_NOTIFIER is set', { environment: { NO_UPDATE_NOTIFIER: '1' } }],
  ['NO_UPDATE_NOTIFIER is set, and empty', { environment: { NO_UPDATE_NOTIFIER: '' } }],
  ['an argument says so', { args: ['--no-update-notifier'] }],
  ['it runs in CI', { environment: { CI: 'true' } }],
  ['it runs in GitHub Actions', { environment: { GITHUB_ACTIONS: 'true' } }],
  ['an agent runs it', { environment: { CLAUDECODE: '1' } }],
  ['it is a test', { environment: { NODE_ENV: 'test' } }],
  ['--json', { args: ['ls', '--json'] }],
  ['-o json', { args: ['ls', '-o', 'json'] }],
  ['--output=json', { args: ['--output=json'] }],
  ['--format ndjson', { args: ['--format', 'ndjson'] }],
  ['the product says no', { wish: false }],
  ['the product says no by a function', { wish: () => false }],
  [
    "the product's function throws",
    {
      wish: () => {
        throw new Error('x')
      },
    },
  ],
] as const satisfies ReadonlyArray<readonly [string, Parameters<typeof at>[0]]>) {
  test(`the notice is not printed where ${what}`, () =>
    assert.equal(at(changes as Parameters<typeof at>[0]), false))
}

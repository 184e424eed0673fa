import assert from 'node:assert/strict'
import path from 'node:path'
import { test } from 'node:test'
import { defaultStateDirectory } from '../../src/state/index.ts'

for (const [name, environment, platform, expected] of [
  ['the home of state', { HOME: '/home/a', XDG_STATE_HOME: '/state' }, 'linux', '/state/acme/usage'],
  ['the home directory without it', { HOME: '/home/a' }, 'linux', '/home/a/.local/state/acme/usage'],
  [
    'the home directory where the home of state is relative',
    { HOME: '/home/a', XDG_STATE_HOME: 'state' },
    'linux',
    '/home/a/.local/state/acme/usage',
  ],
  ['macOS', { HOME: '/Users/a' }, 'darwin', '/Users/a/Library/Application Support/acme/usage'],
  ['Windows', { LOCALAPPDATA: '/AppData/Local' }, 'win32', '/AppData/Local/acme/usage'],
  ['nowhere', {}, 'linux', undefined],
  ['nowhere on macOS', {}, 'darwin', undefined],
  ['nowhere on Windows', { HOME: '/home/a' }, 'win32', undefined],
  ['nowhere with an empty home', { HOME: '' }, 'linux', undefined],
] as const) {
  test(`state goes to the user's own place: ${name}`, () => {
    const directory = defaultStateDirectory('acme', environment, platform)
    assert.equal(directory || undefined, expected && path.normalize(expected))
  })
}

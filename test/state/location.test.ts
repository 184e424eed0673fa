import assert from 'node:assert/strict'
import { userInfo } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { systemHome } from '../../src/platform/index.ts'
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
    const directory = defaultStateDirectory('acme', environment, platform, () => undefined)
    assert.equal(directory || undefined, expected && path.normalize(expected))
  })
}

for (const [platform, expected] of [
  ['linux', '/home/b/.local/state/acme/usage'],
  ['darwin', '/home/b/Library/Application Support/acme/usage'],
  ['win32', '/home/b/AppData/Local/acme/usage'],
] as const) {
  test(`without HOME, as a service manager starts a process, the system says where the home is: ${platform}`, () => {
    for (const environment of [{}, { HOME: '', LOCALAPPDATA: '' }]) {
      const directory = defaultStateDirectory('acme', environment, platform, () => '/home/b')
      assert.equal(directory, path.normalize(expected))
    }
  })
}

test('the system knows the home of the user that runs this, also without the variable', () => {
  const { HOME } = process.env
  try {
    for (const value of [undefined, '']) {
      if (value === undefined) delete process.env['HOME']
      else process.env['HOME'] = value
      assert.equal(systemHome(), userInfo().homedir)
    }
  } finally {
    if (HOME !== undefined) process.env['HOME'] = HOME
  }
})

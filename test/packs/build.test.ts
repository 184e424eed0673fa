import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type BuildInfo, buildPack } from '../../src/library/packs/index.ts'
import { createPackHost, valuesOf } from './host.ts'

const COMMIT = '9d59409acf479dfa0df1aa568182e43e43df8bbe'

const whole: BuildInfo = {
  commit: COMMIT,
  branch: 'main',
  dirty: false,
  debug: true,
  package: 'deb',
  edition: 'enterprise',
}

const reported = {
  'vcs.ref.head.revision': COMMIT,
  'acme.build.branch': 'main',
  'acme.build.dirty': false,
  'acme.build.debug': true,
  'acme.build.package': 'deb',
  'acme.build.edition': 'enterprise',
}

const options = { since: 1, prefix: 'acme' } as const

test('a build is given as it is, by a function, or by a file', async () => {
  assert.deepEqual(await valuesOf(buildPack({ ...options, build: whole })), reported)
  assert.deepEqual(await valuesOf(buildPack({ ...options, build: async () => whole })), reported)
  const file = new URL('file:///opt/acme/build.json')
  const host = createPackHost({ files: { [file.href]: JSON.stringify(whole) } })
  assert.deepEqual(await valuesOf(buildPack({ ...options, build: file, host })), reported)
})

test('what is not said is absent', async () => {
  assert.deepEqual(await valuesOf(buildPack({ ...options, build: {} })), {})
  assert.deepEqual(await valuesOf(buildPack({ ...options, build: () => undefined })), {})
})

test('a private branch, an unknown edition and an unknown package are other', async () => {
  const build = { branch: 'alice/fix-for-initech', edition: 'initech-special', package: 'initech.msi' }
  assert.deepEqual(await valuesOf(buildPack({ ...options, build })), {
    'acme.build.branch': 'other',
    'acme.build.edition': 'other',
    'acme.build.package': 'other',
  })
})

test('a commit is a whole hash or nothing', async () => {
  for (const commit of ['9d59409', COMMIT.toUpperCase(), `${COMMIT}-dirty`, COMMIT + COMMIT, 'HEAD', '']) {
    assert.deepEqual(await valuesOf(buildPack({ ...options, build: { commit } })), {}, commit)
  }
})

test('a file that is a trap says nothing', async () => {
  const file = new URL('file:///opt/acme/build.json')
  const traps = [
    new Error('permission denied'),
    Uint8Array.of(0x7b, 0x00, 0x7d),
    JSON.stringify({ ...whole, padding: 'x'.repeat(70_000) }),
    '{"commit":',
    'null',
    '"main"',
    '{"commit":1,"branch":["main"],"dirty":"no","debug":1,"package":{},"edition":null}',
  ]
  for (const trap of traps) {
    const host = createPackHost({ files: { [file.href]: trap } })
    assert.deepEqual(await valuesOf(buildPack({ ...options, build: file, host })), {})
  }
  const elsewhere = new URL('https://acme.example/build.json')
  assert.deepEqual(await valuesOf(buildPack({ ...options, build: elsewhere })), {})
})

test("the product's own branches and editions are the values of its facts", () => {
  const pack = buildPack({ ...options, build: {}, branches: ['main', 'next'], editions: ['free', 'other'] })
  const branches: readonly ['main', 'next', 'other'] = pack.facts['acme.build.branch'].values
  assert.deepEqual(branches, ['main', 'next', 'other'])
  assert.deepEqual(pack.facts['acme.build.edition'].values, ['free', 'other'])
})

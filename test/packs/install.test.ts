import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import path from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { type InstallPackOptions, installPack } from '../../src/library/packs/index.ts'
import { bundled } from '../support/bundled.ts'
import { createPackHost, type Machine } from './host.ts'

type Options = Partial<InstallPackOptions<'acme'>>

const packOf = (options: Options, machine: Machine = {}) =>
  installPack({ since: 1, prefix: 'acme', host: createPackHost(machine), ...options })

const methodOf = (options: Options, machine?: Machine) =>
  packOf(options, machine).sources['acme.install.method']()

const dateOf = (options: Options) => packOf(options).sources['acme.install.date']()

const NPM = '/usr/lib/node_modules/acme-db'

const METHODS: Record<string, readonly [Options, Machine, string]> = {
  'nothing known': [{}, {}, 'unknown'],
  'said by the product': [{ method: 'rpm' }, { files: { '/.dockerenv': '' } }, 'rpm'],
  'asked of the product': [{ method: async () => 'homebrew' as const }, {}, 'homebrew'],
  'a word of nobody': [{ method: 'alices-script' as never }, {}, 'other'],
  'said by the packager': [{ marker: '/opt/acme/method' }, { files: { '/opt/acme/method': 'deb\n' } }, 'deb'],
  'something else said by the packager': [
    { marker: '/opt/acme/method' },
    { files: { '/opt/acme/method': 'copied by alice' } },
    'other',
  ],
  'a marker that is a trap': [
    { marker: '/opt/acme/method', root: NPM },
    { files: { '/opt/acme/method': 'deb'.repeat(100) } },
    'npm',
  ],
  snap: [{}, { variables: { SNAP: '/snap/acme/1', SNAP_NAME: 'acme' } }, 'snap'],
  flatpak: [{}, { variables: { FLATPAK_ID: 'example.acme.Db' } }, 'flatpak'],
  appimage: [{}, { variables: { APPIMAGE: '/home/alice/Acme.AppImage' } }, 'appimage'],
  npm: [{ root: NPM }, {}, 'npm'],
  'npm on Windows': [{ root: 'C:\\Users\\alice\\node_modules\\acme-db' }, {}, 'npm'],
  'npm, by an address': [{ root: pathToFileURL(NPM) }, {}, 'npm'],
  'npm in a container': [{ root: NPM }, { files: { '/.dockerenv': '' } }, 'docker'],
  'a Debian package made of an npm package': [
    { root: NPM, debianPackage: 'acme-db' },
    { files: { '/var/lib/dpkg/info/acme-db.list': '' } },
    'deb',
  ],
  Homebrew: [{ root: '/opt/homebrew/Cellar/acme/2.4.0/libexec/lib/node_modules/acme-db' }, {}, 'homebrew'],
  'a checkout in a container': [
    { root: '/workspaces/acme' },
    { files: { '/workspaces/acme/.git': '', '/.dockerenv': '' } },
    'source',
  ],
  'one file': [{}, { singleExecutable: () => true }, 'binary'],
}

for (const [name, [options, machine, method]] of Object.entries(METHODS)) {
  test(`install method: ${name}`, async () => {
    assert.equal(await methodOf(options, machine), method)
  })
}

test('the date is a month, or a day where the product wants it', async () => {
  const installedAt = Date.UTC(2026, 0, 31, 23, 59)
  assert.equal(await dateOf({ installedAt }), '2026-01')
  assert.equal(await dateOf({ installedAt: new Date(installedAt), precision: 'day' }), '2026-01-31')
  assert.equal(await dateOf({ installedAt: async () => installedAt }), '2026-01')
})

test('what cannot be the time of an installation is absent', async () => {
  const times = [undefined, Number.NaN, 0, -1, Date.UTC(2027), Infinity, new Date(Number.NaN), '2026-01-01']
  for (const installedAt of times)
    assert.equal(await dateOf({ installedAt: installedAt as number }), undefined)
})

test('the date is the same in every time zone and language', () => {
  const places = [
    { TZ: 'UTC', LANG: 'C' },
    { TZ: 'Pacific/Kiritimati', LANG: 'en_US.UTF-8' },
    { TZ: 'Pacific/Pago_Pago', LANG: 'th_TH.UTF-8', LC_ALL: 'th_TH.UTF-8' },
    { TZ: 'America/Los_Angeles', LANG: 'ar_EG.UTF-8', LC_ALL: 'ar_EG.UTF-8' },
    { TZ: 'Asia/Tehran', LANG: 'fa_IR.UTF-8', LC_ALL: 'fa_IR.UTF-8' },
    { TZ: ':nowhere', LANG: 'no-such-language' },
  ]
  const program = bundled(path.join(import.meta.dirname, 'processes/install-dates.ts'))
  const outputs = places.map((env) => execFileSync(process.execPath, [program], { env, encoding: 'utf8' }))
  assert.equal(outputs[0], '2024-02 2024-02-29\n2025-12 2025-12-31\n2026-01 2026-01-01\n')
  assert.deepEqual([...new Set(outputs)], [outputs[0]])
})

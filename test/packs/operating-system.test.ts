import assert from 'node:assert/strict'
import { test } from 'node:test'
import { operatingSystemPack } from '../../src/library/packs/index.ts'
import { createPackHost, type Machine, valuesOf } from './host.ts'

const systemOf = (machine: Machine) =>
  valuesOf(operatingSystemPack({ since: 1, prefix: 'acme', host: createPackHost(machine) }))

const osRelease = (text: string, release: string): Machine => ({
  files: { '/etc/os-release': text },
  os: { release },
})

const PC = { 'os.type': 'linux', 'host.arch': 'amd64', 'acme.os.bits': '64' }

const LINUX: Record<string, readonly [Machine, Record<string, string>]> = {
  'Debian 12': [
    osRelease(
      'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nNAME="Debian GNU/Linux"\nVERSION_ID="12"\nVERSION="12 (bookworm)"\nID=debian\n',
      '6.1.0-18-amd64',
    ),
    {
      'os.name': 'Debian GNU/Linux',
      'os.version': '12',
      'os.description': 'Debian GNU/Linux 12',
      'acme.os.kernel': '6.1.0',
    },
  ],
  'Debian testing, which has no version': [
    osRelease('PRETTY_NAME="Debian GNU/Linux trixie/sid"\nID=debian\n', '6.12.9-amd64'),
    { 'os.name': 'Debian GNU/Linux', 'os.description': 'Debian GNU/Linux', 'acme.os.kernel': '6.12.9' },
  ],
  'Ubuntu 24.04': [
    osRelease(
      'PRETTY_NAME="Ubuntu 24.04.1 LTS"\nVERSION_ID="24.04"\nID=ubuntu\nID_LIKE=debian\n',
      '6.8.0-45-generic',
    ),
    {
      'os.name': 'Ubuntu',
      'os.version': '24.04',
      'os.description': 'Ubuntu 24.04',
      'acme.os.kernel': '6.8.0',
    },
  ],
  'Alpine 3.19': [
    osRelease('NAME="Alpine Linux"\nID=alpine\nVERSION_ID=3.19.1\n', '6.6.14-0-virt'),
    {
      'os.name': 'Alpine Linux',
      'os.version': '3.19.1',
      'os.description': 'Alpine Linux 3.19.1',
      'acme.os.kernel': '6.6.14',
    },
  ],
  'RHEL 9.4': [
    osRelease('ID="rhel"\nID_LIKE="fedora"\nVERSION_ID="9.4"\n', '5.14.0-427.13.1.el9_4.x86_64'),
    {
      'os.name': 'Red Hat Enterprise Linux',
      'os.version': '9.4',
      'os.description': 'Red Hat Enterprise Linux 9.4',
      'acme.os.kernel': '5.14.0',
    },
  ],
  'Arch, which has no versions': [
    osRelease('ID=arch\nBUILD_ID=rolling\nIMAGE_VERSION=2026.01.01\n', '6.12.8-arch1-1'),
    { 'os.name': 'Arch Linux', 'os.description': 'Arch Linux', 'acme.os.kernel': '6.12.8' },
  ],
  'NixOS, quoted in its own way': [
    osRelease('ID=nixos\nVERSION_ID=\'24.11\'\nBUILD_ID="24.11.20250101.abcdef0"\n', '6.6.68'),
    {
      'os.name': 'NixOS',
      'os.version': '24.11',
      'os.description': 'NixOS 24.11',
      'acme.os.kernel': '6.6.68',
    },
  ],
  'openSUSE Tumbleweed, whose version is the day of its last update': [
    osRelease('ID="opensuse-tumbleweed"\nVERSION_ID="20260115"\n', '6.12.8-1-default'),
    { 'os.name': 'openSUSE Tumbleweed', 'os.description': 'openSUSE Tumbleweed', 'acme.os.kernel': '6.12.8' },
  ],
  'Ubuntu in WSL': [
    osRelease('ID=ubuntu\nVERSION_ID="22.04"\n', '5.15.146.1-microsoft-standard-WSL2'),
    {
      'os.name': 'Ubuntu',
      'os.version': '22.04',
      'os.description': 'Ubuntu 22.04',
      'acme.os.kernel': '5.15.146',
    },
  ],
  'a kernel that somebody built': [
    osRelease('ID=debian\nVERSION_ID="12"\n', '6.1.0-alice@buildbox'),
    {
      'os.name': 'Debian GNU/Linux',
      'os.version': '12',
      'os.description': 'Debian GNU/Linux 12',
      'acme.os.kernel': '6.1.0',
    },
  ],
  'a system that somebody made': [
    osRelease('ID=initech-hardened\nPRETTY_NAME="Initech Hardened Linux"\nVERSION_ID=7\n', 'initech-1'),
    { 'os.name': 'other' },
  ],
  'the file in its other place': [
    { files: { '/usr/lib/os-release': 'ID=fedora\nVERSION_ID=41\n' }, os: { release: '6.11.4+' } },
    {
      'os.name': 'Fedora Linux',
      'os.version': '41',
      'os.description': 'Fedora Linux 41',
      'acme.os.kernel': '6.11.4',
    },
  ],
  'no file': [{ os: { release: '5.10.0' } }, { 'acme.os.kernel': '5.10.0' }],
}

for (const [name, [machine, expected]] of Object.entries(LINUX)) {
  test(`Linux: ${name}`, async () => {
    assert.deepEqual(await systemOf(machine), { ...PC, ...expected })
  })
}

test('an os-release file that is a trap has no name', async () => {
  const traps: Record<string, string | Uint8Array | Error> = {
    unreadable: Object.assign(new Error('permission denied'), { code: 'EACCES' }),
    huge: `ID=debian\n${'# padding\n'.repeat(7_000)}`,
    binary: Uint8Array.of(0x49, 0x44, 0x3d, 0x61, 0x00, 0x0a),
    'not UTF-8': Uint8Array.of(0x49, 0x44, 0x3d, 0xff, 0x0a),
    empty: '',
    'of Object': 'ID=constructor\nVERSION_ID=1\n',
  }
  for (const [trap, content] of Object.entries(traps)) {
    const found = await systemOf({ files: { '/etc/os-release': content } })
    assert.equal(found['os.name'], trap === 'of Object' ? 'other' : undefined, trap)
    assert.equal(found['os.description'], undefined, trap)
  }
})

test('macOS: the name, the version out of its file, the processor', async () => {
  const plist =
    '<plist><dict><key>ProductBuildVersion</key><string>23E224</string>\n' +
    '\t<key>ProductVersion</key>\n\t<string>14.4.1</string></dict></plist>'
  const mac = { platform: 'darwin', release: '23.4.0', machine: 'arm64', arch: 'arm64' }
  const file = '/System/Library/CoreServices/SystemVersion.plist'
  assert.deepEqual(await systemOf({ files: { [file]: plist }, os: mac }), {
    'os.type': 'darwin',
    'os.name': 'macOS',
    'os.version': '14.4.1',
    'os.description': 'macOS 14.4.1',
    'host.arch': 'arm64',
    'acme.os.kernel': '23.4.0',
    'acme.os.bits': '64',
  })
  assert.equal((await systemOf({ os: mac }))['os.description'], 'macOS')
})

test('Windows: product and edition where they are words of Microsoft', async () => {
  const windows = (version: string) => ({ os: { platform: 'win32', release: '10.0.22631', version } })
  assert.deepEqual(await systemOf(windows('Windows 11 Pro')), {
    'os.type': 'windows',
    'os.name': 'Windows',
    'os.version': '10.0.22631',
    'os.description': 'Windows 11 Pro',
    'host.arch': 'amd64',
    'acme.os.kernel': '10.0.22631',
    'acme.os.bits': '64',
  })
  const server = await systemOf(windows('Windows Server 2022 Datacenter'))
  assert.deepEqual(
    [server['os.name'], server['os.description']],
    ['Windows Server', 'Windows Server 2022 Datacenter'],
  )
  const own = await systemOf(windows('Windows 11 Initech Edition'))
  assert.deepEqual([own['os.name'], own['os.description']], ['Windows', undefined])
})

test('other systems and processors', async () => {
  const found = async (os: Machine['os']) => {
    const values = await systemOf({ os: { machine: 'unheard-of', arch: 'unheard-of', ...os } })
    return [
      values['os.type'],
      values['os.name'],
      values['os.version'],
      values['host.arch'],
      values['acme.os.bits'],
    ]
  }
  assert.deepEqual(
    await found({ platform: 'freebsd', release: '14.1-RELEASE-p5', machine: 'amd64', arch: 'x64' }),
    [...['freebsd', 'FreeBSD', '14.1', 'amd64', '64']],
  )
  assert.deepEqual(await found({ platform: 'sunos' }), ['solaris', 'other', undefined, 'other', undefined])
  assert.deepEqual(await found({ platform: 'plan9' }), ['other', 'other', undefined, 'other', undefined])
  assert.deepEqual(await found({ platform: 'linux', machine: 'aarch64', arch: 'arm' }), [
    ...['linux', undefined, undefined, 'arm64', '32'],
  ])
  assert.deepEqual(await found({ platform: 'constructor', machine: 'toString', arch: 'riscv64' }), [
    ...['other', 'other', undefined, 'riscv64', '64'],
  ])
})

test('without a prefix there are the names of the conventions alone', () => {
  assert.deepEqual(Object.keys(operatingSystemPack({ since: 1 }).facts), [
    ...['os.type', 'os.name', 'os.version', 'os.description', 'host.arch'],
  ])
})

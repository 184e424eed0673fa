import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemMachine } from '../../src/library/identity/machine.ts'

const ID = '0123456789abcdef0123456789abcdef'
const OTHER = 'fedcba9876543210fedcba9876543210'
const MOUNTS = 'proc /proc proc rw 0 0\n/dev/sda1 / ext4 rw 0 0\noverlay /var/lib/docker/x overlay rw 0 0\n'

const MACHINES: Array<[what: string, files: Record<string, string>, expected: string | undefined]> = [
  ['a machine with an id', { '/etc/machine-id': `${ID}\n`, '/proc/self/mounts': MOUNTS }, ID],
  ['an older machine, by D-Bus', { '/var/lib/dbus/machine-id': `${ID}\n` }, ID],
  ['both', { '/etc/machine-id': `${ID}\n`, '/var/lib/dbus/machine-id': OTHER }, ID],
  ['an empty id', { '/etc/machine-id': '\n', '/var/lib/dbus/machine-id': OTHER }, OTHER],
  ['no files at all', {}, undefined],
  ['an image before its first boot', { '/etc/machine-id': 'uninitialized\n' }, undefined],
  ['an id of zeros', { '/etc/machine-id': '0'.repeat(32) }, undefined],
  ['a whole text instead of an id', { '/etc/machine-id': `${ID}\n${OTHER}\n` }, undefined],
  ['Docker, whose image brings an id', { '/etc/machine-id': ID, '/.dockerenv': '' }, undefined],
  ['Podman, which makes one a container', { '/etc/machine-id': ID, '/run/.containerenv': '' }, undefined],
  [
    'a pod',
    { '/etc/machine-id': ID, '/proc/self/mounts': `overlay / overlay rw,lowerdir=/a:/b 0 0\n${MOUNTS}` },
    undefined,
  ],
]

for (const [what, files, expected] of MACHINES) {
  test(`${what}: ${expected === undefined ? 'the machine cannot be recognized' : 'the machine is known'}`, () => {
    const read = (file: string) => files[file] ?? assert.fail(`ENOENT: ${file}`)
    assert.equal(systemMachine(read), expected)
  })
}

test('on this machine it gives an id or none, and does not throw', () => {
  assert.match(systemMachine() ?? '0'.repeat(32), /^[0-9a-f]{32}$/)
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defineCatalog } from '../../src/catalog/index.ts'
import { UsageConfigurationError } from '../../src/platform/index.ts'

/** What is said about a fact of this name; `undefined` where the name is taken. */
function complaintAbout(name: string): string | undefined {
  const fact = { kind: 'gauge', unit: '1', since: 1, why: 'Tells it.', example: 1 } as const
  try {
    defineCatalog({ version: 1, prefix: 'acme', facts: Object.fromEntries([[name, fact]]) })
  } catch (error) {
    assert.ok(error instanceof UsageConfigurationError)
    assert.deepEqual(
      error.mistakes.map(({ path }) => path),
      [`facts['${name}']`],
    )
    return error.mistakes[0]?.message
  }
  return undefined
}

for (const name of [
  'acme.users',
  'acme.db.version',
  'acme.db_version2',
  'acme.host.name',
  'os.type',
  'host.arch',
  'db.system.name',
  'process.runtime.version',
  'cloud.provider',
]) {
  test(`a fact may be called ${name}`, () => assert.equal(complaintAbout(name), undefined))
}

const identifying = {
  'host.name': 'identifies a machine',
  'host.id': 'identifies a machine',
  'host.ip': 'identifies a machine',
  'host.mac': 'identifies a machine',
  'process.command': 'shows what runs on a machine, and often a path or a person',
  'process.command_line': 'shows what runs on a machine, and often a path or a person',
  'process.command_args': 'shows what runs on a machine, and often a path or a person',
  'process.executable.path': 'shows what runs on a machine, and often a path or a person',
  'process.owner': 'shows what runs on a machine, and often a path or a person',
  'process.pid': 'shows what runs on a machine, and often a path or a person',
  'process.working_directory': 'shows what runs on a machine, and often a path or a person',
  'client.address': 'is a network address',
  'server.address': 'is a network address',
  'network.peer.address': 'is a network address',
  'user.id': 'identifies a person',
  'user.email': 'identifies a person',
  'enduser.id': 'identifies a person',
  'container.id': 'identifies a container',
  'container.image.name': 'identifies a container',
  'k8s.cluster.uid': 'identifies a cluster',
  'cloud.account.id': 'identifies an account',
  'deployment.environment.name': 'says how a customer calls an environment',
  'service.instance.id': 'is set by the report itself',
  'telemetry.sdk.name': 'is set by the report itself',
  'usage.x': 'is kept for the report itself',
  'usage.report.id': 'is kept for the report itself',
}

for (const [name, reason] of Object.entries(identifying)) {
  test(`${name} is never reported: it ${reason}`, () => {
    assert.equal(complaintAbout(name), `'${name}' is never reported: it ${reason}; remove it`)
  })
}

test('a name without the prefix is refused, with the name that it should have', () => {
  assert.equal(complaintAbout('db.users'), "'db.users' lacks the prefix; call it 'acme.db.users'")
  assert.equal(complaintAbout('acmes.users'), "'acmes.users' lacks the prefix; call it 'acme.acmes.users'")
  assert.equal(complaintAbout('os.hostname'), "'os.hostname' lacks the prefix; call it 'acme.os.hostname'")
})

for (const name of [
  'users',
  'acme',
  'acme.',
  '.acme.users',
  'acme..users',
  'Acme.users',
  'acme.Users',
  'acme.user count',
  'acme.users\n',
  'acme.usérs',
  '__proto__',
  'constructor',
  '',
  `acme.${'x'.repeat(124)}`,
]) {
  test(`${JSON.stringify(name.slice(0, 20))} is not the name of a fact`, () => {
    assert.match(complaintAbout(name) ?? '', /is not a fact name; use lower-case words joined by dots/)
  })
}

test('a wrong prefix is reported once, and not again with every name', () => {
  const fact = { kind: 'gauge', unit: '1', since: 1, why: 'Tells it.', example: 1 } as const
  assert.throws(
    () => defineCatalog({ version: 1, prefix: 'ACME', facts: { 'acme.a': fact, 'acme.b': fact } }),
    (error: UsageConfigurationError) => {
      assert.deepEqual(error.mistakes, [
        {
          path: 'prefix',
          message: "is 'ACME'; use lower-case words joined by dots or underscores, such as 'acme'",
        },
      ])
      return true
    },
  )
})

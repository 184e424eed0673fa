/** What names a person, a machine or a place is put wherever a pack looks, and then searched for in the report. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { PackHost } from '../../src/library/packs/index.ts'
import { catalogOf, everyPack, reportOf } from './every-pack.ts'
import { createPackHost } from './host.ts'

/** One of each kind, and odd ones. */
const PERSONAL = [
  ...['alice', 'alice.liddell', 'svc_backup01', 'CORP\\alice', 'initech', 'Alice Liddell', 'root@buildbox'],
  ...['buildbox', 'db-7.corp.initech.example', 'DESKTOP-4F7K2QJ', 'ip-10-0-3-17.eu-west-1.compute.internal'],
  ...['3f2a9b1c4d5e', 'web-7d4b9c6f5-x2x9k', '4c4c4544-0051-3510-8052-b4c04f4e4d31'],
  ...[
    '/home/alice/acme',
    'C:\\Users\\alice\\acme',
    '\\\\fileserver\\share',
    '~alice/.config',
    'file:///home/alice',
  ],
  ...['node /home/alice/server.js --password=hunter2', 'acmed --license-key 1234-5678', '; rm -rf /'],
  ...[
    '192.168.17.23',
    '10.1.2.3',
    '203.0.113.7',
    '172.16.254.1:5432',
    '2001:db8::7334',
    'fe80::1ff:fe23:4567:890a',
  ],
  ...['00:1b:44:11:3a:b7', 'alice@initech.example', 'mailto:alice@initech.example', '+49 30 901820'],
  ...['The customer asked for a faster export.', 'ghp_16C7e42F292c6912E7710c838347Ae178B4a', '日本語の名前'],
]

const lowerWord = fc.stringMatching(/^zq[a-z0-9._-]{4,14}[a-z0-9]$/)

const anyPersonal = fc.oneof(
  fc.constantFrom(...PERSONAL),
  lowerWord,
  fc.emailAddress(),
  fc.ipV4(),
  fc.ipV6().filter(({ length }) => length > 6),
  fc.domain(),
  fc.tuple(lowerWord, lowerWord).map(([a, b]) => `/home/${a}/${b}`),
  fc.tuple(lowerWord, fc.webUrl()).map(([a, url]) => `${a} --token ${url}`),
)

/** How a text can stand where a pack looks: alone, and inside what would be right. */
const SHAPES: ReadonlyArray<(text: string) => string> = [
  (text) => text,
  (text) => `${text}\n`,
  (text) => `ID=${text}\nVERSION_ID=${text}\nPRETTY_NAME="${text}"\n`,
  (text) =>
    `ID=debian\nVERSION_ID="${text}"\nPRETTY_NAME="Debian GNU/Linux 12 ${text}"\nVERSION="12 (${text})"\n`,
  (text) => `ID="${text}"\nID=debian\nVERSION_ID='12-${text}'\n`,
  (text) => `6.1.0-${text}`,
  (text) => `6.1.0.${text}`,
  (text) => `24.11.1-${text}`,
  (text) => `Windows Server 2022 ${text}`,
  (text) => `<key>ProductVersion</key><string>${text}</string>`,
  (text) => `<key>ProductVersion</key><string>14.4.1 ${text}</string>`,
  (text) => `Amazon EC2 ${text}`,
  (text) => `0::/docker/${text}\n0::/system.slice/docker-${text}.scope\n`,
  (text) => `1 1 0:1 / / rw - overlay overlay rw,upperdir=/var/lib/docker/${text}\n`,
  (text) => JSON.stringify({ commit: text, branch: text, dirty: text, package: text, edition: text }),
  (text) => JSON.stringify({ commit: `${'a'.repeat(40)}${text}`, branch: `main ${text}`, debug: text }),
]

/** A machine on which every text is the one given: every file, every variable, every word of system and runtime. */
function createPoisonedHost(platform: string, content: string): PackHost {
  return {
    ...createPackHost(),
    readFile: async (_, most) => new TextEncoder().encode(content).subarray(0, most),
    exists: async () => true,
    environment: () => new Proxy({}, { get: () => content, has: () => true }),
    platform: () => platform,
    arch: () => content,
    machine: () => content,
    release: () => content,
    version: () => content,
    versions: () => new Proxy({}, { get: () => content, has: () => true }),
  }
}

/** The same, but that no marks are there and no variables are set: other ways through the packs. */
function createBareHost(platform: string, content: string): PackHost {
  return { ...createPoisonedHost(platform, content), exists: async () => false, environment: () => ({}) }
}

async function assertHidden(host: PackHost, text: string, content: string) {
  const report = await reportOf({
    host,
    build: { commit: content, branch: content, package: content, edition: content },
    cluster: {
      nodeId: content,
      leaderId: content,
      role: content,
      members: [{ id: content, state: content }],
    },
    ...{ marker: content, root: `/${content}`, directory: content },
  })
  const written = [report.text, JSON.stringify(report.json)]
  const words = text.split(/[^\p{L}\p{N}_-]+/u)
  // Three numbers of an address name its network.
  const network = /\d+\.\d+\.\d+(?=\.\d)/.exec(text)?.[0] ?? ''
  const parts = [text, JSON.stringify(text).slice(1, -1), network.length > 5 ? network : '', ...words]
  for (const part of parts.filter(({ length }) => length >= 5)) {
    for (const bytes of written) assert.ok(!bytes.includes(part), `'${part}' of ${JSON.stringify(content)}`)
  }
  assert.ok(!Buffer.from(report.bytes ?? '').includes(text), text)
}

const PLATFORMS = ['linux', 'darwin', 'win32', 'freebsd']

test('a text that names somebody or something is in no report, wherever it stood', async () => {
  for (const text of PERSONAL) {
    for (const shape of SHAPES) {
      await assertHidden(createPoisonedHost('linux', shape(text)), text, shape(text))
      await assertHidden(createBareHost('linux', shape(text)), text, shape(text))
    }
    for (const platform of PLATFORMS) await assertHidden(createPoisonedHost(platform, text), text, text)
  }
})

test('no text like those is in a report either', async () => {
  await fc.assert(
    fc.asyncProperty(
      anyPersonal,
      fc.constantFrom(...SHAPES),
      fc.constantFrom(...PLATFORMS),
      fc.constantFrom(createPoisonedHost, createBareHost),
      async (text, shape, platform, create) => {
        await assertHidden(create(platform, shape(text)), text, shape(text))
      },
    ),
    { numRuns: 300 },
  )
})

test('a build file and a packager marker give nothing away either', async () => {
  for (const text of PERSONAL) {
    for (const shape of SHAPES) {
      const host = createBareHost('linux', shape(text))
      const { text: bytes } = await reportOf({ host, build: new URL('file:///build.json'), marker: '/m' })
      assert.ok(!bytes.includes(text), `'${text}' of ${shape(text)}`)
    }
  }
})

test('the pattern of a text fact takes none of them', () => {
  const facts = Object.entries(catalogOf(everyPack()).facts)
  const texts = facts.flatMap(([name, fact]) => ('pattern' in fact ? [{ name, pattern: fact.pattern }] : []))
  assert.deepEqual(texts.map(({ name }) => name).toSorted(), [
    ...['acme.cluster.leader_id', 'acme.cluster.node_id'],
    ...['acme.install.date', 'acme.os.kernel', 'os.description', 'os.version'],
    ...['process.runtime.version', 'vcs.ref.head.revision'],
  ])
  for (const { name, pattern } of texts) {
    const whole = new RegExp(`^(?:${pattern})$`, 'u')
    for (const text of PERSONAL) assert.doesNotMatch(text, whole, name)
    fc.assert(fc.property(anyPersonal, (text) => !whole.test(text)))
  }
})

test('no fact is a version or another type that takes more than it should', () => {
  for (const [name, fact] of Object.entries(catalogOf(everyPack()).facts)) {
    if (fact.kind === 'attribute') assert.ok(['boolean', 'enum', 'string'].includes(fact.type), name)
  }
})

test('the search finds what is there', async () => {
  const { text } = await reportOf({ host: createPackHost({ files: { '/etc/os-release': 'ID=debian\n' } }) })
  assert.ok(text.includes('Debian GNU/Linux'))
  assert.ok(text.includes('6.1.0'))
})

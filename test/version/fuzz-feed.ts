/** Throws hostile feeds at what reads them, and looks at everything that a person would be shown. */
import assert from 'node:assert/strict'
import { sign } from 'node:crypto'
import { FEED_TYPE, loadVersionOrder, preAuthenticationEncoding, readFeed } from '../../src/feed/index.ts'
import { createMemoryStore } from '../../src/index.ts'
import { type Findings, findingsIn } from '../../src/library/version/findings.ts'
import { EMPTY_MEMORY, readMemory, writeMemory } from '../../src/library/version/memory.ts'
import { noticeOf } from '../../src/library/version/notice.ts'
import { acmeFeed, createKeys, START } from './feeds.ts'

export interface FuzzOptions {
  readonly feeds: number
  readonly seed: number
  readonly say?: (line: string) => void
}

/** How many feeds were read and refused, and how many of those that were read had something to show. */
export interface FuzzResult {
  readonly read: number
  readonly refused: number
  readonly shown: number
}

const HOSTS = ['acme.example']

export async function fuzzFeed({ feeds, seed, say = () => {} }: FuzzOptions): Promise<FuzzResult> {
  const random = randomOf(seed)
  const order = await loadVersionOrder()
  const keys = createKeys()
  const store = createMemoryStore()
  const result = { read: 0, refused: 0, shown: 0 }
  for (let count = 0; count < feeds; count++) {
    const isSigned = random() < 0.2
    const bytes = hostile(random, isSigned ? keys.privateKey : undefined)
    try {
      const { feed, problem } = readFeed(bytes, {
        product: 'acme-db',
        now: START,
        ...(isSigned && { keys: [keys.key] }),
      })
      if (feed === undefined) {
        result.refused++
        assertShowable(problem)
        continue
      }
      result.read++
      const version = random() < 0.8 ? '2.4.0' : pick(random, VERSIONS)
      const isAllowed = (url: string) => HOSTS.includes(new URL(url).hostname)
      const findings = findingsIn(feed, { version, channel: 'stable', now: START, order, isAllowed })
      assertNotice(findings)
      // What is kept is what was shown.
      if (count % 50 === 0) {
        await writeMemory(store, { ...EMPTY_MEMORY, findings })
        const kept = JSON.stringify((await readMemory(store)).findings)
        assert.deepEqual(JSON.parse(kept), JSON.parse(JSON.stringify(findings)))
      }
      if (findings.advisories.length > 0 || findings.isOutdated) result.shown++
    } catch (error) {
      say(`seed ${seed}, feed ${count}: ${Buffer.from(bytes).toString('base64').slice(0, 10_000)}`)
      throw error
    }
    if (count % 10_000 === 9_999) say(`${count + 1} feeds: ${JSON.stringify(result)}`)
  }
  return result
}

function assertNotice(findings: Findings): void {
  const notice = noticeOf(findings, { title: 'Acme DB', acknowledged: [], now: START })
  for (const text of textsIn(notice)) assertShowable(text)
  for (const version of [
    notice.latest,
    notice.latestInLine,
    ...notice.advisories.flatMap(({ fixedIn }) => fixedIn),
  ])
    if (version !== undefined) assert.match(version, /^[0-9A-Za-z][0-9A-Za-z.+-]{0,127}$/)
  for (const url of [notice.url, ...notice.advisories.map((one) => one.url)]) {
    if (url === undefined) continue
    const { protocol, hostname, username } = new URL(url)
    assert.deepEqual([protocol, hostname, username], ['https:', 'acme.example', ''])
    assert.doesNotMatch(url, /[\s<>"']/)
  }
  assert.ok(notice.message.length < 10_000)
}

/** A text that cannot change the screen of whoever reads it. */
function assertShowable(text: string | undefined): void {
  assert.doesNotMatch(text ?? '', /[\p{C}\p{Zl}\p{Zp}]/u)
}

function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : []
}

type Random = () => number

/** Numbers from 0 to 1 that a seed repeats (mulberry32). */
function randomOf(seed: number): Random {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

const pick = <T>(random: Random, all: readonly T[]): T => all[Math.floor(random() * all.length)] as T

const VERSIONS = [
  '2.4.0',
  '2.4',
  'a',
  '10.1.1.1',
  '2026-11-27',
  '1.0.0-rc.1',
  '2.5.0+b',
  'v3',
  '9'.repeat(64),
]

/** Values that have no place in a feed, or hardly one. */
const ODD: readonly unknown[] = [
  ...[
    '',
    ' ',
    '\u0000',
    '\u001b[31mred',
    '\u009b2J',
    '\r\n',
    '\u202eevil',
    '\u200b',
    '\ud800',
    '\u2028',
    '\ufeff',
  ],
  ...[
    '<script>alert(1)</script>',
    '"><img src=x onerror=1>',
    '&lt;',
    "';--",
    '$(7*7)',
    '{{7*7}}',
    '%s%n',
    '../../etc/passwd',
  ],
  ...[
    'javascript:alert(1)',
    'data:text/html,x',
    'http://acme.example/',
    'https://evil.example/',
    'https://acme.example@evil.example/',
  ],
  ...[
    'https://acme.example/\u001b',
    'https://acme.example.evil.example/',
    'https://ACME.example/x',
    'https://acme.example/a b',
    '//acme.example',
  ],
  ...['a'.repeat(129), 'a'.repeat(100_000), '🎉'.repeat(100), 'e\u0301'.repeat(40)],
  ...[
    '>=2.0.0 <3',
    '<3 ||',
    '|| <3',
    '>= 2',
    '^2.0.0',
    '*',
    '<'.repeat(500),
    '<3 '.repeat(300),
    '=2.4.0',
    '>=0',
  ],
  ...[
    '2.5.0',
    '2.4.9',
    '99.0.0',
    '1e999',
    '-1',
    '0x10',
    '９.９',
    '2.5.0\n',
    '1'.repeat(128),
    '2026-11-27',
    '10.1.1.1',
  ],
  ...['critical', 'CRITICAL', 'toString', '__proto__', 'constructor', 'stable', 'lts'],
  ...['2026-11-27', '2026-11-26T00:00:00Z', '9999-12-31', '2026-02-30', '2026-11-27T00:00:00+01:00', 'now'],
  ...[
    null,
    true,
    false,
    0,
    -1,
    1,
    1.5,
    1e21,
    Number.MAX_SAFE_INTEGER,
    [],
    {},
    [[]],
    [null],
    { length: 1 },
    { toString: 1 },
  ],
]

const NAMES = [
  ...[
    'format',
    'product',
    'issued',
    'expires',
    'checkAfterHours',
    'message',
    'url',
    'versions',
    'advisories',
    'version',
    'channels',
  ],
  ...[
    'released',
    'endOfLife',
    'id',
    'severity',
    'affected',
    'fixedIn',
    'summary',
    'payload',
    'payloadType',
    'signatures',
    'sig',
  ],
  ...['__proto__', 'constructor', 'toString', 'length', '0', ''],
]

/** A feed with a few changes, in its values, its structure or its bytes. */
function hostile(random: Random, key: ReturnType<typeof createKeys>['privateKey'] | undefined): Uint8Array {
  let content: unknown = acmeFeed({ expires: '2026-12-27', message: 'Read the notes' })
  for (let changes = Math.floor(random() * 3); changes > 0; changes--) content = changed(random, content)
  let bytes: Uint8Array = Buffer.from(JSON.stringify(content) ?? '')
  if (random() < 0.15) bytes = broken(random, bytes)
  if (!key) return bytes
  const envelope: unknown = {
    payloadType: FEED_TYPE,
    payload: Buffer.from(bytes).toString('base64'),
    signatures: [{ sig: sign(null, preAuthenticationEncoding(bytes), key).toString('base64') }],
  }
  const outer = Buffer.from(JSON.stringify(random() < 0.3 ? changed(random, envelope) : envelope))
  return random() < 0.1 ? broken(random, outer) : outer
}

/** Changes one place of a tree: another value, another name, a member more or less. */
function changed(random: Random, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || random() < 0.1) return pick(random, ODD)
  if (Array.isArray(value)) {
    const list = [...value]
    const at = Math.floor(random() * (list.length + 1))
    if (random() < 0.2) return [...list, ...Array(Math.floor(random() * 600)).fill(list[0])]
    if (random() < 0.1) return list.slice(at)
    list[at] = changed(random, list[at])
    return list
  }
  const members = Object.entries(value)
  const [name, old] = members.length > 0 ? pick(random, members) : ['', undefined]
  const kind = random()
  if (kind < 0.15) return Object.fromEntries(members.filter(([one]) => one !== name))
  if (kind < 0.3) return Object.fromEntries([...members, [pick(random, NAMES), pick(random, ODD)]])
  return Object.fromEntries(
    members.map(([one, it]) => (one === name ? [one, changed(random, old)] : [one, it])),
  )
}

/** Breaks bytes: one is changed, some are cut off, some come twice, or brackets pile up. */
function broken(random: Random, bytes: Uint8Array): Uint8Array {
  const at = Math.floor(random() * bytes.length)
  const kind = random()
  if (kind < 0.4)
    return Uint8Array.from(bytes, (byte, index) => (index === at ? Math.floor(random() * 256) : byte))
  if (kind < 0.6) return bytes.subarray(0, at)
  if (kind < 0.8) return Buffer.concat([bytes.subarray(0, at), bytes])
  const depth = Math.floor(random() * 20_000)
  return Buffer.concat([bytes.subarray(0, at), Buffer.from('['.repeat(depth)), bytes.subarray(at)])
}

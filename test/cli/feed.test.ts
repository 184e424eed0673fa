/** `otel-usage feed`: from a source and advisories to a feed that products read. */
import assert from 'node:assert/strict'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { feedSchema, readFeed } from '../../src/feed/index.ts'
import { runCommand } from '../support/command.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { createScratch } from '../support/scratch.ts'
import { acmeFeed, START } from '../version/feeds.ts'

const clock = createFakeClock(START)
const run = (...args: string[]) => runCommand(['feed', ...args], { clock })

const SOURCE = `
product: acme-db
url: https://acme.example/versions
versions:
  - version: 2.5.0
    released: 2026-11-20
  - version: 2.4.3
    channels: [stable, lts]
    endOfLife: 2027-06-01
advisories:
  - { id: ACME-2026-1, severity: high, affected: '>=2.0.0 <2.4.3', fixedIn: [2.4.3] }
`

/** As OSV.dev has them, shortened. */
const OSV = {
  schema_version: '1.7.0',
  id: 'GHSA-aaaa-bbbb-cccc',
  summary: 'A query can read\nanother database',
  severity: [{ type: 'CVSS_V3', score: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H' }],
  affected: [
    {
      package: { ecosystem: 'npm', name: 'acme-db' },
      ranges: [
        { type: 'GIT', events: [{ introduced: 'abc' }, { fixed: 'def' }] },
        {
          type: 'SEMVER',
          events: [
            { introduced: '0' },
            { fixed: '2.4.3' },
            { introduced: '2.5.0-rc.1' },
            { last_affected: '2.5.0-rc.3' },
          ],
        },
      ],
      versions: ['1.0.0-odd'],
    },
  ],
  references: [
    { type: 'WEB', url: 'https://acme.example/blog' },
    { type: 'ADVISORY', url: 'https://acme.example/advisories/1' },
  ],
}

/** In the form of CSAF 2.0, shortened. */
const CSAF = {
  document: {
    category: 'csaf_security_advisory',
    csaf_version: '2.0',
    tracking: { id: 'ACME-SA-7' },
    references: [{ category: 'self', url: 'https://acme.example/csaf/acme-sa-7.json' }],
  },
  product_tree: {
    branches: [
      {
        category: 'vendor',
        name: 'Acme',
        branches: [
          {
            category: 'product_name',
            name: 'Acme DB',
            branches: [
              {
                category: 'product_version_range',
                name: 'vers:semver/>=2.0.0|<2.4.3',
                product: { product_id: 'P1' },
              },
              { category: 'product_version', name: '2.4.3', product: { product_id: 'P2' } },
            ],
          },
        ],
      },
    ],
  },
  vulnerabilities: [
    {
      cve: 'CVE-2026-1234',
      title: 'Reads of another database',
      product_status: { known_affected: ['P1'], fixed: ['P2'] },
      scores: [{ products: ['P1'], cvss_v3: { baseScore: 7.5, baseSeverity: 'HIGH' } }],
    },
  ],
}

function files(contents: Readonly<Record<string, unknown>>) {
  const scratch = createScratch()
  const at = (name: string) => path.join(scratch.directory, name)
  for (const [name, content] of Object.entries(contents))
    writeFileSync(at(name), typeof content === 'string' ? content : JSON.stringify(content))
  return { at, [Symbol.dispose]: () => scratch[Symbol.dispose]() }
}

test('a feed is built from its source and from advisories in OSV and CSAF, and products read it', async () => {
  using made = files({ 'source.yaml': SOURCE, 'osv.json': OSV, 'csaf.json': CSAF })
  const { code, stdout, stderr } = await run(
    ...['build', made.at('source.yaml'), '--advisory', made.at('osv.json'), made.at('csaf.json')],
    ...['--expires', '30', '--out', made.at('feed.json')],
  )
  assert.deepEqual([code, stdout, stderr], [0, '', ''])
  const bytes = readFileSync(made.at('feed.json'))
  const { feed } = readFeed(bytes, { product: 'acme-db', now: START })
  assert.equal(feed?.issued, '2026-11-27T00:00:00Z')
  assert.equal(feed?.expires, '2026-12-27T00:00:00Z')
  assert.deepEqual(
    feed?.versions.map(({ version }) => version),
    ['2.5.0', '2.4.3'],
  )
  assert.deepEqual(
    feed?.advisories.map((one) => ({ ...one })),
    [
      { id: 'ACME-2026-1', severity: 'high', affected: '>=2.0.0 <2.4.3', fixedIn: ['2.4.3'] },
      {
        id: 'GHSA-aaaa-bbbb-cccc',
        severity: 'critical',
        affected: '<2.4.3 || >=2.5.0-rc.1 <=2.5.0-rc.3 || =1.0.0-odd',
        fixedIn: ['2.4.3'],
        summary: 'A query can read another database',
        url: 'https://acme.example/advisories/1',
      },
      {
        id: 'CVE-2026-1234',
        severity: 'high',
        affected: '>=2.0.0 <2.4.3',
        fixedIn: ['2.4.3'],
        summary: 'Reads of another database',
        url: 'https://acme.example/csaf/acme-sa-7.json',
      },
    ],
  )
  const checked = await run('check', made.at('feed.json'))
  assert.deepEqual(
    [checked.code, checked.stdout],
    [
      0,
      `${made.at('feed.json')} is a feed of acme-db, issued at 2026-11-27T00:00:00Z: 2 versions, 3 advisories.\n`,
    ],
  )
})

test('keys are made, a feed is signed with them, rotated and checked', async () => {
  using made = files({ 'source.yaml': SOURCE })
  const keys = []
  for (const name of ['old.pem', 'new.pem']) {
    const { code, stdout } = await run('keygen', '--out', made.at(name))
    assert.equal(code, 0)
    assert.equal(statSync(made.at(name)).mode & 0o777, 0o600)
    keys.push(stdout.trim())
  }
  assert.equal((await run('keygen', '--out', made.at('old.pem'))).code, 2)
  await run('build', made.at('source.yaml'), '--expires', '30', '--out', made.at('feed.json'))
  await run('sign', made.at('feed.json'), '--key', made.at('old.pem'), '--out', made.at('signed.json'))
  await run('sign', made.at('signed.json'), '--key', made.at('new.pem'), '--out', made.at('both.json'))
  await run('sign', made.at('both.json'), '--key', made.at('new.pem'), '--out', made.at('both.json'))
  assert.equal(JSON.parse(readFileSync(made.at('both.json'), 'utf8')).signatures.length, 2)
  for (const [file, key, code] of [
    ['feed.json', keys[0], 1],
    ['signed.json', keys[0], 0],
    ['signed.json', keys[1], 1],
    ['both.json', keys[0], 0],
    ['both.json', keys[1], 0],
  ] as const)
    assert.equal((await run('check', made.at(file), '--key', key ?? '')).code, code, `${file} ${key}`)
})

for (const [what, args, contents, message] of [
  ['a source that is a list', ['build', 'a'], { a: '- b' }, /is not a mapping/],
  ['a source that is no YAML', ['build', 'a'], { a: '{' }, /is neither YAML nor JSON/],
  [
    'a version that products refuse',
    ['build', 'a'],
    { a: 'product: acme\nversions: [{ version: <b> }]' },
    /has an invalid versions\[0\]\.version; products would refuse it/,
  ],
  [
    'an advisory of another kind',
    ['build', 'a', '--advisory', 'b'],
    { a: SOURCE, b: {} },
    /is neither an OSV nor a CSAF document/,
  ],
  [
    'an advisory without a severity',
    ['build', 'a', '--advisory', 'b'],
    { a: SOURCE, b: { ...OSV, severity: [] } },
    /no severity in words/,
  ],
  [
    'an advisory about commits only',
    ['build', 'a', '--advisory', 'b'],
    { a: SOURCE, b: { ...OSV, affected: [] } },
    /names no versions/,
  ],
  [
    'an advisory about two packages',
    ['build', 'a', '--advisory', 'b'],
    {
      a: SOURCE,
      b: { ...OSV, affected: [...OSV.affected, { ...OSV.affected[0], package: { name: 'other' } }] },
    },
    /several packages \(acme-db, other\); name one with --advisories-of/,
  ],
  [
    'a key that is not one',
    ['sign', 'a', '--key', 'b'],
    { a: acmeFeed(), b: '' },
    /is not an Ed25519 private key/,
  ],
  ['days that are no number', ['build', 'a', '--expires', 'soon'], { a: SOURCE }, /--expires is 'soon'/],
  ['a file that is not there', ['check', 'a'], {}, /does not exist/],
  ['a file that is no feed', ['check', 'a'], { a: 'x' }, /is not a feed/],
] as const satisfies ReadonlyArray<
  readonly [string, readonly string[], Readonly<Record<string, unknown>>, RegExp]
>) {
  test(`feed refuses ${what}`, async () => {
    using made = files(contents)
    const { code, stderr } = await run(...args.map((one) => (one.length === 1 ? made.at(one) : one)))
    assert.equal(code, 2)
    assert.match(stderr, message)
  })
}

test('a feed that never expires is not signed: products would refuse it', async () => {
  using made = files({ feed: acmeFeed() })
  await run('keygen', '--out', made.at('key.pem'))
  const { code, stderr } = await run('sign', made.at('feed'), '--key', made.at('key.pem'))
  assert.equal(code, 2)
  assert.match(stderr, /no time at which it expires/)
})

test('an advisory about several packages is imported for one of them', async () => {
  const other = { package: { name: 'other' }, versions: ['9.9.9'] }
  using made = files({ a: SOURCE, b: { ...OSV, affected: [...OSV.affected, other] } })
  const { code, stdout } = await run(
    'build',
    made.at('a'),
    '--advisory',
    made.at('b'),
    '--advisories-of',
    'acme-db',
  )
  assert.equal(code, 0)
  assert.doesNotMatch(stdout, /9\.9\.9/)
})

test('a check fails for a feed that is older than the one that is published, and warns of what cannot be compared', async () => {
  using made = files({
    old: acmeFeed({ issued: '2026-11-01' }),
    new: acmeFeed({ versions: [{ version: 'a.b.c' }], expires: '2026-11-29' }),
  })
  assert.equal((await run('check', made.at('old'), '--previous', made.at('new'))).code, 1)
  const { code, stdout } = await run('check', made.at('new'), '--previous', made.at('old'))
  assert.equal(code, 0)
  assert.match(stdout, /can only be shown, and not compared with others: a\.b\.c\./)
  assert.match(stdout, /It expires at 2026-11-29/)
})

test('the JSON Schema is shipped, is what the command writes, and agrees with what products read', async () => {
  const file = path.resolve(import.meta.dirname, '../../docs/version-feed.schema.json')
  const { stdout } = await run('schema')
  assert.equal(readFileSync(file, 'utf8'), stdout)
  const validate = new Ajv2020({ strict: false }).compile(feedSchema())
  const read = (feed: unknown) =>
    readFeed(Buffer.from(JSON.stringify(feed)), { product: 'acme-db', now: START }).problem === undefined
  for (const feed of [
    acmeFeed(),
    { ...acmeFeed(), unknown: 1 },
    acmeFeed({ message: '\u001b[31m' }),
    acmeFeed({ url: 'http://acme.example/' }),
    acmeFeed({ issued: 'now' }),
    acmeFeed({ format: 2 }),
    acmeFeed({ checkAfterHours: 0 }),
    acmeFeed({ versions: [{ version: '' }] }),
    acmeFeed({ versions: [{ version: '1', channels: [] }] }),
    acmeFeed({ advisories: [{ id: 'A', severity: 'urgent', affected: '<1' }] }),
  ])
    assert.equal(validate(feed), read(feed), JSON.stringify(feed))
})

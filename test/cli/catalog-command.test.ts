import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { Writable } from 'node:stream'
import { test } from 'node:test'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { jsonSchema } from '../../src/catalog/index.ts'
import { runOtelUsage } from '../../src/maintainer/commands/index.ts'
import { acmeCatalog, createAcme } from '../support/acme.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { createScratch } from '../support/scratch.ts'

const index = path.resolve(import.meta.dirname, '../../src/index.ts')

/** A catalog module of a plugin. */
function pluginModule(directory: string, prefix: string): string {
  const file = path.join(directory, `${prefix}.ts`)
  writeFileSync(
    file,
    `import { defineCatalog } from ${JSON.stringify(index)}
     export default defineCatalog({ version: 4, prefix: '${prefix}', facts: {
       '${prefix}.hits': { kind: 'count', unit: '{hit}', since: 1, why: 'Shows whether it is used.' },
     } })`,
  )
  return file
}

/** A catalog module with one fact, and whatever else is asked for. */
function catalogModule(directory: string, fact = '', version = 1): string {
  const file = path.join(directory, `catalog-${Math.abs(hash(fact))}-${version}.ts`)
  writeFileSync(
    file,
    `import { defineCatalog } from ${JSON.stringify(index)}
     export const catalog = defineCatalog({ version: ${version}, prefix: 'acme', levels: ['basic', 'full'], facts: {
       'acme.edition': { kind: 'attribute', type: 'enum', values: ['community', 'enterprise'], since: 1, level: 'full',
         why: 'Shows which edition matters.', example: 'community' },
       ${fact}
     } })`,
  )
  return file
}

const hash = (text: string) => [...text].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) | 0, 7)

async function run(args: readonly string[], now = Date.UTC(2026, 0, 1)) {
  const written = { stdout: '', stderr: '' }
  const into = (name: keyof typeof written) =>
    new Writable({
      write(chunk, _, done) {
        written[name] += String(chunk)
        done()
      },
    })
  const io = { stdout: into('stdout'), stderr: into('stderr'), clock: createFakeClock(now) }
  const code = await runOtelUsage(['catalog', ...args], io)
  return { code, ...written }
}

test('the page names every fact with its reason, and shows a whole report', async () => {
  using scratch = createScratch()
  const call = [
    'docs',
    '--catalog',
    catalogModule(scratch.directory),
    '--product',
    'acme-db',
    '--title',
    'Acme DB',
    '--retention',
    'basic=2 years,full=90 days',
  ]
  const first = await run(call)
  assert.equal(first.code, 0)
  for (const part of [
    '# What Acme DB reports',
    '`acme.edition`',
    'Shows which edition matters.',
    '| kept |',
    '| 90 days |',
    'ACME_DB_TELEMETRY_OPTOUT=1',
    '"resourceMetrics"',
  ]) {
    assert.ok(first.stdout.includes(part), part)
  }
  assert.equal((await run(call)).stdout, first.stdout)
})

test('how long reports are kept is said for every level, or not at all', async () => {
  using scratch = createScratch()
  const call = ['docs', '--catalog', catalogModule(scratch.directory), '--product', 'acme-db']
  assert.ok((await run([...call, '--retention', '90 days'])).stdout.includes('| 90 days |'))
  assert.ok(!(await run(call)).stdout.includes('| kept |'))
  const refused = await run([...call, '--retention', 'basic=2 years'])
  assert.equal(refused.code, 2)
  assert.match(refused.stderr, /does not name the level full; name every level: basic=90 days,full=90 days/)
})

test('the page of a product whose flag overrules a stored no says so', async () => {
  using scratch = createScratch()
  const call = ['docs', '--catalog', catalogModule(scratch.directory), '--product', 'acme-db']
  assert.match((await run(call)).stdout, /a no, whoever says it, always holds\./)
  const { stdout } = await run([...call, '--overrule-stored-no', 'variable,flag'])
  assert.match(
    stdout,
    /a no holds, whoever says it, except that a yes of the variable `ACME_DB_TELEMETRY` or the command-line flag overrules/,
  )
  const refused = await run([...call, '--overrule-stored-no', 'default'])
  assert.equal(refused.code, 2)
  assert.match(
    refused.stderr,
    /argument 'default' is invalid\. Use some of variable, flag, locked-configuration/,
  )
})

test('the schema takes a real report, and refuses one with anything that is not declared', async () => {
  const usage = createAcme()
  usage.set('acme.edition', 'enterprise')
  usage.set('acme.users', 5)
  usage.counter('acme.commands').add(1, { command: 'find', result: 'ok' })
  usage.getMeter('host').createCounter('host.other').add(1)
  const report = (await usage.preview()).json
  const validate = new Ajv2020({ strict: false }).compile(jsonSchema(acmeCatalog, 'acme-db'))
  assert.ok(validate(report), JSON.stringify(validate.errors?.slice(0, 3)))

  for (const [from, to] of [
    ['enterprise', 'enterprize'],
    ['"acme.users"', '"acme.secret"'],
    ['"find"', '"drop"'],
    ['{user}', 'By'],
  ] as const) {
    assert.ok(!validate(JSON.parse(JSON.stringify(report).replace(from, to))), `${to} was taken`)
  }
})

test('check is content with files that are what the catalog says, and names the command that repairs the others', async () => {
  using scratch = createScratch()
  const call = ['--catalog', catalogModule(scratch.directory), '--product', 'acme-db']
  const files = { docs: 'page.md', schema: 'schema.json', 'collector-config': 'collector.yaml' }
  const options = Object.entries(files).flatMap(([command, name]) => [
    `--${command}`,
    path.join(scratch.directory, name),
  ])
  for (const [command, name] of Object.entries(files))
    await run([command, ...call, '--out', path.join(scratch.directory, name)])
  assert.deepEqual(await run(['check', ...call, ...options]), {
    code: 0,
    stdout: 'The catalog of acme-db, version 1, has one fact and no errors.\n',
    stderr: '',
  })

  const page = path.join(scratch.directory, 'page.md')
  writeFileSync(page, `${readFileSync(page, 'utf8')}by hand`)
  const { code, stderr } = await run(['check', ...call, ...options])
  assert.equal(code, 1)
  assert.equal(
    stderr,
    `error: ${page} does not match the catalog; write it with \`otel-usage catalog docs --out ${page}\` and the same options for the product.\n`,
  )
})

test('check announces an expiry 30 days ahead, and fails after it', async () => {
  using scratch = createScratch()
  const fact =
    "'acme.old': { kind: 'count', unit: '{run}', since: 1, level: 'full', why: 'Shows whether it is used.', expires: '2026-03-01' },"
  const call = ['check', '--catalog', catalogModule(scratch.directory, fact), '--product', 'acme-db']
  const nothing =
    /^warning: the catalog was compared with nothing, and only its rules and expiries were checked; name files with .+\n$/
  assert.match((await run(call, Date.UTC(2026, 0, 29))).stderr, nothing)
  const soon = await run(call, Date.UTC(2026, 0, 30))
  assert.deepEqual(
    [soon.code, soon.stderr.startsWith("warning: facts['acme.old'].expires is 2026-03-01, within 30 days")],
    [0, true],
  )
  const late = await run(call, Date.UTC(2026, 2, 1))
  assert.deepEqual(
    [late.code, late.stderr.startsWith("error: facts['acme.old'].expires was 2026-03-01")],
    [1, true],
  )
})

const COUNT = (more: string) =>
  `'acme.runs': { kind: 'count', unit: '{run}', why: 'Shows whether it is used.', ${more} },`

const CHANGES: Array<
  [what: string, released: string, now: string, version: number, place: string | undefined]
> = [
  ['nothing', COUNT("since: 1, level: 'full'"), COUNT("since: 1, level: 'full'"), 1, undefined],
  [
    'another reason',
    COUNT("since: 1, level: 'full'"),
    COUNT("since: 1, level: 'full'").replace('used', 'used much'),
    1,
    undefined,
  ],
  ['a higher level', COUNT("since: 1, level: 'basic'"), COUNT("since: 1, level: 'full'"), 1, undefined],
  [
    'a lower level',
    COUNT("since: 1, level: 'full'"),
    COUNT("since: 1, level: 'basic'"),
    1,
    "facts['acme.runs'].level",
  ],
  [
    'another unit',
    COUNT("since: 1, level: 'full'"),
    COUNT("since: 1, level: 'full'").replace('{run}', 'By'),
    1,
    "facts['acme.runs'].unit",
  ],
  [
    'a dimension',
    COUNT("since: 1, level: 'full'"),
    COUNT("since: 1, level: 'full', by: { kind: ['a'] }"),
    1,
    "facts['acme.runs'].by",
  ],
  [
    'a running total',
    COUNT("since: 1, level: 'full'"),
    COUNT("since: 1, level: 'full', temporality: 'cumulative'"),
    1,
    "facts['acme.runs'].temporality",
  ],
  [
    'a default that is written down',
    COUNT("since: 1, level: 'full'"),
    COUNT("since: 1, level: 'full', temporality: 'delta'"),
    1,
    undefined,
  ],
  ['a new fact under an old version', '', COUNT("since: 1, level: 'full'"), 1, "facts['acme.runs'].since"],
  ['a new fact with its version', '', COUNT("since: 2, level: 'full'"), 2, undefined],
  [
    'a changed fact that says so',
    COUNT("since: 1, level: 'full'"),
    COUNT("since: 2, level: 'basic'"),
    2,
    undefined,
  ],
]

for (const [what, before, after, version, place] of CHANGES) {
  test(`since the release, ${what}: ${place ? `fails at ${place}` : 'is fine'}`, async () => {
    using scratch = createScratch()
    const released = path.join(scratch.directory, 'released.json')
    await run([
      'release',
      '--catalog',
      catalogModule(scratch.directory, before),
      '--product',
      'acme-db',
      '--out',
      released,
    ])
    const { code, stderr } = await run([
      'check',
      '--catalog',
      catalogModule(scratch.directory, after, version),
      '--product',
      'acme-db',
      '--released',
      released,
    ])
    assert.equal(code, place ? 1 : 0, stderr)
    assert.equal(stderr.includes(`error: ${place}`), place !== undefined)
  })
}

test("the first catalog is the product's, the others are contributions to it", async () => {
  using scratch = createScratch()
  const { directory } = scratch
  const catalogs = [
    catalogModule(directory),
    pluginModule(directory, 'search'),
    pluginModule(directory, 'shop'),
  ]
  const call = [...catalogs.flatMap((file) => ['--catalog', file]), '--product', 'acme-db']
  const page = (await run(['docs', ...call])).stdout
  assert.ok(page.includes('Catalog version 1, `search.*` version 4, `shop.*` version 4.'), page)
  assert.match(page, /\| `shop\.hits` \| .+ \| full \| 1 \|/)
  assert.match((await run(['collector-config', ...call])).stdout, /IsMatch\(metric\.name, .+search\\\\\.hits/)

  const refused = await run(['docs', ...call, '--catalog', catalogs[1] as string])
  assert.equal(refused.code, 2)
  assert.match(refused.stderr, /contributions\[2\]\.prefix: is 'search', which overlaps 'search'/)
})

test('what comes in at the same gateway besides is named by --additional-product: another product, an earlier version', async () => {
  using scratch = createScratch()
  const { directory } = scratch
  const call = ['--catalog', catalogModule(directory), '--product', 'acme-db']
  const released = path.join(directory, 'released.json')
  await run(['release', ...call, '--out', released])
  writeFileSync(released, readFileSync(released, 'utf8').replace('"version": 1', '"version": 2'))
  const also = [
    '--additional-product',
    `acme-db=${released}`,
    '--additional-product',
    `search=${pluginModule(directory, 'search')}`,
  ]
  const { stdout } = await run(['collector-config', ...call, ...also])
  assert.match(
    stdout,
    /^# What the gateway lets through for acme-db \(catalog version 1, 2\), search \(catalog version 4\)\./,
  )
})

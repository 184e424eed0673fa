import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { jsonSchema } from '../../src/catalog/index.ts'
import type { ProductDescription } from '../../src/index.ts'
import { acmeCatalog, createAcme } from '../support/acme.ts'
import { runCommand } from '../support/command.ts'
import { ACME_DB, productModule } from '../support/described.ts'
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

const run = (args: readonly string[], now = Date.UTC(2026, 0, 1)) =>
  runCommand(['catalog', ...args], { clock: createFakeClock(now) })

test('the page names every fact with its reason, and shows a whole report', async () => {
  using scratch = createScratch()
  const { directory } = scratch
  const retention = { basic: '2 years', full: '90 days' }
  const receiver = { ...ACME_DB.receiver, retention }
  const call = ['docs', '--product', productModule(directory, catalogModule(directory), { receiver })]
  const first = await run(call)
  assert.equal(first.code, 0, first.stderr)
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
  const table = first.stdout.indexOf('| `acme.edition` | `community` |')
  assert.ok(table > 0 && table < first.stdout.indexOf('<details>\n<summary>The same report as it is sent'))
})

test('a description of the product that misses something for the page, or has a mistake, is refused with all of it', async () => {
  using scratch = createScratch()
  const { directory } = scratch
  const catalog = catalogModule(directory)
  const { receiver: _, ...bare } = ACME_DB
  const file = path.join(directory, 'product.json')
  const data = { ...bare, catalog: 'catalog.json' }
  await run([
    'release',
    '--catalog',
    catalog,
    '--product',
    'acme-db',
    '--out',
    path.join(directory, 'catalog.json'),
  ])
  writeFileSync(file, JSON.stringify(data))
  const refused = await run(['docs', '--product', file])
  assert.deepEqual([refused.code, refused.stdout], [2, ''])
  assert.match(refused.stderr, /receiver: is missing; say who receives the reports/)
  writeFileSync(file, JSON.stringify({ ...data, titel: 'Acme', endpoint: 'http://acme.example' }))
  const wrong = await run(['schema', '--product', file])
  assert.equal(wrong.code, 2)
  assert.match(wrong.stderr, /^The description of the product in '.+product\.json' has 2 mistakes:\n/)
  assert.match(wrong.stderr, /- titel: is not an option; 'title' is\n {2}- endpoint: /)
})

test('a description as JSON gives the same page as the module, also with its catalog in a separate file', async () => {
  using scratch = createScratch()
  const { directory } = scratch
  const catalog = catalogModule(directory)
  const at = (name: string) => path.join(directory, name)
  await run(['release', '--catalog', catalog, '--product', 'acme-db', '--out', at('catalog.json')])
  const released = JSON.parse(readFileSync(at('catalog.json'), 'utf8'))
  writeFileSync(at('beside.json'), JSON.stringify({ ...ACME_DB, catalog: 'catalog.json' }))
  writeFileSync(at('whole.json'), JSON.stringify({ ...ACME_DB, catalog: released }))
  const { stdout } = await run(['docs', '--product', productModule(directory, catalog)])
  assert.ok(stdout.length > 1_000)
  for (const name of ['beside.json', 'whole.json'])
    assert.equal((await run(['docs', '--product', at(name)])).stdout, stdout)
})

test('the version of the product is said once', async () => {
  using scratch = createScratch()
  const { directory } = scratch
  const { version: _, ...unversioned } = ACME_DB
  const file = path.join(directory, 'product.json')
  const catalog = { version: 1, prefix: 'acme', facts: {} }
  writeFileSync(file, JSON.stringify({ ...unversioned, catalog }))
  assert.match(
    (await run(['docs', '--product', file, '--product-version', '3.1.0'])).stdout,
    /Acme DB 3\.1\.0/,
  )
  writeFileSync(file, JSON.stringify({ ...ACME_DB, catalog }))
  const refused = await run(['docs', '--product', file, '--product-version', '3.1.0'])
  assert.equal(refused.code, 2)
  assert.match(refused.stderr, /--product-version is 3\.1\.0, and '.+' says 2\.4\.0; leave the option out\./)
})

test('a version that the description has as a function is the one of the page, and one that throws is a sentence', async () => {
  using scratch = createScratch()
  const file = path.join(scratch.directory, 'product.js')
  const catalog = { version: 1, prefix: 'acme', facts: {} }
  const moduleWith = (version: string) =>
    `export const product = { ...${JSON.stringify({ ...ACME_DB, catalog })}, version: ${version} }`
  writeFileSync(file, moduleWith("() => '3.2.1'"))
  assert.match((await run(['docs', '--product', file])).stdout, /Acme DB 3\.2\.1/)
  const throwing = path.join(scratch.directory, 'throwing.js')
  writeFileSync(throwing, moduleWith("() => { throw new Error('no manifest') }"))
  const refused = await run(['docs', '--product', throwing])
  assert.deepEqual([refused.code, refused.stdout], [2, ''])
  assert.match(refused.stderr, /version of the product in '.+' could not be read: .+\(no manifest\)\./)
})

test('a page that ends in .html is HTML, for docs and for check', async () => {
  using scratch = createScratch()
  const { directory } = scratch
  const product = ['--product', productModule(directory, catalogModule(directory))]
  const page = path.join(directory, 'page.html')
  assert.equal((await run(['docs', ...product, '--out', page])).code, 0)
  assert.match(readFileSync(page, 'utf8'), /^<!doctype html>/)
  assert.equal((await run(['check', ...product, '--docs', page])).code, 0)
})

test('the page of a product whose flag overrules a stored no says so', async () => {
  using scratch = createScratch()
  const { directory } = scratch
  const catalog = catalogModule(directory)
  const page = async (consent: ProductDescription['consent']) =>
    (
      await run([
        'docs',
        '--product',
        productModule(directory, catalog, { consent: consent ?? {} }, `${JSON.stringify(consent).length}.ts`),
      ])
    ).stdout
  assert.match(await page({ default: 'enabled' }), /A no, whoever says it, always holds\./)
  assert.match(
    await page({ default: 'enabled', overruleStoredNo: ['variable', 'flag'] }),
    /A no holds, whoever says it, except that a yes of the variable `ACME_DB_TELEMETRY` or the command-line flag overrules/,
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
  const call = ['--product', productModule(scratch.directory, catalogModule(scratch.directory))]
  const files = {
    docs: 'page.md',
    schema: 'schema.json',
    'collector-config': 'collector.yaml',
    services: 'services.cdx.json',
  }
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
    `error: ${page} does not match the product; write it with \`otel-usage catalog docs --out ${page}\` and the same options for the product.\n`,
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

test('catalogs beside the description are contributions to its catalog', async () => {
  using scratch = createScratch()
  const { directory } = scratch
  const catalogs = [pluginModule(directory, 'search'), pluginModule(directory, 'shop')]
  const product = productModule(directory, catalogModule(directory))
  const call = [...catalogs.flatMap((file) => ['--catalog', file]), '--product', product]
  const page = (await run(['docs', ...call])).stdout
  assert.ok(
    page.includes('This is version 1 of the catalog, `search.*` version 4, `shop.*` version 4.'),
    page,
  )
  assert.match(page, /\| `shop\.hits` \| .+ \| no \| yes \| 1 \|/)
  assert.match((await run(['collector-config', ...call])).stdout, /IsMatch\(metric\.name, .+search\\\\\.hits/)

  const refused = await run(['docs', ...call, '--catalog', catalogs[0] as string])
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

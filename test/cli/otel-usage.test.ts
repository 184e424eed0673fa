import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { copyFileSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { runCommand } from '../support/command.ts'
import { createScratch } from '../support/scratch.ts'

const root = path.resolve(import.meta.dirname, '../..')
const bin = path.join(root, 'src/bin.ts')
const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'))

const run = (...args: readonly string[]) => runCommand(args)

/** A catalog as data, with other content where a test asks for it. */
function catalogFile(directory: string, change: object = {}, name = 'catalog.json'): string {
  const file = path.join(directory, name)
  const fact = { kind: 'count', unit: '{run}', since: 1, why: 'Shows whether it is used.' }
  writeFileSync(file, JSON.stringify({ version: 1, prefix: 'acme', facts: { 'acme.runs': fact }, ...change }))
  return file
}

test('--version prints the version of the package', async () => {
  assert.deepEqual(await run('--version'), { code: 0, stdout: `${version}\n`, stderr: '' })
})

const COMMANDS: readonly string[] = [
  '',
  'catalog',
  ...['docs', 'schema', 'collector-config', 'release', 'check'].map((name) => `catalog ${name}`),
  'gateway',
  ...['validate', 'up', 'status', 'guard', 'schema', 'maintain', 'reader', 'grafana', 'files'].map(
    (name) => `gateway ${name}`,
  ),
]

test('every command prints its help on standard output, with the exit codes', async () => {
  for (const command of COMMANDS) {
    const { code, stdout, stderr } = await run(...command.split(' ').filter(Boolean), '--help')
    assert.deepEqual([code, stderr], [0, ''], command)
    assert.ok(stdout.startsWith(`Usage: ${`otel-usage ${command}`.trim()} `), stdout)
    assert.match(stdout, /Exit codes:\n {2}0 .+\n {2}1 .+\n {2}2 /)
    assert.ok(
      stdout.split('\n').every((line) => line.length <= 110),
      stdout,
    )
  }
})

test('the help of a command lists every command that is below it', async () => {
  for (const command of COMMANDS.filter((name) => name.includes(' '))) {
    const [group = '', name] = command.split(' ')
    assert.match((await run(group, '--help')).stdout, new RegExp(`^ {2}${name} `, 'm'))
  }
})

/** Calls that cannot be carried out, and the first line of the answer. */
const WRONG: ReadonlyArray<[call: string, message: string]> = [
  ['frobnicate', "Unknown command 'frobnicate'."],
  ['gatway', "Unknown command 'gatway'. Did you mean gateway?"],
  ['catalog draw', "Unknown command 'draw'."],
  ['catalog dosc', "Unknown command 'dosc'. Did you mean docs?"],
  ['catalog docs --colour', "Unknown option '--colour'."],
  ['catalog docs --catalgo x --product acme', "Unknown option '--catalgo'. Did you mean --catalog?"],
  [
    'catalog docs --product acme',
    "--catalog is missing; name the file of the catalog, or the description of 'acme' with --product <file>.",
  ],
  ['catalog docs --catalog x.ts', '--product is missing; name the file with the description of the product.'],
  ['catalog docs extra', "Too many arguments for 'docs'. Expected 0 arguments but got 1: extra."],
  ['catalog docs --product nowhere.ts', "--product names 'nowhere.ts', which does not exist."],
  [
    'catalog collector-config --additional-product b',
    "Option '--additional-product <name>=<file>' argument 'b' is invalid. Write it as <name>=<file>.",
  ],
  ['insights versions --product nowhere.ts', "--product names 'nowhere.ts', which does not exist."],
  ['insights publish --init --product nowhere.ts', "--product names 'nowhere.ts', which does not exist."],
  [
    'insights publish --init --product Acme',
    "--product is 'Acme', which is not the name of a product; write it as acme-db.",
  ],
  ['gateway vaildate', "Unknown command 'vaildate'. Did you mean validate?"],
  ['gateway validate up', "Too many arguments for 'validate'. Expected 0 arguments but got 1: up."],
  ['gateway up --direktory x', "Unknown option '--direktory'. Did you mean --directory?"],
  ['gateway up --directory', "Option '--directory <path>' argument missing."],
  ['gateway up --config nowhere.yaml', "--config names 'nowhere.yaml', which does not exist."],
  ['gateway files', '--out is missing; name a directory for the files, such as --out deploy.'],
  ['gateway status -- otelcol', "Too many arguments for 'status'. Expected 0 arguments but got 1: otelcol."],
  [
    'gateway maintain',
    'CLICKHOUSE_URL is not set, and no `gateway up` has started a store in this folder; set CLICKHOUSE_URL to the HTTP address of the store, such as http://127.0.0.1:8123.',
  ],
  [
    'gateway guard',
    'No Collector was given; write it after two hyphens: otel-usage gateway guard -- /usr/local/bin/otelcol --config gateway.yaml',
  ],
]

for (const [call, message] of WRONG) {
  test(`called wrongly: otel-usage ${call}`, async () => {
    const { code, stdout, stderr } = await run(...call.split(' '))
    assert.deepEqual([code, stdout], [2, ''])
    const [first, hint] = stderr.split('\n')
    assert.equal(first, message)
    assert.match(hint ?? '', /^`otel-usage( \w+)*[\w -]* --help` shows how to call it\.$/)
  })
}

test('without a command the help goes to standard error, and the exit code is 2', async () => {
  for (const call of [[], ['catalog'], ['gateway']]) {
    const { code, stdout, stderr } = await run(...call)
    assert.deepEqual([code, stdout], [2, ''])
    assert.match(stderr, /^Usage: otel-usage/)
  }
})

test('a file that cannot be read or written is a sentence, not a stack trace', async () => {
  using scratch = createScratch()
  const { directory } = scratch
  const good = catalogFile(directory)
  const at = (name: string) => path.join(directory, name)
  const put = (name: string, text: string) => {
    writeFileSync(at(name), text)
    return at(name)
  }
  mkdirSync(at('folder'))
  const product = ['--product', 'acme', '--catalog']
  const calls: ReadonlyArray<[call: readonly string[], code: number, message: string]> = [
    [['docs', ...product, at('none.ts')], 2, `--catalog names '${at('none.ts')}', which does not exist.`],
    [['docs', ...product, at('folder')], 2, `--catalog names '${at('folder')}', which is a folder.`],
    [
      ['docs', ...product, put('broken.json', '{')],
      2,
      `--catalog names '${at('broken.json')}', which is not valid JSON: `,
    ],
    [
      ['docs', ...product, put('list.json', '[]')],
      2,
      `--catalog names '${at('list.json')}', which holds no catalog; write one with \`otel-usage catalog release\`.`,
    ],
    [
      ['docs', ...product, put('empty.mjs', '')],
      2,
      `--catalog names '${at('empty.mjs')}', which exports no catalog; export what defineCatalog returns as \`catalog\`.`,
    ],
    [
      ['docs', ...product, put('broken.mjs', 'export const')],
      2,
      `--catalog names '${at('broken.mjs')}', which could not be loaded: `,
    ],
    [
      ['docs', ...product, put('throws.mjs', "throw new Error('no database')")],
      2,
      `--catalog names '${at('throws.mjs')}', which could not be loaded: no database. \`node ${at('throws.mjs')}\` shows where.`,
    ],
    [
      ['schema', ...product, good, '--out', at('missing/page.md')],
      2,
      `--out names '${at('missing/page.md')}', but the folder '${at('missing')}' does not exist; create it, or choose another file.`,
    ],
    [
      ['release', ...product, good, '--out', at('folder')],
      2,
      `--out names '${at('folder')}', which is a folder; name a file in it.`,
    ],
    [
      ['release', ...product, good, '--out', path.join(good, 'x.json')],
      1,
      `'${path.join(good, 'x.json')}' could not be written: ENOTDIR`,
    ],
    [
      ['check', ...product, good, '--released', at('none.json')],
      2,
      `--released names '${at('none.json')}', which does not exist.`,
    ],
    [
      ['check', ...product, good, '--schema', at('none.md')],
      1,
      `error: ${at('none.md')} does not exist; write it with \`otel-usage catalog schema --out ${at('none.md')}\` and the same options for the product.`,
    ],
    [
      ['collector-config', ...product, good, '--additional-product', `other=${at('none.json')}`],
      2,
      `--additional-product names '${at('none.json')}', which does not exist.`,
    ],
  ]
  for (const [call, code, message] of calls) {
    const result = await run('catalog', ...call)
    assert.deepEqual([result.code, result.stdout], [code, ''], call.join(' '))
    assert.ok(result.stderr.startsWith(message), `${result.stderr}\n${message}`)
    assert.doesNotMatch(result.stderr, /^ +at /m)
  }
})

test('a mistake in a catalog module is shown as the module of the package throws it, without a hint', async () => {
  using scratch = createScratch()
  const file = path.join(scratch.directory, 'mistake.mjs')
  const error = `Object.assign(new TypeError('The usage catalog has one mistake:'), { code: 'ERR_USAGE_CONFIGURATION' })`
  writeFileSync(file, `throw ${error}`)
  const { code, stderr } = await run('catalog', 'docs', '--product', 'acme', '--catalog', file)
  assert.equal(code, 2)
  assert.equal(
    stderr.split('\n')[0],
    `--catalog names '${file}', which could not be loaded: The usage catalog has one mistake:`,
  )
})

test('a catalog as JSON is checked by the rules of defineCatalog wherever one is taken', async () => {
  using scratch = createScratch()
  const { directory } = scratch
  const good = catalogFile(directory)
  const bad = catalogFile(directory, { facts: { 'acme.runs': { kind: 'count' } } }, 'bad.JSON')
  const product = ['--product', 'acme', '--catalog']
  const calls = [
    ...['docs', 'schema', 'collector-config', 'release', 'check'].map((name) => [name, ...product, bad]),
    ['docs', ...product, good, '--catalog', bad],
    ['collector-config', ...product, good, '--additional-product', `other=${bad}`],
    ['check', ...product, good, '--released', bad],
  ]
  for (const call of calls) {
    const { code, stdout, stderr } = await run('catalog', ...call)
    assert.deepEqual([code, stdout], [2, ''], call.join(' '))
    assert.match(
      stderr,
      /^The usage catalog in '.+bad\.JSON' has \d mistakes:\n {2}- facts\['acme\.runs'\]\.\w+: /,
    )
  }
  // As PowerShell writes it: with a byte order mark.
  writeFileSync(good, `\uFEFF${readFileSync(good, 'utf8')}`)
  assert.equal((await run('catalog', 'schema', ...product, good)).code, 0)
})

test('check with nothing to compare says so', async () => {
  using scratch = createScratch()
  const call = ['catalog', 'check', '--product', 'acme', '--catalog', catalogFile(scratch.directory)]
  assert.deepEqual(await run(...call), {
    code: 0,
    stdout: 'The catalog of acme, version 1, has one fact and no errors.\n',
    stderr:
      'warning: the catalog was compared with nothing, and only its rules and expiries were checked; name files with --docs, --schema, --collector-config, --services or --released.\n',
  })
})

test('guard hands every argument on, also those that are options of ours', async () => {
  using scratch = createScratch()
  const environment = { USAGE_GATEWAY_DIRECTORY: scratch.directory }
  const collector = path.join(scratch.directory, 'collector.mjs')
  writeFileSync(
    collector,
    `process.exit(process.argv.slice(2).join() === '--config,a.yaml,--help,--version,--,b' ? 7 : 1)`,
  )
  for (const hyphens of [['--'], []]) {
    const call = ['gateway', 'guard', ...hyphens, process.execPath, collector]
    const args = [...call, '--config', 'a.yaml', '--help', '--version', '--', 'b']
    assert.equal((await runCommand(args, { environment })).code, 7)
  }
})

test('guard says the same about a wrong call, with hyphens and without', async () => {
  using scratch = createScratch()
  const environment = { USAGE_GATEWAY_DIRECTORY: scratch.directory }
  const withHyphens = await runCommand(['gateway', 'guard', '--'], { environment })
  assert.equal(withHyphens.code, 2)
  assert.match(withHyphens.stderr, /^No Collector was given; .+\n`otel-usage gateway guard --help` shows /)
  assert.deepEqual(withHyphens, await runCommand(['gateway', 'guard'], { environment }))
  const collector = path.join(scratch.directory, 'none')
  const absent = await runCommand(['gateway', 'guard', '--', collector], { environment })
  assert.deepEqual(absent, await runCommand(['gateway', 'guard', collector], { environment }))
  assert.match(absent.stderr, /could not be started/)
})

test('guard, which is in memory for as long as the Collector runs, loads no package', async () => {
  using scratch = createScratch()
  for (const file of globSync('dist/*.js', { cwd: root }))
    copyFileSync(path.join(root, file), path.join(scratch.directory, path.basename(file)))
  writeFileSync(path.join(scratch.directory, 'package.json'), '{ "type": "module" }')
  const call = ['bin.js', 'gateway', 'guard', '--', process.execPath, '--eval', 'console.log("it runs")']
  const env = { USAGE_GATEWAY_DIRECTORY: scratch.directory }
  const { stdout } = await promisify(execFile)(process.execPath, call, { cwd: scratch.directory, env })
  assert.equal(stdout, 'it runs\n')
})

test('the installed command ends with the exit code, and quietly where its reader has gone', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [bin, '--version'])
  assert.equal(stdout, `${version}\n`)
  const call = ['catalog', 'docs', '--product', 'examples/eventstoredb/product.ts']
  const child = spawn(process.execPath, [bin, ...call], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
  child.stdout.destroy()
  let errors = ''
  for await (const chunk of child.stderr) errors += chunk
  assert.equal(errors, '')
})

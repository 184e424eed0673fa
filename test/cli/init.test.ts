import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { parseSync } from 'oxc-parser'
import { runCommand } from '../support/command.ts'
import { createScratch } from '../support/scratch.ts'

const init = (...args: readonly string[]) => runCommand(['init', ...args])

test('init writes into a new folder, says what, and names the next step', async () => {
  using scratch = createScratch()
  writeFileSync(path.join(scratch.directory, 'package.json'), '{"version":"3.2.1","type":"module"}')
  const directory = path.join(scratch.directory, 'deep/er')
  const { code, stdout } = await init('acme-db', '--directory', directory)
  assert.equal(code, 0)
  const files = ['catalog.js', 'off-is-off.test.js', 'product.js', 'report.js', 'usage.js']
  assert.deepEqual(readdirSync(directory).toSorted(), files)
  for (const file of files) assert.ok(stdout.includes(`wrote ${path.join(directory, file)}\n`))
  assert.match(stdout, /npx otel-usage catalog docs --product \S+product\.js --out TELEMETRY\.md\n$/)
  const product = readFileSync(path.join(directory, 'product.js'), 'utf8')
  assert.match(product, /import manifest from '\.\.\/\.\.\/package\.json' with \{ type: 'json' \}/)
})

test('init never replaces a file, and writes nothing beside it', async () => {
  using scratch = createScratch()
  const directory = path.join(scratch.directory, 'telemetry')
  mkdirSync(directory)
  const mine = path.join(directory, 'product.mjs')
  writeFileSync(mine, 'mine')
  const { code, stdout, stderr } = await init('acme-db', '--directory', directory)
  assert.deepEqual([code, stdout], [2, ''])
  assert.equal(
    stderr.split('\n')[0],
    `'${mine}' exists already. Nothing was written; choose another --directory.`,
  )
  assert.deepEqual(readdirSync(directory), ['product.mjs'])
  assert.equal(readFileSync(mine, 'utf8'), 'mine')
})

test('init refuses a name or an address that the product would be refused with', async () => {
  using scratch = createScratch()
  const directory = path.join(scratch.directory, 'telemetry')
  for (const [args, message] of [
    [
      ['Acme DB'],
      "'Acme DB' cannot be the name of a product; use lower-case words joined by dashes, such as acme-db.",
    ],
    [['acme', '--endpoint', 'ftp://x'], "--endpoint: 'ftp://x' is not an http or https address;"],
    [['acme', '--title', 'a\nb'], '--title is not a text of one line;'],
  ] as const) {
    const { code, stderr } = await init(...args, '--directory', directory)
    assert.equal(code, 2)
    assert.ok(stderr.startsWith(message), stderr)
  }
  assert.deepEqual(readdirSync(scratch.directory), [])
})

test('a title with quotes, backslashes and marks of templates stays a title', async () => {
  using scratch = createScratch()
  const title = `Acme's \\ "DB" \${process.exit()} \`x\` */ </script>`
  for (const [name, more] of [
    ['usage', []],
    ['acme-db', ['--typescript']],
  ] as const) {
    const directory = path.join(scratch.directory, name)
    assert.equal((await init(name, '--directory', directory, '--title', title, ...more)).code, 0)
    for (const file of readdirSync(directory)) {
      const text = readFileSync(path.join(directory, file), 'utf8')
      assert.deepEqual(parseSync(file, text).errors, [], file)
      if (file.startsWith('product'))
        assert.ok(text.includes(String.raw`title: 'Acme\'s \\ "DB" ${'$'}{process.exit()}`), text)
    }
  }
})

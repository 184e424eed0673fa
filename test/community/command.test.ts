/** `otel-usage insights publish`, as far as it needs no store. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { runCommand } from '../support/command.ts'
import { createScratch } from '../support/scratch.ts'

test('publish --init writes a first definition once, and says what comes next', async () => {
  using scratch = createScratch()
  const file = path.join(scratch.directory, 'report.yaml')
  const args = ['insights', 'publish', '--init', '--definition', file]
  const nameless = await runCommand(args)
  assert.deepEqual([nameless.code, existsSync(file)], [2, false])
  const first = await runCommand([...args, '--product', 'acme-db'])
  assert.equal(first.code, 0, first.stderr)
  assert.match(
    first.stdout,
    /^wrote .*report\.yaml\nNext: .*\n {2}npx otel-usage insights publish --out site --definition /,
  )
  assert.match(readFileSync(file, 'utf8'), /^title: "How Acme Db is used"$/m)
  writeFileSync(file, 'mine')
  const second = await runCommand([...args, '--product', 'acme-db'])
  assert.equal(second.code, 2)
  assert.match(second.stderr, /exists already\. Nothing was written/)
  assert.equal(readFileSync(file, 'utf8'), 'mine')
})

test('publish refuses a wrong call, a definition with mistakes and a store that is not named, and writes nothing', async () => {
  using scratch = createScratch()
  const [file, out] = ['report.yaml', 'site'].map((name) => path.join(scratch.directory, name)) as [
    string,
    string,
  ]
  writeFileSync(file, 'title: x\nproducts:\n  - name: acme-db\nquestions:\n  - ask: versions\n    title: x\n')
  for (const [args, message] of [
    [['--definition', file], /--out is missing/],
    [['--out', out, '--definition', `${file}.no`], /--definition names '.*', which does not exist/],
    [['--out', out, '--definition', file, '--until', 'soon'], /--until is "soon", which is not a day/],
    [['--out', out, '--definition', file, '--product', 'acme-db'], /--product is for --init/],
    [['--out', out, '--definition', file], /line 5, column 5, questions\[0\]\.decision: is missing/],
  ] as const) {
    const { code, stderr } = await runCommand(['insights', 'publish', ...args])
    assert.equal(code, 2, stderr)
    assert.match(stderr, message)
  }
  writeFileSync(file, `${readFileSync(file, 'utf8')}    decision: y\n`)
  const environment = { USAGE_GATEWAY_DIRECTORY: scratch.directory }
  const storeless = await runCommand(['insights', 'publish', '--out', out, '--definition', file], {
    environment,
  })
  assert.equal(storeless.code, 2)
  assert.match(storeless.stderr, /CLICKHOUSE_URL is not set/)
  assert.ok(!existsSync(out))
})

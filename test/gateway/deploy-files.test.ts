import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { test } from 'node:test'
import { runCommand } from '../support/command.ts'
import { scratchDirectory } from './scratch.ts'

const root = path.resolve(import.meta.dirname, '../../collector-config')

test('`gateway files --out` puts beside each other what the files for deploying name', async (t) => {
  const out = path.join(await scratchDirectory(t), 'deploy')
  const { code, stdout } = await gateway(['files', '--out', out])
  assert.equal(code, 0)
  assert.match(stdout, /compose\.yaml/)
  for (const name of ['compose.yaml', 'kubernetes.yaml', 'Containerfile', 'haproxy.cfg']) {
    assert.deepEqual(await readFile(path.join(out, name)), await readFile(path.join(root, 'deploy', name)))
  }
  const written = await readdir(out, { recursive: true })
  assert.deepEqual(
    written.filter((name) => /_test\.go$|testdata/.test(name)),
    [],
  )

  const named = [
    ...[...(await read(out, 'compose.yaml')).matchAll(/- \.\/([^:]+):/g)].map(([, file]) => file),
    ...[...(await read(out, 'kubernetes.yaml')).matchAll(/--from-file (\S+)/g)].map(([, file]) => file),
    ...[...(await read(out, 'Containerfile')).matchAll(/^COPY (?!--)(.+) \S+$/gm)].flatMap(([, files]) =>
      files?.split(' '),
    ),
  ].map(String)
  assert.ok(named.length >= 9, named.join())
  // What the operator brings.
  const own = ['products.yaml', 'tls.pem']
  for (const file of named) assert.ok(own.includes(file) || existsSync(path.join(out, file)), file)
})

test('`gateway files` replaces no file that somebody has changed, and writes nothing then', async (t) => {
  const out = await scratchDirectory(t)
  await mkdir(path.join(out, 'clickhouse'))
  await writeFile(path.join(out, 'compose.yaml'), 'mine')
  await writeFile(path.join(out, 'clickhouse/schema.sql'), 'mine too')
  const { code, stderr } = await gateway(['files', '--out', out])
  assert.equal(code, 2)
  assert.match(
    stderr,
    /other files of the same names: clickhouse\/schema\.sql, compose\.yaml\. Nothing was written/,
  )
  assert.deepEqual((await readdir(out)).sort(), ['clickhouse', 'compose.yaml'])
  assert.equal(await read(out, 'compose.yaml'), 'mine')
})

test('`gateway files` can be called a second time without an error', async (t) => {
  const out = await scratchDirectory(t)
  assert.equal((await gateway(['files', '--out', out])).code, 0)
  assert.equal((await gateway(['files', '--out', out])).code, 0)
})

test('`gateway files` without a directory, or with one that cannot be written, says so', async (t) => {
  const file = path.join(await scratchDirectory(t), 'file')
  await writeFile(file, '')
  assert.match((await gateway(['files'])).stderr, /--out is missing; name a directory/)
  const { code, stderr } = await gateway(['files', '--out', path.join(file, 'deploy')])
  assert.equal(code, 1)
  assert.match(stderr, /could not be written into '.+deploy': ENOTDIR/)
})

const read = (out: string, name: string) => readFile(path.join(out, name), 'utf8')

const gateway = (args: readonly string[]) => runCommand(['gateway', ...args])

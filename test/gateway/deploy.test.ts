import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { readManifest } from '../../src/gateway/collector/manifest.ts'

const root = path.resolve(import.meta.dirname, '../../collector-config')
const read = (file: string) => readFileSync(path.join(root, file), 'utf8')
const overlays = globSync('*.yaml', { cwd: root }).filter((file) => !/manifest|alerts/.test(file))
const deploy = globSync('deploy/*', { cwd: root })
const variables = (text: string) => new Set(text.match(/USAGE_[A-Z_]*[A-Z]/g))

test('nothing starts a Collector without the guard of its queue, and the image has the guard of this version', async () => {
  const { version } = JSON.parse(readFileSync(path.join(root, '../package.json'), 'utf8'))
  assert.match(
    read('deploy/usage-gateway.service'),
    /^ExecStart=\S+\/otel-usage gateway guard -- \S+\/otelcol /m,
  )
  assert.match(
    read('deploy/Containerfile'),
    /^ENTRYPOINT \["otel-usage", "gateway", "guard", "--", "\/usage-gateway"\]$/m,
  )
  assert.match(
    read('deploy/Containerfile'),
    new RegExp(` otel-usage@${version.replaceAll('.', '\\.')}$`, 'm'),
  )
  assert.match(read('deploy/kubernetes.yaml'), /image: \S+\/usage-gateway:/)
})

test('every setting that the files for deploying name is one of the configuration', () => {
  const known = variables(overlays.map(read).join('\n'))
  for (const file of deploy) {
    for (const name of variables(read(file))) assert.ok(known.has(name), `${name} in ${file}`)
  }
})

test('every setting of the configuration is in README.md', () => {
  const told = variables(read('README.md'))
  for (const file of overlays) {
    for (const name of variables(read(file))) assert.ok(told.has(name), `${name} of ${file}`)
  }
})

test('every file is in README.md', () => {
  const text = read('README.md')
  for (const file of [...overlays, ...deploy, 'manifest.yaml', 'alerts.yaml'])
    assert.ok(text.includes(`\`${file}\``), file)
})

test('the images have the version of the manifest', async () => {
  const { version } = await readManifest(path.join(root, 'manifest.yaml'))
  assert.ok(read('deploy/kubernetes.yaml').includes(`/usage-gateway:${version}\n`))
  assert.ok(read('deploy/Containerfile').includes(`/cmd/builder@v${version}\n`))
})

import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { test } from 'node:test'
import { readManifest } from '../../src/maintainer/stack/collector/manifest.ts'
import { scratchDirectory } from './scratch.ts'

test('a manifest is read as YAML: quotes, comments and another order say the same', async (t) => {
  const directory = await scratchDirectory(t)
  const file = path.join(directory, 'manifest.yaml')
  await mkdir(path.join(directory, 'origin'))
  await writeFile(path.join(directory, 'origin', 'go.mod'), 'module origin')
  await writeFile(
    file,
    `processors: [{ path: "./origin", gomod: example/origin v0.0.0 }]
# path: ./gone
dist:
    name: 'usage-gateway' # the program
    version: "0.161.0"
`,
  )
  const { version, name, files } = await readManifest(file)
  assert.deepEqual([version, name], ['0.161.0', 'usage-gateway'])
  assert.deepEqual(
    files.map((each) => each.name),
    ['manifest.yaml', 'origin/go.mod'],
  )
})

test('a manifest that cannot be used is a sentence with its path', async (t) => {
  const file = path.join(await scratchDirectory(t), 'manifest.yaml')
  for (const [content, message] of [
    ['dist: {', /^'.+manifest\.yaml' is not valid YAML: .+; restore it from the package\.$/s],
    ['', /has no dist\.version or no dist\.name; restore it from the package\.$/],
    ['dist: { version: 1, name: x }', /has no dist\.version/],
    [
      'dist: { version: 0.1.0, name: x }\nreceivers: [{ path: ./gone }]',
      /^The component 'gone' of the manifest/,
    ],
  ] as const) {
    await writeFile(file, content)
    await assert.rejects(readManifest(file), { code: 'ERR_USAGE_GATEWAY', message })
  }
})

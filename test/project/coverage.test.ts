import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'

const root = path.resolve(import.meta.dirname, '../..')

test('every test that docs/coverage.md names is there, by its name', () => {
  const page = readFileSync(path.join(root, 'docs/coverage.md'), 'utf8')
  const named = [...page.matchAll(/`([\w/.-]+\.test\.ts)`(?:: ((?:"[^"]+"(?:, )?)+))?/g)]
  assert.ok(named.length > 30)
  for (const [, file = '', names = ''] of named) {
    const place = path.join(root, 'test', file)
    assert.ok(existsSync(place), file)
    const text = readFileSync(place, 'utf8').replaceAll("\\'", "'")
    for (const [, name = ''] of names.matchAll(/"([^"]+)"/g))
      assert.ok(text.includes(name), `${file} has no test '${name}'`)
  }
})

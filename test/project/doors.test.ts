/** The public doors of the package: what a host, an operator's face or a maintainer's script imports. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'

const root = path.resolve(import.meta.dirname, '../..')
const manifest = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'))
const doors = Object.keys(manifest.exports)
  .filter((door) => !door.endsWith('.json'))
  .map((door) => (door === '.' ? 'index' : door.slice(2)))

/** Arguments that every constructor of an error gets along with. */
const NOTHING = [[], [], [], {}]

for (const door of doors) {
  test(`every error of ${door} has a code that begins with ERR_USAGE_, and no other has it`, async () => {
    const names = new Map<string, string>()
    for (const [name, value] of Object.entries(await import(path.join(root, `src/${door}.ts`)))) {
      if (typeof value !== 'function' || !(value.prototype instanceof Error)) continue
      const error = Reflect.construct(value, NOTHING)
      assert.match(String(error.code), /^ERR_USAGE_[A-Z_]+$/, name)
      assert.equal(error.name, name, 'the name that a log shows is the one that is imported')
      assert.equal(names.get(error.code), undefined, `${name} has the code of another one`)
      names.set(error.code, name)
    }
  })
}

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import path from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'

const MEBIBYTE = 1_024 * 1_024

test('a million distinct values leave no memory behind, and take none while a callback observes them', {
  timeout: 120_000,
}, async () => {
  const host = path.join(import.meta.dirname, 'hosts/million.ts')
  const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', host])
  const grown = Object.entries(JSON.parse(stdout) as Record<string, number>)
  assert.ok(grown.length >= 10)
  for (const [way, bytes] of grown)
    assert.ok(bytes < 8 * MEBIBYTE, `${way}: ${(bytes / MEBIBYTE).toFixed(1)} MiB`)
})

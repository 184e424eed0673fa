import { execFile } from 'node:child_process'
import path from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'

test('generated files are what their sources say', async () => {
  const cwd = path.resolve(import.meta.dirname, '../..')
  await promisify(execFile)(process.execPath, ['scripts/docs.ts', '--check'], { cwd })
})

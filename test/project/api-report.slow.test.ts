import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { apiReports } from '../../scripts/api-report.ts'
import { createScratch } from '../support/scratch.ts'

test('a type that a signature shows and no door exports is refused, and one that the main door exports is not', () => {
  using scratch = createScratch()
  const put = (file: string, text: string) => writeFileSync(path.join(scratch.directory, file), text)
  const report = () => apiReports(scratch.directory)
  mkdirSync(path.join(scratch.directory, 'dist'))
  const exports = {
    '.': { import: { types: './dist/index.d.ts' } },
    './more': { import: { types: './dist/more.d.ts' } },
  }
  put('package.json', JSON.stringify({ name: 'acme-notes', version: '1.4.2', type: 'module', exports }))
  const compilerOptions = { module: 'nodenext', target: 'es2023', lib: ['es2023'], types: [] }
  put('tsconfig.json', JSON.stringify({ compilerOptions }))
  put('dist/note.d.ts', 'export interface Note { readonly text: string }\n')
  put('dist/index.d.ts', "export type { Note } from './note.js'\n")
  put('dist/more.d.ts', "import type { Note } from './note.js'\nexport declare function read(): Note\n")
  assert.match(report()['docs/records/api/more.api.md'] ?? '', /^export function read\(\): Note;?$/m)

  put('dist/index.d.ts', 'export {}\n')
  assert.throws(report, /^Error: dist.more\.d\.ts:2 shows the type Note, which no user can name: export it/)
})

/** Writes what is generated and committed: `npm run docs`. With `--check` it only compares, and fails on drift. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { catalog } from '../examples/minimal/catalog.ts'
import { collectorConfig } from '../src/gateway/index.ts'

const root = path.resolve(import.meta.dirname, '..')
const read = (file: string) =>
  existsSync(path.join(root, file)) ? readFileSync(path.join(root, file), 'utf8') : ''

/** The files, and what each must hold. */
const generated: Record<string, string> = {
  'examples/minimal/collector.yaml': collectorConfig([{ name: 'acme-notes', catalog }]),
  'README.md': withBlock(read('README.md'), 'examples/smallest.ts', 'ts', read('examples/smallest.ts')),
}

const drifted = Object.entries(generated).filter(([file, text]) => read(file) !== text)
const check = process.argv.includes('--check')
for (const [file, text] of drifted) {
  if (check) console.error(`${file} is not what its source says; to write it anew: npm run docs`)
  else {
    writeFileSync(path.join(root, file), text)
    console.log(`wrote ${file}`)
  }
}
process.exitCode = check && drifted.length > 0 ? 1 : 0

/** The page with the block between `<!-- name -->` and `<!-- /name -->` replaced by a fenced one. */
function withBlock(page: string, name: string, language: string, content: string): string {
  const [begin, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`]
  const [from, to] = [page.indexOf(begin), page.indexOf(end)]
  if (from < 0 || to < from) throw new Error(`README.md has no ${begin} … ${end}`)
  return `${page.slice(0, from + begin.length)}\n\`\`\`${language}\n${content}\`\`\`\n${page.slice(to)}`
}

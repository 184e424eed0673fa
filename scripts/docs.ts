/** Writes the generated files that are committed: `npm run docs`. With `--check` it only compares, and fails on a difference. */
import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { Writable } from 'node:stream'
import { DISABLING_WORDS, ENABLING_WORDS, SOURCES, type Source } from '../src/library/consent/index.ts'
import { runOtelUsage } from '../src/maintainer/commands/index.ts'
import { apiReports } from './api-report.ts'

const root = path.resolve(import.meta.dirname, '..')
process.chdir(root)

/** Export `product` of a catalog module. */
interface Product {
  readonly name: string
  readonly version: string
  readonly title: string
}

/** Product of the smallest example, whose catalog module exports only the catalog. */
const ACME_NOTES: Product = { name: 'acme-notes', version: '1.4.2', title: 'Acme Notes' }

const read = (file: string) =>
  existsSync(path.join(root, file)) ? readFileSync(path.join(root, file), 'utf8') : ''

/** Generated files, with their content. */
const generated: Record<string, string> = {
  ...apiReports(root),
  ...(await ofExamples()),
  'README.md': withPart(
    read('README.md'),
    'examples/smallest.ts',
    fenced('ts', read('examples/smallest.ts')),
  ),
  'docs/consent.md': consentPage(read('docs/consent.md')),
}

const drifted = Object.entries(generated).filter(([file, text]) => read(file) !== text)
const check = process.argv.includes('--check')
for (const [file, text] of drifted) {
  if (check) console.error(`${file} does not match its source; write it with: npm run docs`)
  else {
    writeFileSync(path.join(root, file), text)
    console.log(`wrote ${file}`)
  }
}
process.exitCode = check && drifted.length > 0 ? 1 : 0

/** Returns the files that `otel-usage catalog` writes for every example with a catalog. */
async function ofExamples(): Promise<Record<string, string>> {
  const files: Record<string, string> = {}
  for (const catalog of globSync('examples/*/catalog.ts').sort()) {
    const directory = path.dirname(catalog)
    const { product = ACME_NOTES, consent } = await import(path.join(root, catalog))
    const overruling = consent?.overruleStoredNo?.join()
    const ofPage = overruling ? { 'overrule-stored-no': overruling } : {}
    files[`${directory}/TELEMETRY.md`] = await ofCatalog('docs', catalog, product, ofPage)
    files[`${directory}/report.schema.json`] = await ofCatalog('schema', catalog, product)
    files[`${directory}/collector.yaml`] = await ofCatalog('collector-config', catalog, product)
  }
  return files
}

async function ofCatalog(command: string, catalog: string, product: Product, more = {}): Promise<string> {
  const written: string[] = []
  const stdout = new Writable({
    write(chunk, _, done) {
      written.push(String(chunk))
      done()
    },
  })
  const options = Object.entries({
    catalog,
    product: product.name,
    'product-version': product.version,
    title: product.title,
    // The default of the store: docs/store.md.
    retention: '400 days',
    ...more,
  })
  const code = await runOtelUsage(
    ['catalog', command, ...options.flatMap(([name, value]) => [`--${name}`, value])],
    {
      stdout,
    },
  )
  if (code !== 0) throw new Error(`otel-usage catalog ${command} ended with ${code} for ${catalog}`)
  return written.join('')
}

/** Returns docs/consent.md with the table of sources and the lists of words from the code. */
function consentPage(page: string): string {
  const worthOf = ({ restricts, locks, isCircumstance: passing }: Source) => {
    if (!restricts) return 'holds until somebody chooses; deletes nothing'
    const deletes = passing ? 'deletes nothing' : 'deletes'
    return `beats every yes; ${deletes}${locks ? '' : '; is taken back by another choice'}`
  }
  const rows = SOURCES.map((one) => `| \`${one.source}\` | ${one.about} | ${worthOf(one)} |`)
  const table = [
    '| source | what it is | its no |',
    '|---|---|---|',
    ...rows,
    "| `default` | The product's default. | holds until somebody chooses; deletes nothing |",
  ]
  const words = (list: readonly string[]) => list.map((word) => `\`${word}\``).join(' ')
  const withTable = withPart(page, 'sources', `\n${table.join('\n')}\n`)
  return withPart(withPart(withTable, 'enabling', words(ENABLING_WORDS)), 'disabling', words(DISABLING_WORDS))
}

function fenced(language: string, content: string): string {
  return `\n\`\`\`${language}\n${content}\`\`\`\n`
}

/** Replaces the part of a page between `<!-- name -->` and `<!-- /name -->`. */
function withPart(page: string, name: string, content: string): string {
  const [begin, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`]
  const [from, to] = [page.indexOf(begin), page.indexOf(end)]
  if (from < 0 || to < from) throw new Error(`A page has no ${begin} … ${end}`)
  return page.slice(0, from + begin.length) + content + page.slice(to)
}

/** Writes the generated files that are committed: `npm run docs`. With `--check` it only compares, and fails on a difference. */
import { existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { DISABLING_WORDS, ENABLING_WORDS, SOURCES, type Source } from '../src/library/consent/index.ts'
import { runOtelUsage } from '../src/maintainer/commands/index.ts'
import { REPORT_SCHEMA } from '../src/maintainer/community/index.ts'
import { COMMAND_SCHEMAS } from '../src/operator/commands/schemas.ts'
import { memory } from '../test/support/memory.ts'
import { apiReports } from './api-report.ts'
import { grafanaFiles } from './grafana/grafana-files.ts'
import { answersTable, columnsTable, storeTables } from './store-tables.ts'

const root = path.resolve(import.meta.dirname, '..')
process.chdir(root)

/** Files that follow from the description of a product, by the command that writes them. */
const OF_PRODUCT = {
  docs: 'TELEMETRY.md',
  schema: 'report.schema.json',
  'collector-config': 'collector.yaml',
  services: 'services.cdx.json',
}

const read = (file: string) =>
  existsSync(path.join(root, file)) ? readFileSync(path.join(root, file), 'utf8') : ''

/** Generated files, with their content. */
const generated: Record<string, string> = {
  ...apiReports(root),
  ...(await ofExamples()),
  ...schemasOfCommands(),
  ...grafanaFiles(),
  'docs/schemas/community-report.json': `${JSON.stringify(REPORT_SCHEMA)}\n`,
  'README.md': withPart(
    read('README.md'),
    'examples/smallest.ts',
    fenced('ts', read('examples/smallest.ts')),
  ),
  'docs/consent.md': consentPage(read('docs/consent.md')),
  'docs/store.md': storePage(read('docs/store.md')),
}

const drifted = Object.entries(generated).filter(([file, text]) => read(file) !== text)
const check = process.argv.includes('--check')
for (const [file, text] of drifted) {
  if (check) console.error(`${file} does not match its source; write it with: npm run docs`)
  else {
    mkdirSync(path.dirname(path.join(root, file)), { recursive: true })
    writeFileSync(path.join(root, file), text)
    console.log(`wrote ${file}`)
  }
}
process.exitCode = check && drifted.length > 0 ? 1 : 0

/** Returns the JSON Schemas of what the operator's commands print. */
function schemasOfCommands(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(COMMAND_SCHEMAS).map(([command, schema]) => [
      `docs/schemas/telemetry-${command}.json`,
      `${JSON.stringify(schema)}\n`,
    ]),
  )
}

/** Returns the files that `otel-usage catalog` writes for every example with a description. */
async function ofExamples(): Promise<Record<string, string>> {
  const files: Record<string, string> = {}
  for (const product of globSync('examples/*/product.ts').sort()) {
    const directory = path.dirname(product)
    for (const [command, file] of Object.entries(OF_PRODUCT))
      files[`${directory}/${file}`] = await ofProduct(command, product)
  }
  return files
}

async function ofProduct(command: string, product: string): Promise<string> {
  const stdout = memory()
  const code = await runOtelUsage(['catalog', command, '--product', product], { stdout })
  if (code !== 0) throw new Error(`otel-usage catalog ${command} ended with ${code} for ${product}`)
  return stdout.text()
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

/** Returns docs/store.md with the tables, the views and their columns from the SQL that makes them. */
function storePage(page: string): string {
  const [tables, views] = ['schema', 'reader'].map((file) =>
    storeTables(read(`collector-config/clickhouse/${file}.sql`)),
  )
  const parts = {
    tables: answersTable(tables ?? [], 'table'),
    views: answersTable(views ?? [], 'view'),
    columns: columnsTable([...(views ?? []), ...(tables ?? [])]),
  }
  return Object.entries(parts).reduce(
    (text, [name, content]) => withPart(text, name, `\n\n${content}\n\n`),
    page,
  )
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

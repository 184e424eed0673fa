import { existsSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { Command } from 'commander'
import { isProductName } from '../../library/telemetry/index.ts'
import type { AskProduct, ReportDefinition } from '../community/index.ts'
import { COMMON, createInsights, type Insights } from '../insights/index.ts'
import { errorMessage, GatewayError } from '../package/index.ts'
import { databaseOf } from '../stack/index.ts'
import { CallError } from './call-error.ts'
import { loadCatalog, namedProduct } from './catalog-product.ts'
import type { CommandContext } from './command-io.ts'
import { showProgress } from './progress.ts'
import { storeUrlOf } from './store-url.ts'
import { readText } from './text-files.ts'

interface PublishOptions {
  readonly out?: string
  readonly definition: string
  readonly until?: string
  readonly init?: true
  readonly product?: string
}

/** Adds `otel-usage insights publish`. */
export function addPublishCommand(insights: Command, context: CommandContext): void {
  insights
    .command('publish')
    .description(
      'Write the community report: a static site with the answers that everybody may see, and the decisions that they serve.',
    )
    .optionsGroup('Options:')
    .option('--out <folder>', 'Where the command writes. What it has written there before is replaced.')
    .option(
      '--definition <file>',
      'The definition of the report, YAML or JSON: its products, its questions, the decision that each serves.',
      'usage-report.yaml',
    )
    .option(
      '--until <day>',
      'Last day of the answers (UTC). Default: the last complete day that the store has, so that the same data give the same site',
    )
    .option('--init', 'Write a first definition, and nothing else. An existing file is never replaced.')
    .option(
      '--product <name>',
      'For --init: the name of the product in its reports, such as acme-db, or the file of its description.',
    )
    .action((options: PublishOptions) => (options.init ? init(options, context) : publish(options, context)))
}

async function init(options: PublishOptions, { stdout }: CommandContext): Promise<void> {
  const { definition } = options
  if (options.product === undefined)
    throw new CallError('--init needs the name of the product in its reports: --product acme-db.')
  const { name: product } = await namedProduct(options.product)
  if (!isProductName(product))
    throw new CallError(`--product is '${product}', which is not the name of a product; write it as acme-db.`)
  const { firstDefinition } = await import('../community/index.ts')
  const title = product.replaceAll('-', ' ').replaceAll(/\b[a-z]/g, (letter) => letter.toUpperCase())
  if (existsSync(definition))
    throw new CallError(
      `'${definition}' exists already. Nothing was written; choose another file with --definition.`,
    )
  try {
    // Never replaces a file that was created meanwhile.
    writeFileSync(definition, firstDefinition(product, title), { flag: 'wx' })
  } catch (error) {
    throw new GatewayError(`'${definition}' could not be written: ${errorMessage(error)}.`, { cause: error })
  }
  stdout.write(`wrote ${definition}
Next: say in it which decision each question serves, and write the site with:
  npx otel-usage insights publish --out site${definition === 'usage-report.yaml' ? '' : ` --definition ${definition}`}
`)
}

async function publish(options: PublishOptions, context: CommandContext): Promise<void> {
  const { out, definition: file, product } = options
  if (product !== undefined)
    throw new CallError('--product is for --init; the definition names the products of the report.')
  if (out === undefined)
    throw new CallError(
      '--out is missing; name the folder that the site is written into, such as --out site.',
    )
  const until = options.until === undefined ? undefined : dayIn(options.until)
  // Loaded for this command alone, with what draws the charts.
  const { gatherReport, readDefinition, siteFiles, writeSite } = await import('../community/index.ts')
  const definition = await readDefinition(readText('--definition', file), {
    file,
    loadCatalog: (catalog) => loadCatalog('catalog', path.resolve(path.dirname(file), catalog)),
  })
  const progress = showProgress(context.stderr)
  const store = await askingOf(definition, context)
  try {
    const onProgress = (done: number, all: number) => progress.say(`(${done} of ${all})`)
    const files = siteFiles(await gatherReport(definition, { ask: store.ask, until, onProgress }))
    await writeSite(out, files)
    context.stdout.write(`wrote ${files.size} files into ${out}: open ${path.join(out, 'index.html')}\n`)
  } finally {
    progress.stop()
    await store.close()
  }
}

function dayIn(text: string): string {
  try {
    return COMMON.until.read(text) as string
  } catch (error) {
    throw new CallError(`--until ${(error as Error).message}.`)
  }
}

/** Returns the way to the store: each product has its own catalog. */
async function askingOf(
  { products, smallestGroup }: ReportDefinition,
  { environment }: CommandContext,
): Promise<{ readonly ask: AskProduct; readonly close: () => Promise<void> }> {
  const url = await storeUrlOf(environment)
  const asking = new Map<string, Insights>(
    products.map(({ name, catalog }) => [
      name,
      createInsights({ url, database: databaseOf(environment), smallestGroup, catalog }),
    ]),
  )
  return {
    ask: ({ name }, question, options) =>
      ((asking.get(name) as Insights)[question] as (options: object) => ReturnType<AskProduct>)({
        ...options,
        product: name,
      }),
    close: async () => {
      for (const insights of asking.values()) await insights.close()
    },
  }
}

import type { Command } from 'commander'
import { docsPage, jsonSchema } from '../../catalog/index.ts'
import { collectorConfig } from '../collector/index.ts'
import { checkCatalog } from './catalog-check.ts'
import {
  addProductOptions,
  type DescribedProduct,
  describedProduct,
  loadCatalog,
  type ProductOptions,
} from './catalog-product.ts'
import type { CommandContext } from './command-io.ts'
import { writeText } from './text-files.ts'

/** Adds `otel-usage catalog`. */
export function addCatalogCommand(program: Command, context: CommandContext): void {
  const catalog = program.command('catalog').description('Write and check what follows from a catalog.')
  for (const [name, { description, write }] of Object.entries(CATALOG_FILES)) {
    addProductOptions(catalog.command(name).description(description))
      .optionsGroup('Options:')
      .option('--out <file>', 'Where the command writes. Default: standard output.')
      .action(async ({ out, ...options }: ProductOptions & { out?: string }) => {
        const text = await write(await describedProduct(options))
        if (out === undefined) context.plain.write(text)
        else writeText('--out', out, text)
      })
  }
  addProductOptions(
    catalog
      .command('check')
      .description(
        'Fail when a generated file is out of date, when a fact has expired, or when a fact has changed its meaning since a release.',
      ),
  )
    .optionsGroup('Compared with the catalog:')
    .option('--docs <file>', 'What `catalog docs` has written.')
    .option('--schema <file>', 'What `catalog schema` has written.')
    .option('--collector-config <file>', 'What `catalog collector-config` has written.')
    .option('--released <file>', 'What `catalog release` has written at the last release.')
    .optionsGroup('Options:')
    .action(async (options: ProductOptions & CheckOptions) => {
      const { docs, schema, collectorConfig, released } = options
      const files = { docs, schema, 'collector-config': collectorConfig }
      await checkCatalog(
        {
          product: await describedProduct(options),
          released: released === undefined ? undefined : await loadCatalog('--released', released),
          files: Object.entries(files).flatMap(([name, file]) =>
            file === undefined
              ? []
              : [{ name, file, write: CATALOG_FILES[name as keyof typeof files].write }],
          ),
        },
        context,
      )
    })
}

interface CheckOptions {
  readonly docs?: string
  readonly schema?: string
  readonly collectorConfig?: string
  readonly released?: string
}

/** The files that follow from a catalog, by the command that writes them. */
const CATALOG_FILES = {
  docs: {
    description: "Write the product's page about its usage telemetry: every fact, and a whole report.",
    write: writeDocs,
  },
  schema: {
    description: 'Write the JSON Schema of the report.',
    write: async ({ catalog, name }: DescribedProduct) => json(jsonSchema(catalog, name)),
  },
  'collector-config': {
    description: "Write the product's part of the Collector configuration.",
    write: async ({ catalog, name, additional }: DescribedProduct) =>
      collectorConfig([{ name, catalog }, ...additional]),
  },
  release: {
    description:
      'Write the catalog as JSON. Commit it with a release: a later `catalog check` compares with it.',
    write: async ({ catalog }: DescribedProduct) => json(catalog),
  },
} as const

async function writeDocs(product: DescribedProduct): Promise<string> {
  const { catalog, name, title, retention, overruleStoredNo, origin } = product
  // The OpenTelemetry SDK comes with it.
  const { exampleReport } = await import('../../library/report/index.ts')
  return docsPage(catalog, {
    ...{ title, retention, overruleStoredNo, origin },
    prefix: name.toUpperCase().replaceAll('-', '_'),
    exampleReport: await exampleReport(catalog, product),
  })
}

const json = (value: unknown) => `${JSON.stringify(value, undefined, 2)}\n`

import type { Command } from 'commander'
import { jsonSchema } from '../../catalog/index.ts'
import { collectorConfig } from '../collector/index.ts'
import {
  htmlPage,
  markdownPage,
  type PublishedProduct,
  pageTitle,
  publishedProduct,
  usagePage,
  usageServices,
} from '../publish/index.ts'
import { CallError } from './call-error.ts'
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
  for (const [name, { description, outHelp, write }] of Object.entries<CatalogFile>(CATALOG_FILES)) {
    addProductOptions(catalog.command(name).description(description))
      .optionsGroup('Options:')
      .option('--out <file>', outHelp ?? 'Where the command writes. Default: standard output.')
      .action(async ({ out, ...options }: ProductOptions & { out?: string }) => {
        const text = await write(await describedProduct(options), out)
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
    .option('--services <file>', 'What `catalog services` has written.')
    .option('--released <file>', 'What `catalog release` has written at the last release.')
    .optionsGroup('Options:')
    .action(async (options: ProductOptions & CheckOptions) => {
      const { docs, schema, collectorConfig, services, released } = options
      const files = { docs, schema, 'collector-config': collectorConfig, services }
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
  readonly services?: string
  readonly released?: string
}

interface CatalogFile {
  readonly description: string
  /** Help of `--out`. Default: the same for all commands. */
  readonly outHelp?: string
  /** `file`: where the text will stand, if that is known. */
  readonly write: (product: DescribedProduct, file?: string) => Promise<string>
}

/** The files that follow from the description of a product, by the command that writes them. */
const CATALOG_FILES = {
  docs: {
    description: "Write the product's page about its usage telemetry, as Markdown or as HTML.",
    outHelp:
      'Where the command writes: HTML if the name ends in .html, Markdown otherwise. Default: Markdown to standard output.',
    write: writeDocs,
  },
  schema: {
    description: 'Write the JSON Schema of the report.',
    write: async ({ catalog, name }) => json(jsonSchema(catalog, name)),
  },
  'collector-config': {
    description: "Write the product's part of the Collector configuration.",
    write: async ({ catalog, name, additional }) => collectorConfig([{ name, catalog }, ...additional]),
  },
  services: {
    description:
      'Write the receiver as an outbound service of the product, in CycloneDX 1.6 (JSON), for its bill of materials.',
    write: async (product) => json(usageServices(published(product))),
  },
  release: {
    description:
      'Write the catalog as JSON. Commit it with a release: a later `catalog check` compares with it.',
    write: async ({ catalog }) => json(catalog),
  },
} as const satisfies Readonly<Record<string, CatalogFile>>

async function writeDocs(product: DescribedProduct, file = ''): Promise<string> {
  const page = published(product)
  // The OpenTelemetry SDK comes with it.
  const { exampleReport } = await import('../../library/report/index.ts')
  const blocks = usagePage(page, await exampleReport(page.catalog, page))
  return /\.html?$/i.test(file) ? htmlPage(pageTitle(page), blocks) : markdownPage(blocks)
}

function published({ name, version, description }: DescribedProduct): PublishedProduct {
  if (description !== undefined) return publishedProduct({ ...description, version })
  throw new CallError(
    `--product gives the name '${name}' alone, and this needs its description: default, delays, receiver. Name the file with --product <file>; \`otel-usage init\` writes a first one.`,
  )
}

const json = (value: unknown) => `${JSON.stringify(value, undefined, 2)}\n`

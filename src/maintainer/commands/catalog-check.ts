import { existsSync } from 'node:fs'
import { type Catalog, changeFindings, expiryFindings, type Finding } from '../../catalog/index.ts'
import type { DescribedProduct } from './catalog-product.ts'
import type { CommandContext } from './command-io.ts'
import { readText } from './text-files.ts'

/** Catalog, and everything that it is compared with. */
export interface CatalogCheck {
  readonly product: DescribedProduct
  /** The catalog of the last release. */
  readonly released: Catalog | undefined
  /** Files that were generated from the catalog. */
  readonly files: readonly GeneratedFile[]
}

interface GeneratedFile {
  /** Command that writes the file, and option that names it. */
  readonly name: string
  readonly file: string
  readonly write: (product: DescribedProduct, file?: string) => Promise<string>
}

/** Writes every finding to standard error, and a summary to standard output where none of them is an error. */
export async function checkCatalog(check: CatalogCheck, context: CommandContext): Promise<void> {
  const { product, released, files } = check
  const { catalog } = product
  const findings = [
    ...expiryFindings(catalog, { at: context.clock.now(), productVersion: product.version }),
    ...(released === undefined ? [] : changeFindings(released, catalog)),
    ...(await Promise.all(files.map((each) => fileFindings(each, product)))).flat(),
  ]
  for (const { severity, path, message } of findings)
    context.stderr.write(`${severity}: ${path} ${message}.\n`)
  if (released === undefined && files.length === 0) {
    context.stderr.write(
      'warning: the catalog was compared with nothing, and only its rules and expiries were checked; name files with --docs, --schema, --collector-config, --services or --released.\n',
    )
  }
  if (findings.some(({ severity }) => severity === 'error')) {
    context.exitCode = 1
    return
  }
  const count = Object.keys(catalog.facts).length
  context.stdout.write(
    `The catalog of ${product.name}, version ${catalog.version}, has ${count === 1 ? 'one fact' : `${count} facts`} and no errors.\n`,
  )
}

async function fileFindings(
  { name, file, write }: GeneratedFile,
  product: DescribedProduct,
): Promise<Finding[]> {
  const expected = await write(product, file)
  const exists = existsSync(file)
  if (exists && readText(`--${name}`, file) === expected) return []
  const message = `${exists ? 'does not match the product' : 'does not exist'}; write it with \`otel-usage catalog ${name} --out ${file}\` and the same options for the product`
  return [{ severity: 'error', path: file, message }]
}

import { writeFileSync } from 'node:fs'
import path from 'node:path'
import type { Catalog, ProductDescription } from '../../src/index.ts'
import { markdownPage, publishedProduct, usagePage } from '../../src/maintainer/publish/index.ts'

const index = path.resolve(import.meta.dirname, '../../src/index.ts')

/** Description of Acme DB without its catalog: all that its page says. */
export const ACME_DB = {
  name: 'acme-db',
  version: '2.4.0',
  title: 'Acme DB',
  homepage: 'https://acme.example/telemetry',
  endpoint: 'https://usage.acme.example',
  consent: { default: 'undecided' },
  neverCollected: ['The content of tables', 'Names of people'],
  receiver: {
    operator: 'Acme Ltd.',
    seenBy: 'the four maintainers of Acme DB',
    retention: '90 days',
    erasure: 'Write to privacy@acme.example.',
  },
} as const satisfies Omit<ProductDescription, 'catalog'>

/** Report without facts. */
export const NO_REPORT = JSON.stringify({
  resourceMetrics: [{ resource: { attributes: [] }, scopeMetrics: [] }],
})

/** Returns the page in Markdown, with an example report without facts. */
export const pageOf = (
  catalog: Catalog,
  changes: Partial<ProductDescription> = {},
  exampleReport = NO_REPORT,
): string => markdownPage(usagePage(publishedProduct({ ...ACME_DB, catalog, ...changes }), exampleReport))

/** Writes a module with the description of Acme DB, and returns its path. */
export function productModule(
  directory: string,
  catalogFile: string,
  changes: Partial<ProductDescription> = {},
  name = 'product.ts',
): string {
  const file = path.join(directory, name)
  writeFileSync(
    file,
    `import { defineProduct } from ${JSON.stringify(index)}
     import { catalog } from ${JSON.stringify(catalogFile)}
     export const product = defineProduct({ ...${JSON.stringify({ ...ACME_DB, ...changes })}, catalog })`,
  )
  return file
}

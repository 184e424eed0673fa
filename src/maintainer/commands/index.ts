/** Commands: what a maintainer runs on a catalog. */
export { type CatalogIo, runCatalogCommand } from './catalog-command.ts'

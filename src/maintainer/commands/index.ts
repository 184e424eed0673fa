/** Commands: what `otel-usage` does for a maintainer. */
export { type CatalogIo, runCatalogCommand } from './catalog-command.ts'
export { type GatewayIo, runGatewayCommand } from './gateway-command.ts'

/** Collector: derives the products' part of the Collector configuration from their catalogs. */
export { collectorConfig, type GatewayProduct } from './collector-config.ts'
export { CATALOGS } from './wire.ts'

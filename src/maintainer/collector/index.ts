/** Collector: from catalogs to the products' part of the Collector configuration. */
export { collectorConfig, type GatewayProduct } from './collector-config.ts'
export { CATALOGS } from './wire.ts'

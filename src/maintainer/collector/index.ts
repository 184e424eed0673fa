/** Collector: what the gateway checks. Derives the products' part of its configuration from their catalogs, and checks the same elsewhere. */
export { type CheckedReport, type ReportCheck, reportCheck } from './check-report.ts'
export { collectorConfig, type GatewayProduct } from './collector-config.ts'
export { CATALOGS } from './wire.ts'

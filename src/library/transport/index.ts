/**
 * The bytes of one report over the network to whoever answers, and what the answer is worth. Loads node:http, so it is entered by
 * `import()` only, like the rooms that load the SDK.
 */
export type { SendResult } from './response.ts'
export { createHttpTransport, type HttpTransportOptions, metricsUrl, type Transport } from './transport.ts'

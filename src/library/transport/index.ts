/**
 * Transport: sends the bytes of one report over HTTP, and reads the response. Loads node:http, so this room is entered by `import()`
 * only, like the rooms that load the SDK.
 */
export { readAnswer, type SendResult } from './response.ts'
export { createHttpTransport, type HttpTransportOptions, type Transport } from './transport.ts'

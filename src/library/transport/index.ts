/**
 * Transport: sends the bytes of one report over HTTP and reads the response, and fetches a version feed by the same rules. Loads node:http,
 * so this room is entered by `import()` only, like the rooms that load the SDK.
 */
export { type FetchedFeed, type FetchFeedOptions, fetchFeed } from './fetch-feed.ts'
export { readAnswer, type SendResult, type VersionHeaders } from './response.ts'
export { createHttpTransport, type HttpTransportOptions, type Transport } from './transport.ts'

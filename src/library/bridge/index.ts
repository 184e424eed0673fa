/** Bridge: from the host's OpenTelemetry SDK to the facts. Loads the SDK. */

export { FactReader } from './fact-reader.ts'
export { createFeed, type Feed, selectAggregationFor, selectTemporality } from './feed.ts'

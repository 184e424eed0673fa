/** Bridge: from an OpenTelemetry SDK of the host's own to the facts. Loads the SDK. */

export { FactReader } from './fact-reader.ts'
export { createFeed, type Feed, selectAggregation, selectTemporality } from './feed.ts'

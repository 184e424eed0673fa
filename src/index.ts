/**
 * Consent-aware usage telemetry for self-hosted software, on OpenTelemetry.
 * Importing this and starting loads no package; the OpenTelemetry SDK is loaded when the first report is made.
 *
 * @module otel-usage
 */
export type {
  AttributeFact,
  Catalog,
  CatalogDefinition,
  CountFact,
  DimensionBlocks,
  Dimensions,
  DropReason,
  Fact,
  Facts,
  GaugeFact,
  Metadata,
  MetadataFact,
  MetadataValue,
  UuidsFact,
} from './catalog/index.ts'
export { combineCatalogs, defineCatalog } from './catalog/index.ts'
export type {
  ConsentPolicy,
  ConsentSource,
  ConsentState,
  DisabledBy,
  DisclosureSink,
  DisclosureTexts,
  Opinion,
  OverrulingSource,
  StartupWarnings,
  StoredChoice,
  Verdict,
} from './library/consent/index.ts'
export {
  ConsentConflictError,
  ConsentDecisionError,
  ConsentLockedError,
  ConsentSourceError,
  createStartupWarnings,
} from './library/consent/index.ts'
export type { BoundCounter, FactPoint, GaugePoint } from './library/facts/index.ts'
export type { IdentityPolicy } from './library/identity/index.ts'
export type { LedgerCheck, LedgerEntry, LedgerReadOptions, ReportOutcome } from './library/ledger/index.ts'
export {
  createUsageTelemetry,
  explainConsent,
  type Preview,
  type ReportResult,
  type UsageContribution,
  type UsageCounter,
  type UsageRecorder,
  type UsageStatus,
  type UsageTelemetry,
  type UsageTelemetryOptions,
} from './library/telemetry/index.ts'
export {
  type Clock,
  type Duration,
  type Logger,
  type Mistake,
  type Timer,
  UsageConfigurationError,
} from './platform/index.ts'
export { createDirectoryStore, createMemoryStore, NotStoredError, type StateStore } from './state/index.ts'

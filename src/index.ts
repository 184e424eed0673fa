/**
 * Consent-aware usage telemetry for self-hosted software, on OpenTelemetry.
 * Importing this and starting loads no package; the OpenTelemetry SDK is loaded when the first report is made.
 *
 * @module otel-usage
 */
export type {
  AttributeFact,
  AttributeValue,
  BooleanFact,
  Catalog,
  CatalogDefinition,
  CombinationOf,
  CountFact,
  DimensionBlocks,
  Dimensions,
  DimensionsOf,
  DropReason,
  EnumFact,
  Fact,
  FactCommon,
  Facts,
  GaugeFact,
  MapFact,
  Metadata,
  MetadataFact,
  MetadataValue,
  NameOf,
  NumberFact,
  PermittedFacts,
  Randomized,
  Rounding,
  Scope,
  Scopes,
  SingleFact,
  StringFact,
  UuidsFact,
  ValueOf,
  VersionFact,
  WhenUnknown,
} from './catalog/index.ts'
export { combineCatalogs, defineCatalog } from './catalog/index.ts'
export type { AdvisorySeverity } from './feed/index.ts'
export type {
  Choice,
  Chooser,
  ConsentListener,
  ConsentPolicy,
  ConsentSource,
  ConsentState,
  DisabledBy,
  DisclosureSink,
  DisclosureTexts,
  Opinion,
  OverrulingSource,
  SeenVerdict,
  StartupWarnings,
  StoredChoice,
  UsageConsent,
  Verdict,
} from './library/consent/index.ts'
export {
  ConsentChangedError,
  ConsentConflictError,
  ConsentDecisionError,
  ConsentLockedError,
  ConsentSourceError,
  createStartupWarnings,
} from './library/consent/index.ts'
export type {
  ExportDocument,
  ReportEvent,
  SaveExport,
  SendingEvent,
  UsageEvents,
} from './library/delivery/index.ts'
export type {
  BoundCounter,
  DroppedValues,
  FactFunction,
  FactPoint,
  FactSource,
  GaugePoint,
  SourcedOf,
} from './library/facts/index.ts'
export type { IdentityPolicy, KeptInstallation } from './library/identity/index.ts'
export type {
  LedgerCheck,
  LedgerEntry,
  LedgerReadOptions,
  ReportOutcome,
  UsageLedger,
} from './library/ledger/index.ts'
export {
  type CountedEvent,
  createUsageTelemetry,
  type DeliveryStatus,
  type DescribedTelemetryOptions,
  type Dimensioned,
  defineProduct,
  type ExportResult,
  explainConsent,
  type Hypothesis,
  type ObservedSource,
  type Preview,
  type PreviewOptions,
  type ProductDescription,
  type ProductReceiver,
  type ReportResult,
  type UncheckedDimensions,
  type UncheckedPoints,
  type UncheckedWord,
  type UncheckedWords,
  type UsageContribution,
  type UsageCounter,
  type UsageRecorder,
  type UsageStatus,
  type UsageTelemetry,
  type UsageTelemetryOptions,
} from './library/telemetry/index.ts'
export type {
  UsageVersion,
  VersionAdvisory,
  VersionCheckOptions,
  VersionCheckResult,
  VersionCondition,
  VersionNotice,
  VersionStatus,
} from './library/version/index.ts'
export {
  type Clock,
  type Duration,
  type Environment,
  type Logger,
  type Mistake,
  type Timer,
  UsageConfigurationError,
} from './platform/index.ts'
export {
  createDirectoryStore,
  createMemoryStore,
  type EntryEnd,
  NotStoredError,
  StateEntryError,
  StateEntryNameError,
  type StateStore,
  type StoreHealth,
} from './state/index.ts'

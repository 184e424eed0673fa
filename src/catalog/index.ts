/** Catalog: declares and checks the facts that a product may report. Everything else is derived from the catalog. Pure. */
export {
  type AcceptedValue,
  acceptValue,
  attributesOf,
  type FactValue,
  factNameOf,
  valuesIn,
} from './attributes.ts'
export { changeFindings, expiryFindings, type Finding } from './changes.ts'
export { combineCatalogs } from './combine.ts'
export { checkedCatalog, defineCatalog, RESERVED_PREFIXES } from './define.ts'
export { alternativesOf, hasNoDimensions, isDeclaredSet, seriesOf } from './dimensions.ts'
export { isExpired, type Moment } from './expiry.ts'
export { frozenCopy } from './frozen.ts'
export { joiningFacts } from './joining.ts'
export { type JsonSchema, jsonSchema } from './json-schema.ts'
export { pairPattern } from './map.ts'
export { METADATA_KEY } from './metadata.ts'
export { re2Of } from './pattern-syntax.ts'
export {
  contributionOf,
  type PermittedFacts,
  rankOf,
  type Withheld,
  withholdingReason,
} from './permitted-facts.ts'
export {
  isOwnName,
  patternOf,
  REPORT_ATTRIBUTES,
  REPORT_METRICS,
  REPORT_SCOPE,
  type ReportAttribute,
  type ReportAttributeValues,
  type ReportMetric,
  type ReportMetricName,
} from './report-format.ts'
export { type Scope, type Scopes, scopesOf, widenedFacts } from './scope.ts'
export type {
  AttributeFact,
  BooleanFact,
  Catalog,
  CatalogDefinition,
  CombinationOf,
  CountFact,
  DimensionBlocks,
  Dimensions,
  DimensionsOf,
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
  Randomized,
  Rounding,
  SingleFact,
  StringFact,
  UuidsFact,
  ValueOf,
  VersionFact,
  WhenUnknown,
} from './types.ts'
export { IS_UUID, UUID, uuidPattern } from './uuids.ts'
export {
  type AttributeValue,
  DEFAULT_LIMITS,
  DROP_REASONS,
  type DropReason,
  MAX_VERSION_LENGTH,
  reportedNumber,
  VERSION,
} from './values.ts'

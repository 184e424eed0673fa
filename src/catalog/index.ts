/** What a product may report: declared once, checked once, and everything else is derived from it. Pure. */
export { changeFindings, expiryFindings, type Finding } from './changes.ts'
export { defineCatalog } from './define.ts'
export { type DocsPageOptions, docsPage } from './docs-page.ts'
export { isExpired, type Moment } from './expiry.ts'
export { type JsonSchema, jsonSchema } from './json-schema.ts'
export { type Reach, type Withheld, withheldBy } from './reach.ts'
export type {
  AttributeFact,
  BooleanFact,
  Catalog,
  CatalogDefinition,
  CountFact,
  Dimensions,
  DimensionsOf,
  EnumFact,
  Fact,
  FactCommon,
  Facts,
  GaugeFact,
  NameOf,
  Rounding,
  StringFact,
  ValueOf,
  VersionFact,
} from './types.ts'
export {
  type AttributeValue,
  attributeProblem,
  type DropReason,
  isUnknown,
  reportedAttribute,
  reportedNumber,
} from './values.ts'

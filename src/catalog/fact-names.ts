import type {
  BooleanFact,
  CountFact,
  EnumFact,
  GaugeFact,
  MapFact,
  MetadataFact,
  StringFact,
  UuidsFact,
  VersionFact,
} from './types.ts'

type NameOfAny<F> = F extends unknown ? keyof F : never
type AnyFact =
  | StringFact
  | EnumFact
  | BooleanFact
  | VersionFact
  | MetadataFact
  | UuidsFact
  | MapFact
  | GaugeFact
  | CountFact

/** Options of a fact of any kind. The compiler checks the list against the types. */
export const FACT_NAMES: { readonly [Name in NameOfAny<AnyFact>]: true } = {
  kind: true,
  type: true,
  why: true,
  allowed: true,
  since: true,
  level: true,
  expires: true,
  owner: true,
  review: true,
  example: true,
  whenUnknown: true,
  pattern: true,
  maxLength: true,
  values: true,
  keys: true,
  randomize: true,
  maxEntries: true,
  maxItems: true,
  unit: true,
  by: true,
  round: true,
  min: true,
  max: true,
  omitZero: true,
  combine: true,
  fresh: true,
  temporality: true,
  total: true,
  buckets: true,
}

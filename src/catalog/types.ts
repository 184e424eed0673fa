/**
 * What a maintainer may write into a catalog, and the types that follow from it.
 * Nothing here exists at run time.
 */

/** What every fact says about itself, whatever its kind. All of it ends up in the product's public telemetry page. */
export interface FactCommon {
  /** Why the maintainer needs it, in a sentence that an operator can judge. */
  readonly why: string
  /** The catalog version that added the fact. Consent given to an older version does not cover it. */
  readonly since: number
  /** The least level of consent at which the fact is reported. May be left out when the catalog has one level only. */
  readonly level?: string
}

/** A short text. Only for texts that the product itself makes up: never names, paths, addresses or anything typed by a person. */
export interface StringFact extends FactCommon {
  readonly kind: 'attribute'
  readonly type: 'string'
  /** A regular expression that the whole value must match. */
  readonly pattern: string
  /** Longest value in characters, 1 to 128. Default: 64. */
  readonly maxLength?: number
  readonly example: string
}

/** One of a closed list of words. */
export interface EnumFact extends FactCommon {
  readonly kind: 'attribute'
  readonly type: 'enum'
  readonly values: readonly string[]
  readonly example: string
}

export interface BooleanFact extends FactCommon {
  readonly kind: 'attribute'
  readonly type: 'boolean'
  readonly example: boolean
}

/** A version number as the versioned thing writes it: digits and letters parted by `.`, `-`, `+` or `_`, at most 64 characters. */
export interface VersionFact extends FactCommon {
  readonly kind: 'attribute'
  readonly type: 'version'
  readonly example: string
}

/** A fact that becomes an OpenTelemetry resource attribute. */
export type AttributeFact = StringFact | EnumFact | BooleanFact | VersionFact

/** The dimensions of a fact: for each key the closed list of its values. A value `other` catches what is not in the list. */
export type Dimensions = Readonly<Record<string, readonly string[]>>

/** How a number is made coarser before it is reported. `log2`: the next lower power of two (0 stays 0). */
export type Rounding = 'log2'

/** A number as it is now. It becomes an OpenTelemetry gauge. */
export interface GaugeFact extends FactCommon {
  readonly kind: 'gauge'
  /** The unit as OpenTelemetry writes it (UCUM): `By`, `s`, `1`, or a noun in braces such as `{user}`. */
  readonly unit: string
  readonly by?: Dimensions
  readonly round?: Rounding
  readonly example: number
}

/** How often something happened since the last delivered report. It becomes an OpenTelemetry gauge too. */
export interface CountFact extends FactCommon {
  readonly kind: 'count'
  /** The unit as OpenTelemetry writes it (UCUM), usually a noun in braces such as `{command}`. */
  readonly unit: string
  readonly by?: Dimensions
  readonly round?: Rounding
  readonly example?: number
}

export type Fact = AttributeFact | GaugeFact | CountFact

/** The facts of a catalog by name. */
export type Facts = Readonly<Record<string, Fact>>

/** What {@link defineCatalog} takes. */
export interface CatalogDefinition {
  /** A whole number from 1, raised whenever a fact is added: the `since` of the new one. */
  readonly version: number
  /** Every name starts with it and a dot, the permitted names of the semantic conventions excepted. */
  readonly prefix: string
  /** The levels of consent, least first; `off` is implied. Default: one level, `full`. */
  readonly levels?: readonly string[]
  readonly facts: Facts
}

/** Everything that a product may report, checked. The only way in: what it does not declare is dropped and counted. */
export interface Catalog<F extends Facts = Facts> {
  readonly version: number
  readonly prefix: string
  readonly levels: readonly string[]
  readonly facts: F
}

/** The names of a catalog's facts of one kind. */
export type NameOf<F extends Facts, K extends Fact['kind']> = {
  [N in keyof F & string]: F[N] extends { readonly kind: K } ? N : never
}[keyof F & string]

/** The values that an attribute fact takes, or those of a gauge fact. */
export type ValueOf<A> = A extends {
  readonly type: 'enum'
  readonly values: readonly (infer V extends string)[]
}
  ? V
  : A extends { readonly type: 'boolean' }
    ? boolean
    : A extends { readonly kind: 'gauge' }
      ? number
      : string

/** The attributes that a fact with dimensions is counted by. */
export type DimensionsOf<A> = A extends { readonly by: infer D extends Dimensions }
  ? { readonly [K in keyof D]: D[K][number] }
  : Readonly<Record<string, never>>

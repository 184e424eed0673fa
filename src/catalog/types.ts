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
  /** From when on it is not collected any more: a day (`2027-06-30`, UTC) or a version of the product (`3.0.0`). */
  readonly expires?: string
  /** Who answers for it, for the documentation. */
  readonly owner?: string
  /** Where it was reviewed: an http(s) address, for the documentation. */
  readonly review?: string
}

/** What an attribute fact may say when its value is not known. */
export interface WhenUnknown {
  /**
   * What is reported when no value is known: nothing, the word `Unknown`, or an empty value. With `null` it is there, and
   * empty, also when the level of consent does not reach it. Default: `absent`.
   */
  readonly whenUnknown?: 'absent' | 'Unknown' | null
}

/**
 * Randomized response: with a probability that follows from `epsilon` another of the possible values is reported, so that no
 * single report can be held against an installation, while the shares over many of them can be computed. The lie is always
 * the same one for the same value, so that asking again does not wear it off.
 */
export interface Randomized {
  /** 0.1 to 10: the smaller, the more is lied. With two values, ln 3 (1.1) reports the truth three times of four. */
  readonly randomize?: { readonly epsilon: number }
}

/** A short text. Only for texts that the product itself makes up: never names, paths, addresses or anything typed by a person. */
export interface StringFact extends FactCommon, WhenUnknown {
  readonly kind: 'attribute'
  readonly type: 'string'
  /** A regular expression that the whole value must match. */
  readonly pattern: string
  /** Longest value in characters, 1 to 128. Default: 64. */
  readonly maxLength?: number
  readonly example: string
}

/** One of a closed list of words. */
export interface EnumFact extends FactCommon, WhenUnknown, Randomized {
  readonly kind: 'attribute'
  readonly type: 'enum'
  readonly values: readonly string[]
  readonly example: string
}

export interface BooleanFact extends FactCommon, WhenUnknown, Randomized {
  readonly kind: 'attribute'
  readonly type: 'boolean'
  readonly example: boolean
}

/** A version number as the versioned thing writes it: digits and letters parted by `.`, `-`, `+` or `_`, at most 64 characters. */
export interface VersionFact extends FactCommon, WhenUnknown {
  readonly kind: 'attribute'
  readonly type: 'version'
  /** How much of it is reported. Default: all of it. */
  readonly round?: 'major' | 'major.minor'
  readonly example: string
}

/** A fact that becomes an OpenTelemetry resource attribute. */
export type AttributeFact = StringFact | EnumFact | BooleanFact | VersionFact

/** The dimensions of a fact: for each key the closed list of its values. A value `other` catches what is not in the list. */
export type Dimensions = Readonly<Record<string, readonly string[]>>

/**
 * How a number is made coarser before it is reported. `log2`: the next lower power of two (0 stays 0). `steps`: the
 * highest step that it reaches, 0 below the first. `percent`: a share from 0 to 1, to the nearest that many percent.
 */
export type Rounding = 'log2' | { readonly steps: readonly number[] } | { readonly percent: number }

/** What gauge and count facts have in common. */
export interface NumberFact extends FactCommon {
  /** The unit as OpenTelemetry writes it (UCUM): `By`, `s`, `1`, or a noun in braces such as `{user}`. */
  readonly unit: string
  readonly by?: Dimensions
  readonly round?: Rounding
  /** A smaller number is reported as this. */
  readonly min?: number
  /** A larger number is reported as this. */
  readonly max?: number
  /** Whether a zero is left out. Default: for counts yes, for gauges no. */
  readonly omitZero?: boolean
}

/** A number as it is now. It becomes an OpenTelemetry gauge. */
export interface GaugeFact extends NumberFact {
  readonly kind: 'gauge'
  readonly example: number
}

/** How often something happened since the last delivered report. It becomes an OpenTelemetry gauge too. */
export interface CountFact extends NumberFact {
  readonly kind: 'count'
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

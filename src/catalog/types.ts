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
  /**
   * A regular expression that the whole value must match: of characters, classes, groups, alternatives and repetitions, which the
   * gateway's RE2 reads alike; and in one way only, or in few, so that matching takes no time.
   */
  readonly pattern: string
  /** Longest value in characters, 1 to 1,024. Default: 64. */
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

/**
 * The operator's own key-value pairs, from the product's configuration: a cloud, a customer number, a purpose. The one kind of fact
 * whose values an operator writes, and so decides to report. Each entry becomes a resource attribute `<name>.<key>` with a text.
 * Entries that break a rule are dropped one by one, and counted.
 */
export interface MetadataFact extends FactCommon {
  readonly kind: 'attribute'
  readonly type: 'metadata'
  /** Longest value in characters, 1 to 256. Default: 64. */
  readonly maxLength?: number
  /** How many entries are reported at most, 1 to 64: the first ones by key. Default: 16. */
  readonly maxEntries?: number
  /** Without entries there is nothing that could stand for them. */
  readonly whenUnknown?: never
  readonly example: Readonly<Record<string, string>>
}

/**
 * The values of a metadata fact by key: letters, digits, `_`, `.` and `-`, at most 64, first a letter, which becomes a small one.
 * A value is reported as it is written; with `include` only where that is `true`.
 */
export type Metadata = Readonly<
  Record<string, MetadataValue | { readonly value: MetadataValue; readonly include: boolean } | undefined>
>

/** One value: a text without control characters, a finite number or a boolean. */
export type MetadataValue = string | number | boolean

/**
 * The random ids of installations that belong together, such as the nodes of a cluster. They are reported in small letters, sorted,
 * each once, as an array of texts. What is no UUID (RFC 9562) is dropped and counted; an empty list is no value.
 */
export interface UuidsFact extends FactCommon, WhenUnknown {
  readonly kind: 'attribute'
  readonly type: 'uuids'
  /** How many ids are reported at most, 1 to 64: the first ones when sorted. Default: 16. */
  readonly maxItems?: number
  readonly example: readonly string[]
}

/** A fact whose value is one text or boolean. */
export type SingleFact = StringFact | EnumFact | BooleanFact | VersionFact

/** A fact that becomes an OpenTelemetry resource attribute; a metadata fact becomes one for each entry. */
export type AttributeFact = SingleFact | MetadataFact | UuidsFact

/** The dimensions of a fact: for each key the closed list of its values. A value `other` catches what is not in the list. */
export type Dimensions = Readonly<Record<string, readonly string[]>>

/**
 * The combinations of dimension values that a fact can be told apart by: every one of the lists, or, as a list of alternatives,
 * every one of each of them. Alternatives keep the number of series small where most combinations make no sense:
 * `[{ command: ['find'], argument: ['filter', 'sort'] }, { command: ['insert', 'drop'], argument: ['none'] }]`. They have the same
 * keys in the same order, and no combination is in two of them.
 */
export type DimensionBlocks = Dimensions | readonly Dimensions[]

/**
 * How a number is made coarser before it is reported. `log2`: the next lower power of two (0 stays 0). `steps`: the
 * highest step that it reaches, 0 below the first. `percent`: a share from 0 to 1, to the nearest that many percent.
 */
export type Rounding = 'log2' | { readonly steps: readonly number[] } | { readonly percent: number }

/** What gauge and count facts have in common. */
export interface NumberFact extends FactCommon {
  /** The unit as OpenTelemetry writes it (UCUM): `By`, `s`, `1`, or a noun in braces such as `{user}`. */
  readonly unit: string
  /** What it can be told apart by. Default, as with `{}`: nothing, it is one number. */
  readonly by?: DimensionBlocks
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

/** How often something happened. It becomes an OpenTelemetry gauge too. */
export interface CountFact extends NumberFact {
  readonly kind: 'count'
  /**
   * Since when: the last delivered report (`delta`), or the beginning of the counting, with consent, without ever starting over
   * (`cumulative`). Default: `delta`.
   */
  readonly temporality?: 'delta' | 'cumulative'
  /**
   * What an observable counter of this fact gives the total of: something that outlives the process, such as the rows of a table, so
   * that the first total that is observed is where counting begins, for the whole installation; or what this process has counted
   * since it began, so that all of it counts. Default: `source`.
   */
  readonly total?: 'source' | 'process'
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
  /**
   * The names of facts that earlier versions had: an operator who withholds one of them has made no mistake. Default: none. The check
   * against a released catalog asks for them.
   */
  readonly removed?: readonly string[]
}

/** Everything that a product may report, checked. The only way in: what it does not declare is dropped and counted. */
export interface Catalog<F extends Facts = Facts> {
  readonly version: number
  readonly prefix: string
  readonly levels: readonly string[]
  readonly facts: F
  /** The names of facts that earlier versions had. */
  readonly removed?: readonly string[]
  /** The contributions in it, by prefix, with the version of each: see {@link combineCatalogs}. */
  readonly contributions?: Readonly<Record<string, number>>
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
    : A extends { readonly type: 'metadata' }
      ? Metadata
      : A extends { readonly type: 'uuids' }
        ? readonly string[]
        : A extends { readonly kind: 'gauge' }
          ? number
          : string

/**
 * The attributes that a fact is counted by: those of one of its alternatives, none where it has no dimensions, and any where the
 * catalog is not known to the compiler.
 */
export type DimensionsOf<A> = CountFact extends A
  ? Readonly<Record<string, string>>
  : A extends { readonly by: infer B }
    ? CombinationOf<B extends readonly (infer D)[] ? D : B>
    : Readonly<Record<string, never>>

/** Every combination of these lists. Without dimensions: no attributes. */
export type CombinationOf<D> = D extends Dimensions
  ? [keyof D] extends [never]
    ? Readonly<Record<string, never>>
    : { readonly [K in keyof D]: D[K][number] }
  : never

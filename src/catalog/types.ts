/**
 * Types of a catalog as a maintainer declares it, and types derived from them. Types only: no code at run time.
 */
import type { Duration } from '../platform/index.ts'

/** Options of every fact, whatever its kind. All of them are shown on the product's public telemetry page. */
export interface FactCommon {
  /** Reason why the maintainer needs the fact, in a sentence that an operator can judge. */
  readonly why: string
  /** Possible values in words that people read, such as `the name of a release line`. Default: words for the rules of the fact. */
  readonly allowed?: string
  /** Catalog version that added the fact. Consent given to an older version does not cover it. */
  readonly since: number
  /** The least level of consent at which the fact is reported. May be left out when the catalog has one level only. */
  readonly level?: string
  /** Day (`2027-06-30`, UTC) or version of the product (`3.0.0`) from which on the fact is no longer collected. Default: never. */
  readonly expires?: string
  /** Person or team responsible for the fact, for the documentation. */
  readonly owner?: string
  /** Address (http or https) of the review of the fact, for the documentation. */
  readonly review?: string
}

/** Options for an attribute fact whose value may be unknown. */
export interface WhenUnknown {
  /**
   * Reported when no value is known: nothing (`absent`), the word `Unknown`, or an empty value (`null`). With `null` the attribute is
   * present and empty also when the level of consent does not include the fact. Default: `absent`.
   */
  readonly whenUnknown?: 'absent' | 'Unknown' | null
}

/**
 * Randomized response: with a probability that depends on `epsilon`, another one of the possible values is reported. No single report
 * proves the true value of an installation, while the shares over many installations can be estimated. The same value is always
 * randomized in the same way, so that repeated reports do not reveal it.
 */
export interface Randomized {
  /** Privacy parameter, 0.1 to 10: the smaller, the more random. With two values, ln 3 (1.1) reports the true one in 75 % of all cases. */
  readonly randomize?: { readonly epsilon: number }
}

/** A short text. Only for texts that the product itself generates: never names, paths, addresses or anything typed by a person. */
export interface StringFact extends FactCommon, WhenUnknown {
  readonly kind: 'attribute'
  readonly type: 'string'
  /**
   * Regular expression that the whole value must match: characters, classes, groups, alternatives and repetitions, which JavaScript and
   * the gateway's RE2 read alike. A text may match in a few ways only, so that matching is fast.
   */
  readonly pattern: string
  /** Longest value in characters, 1 to 1,024. Default: 64. */
  readonly maxLength?: number
  readonly example: string
}

/** A word from a closed list. */
export interface EnumFact extends FactCommon, WhenUnknown, Randomized {
  readonly kind: 'attribute'
  readonly type: 'enum'
  readonly values: readonly string[]
  readonly example: string
}

/** Yes or no. */
export interface BooleanFact extends FactCommon, WhenUnknown, Randomized {
  readonly kind: 'attribute'
  readonly type: 'boolean'
  readonly example: boolean
}

/** A version number as the versioned thing writes it: digits and letters parted by `.`, `-`, `+` or `_`, at most 64 characters. */
export interface VersionFact extends FactCommon, WhenUnknown {
  readonly kind: 'attribute'
  readonly type: 'version'
  /** Part of the version that is reported. Default: the whole version. */
  readonly round?: 'major' | 'major.minor'
  readonly example: string
}

/**
 * Key-value pairs that the operator writes into the product's configuration: a cloud, a customer number, a purpose. The only kind of
 * fact whose values an operator writes, and so decides to report. Each entry becomes a resource attribute `<name>.<key>` with a text.
 * An entry that breaks a rule is dropped and counted; the other entries stay.
 */
export interface MetadataFact extends FactCommon {
  readonly kind: 'attribute'
  readonly type: 'metadata'
  /** Longest value in characters, 1 to 256. Default: 64. */
  readonly maxLength?: number
  /** Largest number of reported entries, 1 to 64: the first ones by key. Default: 16. */
  readonly maxEntries?: number
  /** Not permitted: metadata without entries is absent. */
  readonly whenUnknown?: never
  readonly example: Readonly<Record<string, string>>
}

/**
 * Values of a metadata fact by key. A key has 1 to 64 letters, digits, `_`, `.` and `-`, and begins with a letter, which is reported in
 * lower case. A value with `include` is reported only when `include` is `true`.
 */
export type Metadata = Readonly<
  Record<string, MetadataValue | { readonly value: MetadataValue; readonly include: boolean } | undefined>
>

/** Value of a metadata entry: a text without control characters, a finite number or a boolean. */
export type MetadataValue = string | number | boolean

/**
 * Random ids of installations that belong together, such as the nodes of a cluster. They are reported in lower case, sorted, without
 * duplicates, as an array of texts. An item that is not a UUID (RFC 9562) is dropped and counted. An empty list counts as unknown.
 */
export interface UuidsFact extends FactCommon, WhenUnknown {
  readonly kind: 'attribute'
  readonly type: 'uuids'
  /** Largest number of reported ids, 1 to 64: the first ones when sorted. Default: 16. */
  readonly maxItems?: number
  readonly example: readonly string[]
}

/**
 * A bounded map with a declared word for each key, such as the state of each member of a cluster by its random id. Reported as a list of
 * texts `key=word`, sorted: an attribute of a resource holds no map. UUIDs are reported in lower case. A pair that breaks a rule is
 * dropped and counted; the other pairs stay. An empty map counts as unknown.
 */
export interface MapFact extends FactCommon, WhenUnknown {
  readonly kind: 'attribute'
  readonly type: 'map'
  /** Permitted keys: every UUID (RFC 9562), or the words of a closed list. */
  readonly keys: 'uuid' | readonly string[]
  /** Permitted words. Letters, digits, spaces and `_.:/-`, as in a list of keys. */
  readonly values: readonly string[]
  /** Largest number of reported pairs, 1 to 64: the first ones by key. Default: 16. */
  readonly maxEntries?: number
  readonly example: Readonly<Record<string, string>>
}

/** A fact whose value is one text or boolean. */
export type SingleFact = StringFact | EnumFact | BooleanFact | VersionFact

/** A fact that becomes an OpenTelemetry resource attribute; a metadata fact becomes one for each entry. */
export type AttributeFact = SingleFact | MetadataFact | UuidsFact | MapFact

/** Dimensions of a fact: for each key the closed list of its values. If `other` is in the list, unlisted values count as `other`. */
export type Dimensions = Readonly<Record<string, readonly string[]>>

/**
 * Combinations of dimension values that a fact distinguishes: all combinations of the lists; or, given a list of alternatives, all
 * combinations of each alternative. Alternatives keep the number of series small when most combinations make no sense:
 * `[{ command: ['find'], argument: ['filter', 'sort'] }, { command: ['insert', 'drop'], argument: ['none'] }]`. Alternatives have
 * the same keys in the same order, and no combination is in two alternatives.
 */
export type DimensionBlocks = Dimensions | readonly Dimensions[]

/**
 * Rounding of a number before it is reported. `log2`: down to a power of two (0 stays 0). `steps`: down to the highest step that is not
 * above the number, 0 below the first step. `percent`: a share from 0 to 1, to the nearest multiple of that many percent.
 */
export type Rounding = 'log2' | { readonly steps: readonly number[] } | { readonly percent: number }

/** Options that gauge facts and count facts have in common. */
export interface NumberFact extends FactCommon {
  /** The unit as OpenTelemetry writes it (UCUM): `By`, `s`, `1`, or a noun in braces such as `{user}`. */
  readonly unit: string
  /** Dimensions of the fact. Default, as with `{}`: none, the fact is a single number. */
  readonly by?: DimensionBlocks
  readonly round?: Rounding
  /** Lower bound: a smaller number is reported as `min`. Default: no bound. */
  readonly min?: number
  /** Upper bound: a larger number is reported as `max`. Default: no bound. */
  readonly max?: number
  /** `true`: a zero is not reported. Default: `true` for counts, `false` for gauges. */
  readonly omitZero?: boolean
}

/** A current number. Becomes an OpenTelemetry gauge. */
export interface GaugeFact extends NumberFact {
  readonly kind: 'gauge'
  /**
   * Combination of the values that the processes of an installation have: the `last` one recorded, their `sum`, or their `max`. A process
   * that has ended is in no sum. Default: the value of the process that makes the report.
   */
  readonly combine?: 'last' | 'sum' | 'max'
  /**
   * Time for which a value is fresh after it was recorded or observed: 10 minutes to 30 days. Default: as long as its process runs, and
   * with `combine` for an hour after the process was last heard of.
   */
  readonly fresh?: Duration
  readonly example: number
}

/** A number of events. Becomes an OpenTelemetry gauge, too. */
export interface CountFact extends NumberFact {
  readonly kind: 'count'
  /**
   * Start of the interval: the last delivered report (`delta`), or the first event counted with consent (`cumulative`: the number is
   * never reset). Default: `delta`.
   */
  readonly temporality?: 'delta' | 'cumulative'
  /**
   * Meaning of the total that an observable counter of this fact gives. `source`: the total of something that outlives the process, such
   * as the rows of a table; the first observed total is the starting point for the whole installation. `process`: the events of this
   * process since its start; all of them are counted. Default: `source`.
   */
  readonly total?: 'source' | 'process'
  /**
   * Name of the dimension that distinguishes the buckets of a histogram. Its words are the upper bounds, ascending, and `inf` at the end:
   * `by: { command: ['find', 'other'], le: ['0.01', '0.1', '1', 'inf'] }`. An OpenTelemetry histogram of the fact's name counts each
   * value once, in the bucket of the smallest bound that is not below the value. Default: none, and a histogram is dropped.
   */
  readonly buckets?: string
  readonly example?: number
}

/** Declaration of one item of usage data. */
export type Fact = AttributeFact | GaugeFact | CountFact

/** Facts of a catalog by name. */
export type Facts = Readonly<Record<string, Fact>>

/** Argument of {@link defineCatalog}. */
export interface CatalogDefinition {
  /** Whole number from 1. Raise the version whenever a fact is added; it is the `since` of the new fact. */
  readonly version: number
  /** Every name of a fact begins with the prefix and a dot, except the permitted names of the semantic conventions. */
  readonly prefix: string
  /** Levels of consent, lowest first; `off` is implied. Default: one level, `full`. */
  readonly levels?: readonly string[]
  readonly facts: Facts
  /**
   * Names of facts of earlier versions, so that an operator may still exclude a removed fact by name. Default: none. The check against a
   * released catalog requires them.
   */
  readonly removed?: readonly string[]
}

/** Checked declaration of all facts that a product may report. A value that the catalog does not declare is dropped and counted. */
export interface Catalog<F extends Facts = Facts> {
  readonly version: number
  readonly prefix: string
  readonly levels: readonly string[]
  readonly facts: F
  /** Names of facts of earlier versions. */
  readonly removed?: readonly string[]
  /** Versions of the contributions in the catalog, by prefix: see {@link combineCatalogs}. */
  readonly contributions?: Readonly<Record<string, number>>
}

/** Names of the facts of one kind in a catalog; any name when the compiler does not know the catalog. */
export type NameOf<F extends Facts, K extends Fact['kind']> = {
  [N in keyof F & string]: Fact extends F[N] ? N : F[N] extends { readonly kind: K } ? N : never
}[keyof F & string]

/** Type of the values of an attribute fact or a gauge fact. */
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
        : A extends { readonly type: 'map'; readonly values: readonly (infer W extends string)[] }
          ? Readonly<Record<string, W | undefined>>
          : A extends { readonly kind: 'gauge' }
            ? number
            : string

/**
 * Type of the attributes of a count fact: those of one of its alternatives; no attributes when the fact has no dimensions; any
 * attributes when the compiler does not know the catalog.
 */
export type DimensionsOf<A> = CountFact extends A
  ? Readonly<Record<string, string>>
  : A extends { readonly by: infer B }
    ? CombinationOf<B extends readonly (infer D)[] ? D : B>
    : Readonly<Record<string, never>>

/** Type of all combinations of these dimensions. Without dimensions: no attributes. */
export type CombinationOf<D> = D extends Dimensions
  ? [keyof D] extends [never]
    ? Readonly<Record<string, never>>
    : { readonly [K in keyof D]: D[K][number] }
  : never

import type { Facts, PermittedFacts, Scopes } from '../../catalog/index.ts'

/** Decision about sending. `undecided`: nobody has decided yet, and the product's delay runs. */
export type ConsentState = 'enabled' | 'disabled' | 'undecided'

/** Source of an opinion. */
export type ConsentSource =
  | 'do-not-track'
  | 'opt-out-variable'
  | 'otel-sdk-disabled'
  | 'executable-name'
  | 'automation'
  | 'development'
  | 'debug-variable'
  | 'endpoint-variable'
  | 'headers-variable'
  | 'exclude-variable'
  | 'variable'
  | 'flag'
  | 'locked-configuration'
  | 'state'
  | 'stored-choice'
  | 'configuration'
  | 'seed'
  | 'default'

/**
 * Origin of a no, which determines what the no deletes. Under any no, nothing is sent.
 *
 * - `person`: somebody has opted out. Installation id, outbox and counts are deleted.
 * - `circumstance`: a no for this run only, such as a debug run, automation, development, or a value that cannot be used or read. Nothing is deleted.
 * - `product`: nobody has said yes, and the product's own configuration, seed or default says no. Nothing is deleted.
 */
export type DisabledBy = 'person' | 'circumstance' | 'product'

/** Source whose yes may overrule a stored no, if the product says so. */
export type OverrulingSource = 'variable' | 'flag' | 'locked-configuration'

/** Statement of one source, and its effect on the verdict. */
export interface Opinion {
  readonly source: ConsentSource
  /** Name by which the operator knows the source, such as the name of the variable. */
  readonly name: string
  /** Value that the source has, shortened for messages; absent if it has none. */
  readonly value?: string
  readonly state: ConsentState
  readonly level?: string
  /** `true` for the source that determined the verdict. */
  readonly won: boolean
  /** Reason why the source won or lost, as a clause: `it says no, and a no comes first`. */
  readonly why: string
}

/** Decision about sending, with everything that led to it. */
export interface Verdict {
  readonly state: ConsentState
  /** Origin of the no; absent unless the state is `disabled`. `person` if any of several noes is a person's. */
  readonly disabledBy?: DisabledBy
  /** Level of consent; `off` when nothing may be sent. */
  readonly level: string
  readonly source: ConsentSource
  /** Name and value of the source that decided, as the operator knows them: `DO_NOT_TRACK=1`. */
  readonly because: string
  /**
   * `true` if no choice in the product can change the verdict: the environment, the flag or a locked configuration says no, or a source
   * says yes that the product lets overrule a stored no.
   */
  readonly locked: boolean
  /** Start of the verdict, as ISO 8601: the time of a stored choice, and for every other source the start of the process. */
  readonly since?: string
  /** Time of the first of the stored choices in a row that say the same, as ISO 8601. A choice that only confirms the one before does not change it. */
  readonly heldSince?: string
  /** `true` if the verdict follows from a choice that could not be stored, so that the verdict ends with the process. */
  readonly unstored?: true
  /** Facts that may be reported; while disabled, the facts that the local log contains. */
  readonly permitted: PermittedFacts
  /** Opinions of all sources, in order of precedence; the default is last. */
  readonly opinions: readonly Opinion[]
  /** The product's variables by name, with the values in use. They are read once, at the start or before it. */
  readonly variables?: Readonly<Record<string, string>>
  /** Warnings for the operator about unreadable values and contradictory sources, as full sentences. */
  readonly warnings: readonly string[]
}

/** Stored choice, or the reason why it cannot be read. */
export type StoredOpinion =
  | {
      readonly state: ConsentState
      readonly level?: string
      readonly at: string
      /** Time of the first of the choices in a row that say the same, as ISO 8601. Default: `at`. */
      readonly heldSince?: string
      readonly by: string
      readonly catalogVersion: number
      /** Versions of the contributions to the catalog, by prefix. */
      readonly contributions?: Readonly<Record<string, number>>
      /** Facts that the choice covers, as they were declared then. Default: the facts of the catalog versions. */
      readonly facts?: Scopes
      /** `true` for the product's seed from the first start, which nobody has confirmed. */
      readonly seed?: true
      /** Path of the choice, if it is not among the product's own choices. */
      readonly location?: string
      /** `true` if the choice could not be stored, and so holds in this process only. */
      readonly unstored?: true
    }
  /** Reason why the choice cannot be read, as the end of a sentence. */
  | { readonly problem: string }

/** Everything that a verdict depends on. */
export interface ConsentInputs {
  /** Prefix of the product's variables: `ACME_DB`. */
  readonly prefix: string
  /** Prefixes from before the product was renamed; variables with these still work. Default: none. */
  readonly legacyPrefixes?: readonly string[]
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Levels of the catalog, lowest first. */
  readonly levels: readonly string[]
  /** Names of the catalog's facts, which the operator may exclude. Default: unknown, and no fact is excluded. */
  readonly facts?: readonly string[]
  /** The catalog's facts, to be compared with those that a stored choice covers. Default: unknown, and a stored choice covers all. */
  readonly definitions?: Facts
  /** Former names of facts, which the operator may exclude as well. Default: none. */
  readonly formerFacts?: readonly string[]
  /** The product's default. */
  readonly default: ConsentState
  /** Origin of the default, if it is not the product itself. */
  readonly defaultBy?: string | undefined
  /** Raw value of the product's command-line flag. */
  readonly flag?: unknown
  /** Raw value of the product's configuration; `{ value, locked: true }` if no choice in the product may change it. */
  readonly configured?: unknown
  /** Reason why the configuration cannot be read. Default: it can. */
  readonly configurationProblem?: string | undefined
  /** Raw value that is used in place of a stored choice until somebody makes one. */
  readonly seed?: unknown
  /** Reason why the stored state does not outlive the process, as the end of a sentence. Default: it does. */
  readonly stateProblem?: string | undefined
  /** Choice of an administrator. */
  readonly stored?: StoredOpinion | undefined
  /** Name or path of the executable. `donottrack` in it, in upper or lower case, is a no. */
  readonly executableName?: string | undefined
  /** CI system, test runner or AI agent that runs the process. If there is one, it is a no. */
  readonly automation?: string | undefined
  /** `true` in a development run, or the name of the variable that says so. Default: no development run is recognized. */
  readonly development?: unknown
  /** Reason why it is not known whether this is a development run. Default: it is known. */
  readonly developmentProblem?: string | undefined
  /** Variable with which the operator has set the address for reports. `problem` says what is wrong with it, as the end of a sentence. */
  readonly endpoint?:
    | { readonly name: string; readonly value: string; readonly problem?: string | undefined }
    | undefined
  /** Variable with headers for that address, without its value. `problem` says why it cannot be read, as the end of a sentence. */
  readonly headers?: { readonly name: string; readonly problem?: string | undefined } | undefined
  /** More warnings for the operator, as full sentences. Default: none. */
  readonly warnings?: readonly string[]
  /** The product's variables that are set, as shown to people. Default: none. */
  readonly variables?: Readonly<Record<string, string>>
  /** Sources whose yes also overrules a stored no. Default: none. */
  readonly overruleStoredNo?: readonly OverrulingSource[] | undefined
  /** Sources that the product ignores. Default: none. */
  readonly ignore?: readonly ConsentSource[] | undefined
  /** Start of the process, as ISO 8601. */
  readonly startedAt?: string
}

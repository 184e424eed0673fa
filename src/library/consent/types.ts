import type { Facts, PermittedFacts, Scopes } from '../../catalog/index.ts'

/** What has been decided about sending. `undecided`: nobody has said anything yet, the product's delay runs. */
export type ConsentState = 'enabled' | 'disabled' | 'undecided'

/** A place that an opinion comes from. */
export type ConsentSource =
  | 'do-not-track'
  | 'opt-out-variable'
  | 'otel-sdk-disabled'
  | 'executable-name'
  | 'automation'
  | 'debug-variable'
  | 'endpoint-variable'
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
 * Who a no comes from, which decides what it does beside that nothing is sent.
 *
 * - `person`: somebody has opted out. Installation id, outbox and counts are deleted.
 * - `circumstance`: a no in passing, such as a debug run, automation, or a value that cannot be used or read. Nothing is deleted.
 * - `product`: nobody has said yes, and the product's own configuration, seed or default is a no. Nothing is deleted.
 */
export type DisabledBy = 'person' | 'circumstance' | 'product'

/** A source whose yes a product may let overrule a stored no. */
export type OverrulingSource = 'variable' | 'flag' | 'locked-configuration'

/** What one source said, and what became of it. */
export interface Opinion {
  readonly source: ConsentSource
  /** How the operator knows the source: the name of the variable, for example. */
  readonly name: string
  /** What stood there, shortened to be shown; absent where nothing did. */
  readonly value?: string
  readonly state: ConsentState
  readonly level?: string
  /** Whether it decided. */
  readonly won: boolean
  /** Why it won or lost, as a clause: `it says no, and a no comes first`. */
  readonly why: string
}

/** The decision about sending, with everything that led to it. */
export interface Verdict {
  readonly state: ConsentState
  /** Who the no comes from, and so whether it deletes; absent where it is none. A person's no counts beside any other. */
  readonly disabledBy?: DisabledBy
  /** The level of consent; `off` when nothing may be sent. */
  readonly level: string
  readonly source: ConsentSource
  /** How the operator knows the source that decided, with its value: `DO_NOT_TRACK=1`. */
  readonly because: string
  /**
   * Whether it is settled outside of the product, so that no choice in the product can change it: by a no of the environment, the
   * flag or a locked configuration, or by a yes that the product lets overrule a stored no.
   */
  readonly locked: boolean
  /** Since when, as ISO 8601: the moment of a stored choice, and for every other source the start of the process. */
  readonly since?: string
  /** Since when a stored choice has held without interruption, as ISO 8601: later ones that only confirm it change nothing. */
  readonly heldSince?: string
  /** Whether it rests on a choice that did not reach the state store, and so ends with the process. */
  readonly unstored?: true
  /** Which facts it reaches; while disabled, which ones it would, for the local log. */
  readonly permitted: PermittedFacts
  /** What every source said, in the order in which they are asked; the default stands last. */
  readonly opinions: readonly Opinion[]
  /** The product's variables that hold, by name, as they are used: they are read once, at the start or before it. */
  readonly variables?: Readonly<Record<string, string>>
  /** What the operator should know: unreadable values, and sources that contradict each other. Full sentences. */
  readonly warnings: readonly string[]
}

/** A choice that was stored, as far as it can be known. */
export type StoredOpinion =
  | {
      readonly state: ConsentState
      readonly level?: string
      readonly at: string
      /** When the same was chosen first, without another choice in between. Default: `at`. */
      readonly heldSince?: string
      readonly by: string
      readonly catalogVersion: number
      /** The versions of the catalogs that contributed to it, by prefix. */
      readonly contributions?: Readonly<Record<string, number>>
      /** The facts that it covers, as they were; absent: as their versions say. */
      readonly facts?: Scopes
      /** Whether it is the product's seed from the first start, which nobody has confirmed. */
      readonly seed?: true
      /** Where it lies, where that is not the place of the product's own choices. */
      readonly location?: string
      /** Whether it did not reach the store, and holds in this process only. */
      readonly unstored?: true
    }
  /** What makes it unknowable, as the end of a sentence. */
  | { readonly problem: string }

/** Everything that a verdict depends on, read once. */
export interface ConsentInputs {
  /** What the product's variables start with: `ACME_DB`. */
  readonly prefix: string
  /** What they used to start with. Old names keep working after a rename. Default: none. */
  readonly legacyPrefixes?: readonly string[]
  readonly environment: Readonly<Record<string, string | undefined>>
  /** The levels of the catalog, least first. */
  readonly levels: readonly string[]
  /** The names of the catalog's facts, which the operator may withhold. Default: not known, nothing is withheld. */
  readonly facts?: readonly string[]
  /** The catalog's facts, to be held against those that a stored choice covers. Default: not known, all are covered. */
  readonly definitions?: Facts
  /** Names that facts had once, which the operator may withhold as well. Default: none. */
  readonly formerFacts?: readonly string[]
  /** The product's default. */
  readonly default: ConsentState
  /** Who has set the default, where it was not the product itself. */
  readonly defaultBy?: string | undefined
  /** The raw value of the product's command-line flag. */
  readonly flag?: unknown
  /** The raw value of the product's configuration; `{ value, locked: true }` where it settles the matter. */
  readonly configured?: unknown
  /** The raw value that stands for a stored choice until somebody makes one. */
  readonly seed?: unknown
  /** Why nothing that is stored outlives the process, as the end of a sentence. Default: it does. */
  readonly stateProblem?: string | undefined
  /** The choice of an administrator. */
  readonly stored?: StoredOpinion | undefined
  /** The name or path that the process was started by. `donottrack` in it, in any case, is a no. */
  readonly executableName?: string | undefined
  /** What runs the process in the place of a person: a CI system, a test runner, an agent. Then it is a no. */
  readonly automation?: string | undefined
  /** The variable in which the operator has set an address for reports, where one has, with what is wrong with it as the end of a sentence. */
  readonly endpoint?:
    | { readonly name: string; readonly value: string; readonly problem?: string | undefined }
    | undefined
  /** The product's variables that are set, as they are shown. Default: none. */
  readonly variables?: Readonly<Record<string, string>>
  /** Sources whose yes holds against a stored no as well. Default: none. */
  readonly overruleStoredNo?: readonly OverrulingSource[] | undefined
  /** Sources that the product does not ask. Default: none. */
  readonly ignore?: readonly ConsentSource[] | undefined
  /** When the process was started, as ISO 8601. */
  readonly startedAt?: string
}

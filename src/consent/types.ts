/** What has been decided about sending. `undecided`: nobody has said anything yet, the product's delay runs. */
export type ConsentState = 'enabled' | 'disabled' | 'undecided'

/** A place that an opinion comes from. */
export type ConsentSource =
  | 'do-not-track'
  | 'opt-out-variable'
  | 'otel-sdk-disabled'
  | 'executable-name'
  | 'debug-variable'
  | 'endpoint-variable'
  | 'variable'
  | 'flag'
  | 'configuration'
  | 'default'

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
  /** The level of consent; `off` when nothing may be sent. */
  readonly level: string
  readonly source: ConsentSource
  /** How the operator knows the source that decided, with its value: `DO_NOT_TRACK=1`. */
  readonly because: string
  /** Whether the operator's environment has settled it, so that it cannot be changed from within the product. */
  readonly locked: boolean
  readonly opinions: readonly Opinion[]
  /** What the operator should know: unreadable values, and sources that contradict each other. Full sentences. */
  readonly warnings: readonly string[]
}

/** Everything that a verdict depends on, read once. */
export interface ConsentInputs {
  /** What the product's variables start with: `ACME_DB`. */
  readonly prefix: string
  readonly environment: Readonly<Record<string, string | undefined>>
  /** The levels of the catalog, least first. */
  readonly levels: readonly string[]
  /** The product's default. */
  readonly default: ConsentState
  /** The raw value of the product's command-line flag. */
  readonly flag?: unknown
  /** The raw value of the product's configuration. */
  readonly configured?: unknown
  /** The name or path that the process was started by. `donottrack` in it, in any case, is a no. */
  readonly executableName?: string | undefined
  /** What is wrong with the address that the operator has set for reports, as the end of a sentence. */
  readonly endpointProblem?: string | undefined
}

/** Time limits of the host's sources. A value that comes later is absent from the report, and counted as dropped. */
export interface SourceTimeouts {
  /** Time limit of one source, in milliseconds. */
  readonly sourceTimeout: number
  /** Time limit of all sources together, in milliseconds. */
  readonly reportTimeout: number
}

/** Time limits unless the product sets others. */
export const DEFAULT_TIMEOUTS: SourceTimeouts = { sourceTimeout: 1_000, reportTimeout: 10_000 }

/** Who an installation says that it is. The product's choice; what it means for privacy is told in `installation.ts`. */
export interface IdentityPolicy {
  /**
   * `stable`: one random id until it is forgotten. `rotating`: another one each period, that nobody can join with the last.
   * `none`: no id at all, only an age bucket. Default: `stable`.
   */
  readonly mode?: 'stable' | 'rotating' | 'none'
  /** `rotating`: how long an id lasts, in milliseconds; more than 0. Default: 30 days. */
  readonly period?: number
  /**
   * What a state directory does that was copied to another machine. `renew`: a new id. `keep`: the same, for a directory that
   * several machines share: with `renew` each of them would take it for a copy of the other's. Default: `renew`.
   */
  readonly copies?: 'renew' | 'keep'
  /** `stable` only: whether a renewed installation says whose copy it is, as TimescaleDB's `exported_uuid` does. Default: false. */
  readonly lineage?: boolean
  /**
   * What tells this machine from others; asked only when something may be sent, never stored or sent as it is. `undefined`, an
   * empty text or a throw: copies are not detected. Default: the machine id of the system (machine-id(5)), outside of containers.
   */
  readonly machine?: () => string | undefined
}

/** Whether the reports of an installation are to be joined. Where they are not, nothing that the library adds to them may do it. */
export const joinsReports = ({ mode = 'stable' }: Pick<IdentityPolicy, 'mode'> = {}): boolean =>
  mode === 'stable'

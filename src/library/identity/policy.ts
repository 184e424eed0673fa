/** Identity options of a product. `installation.ts` describes the consequences for privacy. */
export interface IdentityPolicy {
  /**
   * `stable`: one random id until it is erased. `rotating`: another id each period, which cannot be linked with the previous one.
   * `none`: no id, only an age range. Default: `stable`.
   */
  readonly mode?: 'stable' | 'rotating' | 'none'
  /** Lifetime of an id in the mode `rotating`, in milliseconds; more than 0. Default: 30 days. */
  readonly period?: number
  /**
   * Treatment of a state directory that was copied to another machine. `renew`: the copy gets a new id. `keep`: the copy keeps the id; for
   * a directory that several machines share, because with `renew` each machine would treat it as a copy of another one's. Default: `renew`.
   */
  readonly copies?: 'renew' | 'keep'
  /** `true`: a renewed installation reports the id that it is a copy of (TimescaleDB: `exported_uuid`). `stable` only. Default: `false`. */
  readonly lineage?: boolean
  /**
   * Returns an id of this machine. Called only when a report may be sent; the id is never stored or sent, only its hash is stored. If the
   * function returns `undefined` or an empty text, or throws, copies are not detected. Default: the machine id of the system
   * (machine-id(5)), outside of containers.
   */
  readonly machine?: () => string | undefined
  /**
   * The id that this installation had before this library, a UUID of any version, or a function that returns it, within 10 seconds. It is
   * asked for once, when the first id would be made and a report may be sent, and never after an erasure. An answer that is not a UUID
   * is refused with a warning, and a new id is made. `stable` only. Default: none, a new id is made.
   */
  readonly adopt?: string | (() => string | undefined | Promise<string | undefined>)
  /**
   * Time when the id is made. `first-send`: when a report may be sent for the first time. `first-launch`: at the first start, unless a
   * person has opted out and `consent.keepInstallation` is not set; it is sent no earlier. An id that is to be adopted waits until a report
   * may be sent. Default: `first-send`.
   */
  readonly createWhen?: 'first-send' | 'first-launch'
}

/** Returns `true` when the reports of an installation may be linked. Otherwise the library adds nothing to reports that links them. */
export const joinsReports = ({ mode = 'stable' }: Pick<IdentityPolicy, 'mode'> = {}): boolean =>
  mode === 'stable'

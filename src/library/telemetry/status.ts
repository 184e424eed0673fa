import { withholdingReason } from '../../catalog/index.ts'
import { groupBy } from '../../platform/index.ts'
import type { StoreHealth } from '../../state/index.ts'
import type { Verdict } from '../consent/index.ts'
import type { DroppedValues } from '../facts/index.ts'
import type { KeptInstallation } from '../identity/index.ts'
import type { VersionStatus } from '../version/index.ts'
import type { DeliveryStatus } from './delivery-status.ts'
import type { Settings } from './settings.ts'

/** Status of a telemetry for pages and commands, as plain data. */
export interface UsageStatus {
  /** Product that the telemetry belongs to. */
  readonly product: {
    readonly name: string
    readonly title: string
    readonly version: string
    /** Page about its telemetry; absent if it has none. */
    readonly homepage?: string
    /** Prefix of its variables: `ACME_DB`. */
    readonly environmentPrefix: string
  }
  readonly verdict: Verdict
  /** Notice of this start; absent if there is nothing to say. */
  readonly disclosure?: string
  /** Address that reports are posted to, as the log shows it; absent if the product's package has removed the telemetry. */
  readonly endpoint?: string
  /**
   * Time when the next report is due, as ISO 8601; absent while none is scheduled. In a process that was not started, the time that
   * others have stored.
   */
  readonly nextReportAt?: string
  /** State of the delivery. */
  readonly delivery: DeliveryStatus
  /**
   * Installation in the reports, for the operator and nobody else: with its id it can be erased. Absent if none is stored, and after a no,
   * unless the product keeps it then.
   */
  readonly installation?: KeptInstallation
  /** Location of the state, and its condition as far as this process has seen. */
  readonly state: StoreHealth & { readonly location: string }
  /** Version checks, with the notice about the running version; absent if the product makes none. */
  readonly version?: VersionStatus
  /** Log of every report with its bytes; absent if the product's package has removed the telemetry. */
  readonly ledger?: { readonly location: string }
  /** Values that were dropped in this process, by name: the mistakes of the product's own code. They are in no report. */
  readonly dropped: readonly DroppedValues[]
  /** Names of the catalog's facts, by what happens to them. */
  readonly facts: {
    /** In the next report, if their source returns a value. */
    readonly reported: readonly string[]
    /** Newer than the consent: withheld until somebody consents again. */
    readonly newer: readonly string[]
    /** Above the level of consent. */
    readonly aboveLevel: readonly string[]
    /** Withheld by the operator, by name. */
    readonly excluded: readonly string[]
    /** Past the expiry that the catalog gave them. */
    readonly expired: readonly string[]
  }
}

export const productUnder = (
  settings: Pick<Settings, 'product' | 'title' | 'homepage' | 'prefix'>,
): UsageStatus['product'] => ({
  name: settings.product.name,
  title: settings.title,
  version: settings.product.version,
  ...(settings.homepage !== undefined && { homepage: settings.homepage }),
  environmentPrefix: settings.prefix,
})

/** Groups the facts by what happens to them under a verdict. */
export function factsUnder(
  verdict: Verdict,
  { catalog, clock, product }: Pick<Settings, 'catalog' | 'clock' | 'product'>,
): UsageStatus['facts'] {
  const moment = { at: clock.now(), productVersion: product.version }
  const names = groupBy(
    Object.keys(catalog.facts),
    (name) => withholdingReason(catalog, name, verdict.permitted, moment) ?? 'reported',
  )
  return {
    reported: names.get('reported') ?? [],
    newer: names.get('newer') ?? [],
    aboveLevel: names.get('level') ?? [],
    excluded: names.get('excluded') ?? [],
    expired: names.get('expired') ?? [],
  }
}

import { withholdingReason } from '../../catalog/index.ts'
import { groupBy } from '../../platform/index.ts'
import type { StoreHealth } from '../../state/index.ts'
import type { Verdict } from '../consent/index.ts'
import type { DeliveryStatus } from './delivery-status.ts'
import type { Settings } from './settings.ts'

/** Everything that the faces show, as plain data. */
export interface UsageStatus {
  readonly verdict: Verdict
  /** The notice of this start; absent where there is nothing to tell. */
  readonly disclosure?: string
  /** When the next report is due, as ISO 8601; absent while none is planned. */
  readonly nextReportAt?: string
  /** How reports get through. */
  readonly delivery: DeliveryStatus
  /** Where the state is kept, and how that is, as far as this process has seen. */
  readonly state: StoreHealth & { readonly location: string }
  /** The names of the catalog's facts by what becomes of them. */
  readonly facts: {
    /** In the next report, where their source gives a value. */
    readonly reported: readonly string[]
    /** Newer than the consent that was given: held back until it is given anew. */
    readonly newer: readonly string[]
    /** Above the level of consent. */
    readonly aboveLevel: readonly string[]
    /** Withheld by the operator by name. */
    readonly excluded: readonly string[]
    /** Past the expiry that the catalog gave them. */
    readonly expired: readonly string[]
  }
}

/** Taken last, when the store was asked for the rest of the status. */
export function stateUnder({ state }: Pick<Settings, 'state'>): UsageStatus['state'] {
  const { durable, problems } = state.health?.() ?? { durable: true, problems: [] }
  return { location: state.location, durable, problems }
}

/** What becomes of each fact under a verdict. */
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

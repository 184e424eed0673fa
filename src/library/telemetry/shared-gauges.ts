import type { Clock } from '../../platform/index.ts'
import { collectFacts, type FactStores, type GaugeValues, type SourceTimeouts } from '../facts/index.ts'

export interface SharedGaugesOptions extends SourceTimeouts {
  readonly clock: Clock
  readonly stores: FactStores
  /** Returns `true` for a fact that consent permits. */
  readonly isReached: (name: string) => boolean
  /** `true` at the end of the process. */
  readonly ended: boolean
}

/** Longest time of a source at the end of the process, in milliseconds. */
const FINAL_BUDGET = 20

/** Asks the sources of the gauges that are combined over the processes, and of no others, and returns their values. */
export async function readSharedGauges({
  stores,
  isReached,
  ended,
  ...timeouts
}: SharedGaugesOptions): Promise<GaugeValues> {
  const collected = await collectFacts(stores, {
    ...timeouts,
    ...(ended && { sourceTimeout: FINAL_BUDGET }),
    includes: (name, fact) => fact.kind === 'gauge' && fact.combine !== undefined && isReached(name),
  })
  return collected.gauges()
}

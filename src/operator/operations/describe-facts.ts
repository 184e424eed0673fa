import type { Fact } from '../../catalog/index.ts'
import type { UsageStatus } from '../../library/telemetry/index.ts'
import type { OperatedTelemetry } from './operated.ts'

/** Declared fact, and what happens to it now. */
export interface DescribedFact {
  readonly name: string
  readonly kind: Fact['kind']
  /** Type of an attribute fact, such as `enum`; absent for numbers. */
  readonly type?: string
  /** Unit of a number, as OpenTelemetry writes it; absent for attribute facts. */
  readonly unit?: string
  readonly level: string
  /** Version of the catalog that has added it. */
  readonly since: number
  readonly why: string
  readonly owner?: string
  /** Address of the review of the fact. */
  readonly review?: string
  /** Day or version of the product from which on it is no longer collected. */
  readonly expires?: string
  readonly state: FactState
}

/**
 * `reported`: in the next report. `newer`: withheld until somebody consents again. `aboveLevel`: above the level of consent. `excluded`:
 * withheld by the operator. `expired`: not collected any more.
 */
export type FactState = keyof UsageStatus['facts']

/** Resolves to all facts of the catalog as it is now, in its order. */
export async function describeFacts(usage: OperatedTelemetry): Promise<readonly DescribedFact[]> {
  const { facts: states } = await usage.status()
  const { facts, levels } = usage.catalog()
  const stateOf = new Map(
    Object.entries(states).flatMap(([state, names]) => names.map((name) => [name, state as FactState])),
  )
  return Object.entries(facts).map(([name, fact]) => ({
    name,
    kind: fact.kind,
    ...(fact.kind === 'attribute' ? { type: fact.type } : { unit: fact.unit }),
    level: fact.level ?? (levels[0] as string),
    since: fact.since,
    why: fact.why,
    ...(fact.owner !== undefined && { owner: fact.owner }),
    ...(fact.review !== undefined && { review: fact.review }),
    ...(fact.expires !== undefined && { expires: fact.expires }),
    state: stateOf.get(name) ?? 'expired',
  }))
}

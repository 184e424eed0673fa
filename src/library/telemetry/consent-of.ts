import { type Consent, createConsent } from '../consent/index.ts'
import type { Contributions } from './contributions.ts'
import type { Durability } from './durability.ts'
import type { Settings } from './settings.ts'

/** Creates the consent of a telemetry from its settings. `readEnvironment` finds a no that is added to the environment later. */
export function createConsentOf(
  { policy, consentInputs, state, earlierStores, clock, product, catalog, logger }: Settings,
  contributions: Contributions,
  durability: Durability,
  readEnvironment?: Settings['readEnvironment'],
): Consent {
  return createConsent({
    inputs: {
      ...consentInputs,
      // Read again with every verdict: contributions come and go.
      get facts() {
        return Object.keys(contributions.catalog().facts)
      },
      get formerFacts() {
        return contributions.formerFacts()
      },
    },
    definitions: () => contributions.catalog().facts,
    contributions: () => contributions.catalog().contributions ?? {},
    store: state,
    clock,
    productVersion: product.readVersion,
    catalogVersion: catalog.version,
    otherHistories: earlierStores,
    ...(readEnvironment && { readEnvironment }),
    stateProblem: durability.problem,
    warn: logger.warn,
    sticky: policy.sticky,
    automation: policy.automation,
  })
}

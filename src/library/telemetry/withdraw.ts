import { Date } from '../../platform/index.ts'
import type { Verdict } from '../consent/index.ts'
import { createAcknowledgements, createOutbox } from '../counts/index.ts'
import { createInstallation } from '../identity/index.ts'
import type { Settings } from './settings.ts'

/**
 * Deletes what a no of a person leaves nothing of, where nothing is under way. The SDK is not loaded for it, and no sender is made:
 * it must work whatever is wrong with the endpoint.
 *
 * @throws the first error, once all was tried.
 */
export async function withdrawInstallation(settings: Settings, { because }: Verdict): Promise<void> {
  const { state, clock, logger, policy, identity, endpoint } = settings
  const [{ createRetries, withdraw }, { createLedger }] = await Promise.all([
    import('../outbox/index.ts'),
    import('../ledger/index.ts'),
  ])
  const ledger = createLedger(state, { clock })
  await withdraw({
    ...{ state, logger, because },
    outboxes: [createOutbox(state)],
    acknowledgements: createAcknowledgements(state),
    retries: createRetries(state, clock),
    async forgetInstallation() {
      if (!policy.keepInstallation) await createInstallation(state, clock, identity).forget()
    },
    async discarded({ reportId, bytes }) {
      const at = new Date(clock.now()).toISOString()
      await ledger.append({ at, reportId, outcome: 'discarded', reason: because, endpoint, bytes })
    },
  })
}

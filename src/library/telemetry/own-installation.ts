/** Id of the installation where no report needs it. Loaded when a product makes the id at its launch, or a host asks for the status. */

import { ownOf } from '../../platform/index.ts'
import type { Verdict } from '../consent/index.ts'
import { createInstallation, type KeptInstallation } from '../identity/index.ts'
import type { Settings } from './settings.ts'

/** Makes the id at the first start, for a product whose page says so. An id to adopt waits until a report may be sent. */
export async function launch(
  settings: Settings,
  now: Verdict,
  maySend: (verdict: Verdict) => boolean,
): Promise<void> {
  const isForbidden = ownOf(now).disabledBy === 'person' && !settings.policy.keepInstallation
  if (isForbidden || (settings.identity.adopt !== undefined && !maySend(now))) return
  const own = installationOf(settings)
  await own.propose()
  // Where it cannot be stored, the next start makes it.
  await own.keep().catch(() => {})
}

/** Returns what is stored of the installation. Reads no id while nothing may be sent, except one that the product makes at its launch. */
export async function keptInstallation(
  settings: Settings,
  { state }: Verdict,
): Promise<KeptInstallation | undefined> {
  const isAtLaunch = settings.identity.createWhen === 'first-launch'
  const isKept = isAtLaunch && (state !== 'disabled' || settings.policy.keepInstallation)
  if (state !== 'enabled' && !isKept) return undefined
  return installationOf(settings).kept()
}

const installationOf = ({ state, clock, identity, logger }: Settings) =>
  createInstallation(state, clock, identity, (text) => logger.warn(text))

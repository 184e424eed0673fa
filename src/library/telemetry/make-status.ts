import { Date, metricsUrl } from '../../platform/index.ts'
import { ENTRIES } from '../../state/index.ts'
import type { Verdict } from '../consent/index.ts'
import type { VersionStatus } from '../version/index.ts'
import type { Contributions } from './contributions.ts'
import { deliveryStatus, storedDue } from './delivery-status.ts'
import { keptInstallation } from './own-installation.ts'
import type { Settings } from './settings.ts'
import { factsUnder, productUnder, type UsageStatus } from './status.ts'

/** Parts of a status that only the running telemetry knows. */
export interface RunningStatus {
  readonly verdict: Verdict
  readonly disclosure: string | undefined
  readonly version: VersionStatus | undefined
  /** Time when the next report is due, in milliseconds since 1970; `'stored'` if the time that another process has stored is to be read. */
  readonly dueAt: number | 'stored' | undefined
}

/** Completes a status with what the settings and the state store say. Loaded when a host first asks for its status. */
export async function makeStatus(
  settings: Settings,
  contributions: Contributions,
  { verdict, disclosure, version, dueAt }: RunningStatus,
): Promise<UsageStatus> {
  const installation = await keptInstallation(settings, verdict)
  const due = dueAt === 'stored' ? await storedDue(settings) : dueAt
  return {
    product: productUnder(settings),
    verdict,
    endpoint: metricsUrl(settings.endpoint),
    ...(installation && { installation }),
    ...(disclosure !== undefined && { disclosure }),
    ...(due !== undefined && { nextReportAt: new Date(due).toISOString() }),
    delivery: await deliveryStatus(settings),
    ledger: { location: await settings.locationOf(ENTRIES.ledger) },
    dropped: contributions.stores.dropped(),
    facts: factsUnder(verdict, { ...settings, catalog: contributions.catalog() }),
    ...(version && { version }),
    state: stateUnder(settings),
  }
}

/** Returns the condition of the state. Call it last: the rest of the status uses the store, which may show a problem. */
function stateUnder({ state }: Pick<Settings, 'state'>): UsageStatus['state'] {
  const { durable, problems } = state.health?.() ?? { durable: true, problems: [] }
  return { location: state.location, durable, problems }
}

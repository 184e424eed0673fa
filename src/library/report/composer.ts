import { resourceFromAttributes } from '@opentelemetry/resources'
import type { ResourceMetrics } from '@opentelemetry/sdk-metrics'
import type { Catalog } from '../../catalog/index.ts'
import { type Clock, errorOf, randomUuid } from '../../platform/index.ts'
import type { StateStore } from '../../state/index.ts'
import { holdsWithoutState, type Verdict } from '../consent/index.ts'
import type { PendingCounts } from '../counts/log.ts'
import type { MadeReport } from '../delivery/index.ts'
import {
  createInstallation,
  type IdentityPolicy,
  type Installation,
  joinsReports,
} from '../identity/index.ts'
import { composeReport, dayOf, type ReportFrame } from './compose.ts'
import { createReportIds } from './report-id.ts'
import { schemaUrlOf } from './schema-url.ts'
import { serializeReport } from './serialize.ts'

/** What a report says beside its metrics. */
export interface ReportDetails extends Pick<ReportFrame, 'dropped' | 'withheld'> {
  readonly verdict: Verdict
  readonly pending: PendingCounts
}

/** Makes the bytes of reports: who the report is from, when it was made, what it says of itself. */
export interface Composer {
  readonly installation: Installation
  /** The report that would be made now. Changes nothing. */
  compose(metrics: ResourceMetrics, details: ReportDetails): Promise<MadeReport>
  /** The report that is made now, and the next one has another id. Stores the installation id where the report may be sent. */
  make(metrics: ResourceMetrics, details: ReportDetails): Promise<MadeReport>
  /** A request to erase an installation, or one that names none. */
  makeErasureRequest(id: string | undefined, verdict: Verdict): Pick<MadeReport, 'reportId' | 'at' | 'bytes'>
}

export interface ComposerOptions {
  readonly product: { readonly name: string; readonly version: string }
  readonly catalog: () => Catalog
  /** An address of the product's own, from which the schema URL is made. */
  readonly schemaUrl: string
  readonly identity: IdentityPolicy
  readonly state: StateStore
  readonly clock: Clock
  readonly maySend: (verdict: Verdict) => boolean
}

export function createComposer(options: ComposerOptions): Composer {
  const { product, catalog, identity, state, clock, maySend } = options
  const ids = createReportIds()
  const times: NonNullable<ReportFrame['times']> = joinsReports(identity) ? 'exact' : 'day'
  /** The time of a report is in its id as well. */
  const nextId = (at: number) => ids.next(times === 'day' ? dayOf(at) : at)
  const installation = createInstallation(state, clock, identity)
  /** Randomizes reports that are not sent: for them the installation's own secret is neither made nor read. */
  const passingNoise = randomUuid()

  async function compose(metrics: ResourceMetrics, details: ReportDetails): Promise<MadeReport> {
    const { verdict, pending, dropped, withheld } = details
    const isSent = maySend(verdict)
    const at = clock.now()
    const frame: ReportFrame = {
      ...{ product, times, at, consent: verdict, catalog: catalog(), reportId: nextId(at) },
      schemaUrl: schemaUrlOf(options.schemaUrl, product.name, catalog().version),
      installation: isSent ? await installation.propose() : undefined,
      noise: isSent ? await installation.noise() : passingNoise,
      // A clock that was set back must not make a window end before it begins.
      since: Math.min(pending.since, at),
      totalsSince: Math.min(pending.totalsSince, at),
      ...(dropped && { dropped }),
      ...(withheld !== undefined && { withheld }),
    }
    const bytes = serializeReport(composeReport(metrics, frame))
    return { reportId: frame.reportId, at, bytes, verdict, pending }
  }

  /**
   * Stores the installation id, and returns why that has no use. Of several processes that begin at once, all report under the id that one of
   * them has stored; without one, each start would be another installation.
   */
  async function establish(verdict: Verdict): Promise<string | undefined> {
    await installation.propose()
    try {
      await installation.keep()
    } catch (error) {
      const { code, message } = errorOf(error)
      // One that is there already is as good, where nothing can be written any more.
      if ((await installation.isKept()) || holdsWithoutState(verdict)) return undefined
      return `the installation cannot be stored in ${state.location} (${code ?? message}), so each start would be another one`
    }
    return undefined
  }

  return {
    installation,
    compose,
    async make(metrics, details) {
      const impediment = maySend(details.verdict) ? await establish(details.verdict) : undefined
      const report = await compose(metrics, details)
      ids.use()
      return { ...report, impediment }
    },
    /** The receiver takes only what somebody has said yes to; the person's wish is the yes to this request. */
    makeErasureRequest(id, { state: decided, level, reach }) {
      const at = clock.now()
      const reportId = nextId(at)
      ids.use()
      const agreed =
        decided === 'disabled'
          ? { state: 'enabled' as const, level: catalog().levels[0] as string }
          : { state: decided, level }
      const frame: ReportFrame = {
        catalog: { ...catalog(), facts: {} },
        ...{
          product,
          reportId,
          times,
          at,
          since: at,
          noise: '',
          forget: true,
          consent: { ...agreed, reach },
        },
        ...(id !== undefined && { installation: { id } }),
      }
      return { reportId, at, bytes: serializeReport(composeReport(NO_METRICS, frame)) }
    },
  }
}

const NO_METRICS: ResourceMetrics = { resource: resourceFromAttributes({}), scopeMetrics: [] }

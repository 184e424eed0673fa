import { resourceFromAttributes } from '@opentelemetry/resources'
import type { ResourceMetrics } from '@opentelemetry/sdk-metrics'
import type { Catalog } from '../../catalog/index.ts'
import { type Clock, codeOf, errorOf, type Logger, ownOf, randomUuid } from '../../platform/index.ts'
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

/** Data of a report other than its metrics. */
export interface ReportDetails extends Pick<ReportFrame, 'dropped' | 'withheld'> {
  readonly verdict: Verdict
  readonly pending: PendingCounts
  /** `true` if the report may name the installation. Default: if the verdict permits sending. */
  readonly isSent?: boolean
}

/** Composer of reports: adds installation, time and consent to the metrics, and serializes them. */
export interface Composer {
  readonly installation: Installation
  /** Composes the report that would be made now. Changes nothing. */
  compose(metrics: ResourceMetrics, details: ReportDetails): Promise<MadeReport>
  /** Makes a report; the next one gets another id. Stores the installation id if the report may be sent. */
  make(metrics: ResourceMetrics, details: ReportDetails): Promise<MadeReport>
  /** Makes a request to erase an installation; without an id, a request that names no installation. */
  makeErasureRequest(id: string | undefined, verdict: Verdict): Pick<MadeReport, 'reportId' | 'at' | 'bytes'>
}

export interface ComposerOptions {
  readonly product: { readonly name: string; readonly version: string }
  readonly catalog: () => Catalog
  /** Address of the product, from which the schema URL is derived. */
  readonly productEndpoint: string
  readonly identity: IdentityPolicy
  readonly state: StateStore
  readonly clock: Clock
  /** Logger for an id that cannot be adopted. Default: no log. */
  readonly logger?: Logger
  readonly maySend: (verdict: Verdict) => boolean
}

export function createComposer(options: ComposerOptions): Composer {
  const { product, catalog, identity, state, clock, maySend } = options
  const ids = createReportIds()
  const times: NonNullable<ReportFrame['times']> = joinsReports(identity) ? 'exact' : 'day'
  /** Returns the next report id. It contains the time of the report, with the same precision. */
  const nextId = (at: number) => ids.next(times === 'day' ? dayOf(at) : at)
  const installation = createInstallation(state, clock, identity, (text) => options.logger?.warn(text))
  /** Secret that randomizes reports that are not sent: for them the installation's secret is neither created nor read. */
  const passingSecret = randomUuid()

  async function compose(metrics: ResourceMetrics, details: ReportDetails): Promise<MadeReport> {
    const { verdict, pending, dropped, withheld, isSent = maySend(details.verdict) } = ownOf(details)
    const at = clock.now()
    const frame: ReportFrame = {
      ...{ product, times, at, consent: verdict, catalog: catalog(), reportId: nextId(at) },
      schemaUrl: schemaUrlOf(options.productEndpoint, product.name, catalog().version),
      installation: isSent ? await installation.propose() : undefined,
      secret: isSent ? await installation.secret() : passingSecret,
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
   * Stores the installation id. Returns the reason why the report must not be sent if that fails: without a stored id, each start would
   * be another installation. Several processes that start at once all use the id that one of them has stored.
   */
  async function establish(verdict: Verdict): Promise<string | undefined> {
    await installation.propose()
    try {
      await installation.keep()
    } catch (error) {
      const cause = codeOf(error) ?? errorOf(error).message
      // If the store has become read-only, an id that is already stored is good enough.
      if ((await installation.isKept()) || holdsWithoutState(verdict)) return undefined
      return `the installation cannot be stored in ${state.location} (${cause}), so each start would be another one`
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
    /** Makes an erasure request. The receiver accepts only reports with consent; the person's request is the consent to this one. */
    makeErasureRequest(id, { state: decided, level, permitted }) {
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
          secret: '',
          forget: true,
          consent: { ...agreed, permitted },
        },
        ...(id !== undefined && { installation: { id } }),
      }
      return { reportId, at, bytes: serializeReport(composeReport(NO_METRICS, frame)) }
    },
  }
}

const NO_METRICS: ResourceMetrics = { resource: resourceFromAttributes({}), scopeMetrics: [] }

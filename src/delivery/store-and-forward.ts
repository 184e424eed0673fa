import type { ResourceMetrics } from '@opentelemetry/sdk-metrics'
import type { Catalog } from '../catalog/index.ts'
import type { Verdict } from '../consent/index.ts'
import { type Clock, createTurns, type Logger, randomUuid, silentLogger, systemClock } from '../host/index.ts'
import { createInstallation } from '../identity/index.ts'
import {
  composeReport,
  createReportIds,
  LARGEST_REPORT,
  largestFacts,
  type ReportFrame,
  serializeReport,
} from '../report/index.ts'
import type { StateStore } from '../state/index.ts'
import { createDrain } from './drain.ts'
import { createLedger, type LedgerOutcome } from './ledger.ts'
import { createOutbox } from './outbox.ts'
import { createHttpTransport, metricsUrl, type Transport } from './transport.ts'

export interface StoreAndForwardOptions {
  readonly product: { readonly name: string; readonly version: string }
  readonly catalog: Catalog
  /** The receiver's base address, an OTLP/HTTP endpoint: `https://usage.acme.example`. */
  readonly endpoint: string
  /** Asked anew for each report. */
  readonly consent: () => Verdict | Promise<Verdict>
  /** Whether the installation keeps its id while disabled. Default: false, it is deleted. */
  readonly keepInstallation?: boolean | undefined
  /** Whether a verdict lets reports leave. Default: every state but `disabled`. */
  readonly maySend?: (verdict: Verdict) => boolean
  readonly state: StateStore
  /** Default: says nothing. */
  readonly logger?: Logger
  /** Default: the system's. */
  readonly clock?: Clock
  /** Default: OTLP over HTTP to `endpoint`. */
  readonly transport?: Transport
}

/** What the library knows of a report beside the metrics. */
export interface ReportDetails extends Partial<Pick<ReportFrame, 'since' | 'dropped' | 'withheld'>> {
  /** The verdict that the facts were gathered under. Default: asked for now. */
  readonly verdict?: Verdict
}

export interface RenderedReport {
  readonly reportId: string
  /** When it is made, in milliseconds since 1970. */
  readonly at: number
  /** The report as it goes into the log and over the wire. */
  readonly bytes: Uint8Array
  /** Whether it would be sent, were it made now. */
  readonly wouldBeSent: boolean
  readonly verdict: Verdict
}

export interface DeliveryResult {
  readonly outcome: 'sent' | 'suppressed' | 'queued' | 'refused' | 'too-large'
  readonly reportId: string
  readonly at: number
  /** Why, in words. */
  readonly reason: string
  readonly bytes: Uint8Array
}

/** The consent gate and what lies behind it: ledger always, outbox and network only where the verdict says so. */
export interface StoreAndForward {
  /** The bytes that {@link StoreAndForward.deliver} would make now. Changes nothing. */
  render(metrics: ResourceMetrics, details?: ReportDetails): Promise<RenderedReport>
  /** One report through the gate. Never rejects for what the network or the operator does. */
  deliver(metrics: ResourceMetrics, details?: ReportDetails): Promise<DeliveryResult>
  /** Sends what waits in the outbox, oldest first; empties it where the verdict is no. */
  drain(): Promise<void>
  /** The answer has become no: calls off what is under way, empties the outbox, deletes the installation id. */
  withdraw(): Promise<void>
  /** Calls off what is under way. What was accepted stays in the outbox. */
  shutdown(): Promise<void>
}

export function createStoreAndForward(options: StoreAndForwardOptions): StoreAndForward {
  const { product, catalog, endpoint, consent, state } = options
  const {
    clock = systemClock,
    logger = silentLogger,
    maySend = ({ state }) => state !== 'disabled',
  } = options
  const transport = options.transport ?? createHttpTransport({ endpoint })
  const url = metricsUrl(endpoint).href
  const ids = createReportIds()
  const installation = createInstallation(state, clock)
  const ledger = createLedger(state)
  const outbox = createOutbox(state)
  /** Calls off the attempt that is under way. */
  let abort = new AbortController()
  /** Randomizes reports that are not sent: for them the installation's own secret is neither made nor read. */
  const passingNoise = randomUuid()
  /** One report after the other: two at once would race for the outbox. */
  const inTurn = createTurns()
  const drain = createDrain({
    ...{ outbox, transport, catalog, clock, logger, consent, maySend, record, forget },
    productVersion: product.version,
    location: state.location,
  })
  const drainNow = () => drain(() => abort.signal)

  async function render(
    metrics: ResourceMetrics,
    { verdict: given, ...details }: ReportDetails = {},
  ): Promise<RenderedReport> {
    const verdict = given ?? (await consent())
    const wouldBeSent = maySend(verdict)
    const at = clock.now()
    const frame: ReportFrame = {
      catalog,
      product,
      reportId: ids.next(at),
      installationId: wouldBeSent ? await installation.propose() : undefined,
      noise: wouldBeSent ? await installation.noise() : passingNoise,
      consent: verdict,
      at,
      since: at,
      ...details,
    }
    const bytes = serializeReport(composeReport(metrics, frame))
    return { reportId: frame.reportId, at, bytes, wouldBeSent, verdict }
  }

  async function deliver(metrics: ResourceMetrics, details?: ReportDetails): Promise<DeliveryResult> {
    const { reportId, at, bytes, wouldBeSent, verdict } = await render(metrics, details)
    ids.use()
    if (!wouldBeSent) {
      const reason =
        verdict.state === 'undecided' ? 'nobody has decided yet, and the delay is not over' : verdict.because
      await record('suppressed', reportId, reason, bytes)
      if (verdict.state === 'disabled') await leaveNothing()
      return { outcome: 'suppressed', reportId, at, reason, bytes }
    }
    if (bytes.length > LARGEST_REPORT) {
      const reason = `it has ${bytes.length} bytes, and ${LARGEST_REPORT} is the most; the largest facts are ${largestFacts(bytes).join(', ')}`
      await record('too-large', reportId, reason, bytes)
      return { outcome: 'too-large', reportId, at, reason, bytes }
    }
    await installation.keep()
    await outbox.put(reportId, bytes)
    await record('queued', reportId, verdict.because, bytes)
    const results = await drainNow()
    return {
      ...(results.get(reportId) ?? { outcome: 'queued', reason: 'it waits in the outbox' }),
      reportId,
      at,
      bytes,
    }
  }

  /** What a no leaves behind: the ledger, and nothing that could be sent. */
  async function leaveNothing(): Promise<void> {
    await drainNow()
    await forget()
  }

  async function forget(): Promise<void> {
    if (!options.keepInstallation) await installation.forget()
  }

  async function record(
    outcome: LedgerOutcome,
    reportId: string,
    reason: string,
    bytes: Uint8Array,
  ): Promise<void> {
    await ledger.append({
      at: new Date(clock.now()).toISOString(),
      reportId,
      outcome,
      reason,
      endpoint: url,
      bytes,
    })
    const report = new TextDecoder().decode(bytes)
    if (outcome === 'suppressed') logger.info(`Usage report ${reportId} not sent, ${reason}: ${report}`)
    if (outcome === 'sent') logger.info(`Usage report ${reportId} sent to ${url}, ${reason}: ${report}`)
    if (outcome === 'discarded') logger.info(`Usage report ${reportId} is not sent any more, ${reason}.`)
    if (outcome === 'too-large') logger.warn(`Usage report ${reportId} is not sent: ${reason}.`)
    if (outcome === 'refused') logger.warn(`Usage report ${reportId} was refused by ${url}: ${reason}.`)
  }

  return {
    render: (metrics, details) => inTurn(() => render(metrics, details)),
    deliver: (metrics, details) => inTurn(() => deliver(metrics, details)),
    drain: () => inTurn(async () => void (await drainNow())),
    async withdraw() {
      abort.abort()
      abort = new AbortController()
      await inTurn(leaveNothing)
    },
    async shutdown() {
      abort.abort()
      await inTurn(async () => {})
    },
  }
}

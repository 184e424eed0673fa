import { resourceFromAttributes } from '@opentelemetry/resources'
import type { ResourceMetrics } from '@opentelemetry/sdk-metrics'
import { type Catalog, joiningFacts, UUID } from '../../catalog/index.ts'
import {
  answerOfHost,
  type Clock,
  createTurns,
  Date,
  type Duration,
  type Environment,
  errorOf,
  type Logger,
  parseDuration,
  randomUuid,
  safeClock,
  safeLogger,
  silentLogger,
  systemClock,
  TextDecoder,
  UsageConfigurationError,
  whatWasGot,
} from '../../platform/index.ts'
import { createCheckedStore, createTimelyStore, type StateStore } from '../../state/index.ts'
import { holdsWithoutState, type Verdict } from '../consent/index.ts'
import {
  type LocalCounter,
  type NotAccepted,
  type PendingCounts,
  type ReportLog,
  type ReportScope,
  removeCounts,
} from '../counts/index.ts'
import { createInstallation, type IdentityPolicy, joinsReports } from '../identity/index.ts'
import { createLedger, LARGEST_REPORT, type LedgerOutcome } from '../ledger/index.ts'
import { largestIn } from '../otlp/index.ts'
import {
  composeReport,
  createReportIds,
  dayOf,
  type ReportFrame,
  schemaUrlOf,
  serializeReport,
} from '../report/index.ts'
import { createUndecidedWait } from '../schedule/index.ts'
import { createHttpTransport, metricsUrl, type Transport } from '../transport/index.ts'
import { RETIRED } from './drain.ts'
import { type ErasureRequest, type ErasureResult, eraseInstallation } from './erasure.ts'
import type { DeliveryResult } from './result.ts'
import { createSending } from './sending.ts'

export interface StoreAndForwardOptions {
  readonly product: { readonly name: string; readonly version: string }
  /** What may be reported; a function where contributions to it come and go. */
  readonly catalog: Catalog | (() => Catalog)
  /** The receiver's base address, an OTLP/HTTP endpoint: `https://usage.acme.example`. */
  readonly endpoint: string
  /** Asked anew for each report. */
  readonly consent: () => Verdict | Promise<Verdict>
  /** Whose counts a report carries. Default: those of all processes of the installation. */
  readonly scope?: ReportScope
  /** What this process counts. Default: nothing. */
  readonly local?: LocalCounter
  /** What tells the meaning of the names: an address of the product's. The catalog's version is added. Default: the endpoint. */
  readonly schemaUrl?: string
  /** Who the installation says that it is. Default: one random id. */
  readonly identity?: IdentityPolicy
  /** Whether the installation keeps its id while disabled. Default: false, it is deleted. */
  readonly keepInstallation?: boolean | undefined
  /**
   * How long nothing leaves while nobody has decided, `'0s'` to `'24d'`, from the first export on; across restarts, where the state
   * store outlives them. Default: `'1h'`.
   */
  readonly undecidedDelay?: Duration
  /**
   * Whether a verdict lets reports leave. Who decides that bounds also how long `state` and `consent` may take. Default: `enabled`
   * does, and `undecided` once its delay is over.
   */
  readonly maySend?: (verdict: Verdict) => boolean
  readonly state: StateStore
  /** Default: says nothing. */
  readonly logger?: Logger
  /** Default: the system's. */
  readonly clock?: Clock
  /** Where HTTPS_PROXY, NO_PROXY and the like are read, where they are to be honoured. Default: no proxy is used. */
  readonly proxyEnvironment?: Environment | undefined
  /** Default: OTLP over HTTP to `endpoint`. */
  readonly transport?: Transport
}

/** What the library knows of a report beside the metrics. */
export interface ReportDetails extends Partial<Pick<ReportFrame, 'since' | 'dropped' | 'withheld'>> {
  /** The verdict that the facts were gathered under. Default: asked for now. */
  readonly verdict?: Verdict
  /** Whether the report is put into the outbox and not sent yet: somebody cannot wait for it. Default: false. */
  readonly hold?: boolean
  /** The counts that the report carries. Default: none. */
  readonly pending?: PendingCounts
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

/** The consent gate and what lies behind it: ledger always, outbox and network only where the verdict says so. */
export interface StoreAndForward extends Pick<ReportLog, 'prepare' | 'pending'> {
  /** The bytes that {@link StoreAndForward.deliver} would make now. Changes nothing. */
  render(metrics: ResourceMetrics, details?: ReportDetails): Promise<RenderedReport>
  /**
   * One report through the gate. Never rejects for what the network or the operator does. Otherwise it is to be made anew, with
   * other pending counts.
   */
  deliver(metrics: ResourceMetrics, details?: ReportDetails): Promise<DeliveryResult | NotAccepted>
  /**
   * Deletes all that is known of the installation here, the log included, and asks the receiver to do the same. Rejects where what
   * is left of it cannot even be read.
   */
  forget(by: string): Promise<ErasureResult>
  /** Sends what waits in the outbox, oldest first; empties it where a person has said no. */
  drain(): Promise<void>
  /** Goes on with what an earlier process has left in the outbox, as soon as it may be tried again. */
  resume(): Promise<void>
  /** A person has said no: calls off what is under way, empties the outbox, deletes installation id and counts. */
  withdraw(verdict: Verdict): Promise<void>
  /** Calls off what is under way. It stays in the outbox. */
  callOff(): void
  /** Calls off what is under way. What was accepted stays in the outbox. */
  shutdown(): Promise<void>
}

export function createStoreAndForward(options: StoreAndForwardOptions): StoreAndForward {
  const { product, endpoint } = options
  const catalog = () => (typeof options.catalog === 'function' ? options.catalog() : options.catalog)
  const clock = options.clock ? safeClock(options.clock) : systemClock
  // The telemetry, which says itself what may be sent, has bounds of its own for both: two in a row would end what one lets pass.
  const { state, consent: asked } = options.maySend ? options : bounded(options, clock)
  const logger = safeLogger(options.logger ?? silentLogger)
  refuseJoining(options.identity, catalog())
  const { consent, maySend } = gateOf({ ...options, state, consent: asked }, clock)
  const transport =
    options.transport ??
    createHttpTransport({ endpoint, now: clock.now, proxyEnvironment: options.proxyEnvironment })
  const url = metricsUrl(endpoint).href
  const ids = createReportIds()
  const times: NonNullable<ReportFrame['times']> = joinsReports(options.identity) ? 'exact' : 'day'
  /** The time of a report is in its id as well. */
  const nextId = (at: number) => ids.next(times === 'day' ? dayOf(at) : at)
  const installation = createInstallation(state, clock, options.identity)
  const ledger = createLedger(state, { clock })
  /** Randomizes reports that are not sent: for them the installation's own secret is neither made nor read. */
  const passingNoise = randomUuid()
  /** One report after the other: two at once would race for the outbox. */
  const inTurn = createTurns()
  const sending = createSending({
    ...{ state, endpoint: url, transport, catalog, clock, logger, consent, maySend, record, forget, inTurn },
    forgetInstallation,
    ...{ scope: options.scope, local: options.local, productVersion: product.version },
  })

  async function render(
    metrics: ResourceMetrics,
    { verdict: given, pending, hold: _, ...details }: ReportDetails = {},
  ): Promise<RenderedReport> {
    const verdict = given ?? (await consent())
    const wouldBeSent = maySend(verdict)
    const at = clock.now()
    const frame: ReportFrame = {
      catalog: catalog(),
      product,
      reportId: nextId(at),
      times,
      schemaUrl: schemaUrlOf(options.schemaUrl ?? endpoint, product.name, catalog().version),
      installation: wouldBeSent ? await installation.propose() : undefined,
      noise: wouldBeSent ? await installation.noise() : passingNoise,
      consent: verdict,
      at,
      // A clock that was set back must not make a window end before it begins.
      since: Math.min(pending?.since ?? at, at),
      totalsSince: Math.min(pending?.totalsSince ?? at, at),
      ...details,
    }
    const bytes = serializeReport(composeReport(metrics, frame))
    return { reportId: frame.reportId, at, bytes, wouldBeSent, verdict }
  }

  async function deliver(
    metrics: ResourceMetrics,
    details?: ReportDetails,
  ): Promise<DeliveryResult | NotAccepted> {
    const verdict = details?.verdict ?? (await consent())
    // Of several processes that begin at once, all report under the id that one of them has stored.
    const unkept = maySend(verdict) ? await establish() : undefined
    const { reportId, at, bytes, wouldBeSent } = await render(metrics, { ...details, verdict })
    ids.use()
    if (!wouldBeSent) {
      const reason =
        verdict.state === 'undecided' ? 'nobody has decided yet, and the delay is not over' : verdict.because
      await record('suppressed', reportId, reason, bytes)
      if (verdict.disabledBy === 'person') await withdraw(verdict)
      return { outcome: 'suppressed', reportId, at, reason, bytes }
    }
    if (unkept !== undefined && !holdsWithoutState(verdict)) {
      const reason = `the installation cannot be stored in ${state.location} (${unkept}), so each start would be another one`
      await record('suppressed', reportId, reason, bytes)
      return { outcome: 'suppressed', reportId, at, reason, bytes }
    }
    if (await sending.isRetired()) {
      await record('suppressed', reportId, RETIRED, bytes)
      return { outcome: 'suppressed', reportId, at, reason: RETIRED, bytes }
    }
    if (bytes.length > LARGEST_REPORT) {
      const reason = `it has ${bytes.length} bytes, and ${LARGEST_REPORT} is the most; the largest facts are ${largestIn(bytes).join(', ')}`
      await record('too-large', reportId, reason, bytes)
      return { outcome: 'too-large', reportId, at, reason, bytes }
    }
    const notAccepted = await sending.accept({ reportId, at, bytes }, details?.pending)
    if (notAccepted) return notAccepted
    await record('queued', reportId, verdict.because, bytes)
    if (details?.hold) return { ...WAITING, reportId, at, bytes }
    return { ...(await sendWaiting(reportId)), reportId, at, bytes }
  }

  /** Sends what waits, and tells what became of one report in it. */
  async function sendWaiting(reportId: string): Promise<Pick<DeliveryResult, 'outcome' | 'reason'>> {
    const result = (await sending.drain()).get(reportId)
    if (result) return result
    // Another process with a no has discarded it.
    const { disabledBy, because } = await consent()
    return disabledBy === 'person' ? { outcome: 'suppressed', reason: because } : WAITING
  }

  /** A receiver takes nothing but what somebody has said yes to; the person's wish is the yes to this request. */
  function composeErasure(id: string | undefined, { state, level, reach }: Verdict): ErasureRequest {
    const at = clock.now()
    const reportId = nextId(at)
    ids.use()
    const agreed =
      state === 'disabled'
        ? { state: 'enabled' as const, level: catalog().levels[0] as string }
        : { state, level }
    const frame = {
      catalog: { ...catalog(), facts: {} },
      ...{ product, reportId, times, at, since: at, noise: '', forget: true, consent: { ...agreed, reach } },
      ...(id !== undefined && { installation: { id } }),
    }
    return { reportId, at, bytes: serializeReport(composeReport(NO_METRICS, frame)) }
  }

  const erase = (by: string) =>
    eraseInstallation(
      {
        ...{ state, consent, maySend, installation, ledger, sending, record, sendWaiting },
        compose: composeErasure,
      },
      by,
    )

  /** Why the next start will be another installation; nothing where it will not. */
  async function establish(): Promise<string | undefined> {
    await installation.propose()
    try {
      await installation.keep()
    } catch (error) {
      const { code, message } = errorOf(error)
      // As an id that is there already, where nothing can be written any more.
      return (await installation.isKept()) ? undefined : (code ?? message)
    }
    return undefined
  }

  /** Never rejects: what could not be deleted is tried again with the next report. */
  async function withdraw(verdict: Verdict): Promise<void> {
    await sending.withdraw(verdict).catch((error) => {
      logger.debug(`What is left of the installation in ${state.location} was not deleted: ${String(error)}.`)
    })
  }

  async function forget(): Promise<void> {
    await removeCounts(state).catch(() => {})
    await sending.forgetFailures()
    await forgetInstallation()
  }

  async function forgetInstallation(): Promise<void> {
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
    const report = withoutIds(bytes, reportId)
    if (outcome === 'suppressed') logger.info(`Usage report ${reportId} not sent, ${reason}: ${report}`)
    if (outcome === 'sent') logger.info(`Usage report ${reportId} sent to ${url}, ${reason}: ${report}`)
    if (outcome === 'too-large') logger.warn(`Usage report ${reportId} is not sent: ${reason}.`)
  }

  return {
    render: (metrics, details) => inTurn(() => render(metrics, details)),
    prepare: sending.prepare,
    pending: sending.pending,
    deliver: (metrics, details) =>
      inTurn(async () => {
        const result = await deliver(metrics, details)
        // Nobody waits at a shutdown for what can be cleared away later.
        if (!details?.hold) await state.tidy?.().catch(() => {})
        return result
      }),
    forget: (by) => inTurn(() => erase(by)),
    drain: () => inTurn(async () => void (await sending.drain())),
    resume: () => inTurn(sending.resume),
    async withdraw(verdict) {
      sending.callOff()
      await inTurn(() => sending.withdraw(verdict))
    },
    callOff: () => sending.callOff(),
    async shutdown() {
      sending.stop()
      await inTurn(async () => {})
    },
  }
}

/** @throws {UsageConfigurationError} where reports are not to be joined, and something in them would do it. */
function refuseJoining(identity: IdentityPolicy = {}, catalog: Catalog): void {
  if (joinsReports(identity)) return
  const lineage = { place: 'identity.lineage', message: "is true; use it with the mode 'stable' only" }
  const mistakes = [...(identity.lineage ? [lineage] : []), ...joiningFacts(catalog, String(identity.mode))]
  if (mistakes.length > 0) throw new UsageConfigurationError('ConsentAwareMetricExporter', mistakes)
}

/** The store and the consent of a host that plugs this into an SDK of its own, with a bound on the time that each may take. */
function bounded(
  { state, consent }: StoreAndForwardOptions,
  clock: Clock,
): Pick<StoreAndForwardOptions, 'state' | 'consent'> {
  return {
    state: createTimelyStore(createCheckedStore(state), clock),
    consent: () => answerOfHost(consent, { clock, within: LONGEST_CONSENT }),
  }
}

/** How long a host may take to say what the verdict is, in milliseconds. Without one, nothing is exported. */
const LONGEST_CONSENT = 10_000

/** Who is asked for consent, and what the answer lets leave. */
function gateOf(
  { consent, maySend, state, undecidedDelay = '1h' }: StoreAndForwardOptions,
  clock: Clock,
): { consent: () => Verdict | Promise<Verdict>; maySend: (verdict: Verdict) => boolean } {
  if (maySend) return { consent, maySend }
  const delay = parseDuration(undecidedDelay) ?? -1
  if (delay < 0 || delay > LONGEST_DELAY) {
    const message = `is ${whatWasGot(undecidedDelay)}; use '0s' to '24d'`
    throw new UsageConfigurationError('ConsentAwareMetricExporter', [{ place: 'undecidedDelay', message }])
  }
  const wait = createUndecidedWait({ clock, store: state, delay })
  return {
    async consent() {
      const verdict = await consent()
      await wait.note(verdict.state === 'undecided')
      return verdict
    },
    maySend: ({ state }) => state === 'enabled' || (state === 'undecided' && wait.isOver()),
  }
}

/** The longest that a timer takes, in milliseconds. */
const LONGEST_DELAY = 2 ** 31 - 1

/**
 * A report for the log of the host, which more people read than the ledger. Who knows the id of an installation may have it erased, and
 * those of its cluster's other nodes are in some reports: all but the report's own id are left out.
 */
function withoutIds(bytes: Uint8Array, reportId: string): string {
  const isShown = (id: string) => id.toLowerCase() === reportId
  return new TextDecoder().decode(bytes).replaceAll(UUIDS, (id) => (isShown(id) ? id : '(in the ledger)'))
}

const UUIDS = new RegExp(UUID, 'gi')

const WAITING = { outcome: 'queued', reason: 'it waits to be sent' } as const

const NO_METRICS: ResourceMetrics = { resource: resourceFromAttributes({}), scopeMetrics: [] }

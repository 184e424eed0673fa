import { type AttributeValue, withholdingReason } from '../../catalog/index.ts'
import {
  type Clock,
  createMutex,
  errorOf,
  type Logger,
  ownOf,
  TextDecoder,
  yieldToEventLoop,
} from '../../platform/index.ts'
import { printable, type Verdict } from '../consent/index.ts'
import {
  type LocalCounter,
  type PendingCounts,
  type ReportScope,
  tryToMergeEndedCounters,
} from '../counts/log.ts'
import type { Delivery, DeliveryResult, SaveExport } from '../delivery/index.ts'
import {
  type Collected,
  collectFacts,
  type FactPoint,
  type FactStores,
  type SourceTimeouts,
} from '../facts/index.ts'
import { factsIn, readReport } from '../otlp/index.ts'
import { type ComposerOptions, createComposer } from './composer.ts'
import { type ErasureResult, eraseInstallation } from './erasure.ts'
import { observeFacts } from './observe.ts'

/** Preview of the report that would be made now. */
export interface Preview {
  /**
   * Byte for byte what goes into the log and over the wire, before compression. In JSON it is its text. Absent if no report can be
   * made; `text` has the reason.
   */
  readonly bytes?: Uint8Array
  /** Parsed bytes: an OTLP `ExportMetricsServiceRequest`. Absent without bytes. */
  readonly json?: unknown
  /** Facts of the product in the report: attribute facts by name, then gauges and counts. */
  readonly facts: {
    readonly attributes: Readonly<Record<string, AttributeValue>>
    readonly points: readonly FactPoint[]
  }
  /** Facts as a table for people. */
  readonly text: string
  /** `true` if the report would be sent now. */
  readonly wouldBeSent: boolean
}

/** Reporter that makes reports and passes them to the delivery. */
export interface Reporter {
  preview(verdict: Verdict, options?: PreviewOptions): Promise<Preview>
  /** Makes a report under a verdict. Returns `undefined` if another process has made one that includes this process. */
  report(verdict: Verdict, options?: ReportOptions): Promise<DeliveryResult | undefined>
  /** Erases the installation, here and at the receiver. */
  erase(by: string): Promise<ErasureResult>
}

/** Options of a preview. */
export interface PreviewOptions {
  /**
   * Level of consent that the preview assumes, such as one that somebody is about to choose: the report that would be made if that were
   * chosen now. It has no installation id unless a report may be sent now, and no counts that the choice would not cover. Default: what
   * holds.
   */
  readonly level?: string
}

export interface ReportOptions {
  /** Skips the report if one was made after this time, in milliseconds since 1970. Default: never skips. */
  readonly unlessSince?: number
  /** Makes the last report before a shutdown: sources have 20 ms, and the report stays in the outbox. Default: false. */
  readonly final?: boolean
  /** Puts the waiting reports, this one included, into a document that this function saves, instead of sending them. Default: they are sent. */
  readonly save?: SaveExport
}

export interface ReporterOptions extends ComposerOptions {
  readonly delivery: Delivery
  readonly facts: Pick<FactStores, 'all' | 'totals'>
  /** Time limits of the sources, and the clock for them. */
  readonly timeouts: SourceTimeouts & { readonly clock: Clock }
  /** Takes over what an SDK of the host's own has collected, within so many milliseconds; called before facts are collected. */
  readonly pull: (timeout?: number) => Promise<void>
  readonly local: LocalCounter
  readonly scope: ReportScope
  readonly logger: Logger
  /** Reads the current verdict. Changes nothing. */
  readonly readVerdict: () => Promise<Verdict>
  /** Function that prints every report for the operator. Default: none. */
  readonly debug?: ((text: string) => void) | undefined
}

/** Longest time of a source while a shutdown waits for it, in milliseconds. */
const FINAL_BUDGET = 20

/** Longest time to merge counters of ended processes before a report, and before the last one, in milliseconds. */
const [MAX_MERGE_TIME, MAX_MERGE_TIME_AT_END] = [500, 50]

/** Largest number of attempts while other processes are faster. A store that still reports this afterwards is unusable. */
const MAX_ATTEMPTS = 100

const noPreview = (level: string, levels: readonly string[]): Preview => ({
  facts: { attributes: {}, points: [] },
  text: `There is no level '${printable(level)}'. The levels are ${levels.join(', ')}.`,
  wouldBeSent: false,
})

export function createReporter(options: ReporterOptions): Reporter {
  const { delivery, facts, local, state, scope, clock, logger, maySend, readVerdict } = options
  const composer = createComposer(options)
  /** Mutex for reports: two at once would compute the same pending counts, and one of them would be discarded. */
  const runExclusive = createMutex()

  /** Makes and sends a report: all steps in order. */
  async function report(verdict: Verdict, how: ReportOptions): Promise<DeliveryResult | undefined> {
    const { unlessSince = Number.POSITIVE_INFINITY, final = false, save } = ownOf(how)
    let isUsable = true
    for (let attempt = 1; ; attempt++) {
      const collected = await collect(verdict, final)
      const isPersisted = isUsable && maySend(verdict) && (await persistCounts(collected, final))
      isUsable &&= isPersisted || !maySend(verdict)
      const pending = await computePending(verdict, collected, { asPersisted: isPersisted, isUsable })
      if (isMadeBy(pending, unlessSince)) return undefined
      const { metrics, details } = await describe(verdict, collected, pending)
      const made = await composer.make(metrics, details)
      const accepted = await delivery.accept(made)
      if (typeof accepted !== 'string') {
        if (final || accepted.outcome !== 'queued') return accepted
        return save ? exportWith(accepted, save) : send(accepted)
      }
      // Another process was faster, and carries the counts; or nothing can be written, and the next one waits in memory.
      isUsable = accepted === 'outdated' && attempt < MAX_ATTEMPTS
    }
  }

  /** Collects the facts that the verdict allows. Does not call the sources of other facts. */
  async function collect(verdict: Verdict, final = false): Promise<Collected> {
    const { sourceTimeout, reportTimeout, clock } = options.timeouts
    const began = clock.monotonic()
    await options.pull(final ? undefined : sourceTimeout)
    const withheldReason = reasons(verdict)
    return collectFacts(facts, {
      clock,
      sourceTimeout: final ? FINAL_BUDGET : sourceTimeout,
      reportTimeout: Math.max(reportTimeout - (clock.monotonic() - began), 0),
      includes: (name) => withheldReason(name) === undefined,
    })
  }

  /** Persists counts before they are included, so that they survive if the report is abandoned. Returns `false` if that fails. */
  async function persistCounts(collected: Collected, final: boolean): Promise<boolean> {
    await delivery.prepare()
    try {
      await local.persist(scope === 'process' ? {} : { gauges: collected.gauges() })
    } catch {
      return false
    }
    await tryToMergeEndedCounters(state, clock, final ? MAX_MERGE_TIME_AT_END : MAX_MERGE_TIME)
    return true
  }

  const computePending = (
    verdict: Verdict,
    { sources, declares }: Collected,
    counts: { readonly asPersisted?: boolean; readonly isUsable?: boolean } = {},
  ): Promise<PendingCounts> =>
    delivery.pending({ verdict, observed: sources, isDeclared: declares, ...counts })

  /** Returns whether another process has made a report since. Ignores a time in the future: the clock was set back after it. */
  const isMadeBy = ({ reportedAt }: PendingCounts, unlessSince: number): boolean =>
    scope === 'installation' && reportedAt > unlessSince && reportedAt <= clock.now()

  /** Collects the facts with the OpenTelemetry SDK. Yields to the host before and after. */
  async function describe(verdict: Verdict, collected: Collected, pending: PendingCounts) {
    const snapshot = collected.snapshot(pending.reported, pending.gauges)
    await yieldToEventLoop()
    const metrics = await observeFacts(snapshot)
    await yieldToEventLoop()
    const withheldReason = reasons(verdict)
    const names = Object.keys(options.catalog().facts)
    const withheld = names.filter((name) => !['expired', undefined].includes(withheldReason(name))).length
    return { snapshot, metrics, details: { verdict, pending, dropped: snapshot.dropped, withheld } }
  }

  async function send(accepted: DeliveryResult): Promise<DeliveryResult> {
    const outcome = (await delivery.send()).get(accepted.reportId)
    if (outcome) return { ...accepted, ...outcome }
    // Another process with a no has discarded it.
    const latest = await readVerdict()
    return ownOf(latest).disabledBy === 'person'
      ? { ...accepted, outcome: 'discarded', reason: latest.because }
      : accepted
  }

  async function exportWith(accepted: DeliveryResult, save: SaveExport): Promise<DeliveryResult> {
    const { outcomes, document, problem } = await delivery.export(save)
    return {
      ...accepted,
      ...outcomes.get(accepted.reportId),
      ...(problem !== undefined && { reason: problem }),
      ...(document && { document }),
    }
  }

  /** Returns the verdict after somebody has chosen a level now. */
  function assumed(now: Verdict, level: string): Verdict {
    const { excluded } = now.permitted
    return level === 'off'
      ? { ...now, state: 'disabled', level, permitted: ownOf({ excluded }) }
      : { ...now, state: 'enabled', level, permitted: ownOf({ level, excluded }) }
  }

  function reasons({ permitted }: Verdict): (name: string) => string | undefined {
    const catalog = options.catalog()
    const moment = { at: clock.now(), productVersion: options.product.version }
    return (name) => withholdingReason(catalog, name, permitted, moment)
  }

  async function reportExclusively(
    verdict: Verdict,
    how: ReportOptions,
  ): Promise<DeliveryResult | undefined> {
    const result = await report(verdict, how)
    if (!result) return undefined
    // Deletions that failed after a person disabled telemetry are retried with each report.
    if (ownOf(verdict).disabledBy === 'person') await delivery.withdraw(verdict).catch(logLeft)
    options.debug?.(`${JSON.stringify(JSON.parse(new TextDecoder().decode(result.bytes)), undefined, 2)}\n`)
    // A shutdown must not wait for cleaning that can be done later.
    if (!how.final) await state.tidy?.().catch(() => {})
    return result
  }

  const logLeft = (error: unknown) =>
    logger.debug(
      `What is left of the installation in ${state.location} was not deleted: ${errorOf(error).message}.`,
    )

  return {
    async preview(now, how = {}) {
      const { level } = ownOf(how)
      const levels = ['off', ...options.catalog().levels]
      if (level !== undefined && !levels.includes(level)) return noPreview(level, levels)
      const verdict = level === undefined ? now : assumed(now, level)
      const collected = await collect(verdict)
      const counted = await computePending(verdict, collected)
      // Another choice begins to count from zero: a yes is not retroactive, and a no deletes.
      const isSame = verdict.state === now.state && verdict.level === now.level
      const pending = isSame ? counted : { ...counted, reported: new Map() }
      const { snapshot, metrics, details } = await describe(verdict, collected, pending)
      const { bytes } = await composer.compose(metrics, { ...details, isSent: maySend(now) })
      const json = JSON.parse(new TextDecoder().decode(bytes))
      const content = readReport(bytes)
      // Attributes are shown as reported, after randomization.
      const attributes = content ? factsIn(content, options.catalog()) : {}
      const shown = { attributes, points: snapshot.points }
      // Only people read the table: no report waits for what it loads.
      const { factsTable } = await import('./table.ts')
      return { bytes, json, facts: shown, text: factsTable(shown), wouldBeSent: maySend(verdict) }
    },
    report: (verdict, how = {}) => runExclusive(() => reportExclusively(verdict, ownOf(how))),
    erase: (by) =>
      runExclusive(() => eraseInstallation({ state, delivery, composer, maySend, readVerdict }, by)),
  }
}

import { withheldBy } from '../../catalog/index.ts'
import { createTurns, nextTurn, TextDecoder } from '../../platform/index.ts'
import type { Verdict } from '../consent/index.ts'
import { type PendingCounts, tryToMergeEndedCounters } from '../counts/index.ts'
import { ConsentAwareMetricExporter, type DeliveryResult, type ErasureResult } from '../delivery/index.ts'
import { collectFacts, type FactPoint, type FactSnapshot } from '../facts/index.ts'
import { factsIn, readReport } from '../otlp/index.ts'
import { factsTable, observeFacts } from '../report/index.ts'
import type { Contributions } from './contributions.ts'
import type { Counting } from './counting.ts'
import type { Settings } from './settings.ts'

/** The report that would be made now. */
export interface Preview {
  /** Byte for byte what goes into the log and over the wire, before compression. */
  readonly bytes: Uint8Array
  /** The same, parsed: an OTLP `ExportMetricsServiceRequest`. */
  readonly json: unknown
  /** The product's own facts in it: attribute facts by name, then gauges and counts. */
  readonly facts: { readonly attributes: FactSnapshot['attributes']; readonly points: readonly FactPoint[] }
  /** These as a table that people read. */
  readonly text: string
  /** Whether it would be sent, were it made now. */
  readonly wouldBeSent: boolean
}

/** Where facts become a report and a report goes its way. Loads the SDK, so it is entered by `import()` only. */
export interface Reporter {
  preview(): Promise<Preview>
  /** Makes a report. `undefined` where another process has made one that speaks for this one as well. */
  report(options?: ReportOptions): Promise<DeliveryResult | undefined>
  /** Has the installation forgotten, here and at the receiver. */
  forget(by: string): Promise<ErasureResult>
  /** Goes on with what waits in the outbox. */
  resume(): Promise<void>
  /** A person has said no. */
  withdraw(verdict: Verdict): Promise<void>
  /** Calls off the attempt to send that is under way. */
  callOff(): void
  shutdown(): Promise<void>
}

export interface ReportOptions {
  /** None is made where there is one that was made after this time, in milliseconds since 1970. Default: it is made in any case. */
  readonly unlessSince?: number
  /** The last one before a shutdown: sources have 20 ms, and the report is left in the outbox. Default: false. */
  readonly final?: boolean
}

export interface ReporterOptions {
  readonly settings: Settings
  readonly contributions: Contributions
  readonly counting: Pick<Counting, 'local'>
  /** Reads the stored choice anew. */
  readonly verdict: () => Promise<Verdict>
  readonly maySend: (verdict: Verdict) => boolean
}

interface GatherOptions {
  /** Whether the report is to be made, and not just looked at. */
  readonly keep: boolean
  readonly final?: boolean
  /** Whether the state store can be written. Default: true, as far as is known. */
  readonly isUsable?: boolean | undefined
}

/** What a source may take where a shutdown waits for it, in milliseconds. */
const FINAL_BUDGET = 20

/** How long what ended processes have counted is merged before a report, and before the last one, in milliseconds. */
const [LONGEST_MERGE, LONGEST_MERGE_AT_END] = [500, 50]

/** How often a report is made anew because another process was faster. A store that says so without end cannot be used. */
const MOST_ATTEMPTS = 100

export function createReporter({
  settings,
  contributions,
  counting,
  verdict,
  maySend,
}: ReporterOptions): Reporter {
  const { product, endpoint, schemaUrl, identity, state, logger, clock, policy, scope, proxyEnvironment } =
    settings
  const { stores } = contributions
  const { local } = counting
  const exporter = new ConsentAwareMetricExporter({
    ...{
      product,
      endpoint,
      schemaUrl,
      identity,
      scope,
      proxyEnvironment,
      state,
      logger,
      clock,
      maySend,
      local,
    },
    catalog: contributions.catalog,
    consent: verdict,
    keepInstallation: policy.keepInstallation,
  })
  /** One after the other: two reports at once would both carry the same counts. */
  const inTurn = createTurns()

  /** The facts under the verdict of this moment: what consent does not reach is not even asked for. */
  async function gather({ keep, final = false, isUsable = true }: GatherOptions) {
    const now = await verdict()
    await Promise.all([...contributions.feeds].map((pull) => pull()))
    const catalog = contributions.catalog()
    const moment = { at: clock.now(), productVersion: product.version }
    const reasonOf = (name: string) => withheldBy(catalog, name, now.reach, moment)
    let pending: PendingCounts | undefined
    const snapshot = await collectFacts(stores, {
      clock,
      ...(final && { factBudget: FINAL_BUDGET }),
      includes: (name) => reasonOf(name) === undefined,
      async reported(_, sources) {
        // Counts are persisted before they are included, so that they survive if the report is abandoned.
        const isSent = isUsable && keep && maySend(now)
        if (isSent) await exporter.prepare()
        const isPersisted = !isSent || (await isDone(local.persist()))
        if (isSent && isPersisted)
          await tryToMergeEndedCounters(state, clock, final ? LONGEST_MERGE_AT_END : LONGEST_MERGE)
        pending = await exporter.pending({
          ...{ verdict: now, observed: sources },
          asPersisted: isSent && isPersisted,
          isUsable: isUsable && isPersisted,
        })
        return pending.reported
      },
    })
    await nextTurn()
    const metrics = await observeFacts(snapshot)
    await nextTurn()
    const details = {
      verdict: now,
      ...(pending && { pending }),
      dropped: snapshot.dropped,
      withheld: Object.keys(catalog.facts).filter((name) => !['expired', undefined].includes(reasonOf(name)))
        .length,
    }
    return { snapshot, metrics, details }
  }

  async function report(
    options: ReportOptions,
    isUsable?: boolean,
    attempts = MOST_ATTEMPTS,
  ): Promise<DeliveryResult | undefined> {
    const { unlessSince = Number.POSITIVE_INFINITY, final = false } = options
    const { snapshot, metrics, details } = await gather({ keep: true, final, isUsable })
    const last = details.pending?.reportedAt ?? 0
    // One that is yet to come was made before the clock was set back.
    if (scope === 'installation' && last > unlessSince && last <= clock.now()) return undefined
    for (const [name, reason] of snapshot.absent)
      logger.debug(`The usage fact ${name} is not in the report (${reason}).`)
    const result = await exporter.deliver(metrics, { ...details, hold: final })
    // Another process was faster, and has taken the counts; or nothing can be written, and so they must stay.
    if (typeof result === 'string')
      return report(options, result === 'outdated' && attempts > 1, attempts - 1)
    settings.debug?.(`${JSON.stringify(JSON.parse(new TextDecoder().decode(result.bytes)), undefined, 2)}\n`)
    return result
  }

  return {
    async preview() {
      const { snapshot, metrics, details } = await gather({ keep: false })
      const { bytes, wouldBeSent } = await exporter.preview(metrics, details)
      const json = JSON.parse(new TextDecoder().decode(bytes))
      // Attributes are shown as reported, after randomization.
      const content = readReport(bytes)
      const attributes = content ? factsIn(content, contributions.catalog()) : {}
      const facts = { attributes, points: snapshot.points }
      return { bytes, json, facts, text: factsTable(facts), wouldBeSent }
    },
    report: (options = {}) => inTurn(() => report(options)),
    forget: (by) => inTurn(() => exporter.forget(by)),
    resume: () => exporter.resume(),
    withdraw: (verdict) => exporter.withdraw(verdict),
    callOff: () => exporter.callOff(),
    shutdown: () => exporter.shutdown(),
  }
}

const isDone = (action: Promise<void>): Promise<boolean> =>
  action.then(
    () => true,
    () => false,
  )

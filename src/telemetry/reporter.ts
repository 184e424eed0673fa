import { reaches } from '../catalog/index.ts'
import type { Verdict } from '../consent/index.ts'
import { ConsentAwareMetricExporter, createLedger, type DeliveryResult } from '../delivery/index.ts'
import { collectFacts, type FactPoint, type FactSnapshot, type FactStore, settle } from '../facts/index.ts'
import { observeFacts } from '../report/index.ts'
import type { Settings } from './options.ts'

/** The report that would be made now. */
export interface Preview {
  /** Byte for byte what goes into the log and over the wire, before compression. */
  readonly bytes: Uint8Array
  /** The same, parsed: an OTLP `ExportMetricsServiceRequest`. */
  readonly json: unknown
  /** The product's own facts in it: attribute facts by name, then gauges and counts. */
  readonly facts: { readonly attributes: FactSnapshot['attributes']; readonly points: readonly FactPoint[] }
  /** Whether it would be sent, were it made now. */
  readonly wouldBeSent: boolean
}

/** Where facts become a report and a report goes its way. Loads the SDK, so it is entered by `import()` only. */
export interface Reporter {
  preview(): Promise<Preview>
  report(): Promise<DeliveryResult>
  shutdown(): Promise<void>
}

export interface ReporterOptions {
  readonly settings: Settings
  readonly facts: FactStore
  readonly verdict: () => Verdict
  readonly maySend: (verdict: Verdict) => boolean
}

export function createReporter({ settings, facts, verdict, maySend }: ReporterOptions): Reporter {
  const { product, catalog, endpoint, state, logger, clock } = settings
  const exporter = new ConsentAwareMetricExporter({
    product,
    catalog,
    endpoint,
    consent: verdict,
    maySend,
    state,
    logger,
    clock,
  })
  let countingSince = clock.now()
  let turn: Promise<unknown> = Promise.resolve()

  /** The facts under the verdict of this moment: what consent does not reach is not even asked for. */
  async function gather() {
    const now = verdict()
    const level = now.state === 'disabled' ? undefined : now.level
    const snapshot = await collectFacts(facts, {
      clock,
      includes: (_, fact) => reaches(catalog, fact, level),
    })
    const metrics = await observeFacts(snapshot)
    const dropped = Object.fromEntries(
      Object.entries(snapshot.dropped).map(([reason, amount]) => [
        reason,
        amount + snapshot.droppedNow[reason as keyof typeof snapshot.droppedNow],
      ]),
    )
    return {
      snapshot,
      metrics,
      details: { verdict: now, since: countingSince, dropped, withheld: snapshot.withheld },
    }
  }

  async function report(): Promise<DeliveryResult> {
    const { snapshot, metrics, details } = await gather()
    for (const [name, reason] of snapshot.absent)
      logger.debug(`The usage fact ${name} is not in the report (${reason}).`)
    const result = await exporter.deliver(metrics, details)
    settings.debug?.(`${JSON.stringify(JSON.parse(new TextDecoder().decode(result.bytes)), undefined, 2)}\n`)
    if (result.outcome === 'sent' || result.outcome === 'queued') {
      settle(facts, snapshot)
      countingSince = result.at
    }
    return result
  }

  return {
    async preview() {
      const { snapshot, metrics, details } = await gather()
      const { bytes, wouldBeSent } = await exporter.preview(metrics, details)
      const { attributes, points } = snapshot
      return {
        bytes,
        json: JSON.parse(new TextDecoder().decode(bytes)),
        facts: { attributes, points },
        wouldBeSent,
      }
    },
    report() {
      // One after the other: two reports at once would both carry the same counts.
      const result = turn.then(report)
      turn = result.catch(() => {})
      return result
    },
    shutdown: () => exporter.shutdown(),
  }
}

export const ledgerOf = ({ state }: Settings) => createLedger(state)

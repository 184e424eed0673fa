import { type DropReason, withheldBy } from '../catalog/index.ts'
import type { Verdict } from '../consent/index.ts'
import { ConsentAwareMetricExporter, createLedger, type DeliveryResult } from '../delivery/index.ts'
import { collectFacts, type FactPoint, type FactSnapshot, type FactStore, settle } from '../facts/index.ts'
import { createTurns } from '../host/index.ts'
import { observeFacts } from '../report/index.ts'
import type { Settings } from './settings.ts'

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
  /** The answer has become no. */
  withdraw(): Promise<void>
  shutdown(): Promise<void>
}

export interface ReporterOptions {
  readonly settings: Settings
  readonly facts: FactStore
  /** Reads the stored choice anew. */
  readonly verdict: () => Promise<Verdict>
  readonly maySend: (verdict: Verdict) => boolean
  /** Since when counts have been gathered, in milliseconds since 1970. Moves with every report that carries them away. */
  readonly window: { since: number }
}

export function createReporter({ settings, facts, verdict, maySend, window }: ReporterOptions): Reporter {
  const { product, catalog, endpoint, state, logger, clock, policy } = settings
  const exporter = new ConsentAwareMetricExporter({
    ...{ product, catalog, endpoint, state, logger, clock, maySend },
    consent: verdict,
    keepInstallation: policy.keepInstallation,
  })
  /** One after the other: two reports at once would both carry the same counts. */
  const inTurn = createTurns()

  /** The facts under the verdict of this moment: what consent does not reach is not even asked for. */
  async function gather() {
    const now = await verdict()
    const moment = { at: clock.now(), productVersion: product.version }
    const reasonOf = (name: string) => withheldBy(catalog, name, now.reach, moment)
    const snapshot = await collectFacts(facts, { clock, includes: (name) => reasonOf(name) === undefined })
    const metrics = await observeFacts(snapshot)
    const details = {
      verdict: now,
      since: window.since,
      dropped: droppedIn(snapshot),
      withheld: Object.keys(catalog.facts).filter((name) => !['expired', undefined].includes(reasonOf(name)))
        .length,
    }
    return { snapshot, metrics, details }
  }

  async function report(): Promise<DeliveryResult> {
    const { snapshot, metrics, details } = await gather()
    for (const [name, reason] of snapshot.absent)
      logger.debug(`The usage fact ${name} is not in the report (${reason}).`)
    const result = await exporter.deliver(metrics, details)
    settings.debug?.(`${JSON.stringify(JSON.parse(new TextDecoder().decode(result.bytes)), undefined, 2)}\n`)
    if (result.outcome === 'sent' || result.outcome === 'queued') {
      settle(facts, snapshot)
      window.since = result.at
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
    report: () => inTurn(report),
    withdraw: () => exporter.withdraw(),
    shutdown: () => exporter.shutdown(),
  }
}

export const ledgerOf = ({ state }: Pick<Settings, 'state'>) => createLedger(state)

/** What was dropped since the last accepted report, and while asking for this one. */
function droppedIn({ dropped, droppedNow }: FactSnapshot): Record<string, number> {
  return Object.fromEntries(
    Object.entries(dropped).map(([reason, amount]) => [reason, amount + droppedNow[reason as DropReason]]),
  )
}

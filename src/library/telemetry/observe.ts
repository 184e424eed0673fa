import type { BatchObservableCallback, BatchObservableResult, MeterProvider } from '@opentelemetry/api'
import { Date } from '../../platform/index.ts'
import type { FactStores } from '../facts/index.ts'
import type { VersionAdvisory, VersionCondition, VersionNotice } from '../version/index.ts'
import { deliveryStatus } from './delivery-status.ts'
import type { Settings } from './settings.ts'
import type { UsageTelemetry } from './surface.ts'

const STATES = ['enabled', 'disabled', 'undecided'] as const

const SEVERITIES: ReadonlyArray<VersionAdvisory['severity']> = ['low', 'medium', 'high', 'critical']

const CONDITIONS: readonly VersionCondition[] = [
  ...(['current', 'unknown', 'outdated', 'end-of-life', 'vulnerable'] as const),
]

/** Registers gauges about the telemetry in a meter provider of the host's own. Returns a function that removes them. */
export function observeTelemetry(
  provider: MeterProvider,
  settings: Settings,
  verdict: UsageTelemetry['consent']['verdict'],
  stores: FactStores,
  versions: Pick<UsageTelemetry['version'], 'notice'>,
): () => void {
  const meter = provider.getMeter('otel-usage')
  const gauge = (name: string, unit: string, description: string) =>
    meter.createObservableGauge(`usage.telemetry.${name}`, { unit, description })
  const state = gauge('state', '1', '1 for the current state of consent, 0 for the others.')
  const waiting = gauge('report.waiting', '{report}', 'Reports that wait to be sent.')
  const age = gauge('report.age', 's', 'Time since a report was last delivered.')
  const dropped = gauge('dropped', '{value}', 'Values that this process has dropped.')
  const version = gauge('version', '1', '1 for the condition of the running version, 0 for the others.')
  const advisories = gauge(
    'version.advisories',
    '{advisory}',
    'Advisories that affect the running version, and that nobody has acknowledged.',
  )
  // Several products may share a process and a meter provider.
  const product = { 'usage.telemetry.product': settings.product.name }

  const callback: BatchObservableCallback = async (result) => {
    const now = verdict()
    for (const one of STATES)
      result.observe(state, one === now.state ? 1 : 0, { ...product, 'usage.telemetry.state': one })
    const reasons = new Map<string, number>()
    for (const { reason, count } of stores.dropped()) reasons.set(reason, (reasons.get(reason) ?? 0) + count)
    for (const [reason, count] of reasons)
      result.observe(dropped, count, { ...product, 'usage.telemetry.drop.reason': reason })
    observeVersion(result, versions.notice())
    const delivery = await deliveryStatus(settings)
    result.observe(waiting, delivery.waiting, product)
    if (delivery.lastSuccessAt === undefined) return
    // A clock that was set back makes no negative age.
    const passed = settings.clock.now() - Date.parse(delivery.lastSuccessAt)
    result.observe(age, Math.max(passed, 0) / 1_000, product)
  }
  /** Observes nothing while there is no notice: nothing is known then. */
  function observeVersion(result: BatchObservableResult, notice: VersionNotice | undefined): void {
    if (!notice) return
    for (const one of CONDITIONS)
      result.observe(version, one === notice.condition ? 1 : 0, {
        ...product,
        'usage.telemetry.version.condition': one,
      })
    for (const severity of SEVERITIES) {
      const open = notice.advisories.filter(
        (advisory) => advisory.severity === severity && !Object.hasOwn(advisory, 'acknowledged'),
      )
      result.observe(advisories, open.length, { ...product, 'usage.telemetry.version.severity': severity })
    }
  }
  const observed = [state, waiting, age, dropped, version, advisories]
  meter.addBatchObservableCallback(callback, observed)
  return () => meter.removeBatchObservableCallback(callback, observed)
}

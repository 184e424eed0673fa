import { withholdingReason } from '../../catalog/index.ts'
import type { Timer } from '../../platform/index.ts'
import { ENTRIES } from '../../state/index.ts'
import type { Verdict } from '../consent/index.ts'
import { createLocalCounter, type LocalCounter } from '../counts/index.ts'
import type { GaugeValues } from '../facts/index.ts'
import type { Contributions } from './contributions.ts'
import type { Settings } from './settings.ts'

/** Time between two writes of the counts, in milliseconds. A crash loses what was counted since the last write. */
const PERSIST_INTERVAL = 5 * 60_000

/** Number of counters from which those of ended processes are merged. */
const MANY = 200

/** Longest time to merge counters, in milliseconds: while a process runs, and at its end. */
const [MAX_MERGE_TIME, MAX_MERGE_TIME_AT_END] = [500, 50]

/** Counts of this process between two reports. */
export interface Counting {
  readonly local: LocalCounter
  /** Counts under this verdict from now on. Counts that it does not cover are discarded at once. */
  applyVerdict(verdict: Verdict): Promise<void>
  /** Discards everything that was counted so far. */
  restart(): Promise<void>
  /** Persists the counts every few minutes from now on, and reads what other processes have chosen. */
  start(): void
  /** Persists the counts now. Never rejects. */
  persist(): Promise<void>
  /** Persists the counts for the last time. */
  stop(): Promise<void>
}

export interface CountingOptions {
  readonly settings: Settings
  readonly contributions: Contributions
  /** Returns the verdict as last read. */
  readonly verdict: () => Verdict
  /** Reads the stored choice, and applies the verdict. */
  readonly refreshConsent: () => Promise<Verdict>
}

export function createCounting({
  settings,
  contributions,
  verdict,
  refreshConsent,
}: CountingOptions): Counting {
  const { clock, createdAt, product, policy, state, scope } = settings
  const { stores, catalog } = contributions
  let timer: Timer | undefined

  const isReached = (name: string) => {
    const moment = { at: clock.now(), productVersion: product.version }
    return withholdingReason(catalog(), name, verdict().permitted, moment) === undefined
  }
  const local = createLocalCounter({
    store: state,
    clock,
    since: createdAt,
    totals: () => stores.totals(isReached),
    runs: () => stores.runs(isReached),
  })

  async function applyVerdict(now: Verdict): Promise<void> {
    stores.recording.on = now.state !== 'disabled' || policy.whileDisabled !== 'nothing'
    if (!local.applyVerdict(now)) await restart(now)
  }

  async function restart(now = verdict()): Promise<void> {
    stores.discard()
    await local.restart(now)
  }

  async function persist(ended = false): Promise<void> {
    await contributions.pull()
    const { counts, runs } = local.live()
    const isEmpty = counts.size === 0 && !runs?.size && !sharesGauges()
    if (isEmpty && ended) return
    // Read even if there are no counts: this is how a process notices a choice that was made in another one.
    const { state } = await refreshConsent()
    if (isEmpty || state === 'disabled') return
    // If that fails, the store has warned the operator, and counting goes on in memory.
    const gauges = sharesGauges() ? await readGauges(ended) : undefined
    await local.persist({ ended, gauges }).catch(() => {})
    await mergeMany(ended)
  }

  /** Returns `true` if a gauge is combined over the processes: then each of them persists its values. */
  const sharesGauges = () =>
    scope !== 'process' &&
    Object.values(catalog().facts).some((fact) => fact.kind === 'gauge' && fact.combine)

  async function readGauges(ended: boolean): Promise<GaugeValues> {
    const { readSharedGauges } = await import('./shared-gauges.ts')
    return readSharedGauges({ ...settings.timeouts, stores, isReached, ended })
  }

  /** Merges the counters of ended processes if there are many: a tool may have no process that lives until a report is due. */
  async function mergeMany(ended: boolean): Promise<void> {
    const counters = await settings.state.list(ENTRIES.counts).catch(() => [])
    if (counters.length < MANY) return
    const { tryToMergeEndedCounters } = await import('../counts/log.ts')
    await tryToMergeEndedCounters(settings.state, clock, ended ? MAX_MERGE_TIME_AT_END : MAX_MERGE_TIME)
  }

  function arm(): void {
    timer = clock.after(PERSIST_INTERVAL, () => {
      // A decision that was made elsewhere is noticed now at the latest.
      void refreshConsent()
        .then(() => persist())
        .catch(() => {})
        .finally(() => timer && arm())
    })
  }

  return {
    local,
    applyVerdict,
    restart: () => restart(),
    start() {
      timer?.cancel()
      arm()
    },
    persist: () => persist(),
    async stop() {
      timer?.cancel()
      timer = undefined
      await persist(true)
    },
  }
}

import { withholdingReason } from '../../catalog/index.ts'
import type { Timer } from '../../platform/index.ts'
import { ENTRIES } from '../../state/index.ts'
import type { Verdict } from '../consent/index.ts'
import { createLocalCounter, type LocalCounter } from '../counts/index.ts'
import type { Contributions } from './contributions.ts'
import type { Settings } from './settings.ts'

/** How often what was counted is written down, in milliseconds: what a crash can cost. */
const KEPT_EVERY = 5 * 60_000

/** From how many entries of processes on those that have ended are merged. */
const MANY = 200

/** How long that may take, and for a process that ends, in milliseconds. */
const [MAX_MERGE_TIME, MAX_MERGE_TIME_AT_END] = [500, 50]

/** What becomes of the counts of this process between two reports. */
export interface Counting {
  readonly local: LocalCounter
  /** Counts under a verdict from now on: what that does not cover is dropped at once. */
  applyVerdict(verdict: Verdict): Promise<void>
  /** Forgets what was counted so far. */
  restart(): Promise<void>
  /** Writes down what was counted, every few minutes from now on. */
  start(): void
  /** Writes down now what was counted. Never rejects. */
  keep(): Promise<void>
  /** Writes it down for the last time. */
  stop(): Promise<void>
}

export interface CountingOptions {
  readonly settings: Settings
  readonly contributions: Contributions
  /** As last read. */
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
  const { clock, createdAt, product, policy, state } = settings
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
  })

  async function applyVerdict(now: Verdict): Promise<void> {
    stores.recording.on = now.state !== 'disabled' || policy.whileDisabled !== 'nothing'
    if (!local.applyVerdict(now)) await restart(now)
  }

  async function restart(now = verdict()): Promise<void> {
    stores.discard()
    await local.restart(now)
  }

  async function keep(ended = false): Promise<void> {
    await contributions.pull()
    if (local.live().counts.size === 0) return
    const { state } = await refreshConsent()
    // Where it cannot be written, the operator has been told, and memory goes on.
    if (state === 'disabled') return
    await local.persist({ ended }).catch(() => {})
    await mergeMany(ended)
  }

  /** A tool that runs often leaves a counter of each run, and perhaps no process ever lives until a report is due. */
  async function mergeMany(ended: boolean): Promise<void> {
    const counters = await settings.state.list(ENTRIES.counts).catch(() => [])
    if (counters.length < MANY) return
    const { tryToMergeEndedCounters } = await import('../counts/log.ts')
    await tryToMergeEndedCounters(settings.state, clock, ended ? MAX_MERGE_TIME_AT_END : MAX_MERGE_TIME)
  }

  function arm(): void {
    timer = clock.after(KEPT_EVERY, () => {
      void keep()
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
    keep: () => keep(),
    async stop() {
      timer?.cancel()
      timer = undefined
      await keep(true)
    },
  }
}

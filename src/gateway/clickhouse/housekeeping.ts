import { type Clock, systemClock } from '../../host/index.ts'
import { reasonOf } from '../errors.ts'
import { maintainStore, type StoreAddress } from './schema.ts'

export interface HousekeepingOptions {
  readonly address: StoreAddress
  /** What is told when it did not work; the next hour tries again. */
  readonly onFailure: (reason: string) => void
  /** Default: {@link maintainStore}. */
  readonly maintain?: (address: StoreAddress) => Promise<void>
  /** Default: the system's. */
  readonly clock?: Clock
}

/** Maintains the store now and every hour, never twice at once. `stop` waits for what is under way. */
export function startHousekeeping(options: HousekeepingOptions): { stop(): Promise<void> } {
  const { address, onFailure, maintain = maintainStore, clock = systemClock } = options
  let stopped = false
  let timer: ReturnType<Clock['after']> | undefined
  let current = run()

  async function run(): Promise<void> {
    await maintain(address).catch((error) => onFailure(reasonOf(error)))
    if (stopped) return
    timer = clock.after(HOUR, () => {
      current = run()
    })
  }

  return {
    async stop() {
      stopped = true
      timer?.cancel()
      await current
    },
  }
}

const HOUR = 3_600_000

import type { GatewayCounts } from './collector/collector-counts.ts'
import type { AsideReports } from './queue/aside.ts'
import type { DamagedQueue } from './queue/damaged-queue.ts'
import type { StoreAnswer } from './store/ask-store.ts'

/** Where a gateway that runs can be asked. `gateway up` leaves it in its directory, as `gateway.json`. */
export interface GatewayEndpoints {
  readonly url: string
  readonly healthUrl: string
  readonly metricsUrl: string
  /** As the Collector has it: `tcp://host:port`, or an HTTP address. Without user and password. */
  readonly store: string
  /** Default: `usage`. */
  readonly database?: string
  /** A file for `curl --config` that leads to a store that was started with it. */
  readonly storeLogin?: string
}

/** How a gateway is. Numbers are data points, since its start. */
export interface GatewayStatus {
  readonly places: GatewayEndpoints
  /** Whether it takes reports. */
  readonly healthy: boolean
  /** What the store answers when it is asked, as the Collector's user, whether it takes reports. */
  readonly store: StoreAnswer
  /** Seconds in which something waited for the store and nothing got there, as far as could be seen. */
  readonly stalledSeconds?: number
  /** `undefined` where the Collector's own metrics cannot be read. */
  readonly counts?: GatewayCounts
  /** Reports beside the queue, after a crash. */
  readonly aside: AsideReports
  readonly damaged: readonly DamagedQueue[]
  readonly disk: {
    readonly directory: string
    /** Absent if the file system does not tell. */
    readonly freeBytes?: number
    /** Absent if the folder cannot be read; 0 without one. */
    readonly queueBytes?: number
    /** Absent if the folder cannot be read; 0 without one. */
    readonly archiveBytes?: number
  }
  /** What somebody should look at, as sentences. */
  readonly troubles: readonly string[]
}

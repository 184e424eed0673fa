import type { GatewayCounts } from './collector/collector-counts.ts'
import type { AsideReports } from './queue/aside.ts'
import type { DamagedQueue } from './queue/damaged-queue.ts'
import type { StoreAnswer } from './store/ask-store.ts'

/** Addresses of a running gateway. `gateway up` writes them to `gateway.json` in its directory. */
export interface GatewayEndpoints {
  readonly url: string
  readonly healthUrl: string
  readonly metricsUrl: string
  /** Address of the store as the Collector has it: `tcp://host:port`, or an HTTP address. Without user and password. */
  readonly store: string
  /** Default: `usage`. */
  readonly database?: string
  /** File for `curl --config` with the login of a store that `gateway up` has started. */
  readonly storeLogin?: string
}

/** State of a gateway. Numbers are data points since its start. */
export interface GatewayStatus {
  readonly endpoints: GatewayEndpoints
  /** `true` if the gateway accepts reports. */
  readonly healthy: boolean
  /** Answer of the store to the question whether it accepts reports, asked as the Collector's user. */
  readonly store: StoreAnswer
  /** Shortest time in which points waited for the store and none was stored, in seconds. */
  readonly stalledSeconds?: number
  /** Counts of the Collector; `undefined` if its own metrics cannot be read. */
  readonly counts?: GatewayCounts
  /** Reports beside the queue, after a crash. */
  readonly aside: AsideReports
  readonly damaged: readonly DamagedQueue[]
  readonly disk: {
    readonly directory: string
    /** Absent if the file system does not report it. */
    readonly freeBytes?: number
    /** Absent if the folder cannot be read; 0 without one. */
    readonly queueBytes?: number
    /** Absent if the folder cannot be read; 0 without one. */
    readonly archiveBytes?: number
  }
  /** Problems that need attention, as sentences. */
  readonly problems: readonly string[]
}

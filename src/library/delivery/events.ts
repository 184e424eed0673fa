import type { ReportOutcome } from '../ledger/index.ts'
import { isErasureRequest, reportBytes } from '../otlp/index.ts'

/** Report that is about to be sent. */
export interface SendingEvent {
  /** Time of the event, as ISO 8601 in UTC. */
  readonly at: string
  readonly reportId: string
  /** `erasure`: a request of the operator to erase the installation, which contains its id and no facts. */
  readonly kind: 'report' | 'erasure'
  /** Address that the report is sent to. A redirect may lead to another one of the same host. */
  readonly endpoint: string
  /** Copy of the exact bytes, before compression. In JSON, their text. */
  readonly bytes: Uint8Array
}

/** Report with its outcome so far. */
export interface ReportEvent extends SendingEvent {
  readonly outcome: ReportOutcome
  /** Reason for the outcome, in words. */
  readonly reason: string
}

/** Events of the reports of a process, by name. */
export interface UsageEvents {
  /** Outcome of a report, once it is in the ledger; and `queued` again after each attempt that has failed. */
  readonly report: ReportEvent
  /** Report whose connection stands, right before its first byte is sent. A `report` follows. */
  readonly sending: SendingEvent
}

/** Tells the listeners of an event. `make` is called for each of them, so that none can change what another one gets. */
export type TellEvent = <E extends keyof UsageEvents>(event: E, make: () => UsageEvents[E]) => void

/** Returns an event of a report that a listener may keep and change. */
export const eventOf = <E extends Omit<SendingEvent, 'kind'>>(event: E): E & Pick<SendingEvent, 'kind'> => ({
  ...event,
  kind: isErasureRequest(event.bytes) ? 'erasure' : 'report',
  bytes: reportBytes(Uint8Array.from(event.bytes)),
})

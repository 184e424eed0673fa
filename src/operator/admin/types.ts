import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ProductDescription, UsageTelemetry } from '../../library/telemetry/index.ts'
import type { Clock, Logger } from '../../platform/index.ts'
import type { OperatedTelemetry } from '../operations/index.ts'

/** Person who asks, and what that person may do. */
export interface AdminAccess {
  /** Name for the history of consent, as the product names people. 1 to 128 characters. */
  readonly by: string
  /** Permits to see everything: status, reports, preview, history. */
  readonly read: boolean
  /** Permits to decide about consent, and to report, export and erase. */
  readonly write: boolean
}

/** Options of {@link createAdminHandler}. */
export interface AdminHandlerOptions {
  /**
   * Decides who may read and who may write. It is called with each request: with the `IncomingMessage` of `node:http`, which has what
   * Express or Passport have added to it, or with the `Request` that was given to `fetch`. Returns nothing for somebody who has not
   * signed in. Default: everything is refused.
   */
  authorize?(
    request: IncomingMessage | Request,
  ): AdminAccess | undefined | null | false | Promise<AdminAccess | undefined | null | false>
  /** Path under which the host serves the handler, without a slash at its end. Default: `/telemetry`. */
  readonly basePath?: string
  /**
   * Names by which browsers reach the host, such as `acme.example`; the port does not count. A name that is not listed is refused,
   * because a foreign site could have it point here (DNS rebinding). Addresses and `localhost` are always accepted. `'*'` accepts every
   * name: for an `authorize` that asks for a session or a token, which a foreign site does not have. Default: none.
   */
  readonly hosts?: readonly string[]
  /**
   * Description of the product, as `createUsageTelemetry` takes it. The page shows what it says about the receiver, about what is never
   * collected, and its legal note. Default: the page says nothing about them.
   */
  readonly product?: Pick<ProductDescription, 'neverCollected' | 'receiver' | 'disclosure'>
  /** Logger for failures of the handler and of `authorize`. Default: nothing is logged. */
  readonly logger?: Logger
  /** Clock of the event stream. Default: the system's. */
  readonly clock?: Clock
}

/** Telemetry as the handler uses it. */
export type AdministeredTelemetry = OperatedTelemetry & Pick<UsageTelemetry, 'version'>

/**
 * Request handler for `node:http`, Express and hooks of Fastify, and for everything that speaks `fetch`. It answers each request under
 * its base path; other requests go to `next`, or are answered 404.
 */
export interface AdminHandler {
  (request: IncomingMessage, response: ServerResponse, next?: () => void): void
  /** Answers a request. Never rejects. */
  fetch(request: Request): Promise<Response>
  /** Ends all event streams, so that a server can close. Later requests are still answered. */
  close(): void
}

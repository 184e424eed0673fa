import type { IncomingMessage, ServerResponse } from 'node:http'
import type { UsageTelemetry } from '../../library/telemetry/index.ts'
import { type Clock, errorOf, type Logger, safeLogger } from '../../platform/index.ts'
import type { App } from './app.ts'
import { checkOptions } from './options.ts'

/** Person who asks, and what that person may do. */
export interface AdminAccess {
  /** Name for the history of consent, as the product names people. 1 to 128 characters. */
  readonly by: string
  /** Permits to see everything: status, reports, preview, history. */
  readonly read: boolean
  /** Permits to decide about consent, and to report, export and erase. */
  readonly write: boolean
}

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
  /** Logger for failures of the handler and of `authorize`. Default: nothing is logged. */
  readonly logger?: Logger
  /** Clock of the event stream. Default: the system's. */
  readonly clock?: Clock
}

/** Telemetry as the handler uses it. */
export type AdministeredTelemetry = Pick<
  UsageTelemetry,
  'status' | 'preview' | 'report' | 'forget' | 'on' | 'consent' | 'ledger'
>

/**
 * Request handler for `node:http`, Express and hooks of Fastify, and for everything that speaks `fetch`. It answers each request under
 * its base path; other requests go to `next`, or are answered 404.
 */
export interface AdminHandler {
  (request: IncomingMessage, response: ServerResponse, next?: (error?: unknown) => void): void
  /** Answers a request. Never rejects. */
  fetch(request: Request): Promise<Response>
  /** Ends all event streams, so that a server can close. Later requests are still answered. */
  close(): void
}

/**
 * Creates the handler through which an operator sees and decides about the usage telemetry. Loads nothing and reads nothing before the
 * first request.
 *
 * @throws {UsageConfigurationError} that lists every mistake in the options.
 */
export function createAdminHandler(
  usage: AdministeredTelemetry,
  options: AdminHandlerOptions = {},
): AdminHandler {
  const checked = checkOptions(usage, options)
  const { basePath } = checked
  const logger = safeLogger(checked.logger)
  let loading: Promise<App> | undefined
  const load = () => {
    loading ??= import('./app.ts').then(({ createApp }) => createApp(usage, { ...checked, logger }))
    return loading
  }
  const failed = (error: unknown) =>
    logger.error(`The administration of the usage telemetry has failed: ${errorOf(error).message}`)

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      await (await load()).node(request, response)
    } catch (error) {
      failed(error)
      if (response.headersSent) response.destroy()
      else response.writeHead(500, NO_STORE).end()
    }
  }

  function handle(request: IncomingMessage, response: ServerResponse, next?: (error?: unknown) => void) {
    const path = pathOf(request)
    if (next && path !== basePath && !path.startsWith(`${basePath}/`)) next()
    else void answer(request, response)
  }

  return Object.assign(handle, {
    async fetch(request: Request) {
      try {
        return await (await load()).fetch(request, request)
      } catch (error) {
        failed(error)
        return new Response(null, { status: 500, headers: NO_STORE })
      }
    },
    close: () => void loading?.then(({ close }) => close()).catch(() => {}),
  })
}

/** Returns the path of a request as the client sent it: Express removes the path under which a handler is mounted from `url`. */
function pathOf(request: IncomingMessage & { readonly originalUrl?: string }): string {
  const { originalUrl, url = '/' } = request
  return (originalUrl ?? url).split(/[?#]/, 1)[0] as string
}

const NO_STORE = { 'cache-control': 'no-store' }

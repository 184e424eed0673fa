import type { IncomingMessage, ServerResponse } from 'node:http'
import { errorOf, safeLogger } from '../../platform/index.ts'
import type { App } from './app.ts'
import { checkOptions } from './options.ts'
import type { AdminHandler, AdminHandlerOptions, AdministeredTelemetry } from './types.ts'

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

  function handle(request: IncomingMessage, response: ServerResponse, next?: () => void) {
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
